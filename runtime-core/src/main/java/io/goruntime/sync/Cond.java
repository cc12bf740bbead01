package io.goruntime.sync;

import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sched;
import io.goruntime.internal.sched.Sudog;
import io.goruntime.internal.sched.WaitReason;
import io.goruntime.internal.sema.WaitQueue;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A place to wait until something about the data under a lock has changed. Source in Go: {@code sync/cond.go}.
 *
 * <p>Whoever waits does so in a loop, with the lock held:
 *
 * <p>{@snippet lang="java" :
 * mu.lock();
 * try {
 *     while (!condition()) {
 *         cond.await();
 *     }
 *     // use what the condition promises
 * } finally {
 *     mu.unlock();
 * }
 * }
 *
 * <p>A {@link #signal} wakes the one that has waited longest, a {@link #broadcast} all. Neither needs the lock. Those who
 * begin to wait afterwards are not woken. There are no spurious wake-ups.
 *
 * <p><b>Blocking and interruption.</b> {@link #await} is interruptible; it has the lock again in any case when it returns
 * or throws, and waits for that uninterruptibly. An interrupted waiter leaves the queue at once. If it was woken before, it
 * returns normally with the flag set: a signal is neither lost nor given to two.
 *
 * <p><b>Thread safety and memory effects.</b> For any number of threads. A {@code signal} or {@code broadcast} happens
 * before the return of an {@code await} that it wakes.
 */
/*
 * Counterpart of cond.go: Cond, NewCond, Wait, Signal, Broadcast.
 *
 * Go takes a ticket, unlocks, and then enqueues; a signal in between finds the ticket. Here the waiter enqueues before it
 * unlocks, which needs no tickets. The sudog is then in a queue while the user's locker runs: for a locker that is not
 * ours, and might wait for something in its unlock, that cannot be the sudog which the goroutine uses for all its other
 * waits.
 */
public final class Cond {
    private final Locker locker;
    private final boolean unlockNeverWaits;
    private final Waiters queue = new Waiters();

    /**
     * Makes a condition.
     *
     * @param locker protects the data; a {@link Mutex}, a {@link RWMutex}, its {@link RWMutex#rLocker}, or the user's
     */
    public Cond(Locker locker) {
        this.locker = Objects.requireNonNull(locker);
        this.unlockNeverWaits = locker instanceof Mutex || locker instanceof RWMutex
                || locker instanceof RWMutex.ReadLocker;
    }

    /**
     * The lock.
     *
     * @return as given to the constructor
     */
    public Locker locker() {
        return locker;
    }

    /**
     * Unlocks the locker, waits until woken, and locks it again.
     *
     * @throws InterruptedException if the thread is interrupted before or while it waits; the locker is locked then too
     * @throws io.goruntime.Fatal if the locker is not locked
     * @throws StackOverflowError at the end of the stack; if it strikes while the locker is locked again, the locker is not
     *             locked
     */
    public void await() throws InterruptedException {
        Sched.checkPreempt();
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        Park.headroom();
        Sudog sg = unlockNeverWaits ? Sudog.acquire() : Sudog.extra();
        queue.lock();
        queue.addLast(sg);
        queue.unlock();
        try {
            locker.unlock();
        } catch (Throwable e) {
            if (!queue.cancel(sg)) {
                Park.awaitClaimed(sg, false);
                signalWithHeadroom(); // the one that reached us belongs to another
            }
            throw e;
        }
        try {
            queue.awaitInterruptibly(sg, WaitReason.SYNC_COND_WAIT, false, 0);
        } finally {
            locker.lock();
        }
    }

    /** Wakes the one that has waited longest, if there is one. */
    public void signal() {
        Sched.checkPreempt();
        Park.headroom();
        signalWithHeadroom();
    }

    private void signalWithHeadroom() {
        queue.lock();
        Sudog sg = queue.first();
        if (sg != null) {
            queue.remove(sg);
        }
        queue.unlock();
        if (sg != null) {
            Park.goReady(sg, Sudog.DONE);
        }
    }

    /** Wakes all that wait. */
    public void broadcast() {
        Sched.checkPreempt();
        Park.headroom();
        queue.lock();
        Sudog all = queue.removeAll();
        queue.unlock();
        WaitQueue.readyAll(all);
    }

    private static final class Waiters extends WaitQueue {
        @Override
        protected boolean cancel(Sudog sg) {
            lock();
            boolean queued = sg.queued;
            if (queued) {
                remove(sg);
            }
            unlock();
            return queued;
        }
    }

    /** How many wait at this moment, for tests. */
    int waiters() {
        queue.lock();
        int n = queue.size();
        queue.unlock();
        return n;
    }

    /** The state at this moment, for people. */
    @Override
    public String toString() {
        return "Cond[waiters=" + waiters() + "]";
    }
}
