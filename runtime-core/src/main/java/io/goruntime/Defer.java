package io.goruntime;

import io.goruntime.internal.base.Errors;
import io.goruntime.internal.sched.Sched;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Deferred functions, Go's {@code defer} and {@code recover}. A frame is what a function body is in Go: functions that
 * were deferred in it run when it ends, however it ends, the last one first.
 *
 * <pre>{@code
 * Defer.run(d -> {
 *     Connection c = open();
 *     d.defer(c::close);
 *     d.defer(() -> {
 *         if (d.recover() != null) {
 *             c.reset();
 *         }
 *     });
 *     talk(c);
 * });
 * }</pre>
 *
 * <p>{@link #call(Object, Function)} is for a body with a result, which deferred functions see and may change.
 *
 * <p><b>Panics.</b> Every exception that leaves the body or a deferred function is a panic. It unwinds: the deferred
 * functions run, and then it leaves the frame, unless one of them has called {@link #recover}: then the frame ends normally.
 * A panic in a deferred function takes the place of the one before; {@link Panic#chain} tells of both, and so do stack
 * traces. An exception that a deferred function may throw and the frame may not (a checked one) becomes the value of a
 * {@link Panic}.
 *
 * <p><b>What is no panic</b> unwinds and runs deferred functions too, but is not recovered from:
 * <ul>
 * <li>{@link GoRuntime#goexit}. It puts an end to a panic, as in Go. When a deferred function panics on the way and that is
 * recovered, the goexit goes on.
 * <li>Interruption: {@link InterruptedException} and {@link UncheckedInterruptedException}. It goes on after a recovered
 * panic as a goexit does. One that strikes in a deferred function while a panic unwinds sets the interrupt flag and leaves
 * the panic as it is.
 * <li>Fatal errors: {@link Fatal}, and what the JVM throws when it runs out of something ({@link VirtualMachineError}). A
 * later panic does not take their place and is suppressed in them.
 * </ul>
 *
 * <p>A frame belongs to the thread that made it. A stack overflow in the body still runs the deferred functions.
 */
/*
 * Counterpart of panic.go: deferproc, deferreturn, gopanic, gorecover.
 *
 * Go keeps the deferred functions of all frames of a goroutine in one list and finds out by stack addresses whether a
 * recover is called in the right place. Here the frame is an object that the body has in its hands, so the right place is
 * told by the object: recover answers only while a deferred function of this frame runs because this frame panics.
 *
 * At most one of three unwinds at a time, stronger ones hiding weaker ones: fatal, panic, exit (goexit or interruption).
 * An exit under a panic hangs on the panic, as a PanicLink, because the recover may come in an outer frame.
 */
public sealed class Defer permits Defer.Returning {
    private final Thread owner = Thread.currentThread();

    /** The function that runs next; the last one deferred. */
    private @Nullable Deferred top;
    private boolean deferring;
    private boolean ended;

    /** What unwinds. */
    private @Nullable Throwable fatal;
    private @Nullable Throwable panic;
    private @Nullable Throwable exit;
    /** The deferred function that runs now has recovered the panic. */
    private boolean recovered;
    /** What left the body: the frame may throw this very exception, checked or not. */
    private @Nullable Throwable fromBody;

    private record Deferred(GoFn fn, @Nullable Deferred next) {
    }

    private Defer() {}

    // -- frames --

    /**
     * The body of a frame without a result.
     *
     * @param <X> the checked exception that it may throw; inferred as {@link RuntimeException} when there is none
     */
    @FunctionalInterface
    public interface Block<X extends Exception> {
        /**
         * Runs the body.
         *
         * @param d the frame
         * @throws X what the body does not handle itself
         */
        void run(Defer d) throws X;
    }

    /**
     * The body of a frame with a result.
     *
     * @param <T> the result
     * @param <X> the checked exception that it may throw; inferred as {@link RuntimeException} when there is none
     */
    @FunctionalInterface
    public interface Function<T extends @Nullable Object, X extends Exception> {
        /**
         * Runs the body.
         *
         * @param d the frame
         * @return the result, before the deferred functions run
         * @throws X what the body does not handle itself
         */
        T call(Returning<T> d) throws X;
    }

    /**
     * A deferred function with an argument.
     *
     * @param <A> the argument
     */
    @FunctionalInterface
    public interface With<A extends @Nullable Object> {
        /**
         * Runs the function.
         *
         * @param argument the value at the moment of the defer
         * @throws Exception to panic
         */
        void run(A argument) throws Exception;
    }

    /**
     * Runs a body and then the functions that it deferred.
     *
     * @param <X> the checked exception of the body
     * @param body gets the frame
     * @throws X what the body throws, unless it is recovered from
     */
    public static <X extends Exception> void run(Block<X> body) throws X {
        Objects.requireNonNull(body, "body");
        Defer d = new Defer();
        Throwable thrown = null;
        try {
            body.run(d);
        } catch (Throwable e) {
            thrown = e;
        }
        d.end(thrown);
    }

    /**
     * Runs a body with a result and then the functions that it deferred. The result is Go's named result without a name:
     * deferred functions see what the body returned and may change it, by the frame's {@link Returning#result() result}.
     *
     * <pre>{@code
     * int one = Defer.call(0, d -> {
     *     d.defer(() -> d.result(d.result() + 1));
     *     return 0;
     * });
     * }</pre>
     *
     * @param <T> the result
     * @param <X> the checked exception of the body
     * @param zero the result until there is another: what is returned when the body panics and is recovered
     * @param body gets the frame
     * @return what the body returned, or what was set last
     * @throws X what the body throws, unless it is recovered from
     */
    public static <T extends @Nullable Object, X extends Exception> T call(T zero, Function<T, X> body) throws X {
        Objects.requireNonNull(body, "body");
        Returning<T> d = new Returning<>(zero);
        Throwable thrown = null;
        try {
            d.result = body.call(d);
        } catch (Throwable e) {
            thrown = e;
        }
        d.end(thrown);
        return d.result;
    }

    /**
     * Runs a body with a result that is null until there is another. See {@link #call(Object, Function)}.
     *
     * @param <T> the result
     * @param <X> the checked exception of the body
     * @param body gets the frame
     * @return what the body returned, or what was set last; null if the body panicked before and was recovered
     * @throws X what the body throws, unless it is recovered from
     */
    public static <T, X extends Exception> @Nullable T call(Function<@Nullable T, X> body) throws X {
        return Defer.<@Nullable T, X>call(null, body);
    }

    /**
     * A frame with a result.
     *
     * @param <T> the result
     */
    public static final class Returning<T extends @Nullable Object> extends Defer {
        private T result;

        private Returning(T zero) {
            result = zero;
        }

        /**
         * The result as it is now.
         *
         * @return in a deferred function, what the body returned or a deferred function set since
         */
        public T result() {
            return result;
        }

        /**
         * Sets the result. What the body returns later takes its place.
         *
         * @param value the new result
         */
        public void result(T value) {
            result = value;
        }
    }

    // -- in a frame --

    /**
     * Defers a function to the end of the frame, {@code defer fn()}. What the function captures it captures now: a method
     * reference such as {@code c::close} evaluates {@code c} here, as Go evaluates the operands of a deferred call.
     *
     * <p>Called by a deferred function of this frame, the new one runs next.
     *
     * @param fn runs once
     * @throws IllegalStateException if the frame has ended, or belongs to another thread
     */
    public final void defer(GoFn fn) {
        Objects.requireNonNull(fn, "fn");
        if (Thread.currentThread() != owner) {
            throw new IllegalStateException("a frame of " + owner + " is used by " + Thread.currentThread());
        }
        if (ended) {
            throw new IllegalStateException("the frame has ended");
        }
        top = new Deferred(fn, top);
    }

    /**
     * Defers a function with an argument that is evaluated now, {@code defer fn(argument)}.
     *
     * @param <A> the argument
     * @param fn runs once
     * @param argument what it gets
     * @throws IllegalStateException if the frame has ended, or belongs to another thread
     */
    public final <A extends @Nullable Object> void defer(With<? super A> fn, A argument) {
        Objects.requireNonNull(fn, "fn");
        defer(() -> fn.run(argument));
    }

    /**
     * Stops the panic of this frame, Go's {@code recover()}, and returns its value. When the deferred function that
     * called it returns, the panic is over: the deferred functions that are left run, and the frame ends normally.
     *
     * @return the value of the panic: what was given to {@link Panic#of}, else the exception itself. Null if there is nothing
     *         to recover from: outside the deferred functions of this frame, on another thread, when the frame does not
     *         panic, when the panic has been recovered already, and when what unwinds is no panic.
     */
    public final @Nullable Object recover() {
        Throwable current = panic;
        if (Thread.currentThread() != owner || !deferring || current == null || recovered) {
            return null;
        }
        recovered = true;
        return Panic.valueOf(current);
    }

    // -- the end --

    final void end(@Nullable Throwable thrown) {
        if (thrown != null) {
            fromBody = thrown;
            raiseSafely(thrown);
        }
        deferring = true;
        for (Deferred next; (next = top) != null;) {
            top = next.next;
            try {
                next.fn.run();
            } catch (Throwable e) {
                raiseSafely(e);
                continue;
            }
            if (recovered) {
                recovered = false;
                Throwable over = panic;
                panic = null;
                exit = over == null ? null : PanicLink.takeExit(over);
            }
        }
        deferring = false;
        ended = true;
        Throwable last = fatal != null ? fatal : panic != null ? panic : exit;
        if (last != null) {
            Errors.rethrow(allowed(last));
        }
    }

    /** At the end of the stack or the heap even this fails: then that is what unwinds, and the loop goes on. */
    private void raiseSafely(Throwable e) {
        try {
            raise(e);
        } catch (Throwable failure) {
            fatal = failure;
        }
    }

    private void raise(Throwable e) {
        if (e instanceof Fatal || e instanceof VirtualMachineError) {
            Throwable before = fatal != null ? fatal : panic;
            if (fatal == null) {
                fatal = e;
            }
            if (before != null && before != e) {
                fatal.addSuppressed(before == fatal ? e : before);
            }
            drop();
        } else if (fatal != null) {
            fatal.addSuppressed(e);
            keepInterrupt(e);
        } else if (Sched.isGoexit(e)) {
            drop();
            exit = e;
        } else if (isInterruption(e)) {
            interrupted(e);
        } else {
            panic = PanicLink.follow(e == fromBody ? e : unchecked(e), panic, recovered, exit);
            exit = null;
            recovered = false;
        }
    }

    private void interrupted(Throwable e) {
        if (panic != null && !recovered) {
            Thread.currentThread().interrupt();
            panic.addSuppressed(e);
            return;
        }
        Throwable before = panic == null ? exit : PanicLink.takeExit(panic);
        exit = null;
        drop();
        if (before != null && Sched.isGoexit(before)) {
            Thread.currentThread().interrupt();
            exit = before;
        } else {
            exit = e;
        }
    }

    private static boolean isInterruption(@Nullable Throwable e) {
        return e instanceof InterruptedException || e instanceof UncheckedInterruptedException;
    }

    /** An interruption that does not unwind any more stays one: the flag is set again. */
    private static void keepInterrupt(@Nullable Throwable e) {
        if (isInterruption(e)) {
            Thread.currentThread().interrupt();
        }
    }

    private void drop() {
        keepInterrupt(exit);
        if (panic != null) {
            keepInterrupt(PanicLink.takeExit(panic));
        }
        panic = null;
        recovered = false;
        exit = null;
    }

    /** What a deferred function threw, in a form that any frame may throw. */
    private static Throwable unchecked(Throwable e) {
        return e instanceof RuntimeException || e instanceof Error ? e : Panic.of(e);
    }

    /** An interruption from elsewhere than the body leaves by the unchecked exception, with the flag set. */
    private Throwable allowed(Throwable last) {
        if (last instanceof InterruptedException e && e != fromBody) {
            Thread.currentThread().interrupt();
            return new UncheckedInterruptedException(e);
        }
        return last;
    }
}
