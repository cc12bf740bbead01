package io.goruntime;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.sched.G;
import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sched;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An executor that runs each task in a new goroutine.
 */
/*
 * Unlike the JDK's executor of this kind, which keeps a set of its threads, it counts its tasks only. Whose task a
 * goroutine runs is told by its function, so the rare shutdownNow finds its own in the list of all goroutines; a submit
 * pays for a count and a spawn.
 *
 * The state word: the number of tasks that were accepted and have not ended, SHUTDOWN, and NOW for shutdownNow.
 *
 *   accept    tasks + 1, unless SHUTDOWN is set
 *   end       tasks - 1
 *   shutdown  sets SHUTDOWN, or SHUTDOWN and NOW
 *
 * Once SHUTDOWN is set the count only falls. So "SHUTDOWN and no tasks" is reached once, by one step, and is for ever:
 * the executor has terminated then, and whoever made that step opens the latch.
 *
 * shutdownNow sets NOW and then looks into the list of goroutines. A submit lists its goroutine and then looks for NOW.
 * One of the two sees the other, so each task that was accepted is interrupted.
 */
final class GoExecutor extends AbstractExecutorService {
    private static final VarHandle STATE = ConstantBootstraps.fieldVarHandle(lookup(), "state", VarHandle.class,
            GoExecutor.class, long.class);

    private static final long SHUTDOWN = 1L << 62;
    private static final long NOW = 1L << 61;
    private static final long TASKS = NOW - 1;

    private final Sched sched;
    private final @Nullable UnaryOperator<GoFn> decorate;
    private volatile long state;
    private final CountDownLatch terminated = new CountDownLatch(1);

    /** The decorator must not return null. */
    GoExecutor(Sched sched, @Nullable UnaryOperator<GoFn> decorate) {
        this.sched = sched;
        this.decorate = decorate;
    }

    /** What the goroutine runs; outside of what the decorator made, so that the count is right whatever that does. */
    private static final class Task implements GoFn {
        final GoExecutor executor;
        final Runnable task;
        final @Nullable GoFn decorated;

        Task(GoExecutor executor, Runnable task) {
            this.executor = executor;
            this.task = task;
            decorated = executor.decorate == null ? null : executor.decorate.apply(task::run);
        }

        @Override
        public void run() throws Exception {
            try {
                if (decorated == null) {
                    task.run();
                } else {
                    decorated.run();
                }
            } finally {
                executor.end();
            }
        }
    }

    // -- tasks --

    @Override
    public void execute(Runnable task) {
        start(Objects.requireNonNull(task, "task"), task.getClass());
    }

    @Override
    public Future<?> submit(Runnable task) {
        return submit(task, null);
    }

    @Override
    public <T extends @Nullable Object> Future<T> submit(Runnable task, T result) {
        FutureTask<T> future = new FutureTask<>(Executors.callable(task, result));
        start(future, task.getClass());
        return future;
    }

    @Override
    public <T extends @Nullable Object> Future<T> submit(Callable<T> task) {
        FutureTask<T> future = new FutureTask<>(task);
        start(future, task.getClass());
        return future;
    }

    /** Dumps name the given class, the user's. */
    private void start(Runnable task, Class<?> taskClass) {
        Park.headroom(); // for taking the count back
        accept();
        G gp;
        try {
            gp = sched.newproc(null, new Task(this, task), taskClass);
        } catch (Throwable e) {
            end();
            throw e;
        }
        if ((state & NOW) != 0) {
            gp.thread.interrupt();
        }
    }

    private void accept() {
        for (;;) {
            long s = state;
            if ((s & SHUTDOWN) != 0) {
                throw new RejectedExecutionException(this + " takes no more tasks");
            }
            if (STATE.compareAndSet(this, s, s + 1)) {
                return;
            }
        }
    }

    private void end() {
        long before = (long) STATE.getAndAdd(this, -1L);
        if (isOver(before - 1)) {
            terminated.countDown();
        }
    }

    /*
     * The inherited ones start the tasks one by one, and return the result of the first without a look at the interrupt
     * flag if it is there already.
     */

    @Override
    public <T extends @Nullable Object> T invokeAny(Collection<? extends Callable<T>> tasks)
            throws InterruptedException, ExecutionException {
        throwIfInterrupted();
        return super.invokeAny(tasks);
    }

    @Override
    public <T extends @Nullable Object> T invokeAny(Collection<? extends Callable<T>> tasks, long timeout,
            TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        throwIfInterrupted();
        return super.invokeAny(tasks, timeout, unit);
    }

    private static void throwIfInterrupted() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    // -- the end --

    @Override
    public void shutdown() {
        shutdown(SHUTDOWN);
    }

    @Override
    public List<Runnable> shutdownNow() {
        shutdown(SHUTDOWN | NOW);
        if (!isTerminated()) {
            for (G gp : sched.goroutines()) {
                if (gp.fn() instanceof Task task && task.executor == this) {
                    gp.thread.interrupt();
                }
            }
        }
        return List.of();
    }

    private void shutdown(long bits) {
        long before = (long) STATE.getAndBitwiseOr(this, bits);
        if (isOver(before | bits) && !isOver(before)) {
            terminated.countDown();
        }
    }

    /** As the inherited one. Spring calls shutdown instead of that, and would close the runtime before the tasks end. */
    @Override
    public void close() {
        shutdown();
        boolean interrupted = false;
        while (!isTerminated()) {
            try {
                terminated.await();
            } catch (InterruptedException e) {
                if (!interrupted) {
                    shutdownNow();
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isShutdown() {
        return (state & SHUTDOWN) != 0;
    }

    @Override
    public boolean isTerminated() {
        return isOver(state);
    }

    private static boolean isOver(long s) {
        return (s & (SHUTDOWN | TASKS)) == SHUTDOWN;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        return terminated.await(timeout, unit);
    }

    @Override
    public String toString() {
        long s = state;
        return "executor of " + sched + "[" + (isOver(s) ? "terminated" : (s & SHUTDOWN) != 0 ? "shut down" : "open")
                + ", tasks=" + (s & TASKS) + "]";
    }
}
