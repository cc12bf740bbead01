package io.goruntime.sync;

import io.goruntime.Panic;
import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sched;
import io.goruntime.internal.sched.Sudog;
import io.goruntime.internal.sched.WaitReason;
import io.goruntime.internal.sema.WaitQueue;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A number of permits that are taken and given back, one or several at a time. Source in Go:
 * {@code golang.org/x/sync/semaphore}.
 *
 * <p><b>Fairness.</b> First come, first served: who asks for many waits until so many are free, and those behind wait
 * with it, even if there is enough for them. Nobody starves.
 *
 * <p><b>Blocking and interruption.</b> {@link #acquire} and the timed {@link #tryAcquire(long, Duration)} are
 * interruptible: an interrupted waiter leaves the queue at once. If it had its permits before, it returns normally with
 * the flag set. Who asks for more than there are in all waits for ever, and lets others pass.
 *
 * <p><b>Thread safety and memory effects.</b> For any number of threads; permits belong to nobody. A {@link #release}
 * happens before the return of an acquire that takes what it gave back.
 */
/*
 * All is under the lock of the queue: how many permits are taken, and who waits. A waiter's sudog.elem says how many it
 * wants. Whoever makes permits free, or leaves the front of the queue, serves those who can go on now: their permits
 * are counted as taken in the section that claims them.
 */
public final class Semaphore {
    private final long size;
    private final Waiters queue = new Waiters();

    /** Permits that are taken; in a section of the queue. */
    private long taken;

    /**
     * Makes a semaphore with all its permits free.
     *
     * @param size how many there are
     * @throws IllegalArgumentException if negative
     */
    public Semaphore(long size) {
        if (size < 0) {
            throw new IllegalArgumentException("size " + size);
        }
        this.size = size;
    }

    /**
     * Takes permits; waits until there are so many.
     *
     * @param n how many
     * @throws InterruptedException if the thread must wait and is interrupted before or meanwhile; nothing is taken then
     * @throws IllegalArgumentException if n is negative
     */
    public void acquire(long n) throws InterruptedException {
        if (!tryAcquire(n)) {
            acquireSlow(n, false, 0);
        }
    }

    /**
     * Takes permits if there are so many and nobody waits.
     *
     * @param n how many
     * @return true if they were taken
     * @throws IllegalArgumentException if n is negative
     */
    public boolean tryAcquire(long n) {
        checkCount(n);
        Sched.checkPreempt();
        Park.headroom();
        queue.lock();
        boolean free = size - taken >= n && queue.first() == null;
        if (free) {
            taken += n;
        }
        queue.unlock();
        return free;
    }

    /**
     * Takes permits; waits at most the given time until there are so many.
     *
     * @param n how many
     * @param wait how long; zero or negative does not wait
     * @return true if they were taken
     * @throws InterruptedException if the thread must wait and is interrupted before or meanwhile; nothing is taken then
     * @throws IllegalArgumentException if n is negative
     */
    public boolean tryAcquire(long n, Duration wait) throws InterruptedException {
        if (tryAcquire(n)) {
            return true;
        }
        if (wait.isZero() || wait.isNegative()) {
            return false;
        }
        long nanos;
        try {
            nanos = wait.toNanos();
        } catch (ArithmeticException e) {
            nanos = Long.MAX_VALUE;
        }
        // A deadline half the clock's range away is as good as any later one, and still compares.
        return acquireSlow(n, true, Park.deadline(nanos));
    }

    /**
     * Gives permits back, and serves those who wait for them.
     *
     * @param n how many
     * @throws Panic {@code semaphore: released more than held}; nothing is given back then
     * @throws IllegalArgumentException if n is negative
     */
    public void release(long n) {
        checkCount(n);
        Sched.checkPreempt();
        Park.headroom();
        releaseWithHeadroom(n);
    }

    /** The same for a caller that has made sure of the headroom, and for whom it is too late to fail. */
    void releaseWithHeadroom(long n) {
        queue.lock();
        if (n > taken) {
            queue.unlock();
            throw new Panic("semaphore: released more than held");
        }
        taken -= n;
        Sudog served = serve();
        queue.unlock();
        WaitQueue.readyAll(served);
    }

    private static void checkCount(long n) {
        if (n < 0) {
            throw new IllegalArgumentException("permits " + n);
        }
    }

    private boolean acquireSlow(long n, boolean timed, long deadlineNanos) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        Park.headroom();
        Sudog sg = Sudog.acquire();
        Long wanted = n;
        queue.lock();
        if (size - taken >= n && queue.first() == null) {
            taken += n;
            queue.unlock();
            return true;
        }
        if (n <= size) {
            sg.elem = wanted;
            queue.addLast(sg);
        }
        queue.unlock();
        if (n > size) {
            return awaitTheImpossible(sg, timed, deadlineNanos);
        }
        return queue.awaitInterruptibly(sg, WaitReason.SEMACQUIRE, timed, deadlineNanos);
    }

    /** Not in the queue, where it would stop the others. */
    private static boolean awaitTheImpossible(Sudog sg, boolean timed, long deadlineNanos)
            throws InterruptedException {
        if (Park.goPark(sg, WaitReason.SEMACQUIRE, timed, deadlineNanos) == Park.INTERRUPTED) {
            throw new InterruptedException();
        }
        return false;
    }

    /** Takes permits for those in front who can have them, and claims them; in a section. */
    private @Nullable Sudog serve() {
        Sudog served = null;
        Sudog lastServed = null;
        for (Sudog sg; (sg = queue.first()) != null;) {
            long wanted = sg.elem == null ? 0 : (Long) sg.elem;
            if (size - taken < wanted) {
                break;
            }
            taken += wanted;
            queue.remove(sg);
            sg.elem = null;
            if (lastServed == null) {
                served = sg;
            } else {
                lastServed.next = sg;
            }
            lastServed = sg;
        }
        return served;
    }

    private final class Waiters extends WaitQueue {
        @Override
        protected boolean cancel(Sudog sg) {
            Sudog served = null;
            lock();
            boolean queued = sg.queued;
            if (queued) {
                boolean inFront = first() == sg;
                remove(sg);
                sg.elem = null;
                if (inFront) {
                    served = serve();
                }
            }
            unlock();
            readyAll(served);
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
        queue.lock();
        long now = taken;
        int n = queue.size();
        queue.unlock();
        return "Semaphore[taken=" + now + " of " + size + " waiters=" + n + "]";
    }
}
