package io.goruntime.sync;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.GoFn;
import io.goruntime.GoRuntime;
import io.goruntime.Panic;
import io.goruntime.context.CancelContext;
import io.goruntime.context.Context;
import io.goruntime.internal.base.Errors;
import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sched;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Goroutines that work on parts of one task, and can fail. Source in Go: {@code golang.org/x/sync/errgroup}.
 *
 * <p>{@link #go} starts a part. {@link #await} waits for all of them, and throws what the first one threw that failed. What
 * others throw after it is dropped, as in Go: as a rule it follows from the first.
 *
 * <p>A group made with {@link #withContext} has a {@link #context} that ends with the first failure: parts that look at it
 * give up in time.
 *
 * <p>{@snippet lang="java" :
 * ErrGroup group = ErrGroup.withContext(ctx);
 * for (URI page : pages) {
 *     group.go(() -> fetch(group.context(), page));
 * }
 * group.await();
 * }
 *
 * <p><b>Blocking and interruption.</b> {@link #await} waits for the parts, {@link #go} for its turn if there is a limit;
 * both are interruptible. An interrupted {@code await} leaves the parts running.
 *
 * <p><b>Thread safety and memory effects.</b> For any number of threads; {@link #setLimit} only while nothing runs. What a
 * part does happens before the return of an {@code await} that waited for it.
 */
public final class ErrGroup {
    private static final VarHandle FAILURE = ConstantBootstraps.fieldVarHandle(lookup(), "failure", VarHandle.class,
            ErrGroup.class, Throwable.class);

    private final WaitGroup wg = new WaitGroup();
    private final @Nullable CancelContext context;

    /** How many may run at a time, null for any number. Changes only while nothing runs. */
    private volatile @Nullable Semaphore limit;

    /** What the first part threw that failed. Written once, by CAS. */
    private volatile @Nullable Throwable failure;

    /** Makes a group without parts and without a limit. */
    public ErrGroup() {
        context = null;
    }

    private ErrGroup(CancelContext context) {
        this.context = context;
    }

    /**
     * Makes a group with a context. Whoever makes one waits for it: until then the parent knows of its context.
     *
     * @param parent what the context is derived from
     * @return a group without parts and without a limit
     */
    public static ErrGroup withContext(Context parent) {
        return new ErrGroup(Context.withCancel(parent));
    }

    /**
     * The context for the parts. It ends when the first part fails, with its failure as the cause, or else when
     * {@link #await} has seen all parts end.
     *
     * @return always the same; {@link Context#background()} if the group was made without one
     */
    public Context context() {
        return context == null ? Context.background() : context;
    }

    /**
     * Limits how many parts run at a time.
     *
     * @param n how many; negative for no limit, 0 lets none start
     * @throws Panic {@code errgroup: modify limit while 3 goroutines in the group are still active}
     */
    public void setLimit(int n) {
        int active = wg.counter();
        if (active != 0) {
            throw new Panic("errgroup: modify limit while " + active + " goroutines in the group are still active");
        }
        limit = n < 0 ? null : new Semaphore(n);
    }

    /**
     * Starts a part in a new goroutine; waits before that until the limit allows it.
     *
     * @param fn the part; anything it throws is its failure
     * @throws InterruptedException if the thread must wait and is interrupted before or meanwhile; nothing is started then
     * @throws Panic {@code go of nil func value} if null
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    public void go(@Nullable GoFn fn) throws InterruptedException {
        Part part = new Part(fn, limit);
        Park.headroom(); // for taking back what has been counted
        if (part.limit != null) {
            part.limit.acquire(1);
        }
        start(part);
    }

    /**
     * Starts a part in a new goroutine, if the limit allows it at once.
     *
     * @param fn the part; anything it throws is its failure
     * @return false if it was not started
     * @throws Panic {@code go of nil func value} if null
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    public boolean tryGo(@Nullable GoFn fn) {
        Part part = new Part(fn, limit);
        Park.headroom(); // for taking back what has been counted
        if (part.limit != null && !part.limit.tryAcquire(1)) {
            return false;
        }
        start(part);
        return true;
    }

    /** With a permit, if there is a limit. */
    private void start(Part part) {
        wg.addWithHeadroom(1);
        try {
            GoRuntime.go(part);
        } catch (Throwable e) {
            part.over();
            throw e;
        }
    }

    /**
     * Waits until all parts have ended.
     *
     * @throws Exception what the first part threw that failed; an {@link Error} is thrown as it is
     * @throws InterruptedException if the thread is interrupted before or while it waits, or a part failed with it
     */
    public void await() throws Exception {
        wg.await();
        Throwable e = failure;
        if (context != null) {
            context.cancel(e);
        }
        if (e != null) {
            Errors.<Exception>rethrow(e);
        }
    }

    private final class Part implements GoFn {
        private final GoFn fn;
        final @Nullable Semaphore limit;

        Part(@Nullable GoFn fn, @Nullable Semaphore limit) {
            if (fn == null) {
                throw new Panic("go of nil func value");
            }
            this.fn = fn;
            this.limit = limit;
        }

        @Override
        public void run() {
            Park.headroom(); // for what comes after the part; a goroutine has it at its beginning
            try {
                fn.run();
            } catch (Throwable e) {
                if (Sched.isGoexit(e)) {
                    Errors.rethrow(e);
                }
                if (FAILURE.compareAndSet(ErrGroup.this, null, e) && context != null) {
                    context.cancel(e);
                }
            } finally {
                over();
            }
        }

        void over() {
            if (limit != null) {
                limit.releaseWithHeadroom(1);
            }
            wg.addWithHeadroom(-1);
        }
    }

    /** The state at this moment, for people. */
    @Override
    public String toString() {
        Throwable e = failure;
        return "ErrGroup[running=" + wg.counter() + (e == null ? "]" : " failed: " + e + "]");
    }
}
