package io.goruntime.sync;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.GoFn;
import io.goruntime.GoRuntime;
import io.goruntime.Panic;
import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sched;
import io.goruntime.internal.sched.Sudog;
import io.goruntime.internal.sched.WaitReason;
import io.goruntime.internal.sema.WaitQueue;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Waits for a number of tasks, as a rule goroutines, to finish. Source in Go: {@code sync/waitgroup.go}.
 *
 * <p>{@link #go} starts a task in a goroutine; {@link #await} waits until all tasks have ended. Where tasks are no
 * goroutines, {@link #add} is called before each starts, and {@link #done} when it has ended.
 *
 * <p>A group may be used again once all who waited have returned.
 *
 * <p><b>Blocking and interruption.</b> Only {@link #await} blocks, and it is interruptible: an interrupted waiter leaves at
 * once. If the counter had become zero before, it returns normally and the flag stays set.
 *
 * <p><b>Thread safety and memory effects.</b> For any number of threads. What is done before {@code done} happens before
 * the return of an {@code await} which that call releases.
 *
 * <p>{@snippet lang="java" :
 * WaitGroup wg = new WaitGroup();
 * for (URI uri : uris) {
 *     wg.go(() -> fetch(uri));
 * }
 * wg.await();
 * }
 */
/*
 * Counterpart of waitgroup.go: WaitGroup, Add, Done, Wait, Go.
 *
 * The state word: the counter in the upper half, the number of waiters in the lower half. A counter of 0 implies no
 * waiters. The waiters change only in a section of the queue, together with the queue. Each change is a CAS:
 *
 *   add        counter += delta, if it stays above 0, or nobody waits
 *   wait (q)   waiters + 1, if the counter is not 0; enqueue
 *   release(q) counter += delta, where that makes it 0; waiters := 0; claim all; wake them
 *   cancel (q) waiters - 1; dequeue ourselves
 *
 * In Go the counter becomes 0 first and the waiters leave afterwards; an Add or Wait in between is misuse, and is
 * detected with luck. Here both happen in one step and there is no time in between: an add that comes together with the
 * release is before or after it. So that panic has no cause here. What stays is the check that nobody uses the group
 * again before all who waited have returned, which is as good as in Go: it finds some of the cases.
 */
public final class WaitGroup {
    private static final VarHandle STATE = ConstantBootstraps.fieldVarHandle(lookup(), "state", VarHandle.class,
            WaitGroup.class, long.class);

    private static final int COUNTER_SHIFT = 32;

    private volatile long state;
    private final Waiters queue = new Waiters();

    /** Makes a group without tasks. */
    public WaitGroup() {}

    /**
     * Starts a task in a new goroutine and counts it; when it has ended, in any way, {@link #done} is called.
     *
     * <p>What the task throws is the goroutine's panic (see {@link GoFn#run}).
     *
     * @param fn the task
     * @throws Panic {@code go of nil func value} if null
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed; nothing is counted then
     */
    public void go(@Nullable GoFn fn) {
        if (fn == null) {
            throw new Panic("go of nil func value");
        }
        Park.headroom(); // for taking the count back
        GoFn task = new Task(this, fn);
        add(1);
        try {
            GoRuntime.go(task);
        } catch (Throwable e) {
            addWithHeadroom(-1);
            throw e;
        }
    }

    private static final class Task implements GoFn {
        private final WaitGroup group;
        private final GoFn fn;

        Task(WaitGroup group, GoFn fn) {
            this.group = group;
            this.fn = fn;
        }

        @Override
        public void run() throws Exception {
            try {
                fn.run();
            } finally {
                group.done();
            }
        }
    }

    /**
     * Adds to the counter of tasks. When it becomes zero, all who wait are released. With a counter of zero, a positive
     * delta must come before the {@link #await} that is to wait for it.
     *
     * @param delta how many; may be negative
     * @throws Panic {@code sync: negative WaitGroup counter}; the counter has not changed then
     */
    public void add(int delta) {
        Sched.checkPreempt();
        long s = state;
        long counter = (s >> COUNTER_SHIFT) + delta;
        if (counter <= 0 || counter > Integer.MAX_VALUE
                || !STATE.compareAndSet(this, s, s + ((long) delta << COUNTER_SHIFT))) {
            Park.headroom();
            addWithHeadroom(delta);
        }
    }

    /** Any step, for a caller that has made sure of the headroom. */
    void addWithHeadroom(int delta) {
        for (;;) {
            long s = state;
            int counter = (int) (s >> COUNTER_SHIFT);
            if (counter + delta < 0) {
                throw delta > 0
                        ? new IllegalArgumentException("WaitGroup counter " + counter + " + " + delta)
                        : new Panic("sync: negative WaitGroup counter");
            }
            if (counter + delta == 0 && (int) s != 0) {
                if (release(s)) {
                    return;
                }
            } else if (STATE.compareAndSet(this, s, s + ((long) delta << COUNTER_SHIFT))) {
                return;
            }
        }
    }

    /**
     * One task has ended: {@code add(-1)}.
     *
     * @throws Panic {@code sync: negative WaitGroup counter}
     */
    public void done() {
        add(-1);
    }

    /**
     * Waits until the counter is zero.
     *
     * @throws InterruptedException if the counter is not zero and the thread is interrupted before or while it waits
     * @throws Panic {@code sync: WaitGroup is reused before previous Wait has returned}
     */
    public void await() throws InterruptedException {
        Sched.checkPreempt();
        if (state >> COUNTER_SHIFT != 0) {
            awaitSlow();
        }
    }

    private void awaitSlow() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        Park.headroom();
        Sudog sg = Sudog.acquire();
        if (!enqueue(sg)) {
            return;
        }
        queue.awaitInterruptibly(sg, WaitReason.SYNC_WAITGROUP_WAIT, false, 0);
        if (state != 0) {
            throw new Panic("sync: WaitGroup is reused before previous Wait has returned");
        }
    }

    /** The step "wait"; false if the counter is 0. */
    private boolean enqueue(Sudog sg) {
        queue.lock();
        try {
            for (;;) {
                long s = state;
                if (s >> COUNTER_SHIFT == 0) {
                    queue.unlock();
                    return false;
                }
                if (STATE.compareAndSet(this, s, s + 1)) {
                    break;
                }
            }
        } catch (Throwable e) {
            queue.unlock();
            throw e;
        }
        queue.addLast(sg);
        queue.unlock();
        return true;
    }

    /** The step "release"; false if the state is not the expected one any more. */
    private boolean release(long expected) {
        queue.lock();
        try {
            if (!STATE.compareAndSet(this, expected, 0L)) {
                queue.unlock();
                return false;
            }
        } catch (Throwable e) {
            queue.unlock();
            throw e;
        }
        Sudog all = queue.removeAll();
        queue.unlock();
        WaitQueue.readyAll(all);
        return true;
    }

    private final class Waiters extends WaitQueue {
        @Override
        protected boolean cancel(Sudog sg) {
            lock();
            boolean queued = sg.queued;
            if (queued) {
                remove(sg);
                long s;
                do {
                    s = state;
                } while (!STATE.compareAndSet(WaitGroup.this, s, s - 1));
            }
            unlock();
            return queued;
        }
    }

    /** Checks what is said about the state word above. */
    void checkInvariants() {
        queue.lock();
        try {
            queue.checkInvariants();
            long s = state;
            if ((int) s != queue.size() || s >> COUNTER_SHIFT == 0 && s != 0) {
                throw new IllegalStateException("WaitGroup: " + Long.toHexString(s) + ", queued " + queue.size());
            }
        } finally {
            queue.unlock();
        }
    }

    /** How many tasks are not done at this moment. */
    int counter() {
        return (int) (state >> COUNTER_SHIFT);
    }

    /** How many wait at this moment, for tests. */
    int waiters() {
        return (int) state;
    }

    /** The state at this moment, for people. */
    @Override
    public String toString() {
        long s = state;
        return "WaitGroup[counter=" + (s >> COUNTER_SHIFT) + " waiters=" + (int) s + "]";
    }
}
