package io.goruntime.context;

import io.goruntime.GoFn;
import io.goruntime.RecvChan;
import io.goruntime.internal.jdk.Mode;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A piece of work that may end early, and the values that belong to it. Passed as the first argument, named {@code ctx},
 * to whatever the work consists of.
 *
 * <p>{@link #background()} never ends. From a context others are derived: {@link #withCancel} makes one that can be
 * cancelled, {@link #withTimeout} one that ends by itself, {@link #withValue} one that carries a value, {@link #withoutCancel} one that does not end with its parent.
 * When a context ends, all that were derived from it end.
 *
 * <p>All methods may be called from any thread. What a thread does before it ends a context happens before what another
 * does after it has seen the end.
 *
 * <p>Other classes may implement this interface, best by passing every method on to a context from here. Contexts derived
 * from such a one learn of its end by {@link #afterFunc}.
 */
public interface Context {
    // -- to be implemented --

    /**
     * A channel that is closed when this context ends. Nothing is ever sent.
     *
     * @return always the same one; for a context that never ends a nil channel, which blocks for ever
     */
    RecvChan<Void> done();

    /**
     * How this context ended.
     *
     * @return null while it has not ended, then always the same
     */
    @Nullable
    ContextException err();

    /**
     * When this context ends by itself.
     *
     * @return null if no time is set
     */
    @Nullable
    Instant deadline();

    /**
     * The value that belongs to a key: that of the nearest {@link #withValue} with this key.
     *
     * @param <T> its type
     * @param key the key
     * @return null if there is none, or null was given
     */
    <T> @Nullable T value(Key<T> key);

    // -- with a default --

    /**
     * Why this context ended: the cause given to the cancel, or for the deadline, that ended it or the one it was derived
     * from; without one, {@link #err()}. The first end counts.
     *
     * @return null while it has not ended
     */
    default @Nullable Throwable cause() {
        return err();
    }

    /**
     * Throws if this context has ended: for loops that compute.
     *
     * @throws ContextException a new one of the kind of {@link #err()}, with the cause
     */
    default void check() throws ContextException {
        ContextException err = err();
        if (err != null) {
            throw err.toThrow();
        }
    }

    /**
     * Runs a function in a goroutine of its own once this context has ended; at once if it has. The goroutine belongs to the
     * runtime of the caller; where that is closed by then, it is a plain virtual thread.
     *
     * <p>By default, for other classes that implement this interface, a goroutine waits for {@link #done}. It ends with
     * its runtime.
     *
     * @param fn what to run; what it throws is its goroutine's panic
     * @return to stop it
     */
    default Stop afterFunc(GoFn fn) {
        return Watcher.start(this, Objects.requireNonNull(fn, "fn"));
    }

    /** Undoes an {@link #afterFunc}. */
    @FunctionalInterface
    interface Stop extends AutoCloseable {
        /**
         * Keeps the function from being run.
         *
         * @return true if this call did so; false if the function was started, whether or not it has ended, or had been
         *         stopped before
         */
        boolean stop();

        /** The same as {@link #stop}, for try-with-resources. */
        @Override
        default void close() {
            stop();
        }
    }

    /**
     * Runs a task on the calling thread and interrupts it when this context ends. So whatever can be interrupted can be
     * given a deadline: {@code ctx.call(future::get)}, {@code ctx.call(process::waitFor)}.
     *
     * <p>A task that returns normally has its result returned, whether or not the context ended meanwhile. The interrupt of
     * this method does not outlive it: if the task did not notice it, the flag is cleared. Other interrupts of the thread
     * stay what they are: one that the task sees throws what the task throws, one that it does not see leaves the flag
     * set. (Java keeps one flag, not a number: an interrupt that comes while the one of this method is still unnoticed
     * is one with it, and so is one that comes to a task which has noticed that and yet returns normally.)
     *
     * @param <T> the result
     * @param task what to run
     * @return what it returned
     * @throws ContextException if the context has ended already, and then the task is not run; or if it ended and the task
     *             was interrupted by that: the exception of the task is suppressed in it
     * @throws Exception what the task throws
     */
    default <T extends @Nullable Object> T call(Callable<T> task) throws Exception {
        return CallerInterrupt.call(this, Objects.requireNonNull(task, "task"));
    }

    /**
     * Fails a future when this context ends before it is complete. The exception is one of the kind of {@link #err()},
     * with the cause. A future that completes first is let go.
     *
     * <p>{@code ctx.bind(new CompletableFuture<Void>())} is this context as a future.
     *
     * @param <T> the result
     * @param future not complete yet, or nothing happens; stages that depend on it run in a goroutine, as by
     *            {@link #afterFunc}
     * @return the same future
     */
    default <T extends @Nullable Object> CompletableFuture<T> bind(CompletableFuture<T> future) {
        Objects.requireNonNull(future, "future");
        if (!future.isDone()) {
            Stop stop = afterFunc(() -> future.completeExceptionally(End.of(this).err().toThrow()));
            future.whenComplete((_, _) -> stop.stop());
        }
        return future;
    }

    // -- making contexts --

    /**
     * The context that never ends, has no deadline and no values: the one at the top, in main or in a test.
     *
     * @return always the same one
     */
    static Context background() {
        return RootCtx.BACKGROUND;
    }

    /**
     * Another {@link #background()}, with a name of its own: for code that does not get the right context yet.
     *
     * @return always the same one
     */
    static Context todo() {
        return RootCtx.TODO;
    }

    /**
     * Derives a context that can be cancelled. Whoever calls this must cancel or close it in the end.
     *
     * @param parent when it ends, so does the new one, with the same {@link #err() err} and {@link #cause() cause}
     * @return a new context
     */
    static CancelContext withCancel(Context parent) {
        Mode.ensure();
        return CancelCtx.derive(parent);
    }

    /**
     * The same as {@link #withCancel}, which takes causes too; under Go's name.
     *
     * @param parent when it ends, so does the new one, with the same {@link #err() err} and {@link #cause() cause}
     * @return a new context, for {@link CancelContext#cancel(Throwable)}
     */
    static CancelContext withCancelCause(Context parent) {
        Mode.ensure();
        return CancelCtx.derive(parent);
    }

    /**
     * Derives a context that ends by itself after a while, with a {@link DeadlineExceededException}. Whoever calls this must
     * cancel or close it when the work is done, so that its timer does not stay till then.
     *
     * @param parent when it ends, so does the new one; if its deadline is earlier, that one stays
     * @param timeout zero or negative: it has ended already
     * @return a new context
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    static CancelContext withTimeout(Context parent, Duration timeout) {
        Mode.ensure();
        return CancelCtx.derive(parent, timeout, null, Alarms.REAL);
    }

    /**
     * The same as {@link #withTimeout} with a cause for the end at the deadline.
     *
     * @param parent when it ends, so does the new one; if its deadline is earlier, that one stays
     * @param timeout zero or negative: it has ended already
     * @param cause what {@link #cause()} returns then; null: the {@link DeadlineExceededException} itself
     * @return a new context
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    static CancelContext withTimeoutCause(Context parent, Duration timeout, @Nullable Throwable cause) {
        Mode.ensure();
        return CancelCtx.derive(parent, timeout, cause, Alarms.REAL);
    }

    /**
     * Derives a context that ends by itself at a time. The time of day is looked at once, now: a later change of the
     * system's clock does not move the end.
     *
     * @param parent when it ends, so does the new one; if its deadline is earlier, that one stays
     * @param deadline in the past: it has ended already
     * @return a new context
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    static CancelContext withDeadline(Context parent, Instant deadline) {
        Mode.ensure();
        return CancelCtx.derive(parent, deadline, null, Alarms.REAL);
    }

    /**
     * The same as {@link #withDeadline} with a cause for the end at the deadline.
     *
     * @param parent when it ends, so does the new one; if its deadline is earlier, that one stays
     * @param deadline in the past: it has ended already
     * @param cause what {@link #cause()} returns then; null: the {@link DeadlineExceededException} itself
     * @return a new context
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    static CancelContext withDeadlineCause(Context parent, Instant deadline, @Nullable Throwable cause) {
        Mode.ensure();
        return CancelCtx.derive(parent, deadline, cause, Alarms.REAL);
    }

    /**
     * Derives a context that ends when a signal of the process arrives, Go's {@code signal.NotifyContext}. Its
     * {@link #cause() cause} is a {@link SignalException} then.
     *
     * <p>The signals keep away from the JVM until the context is cancelled or closed, also after it has ended: a second
     * {@code INT} does not end the JVM. Whoever calls this must cancel or close it in the end, and they have the effect
     * again that they had before.
     *
     * @param parent when it ends, so does the new one, with the same {@link #err() err} and {@link #cause() cause}
     * @param signals at least one; see {@link io.goruntime.Signals} for their names
     * @return a new context
     * @throws IllegalArgumentException if there is no signal, or one is not available
     */
    static CancelContext withSignals(Context parent, String... signals) {
        Mode.ensure();
        return SignalCtx.derive(parent, signals);
    }

    /**
     * Derives a context with a value. For what belongs to a request and crosses functions that do not know of it, not for
     * arguments. Does not print the value in {@code toString} unless it is a string.
     *
     * @param <T> the type of the value
     * @param parent has the other values, the end and the deadline
     * @param key the key
     * @param value may be null: then {@link #value} finds null, whatever the parent has
     * @return a new context
     */
    static <T> Context withValue(Context parent, Key<T> key, @Nullable T value) {
        return new ValueCtx(Objects.requireNonNull(parent, "parent"), Objects.requireNonNull(key, "key"), value);
    }

    /**
     * Derives a context that has the values of its parent and does not end with it; nor has it a deadline.
     *
     * @param parent has the values
     * @return a new context, which never ends
     */
    static Context withoutCancel(Context parent) {
        return new RootCtx(Objects.requireNonNull(parent, "parent"), ".WithoutCancel");
    }
}
