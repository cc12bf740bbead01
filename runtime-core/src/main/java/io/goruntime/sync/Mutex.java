package io.goruntime.sync;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.Fatal;
import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sched;
import io.goruntime.internal.sched.Sudog;
import io.goruntime.internal.sched.WaitReason;
import io.goruntime.internal.sema.WaitQueue;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;

/**
 * A mutual exclusion lock. Source in Go: {@code internal/sync/mutex.go}.
 *
 * <p>For goroutines and all other threads. It belongs to nobody: one goroutine may lock it and another unlock it. It is not
 * reentrant; locking it twice waits for ever.
 *
 * <p><b>Fairness.</b> Normally whoever finds it free takes it, even if others wait: that is fast. Waiters queue in order
 * of arrival, and one of them is woken to try when it is unlocked. When a waiter has waited for more than a millisecond,
 * the lock goes into starvation mode: it is handed from each owner to the first of the queue, until a waiter gets it that
 * has waited for less, or is the last one.
 *
 * <p><b>Blocking and interruption.</b> {@link #lock} waits uninterruptibly, like
 * {@link java.util.concurrent.locks.Lock#lock}: an interrupt flag stays set. The other methods do not block.
 *
 * <p><b>Memory effects.</b> The n-th {@code unlock} happens before the return of each later {@code lock}, and of each
 * later {@link #tryLock} that returns true.
 *
 * <p>{@snippet lang="java" :
 * mu.lock();
 * try {
 *     count++;
 * } finally {
 *     mu.unlock();
 * }
 * }
 */
/*
 * Counterpart of mutex.go: Mutex, Lock, lockSlow, TryLock, Unlock, unlockSlow.
 *
 * The state word:
 *
 *   bit 0  LOCKED    somebody owns it
 *   bit 1  WOKEN     somebody is awake and will try to take it: an unlock need not wake anybody
 *   bit 2  STARVING  unlock hands it to the first waiter and LOCKED stays set meanwhile, so nobody else can take it
 *   bit 3  WAITERS   the queue is not empty; changes only in a section of the queue
 *
 *   STARVING implies LOCKED and WAITERS.
 *
 * Transitions, each one CAS. (q) means in a section of the queue, with the change of the list named.
 *
 *   lock       LOCKED := 1, if it was 0; the one who is WOKEN clears that with it
 *   spin       WOKEN := 1, if there are WAITERS and it was 0: keeps unlock from waking one to no purpose
 *   wait (q)   WAITERS := 1, if LOCKED; WOKEN := 0 if it was ours; STARVING := 1 if we are starving. Enqueue: at the
 *              end, or in front if we were woken before
 *   unlock     LOCKED := 0, if nobody has to be woken: no WAITERS, or one is WOKEN
 *   wake (q)   LOCKED := 0, WOKEN := 1, and WAITERS := 0 if it was the last. Dequeue the first; wake it
 *   hand (q)   if STARVING. WAITERS := 0 and STARVING := 0 if it was the last. Dequeue the first; wake it as owner
 *   calm       STARVING := 0, by an owner that was handed the lock and had waited for less than a millisecond
 *   cancel (q) WAITERS := 0 and STARVING := 0 if it was the last. Dequeue ourselves
 *
 * No wake-up is lost: WAITERS is set only while LOCKED is, by the same CAS that sees it, so there is an owner whose
 * unlock will see it. LOCKED goes to 0 with WAITERS set only if WOKEN is set too. The one who is WOKEN ends either as
 * the owner, or by waiting, and that only if there is another owner.
 *
 * In Go the word counts waiters and a separate semaphore has the queue; the count is changed first, the queue later. With
 * both changed in one step there is no time between in which a waiter is counted and not there, which makes giving up
 * simple.
 */
public final class Mutex implements Locker {
    private static final VarHandle STATE = ConstantBootstraps.fieldVarHandle(lookup(), "state", VarHandle.class,
            Mutex.class, int.class);

    private static final int LOCKED = 1;
    private static final int WOKEN = 1 << 1;
    private static final int STARVING = 1 << 2;
    private static final int WAITERS = 1 << 3;

    /** To wait for longer than this is to starve. */
    private static final long STARVATION_NANOS = 1_000_000;

    /** Rounds of spinning before a wait, and pauses in each, as in Go: less than a park and a wake-up would take. */
    private static final int SPINS = 4;
    private static final int PAUSES = 30;

    private volatile int state;
    final Waiters queue = new Waiters();

    /** Makes an unlocked mutex. */
    public Mutex() {}

    /** Locks; waits as long as somebody else has it. Uninterruptible. */
    @Override
    public void lock() {
        Sched.checkPreempt();
        if (!STATE.compareAndSet(this, 0, LOCKED)) {
            lockSlow();
        }
    }

    /**
     * Locks if that is possible at once.
     *
     * @return true if the caller has it now
     */
    public boolean tryLock() {
        for (;;) {
            int s = state;
            if ((s & LOCKED) != 0) {
                return false;
            }
            if (STATE.compareAndSet(this, s, s | LOCKED)) {
                return true;
            }
        }
    }

    /**
     * Unlocks.
     *
     * @throws Fatal {@code sync: unlock of unlocked mutex}
     * @throws StackOverflowError if there is not enough stack to wake a waiter; the mutex is still locked then
     */
    @Override
    public void unlock() {
        if (!STATE.compareAndSet(this, LOCKED, 0)) {
            Park.headroom();
            unlockSlow();
        }
    }

    /** The same for a caller that has made sure of the headroom, and for whom it is too late to fail. */
    void unlockWithHeadroom() {
        if (!STATE.compareAndSet(this, LOCKED, 0)) {
            unlockSlow();
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Waiting
    // ------------------------------------------------------------------------------------------------------------

    private void lockSlow() {
        if (tryLock()) {
            return; // free, with somebody who has just been woken for it
        }
        Park.headroom();
        Sudog sg = Sudog.acquire();
        boolean waited = false;
        long since = 0;
        boolean starving = false;
        boolean awoke = false;
        int spins = 0;
        for (;;) {
            int s = state;
            if ((s & LOCKED) == 0) {
                if (STATE.compareAndSet(this, s, (awoke ? s & ~WOKEN : s) | LOCKED)) {
                    return;
                }
                continue;
            }
            if ((s & STARVING) == 0 && spins < SPINS && Sched.canSpin()) {
                if (!awoke && (s & (WOKEN | WAITERS)) == WAITERS && STATE.compareAndSet(this, s, s | WOKEN)) {
                    awoke = true;
                }
                for (int i = 0; i < PAUSES; i++) {
                    Thread.onSpinWait();
                }
                spins++;
                continue;
            }
            if (!waited) {
                since = System.nanoTime();
            }
            if (!enqueue(sg, awoke, starving, waited)) {
                continue;
            }
            queue.await(sg, WaitReason.SYNC_MUTEX_LOCK);
            long waitedNanos = System.nanoTime() - since;
            if (sg.state == WaitQueue.HANDED) {
                if (waitedNanos <= STARVATION_NANOS) {
                    calm();
                }
                return;
            }
            waited = true;
            awoke = true;
            starving |= waitedNanos > STARVATION_NANOS;
            spins = 0;
            sg.state = Sudog.WAITING;
        }
    }

    /** The step "wait"; false if the mutex is free. */
    private boolean enqueue(Sudog sg, boolean awoke, boolean starving, boolean inFront) {
        queue.lock();
        try {
            for (;;) {
                int s = state;
                if ((s & LOCKED) == 0) {
                    queue.unlock();
                    return false;
                }
                int next = (awoke ? s & ~WOKEN : s) | WAITERS;
                if (STATE.compareAndSet(this, s, starving ? next | STARVING : next)) {
                    break;
                }
            }
        } catch (Throwable e) {
            queue.unlock();
            throw e;
        }
        if (inFront) {
            queue.addFirst(sg);
        } else {
            queue.addLast(sg);
        }
        queue.unlock();
        return true;
    }

    private void calm() {
        int s;
        do {
            s = state;
        } while ((s & STARVING) != 0 && !STATE.compareAndSet(this, s, s & ~STARVING));
    }

    private void clear(int bits) {
        int s;
        do {
            s = state;
        } while (!STATE.compareAndSet(this, s, s & ~bits));
    }

    final class Waiters extends WaitQueue {
        @Override
        protected boolean cancel(Sudog sg) {
            lock();
            boolean queued = sg.queued;
            if (queued) {
                remove(sg);
                if (first() == null) {
                    clear(WAITERS | STARVING);
                }
            }
            unlock();
            return queued;
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Unlocking
    // ------------------------------------------------------------------------------------------------------------

    private void unlockSlow() {
        for (;;) {
            int s = state;
            if ((s & LOCKED) == 0) {
                throw new Fatal("sync: unlock of unlocked mutex");
            }
            if ((s & (STARVING | WAITERS | WOKEN)) == WAITERS || (s & STARVING) != 0) {
                if (unlockAndWake()) {
                    return;
                }
            } else if (STATE.compareAndSet(this, s, s & ~LOCKED)) {
                return;
            }
        }
    }

    /** The step "wake" or "hand"; false if there is nobody to wake any more. */
    private boolean unlockAndWake() {
        boolean hand;
        Sudog sg;
        queue.lock();
        try {
            for (;;) {
                int s = state;
                sg = queue.first();
                hand = (s & STARVING) != 0;
                if ((s & LOCKED) == 0 || sg == null || !hand && (s & WOKEN) != 0) {
                    queue.unlock();
                    return false;
                }
                int next = hand ? s : s & ~LOCKED | WOKEN;
                if (sg.next == null) {
                    next &= ~(WAITERS | STARVING);
                }
                if (STATE.compareAndSet(this, s, next)) {
                    break;
                }
            }
        } catch (Throwable e) {
            queue.unlock();
            throw e;
        }
        queue.remove(sg);
        queue.unlock();
        if (hand) {
            Park.goReady(sg, WaitQueue.HANDED);
            Sched.yieldTo();
        } else {
            Park.goReady(sg, Sudog.DONE);
        }
        return true;
    }

    // ------------------------------------------------------------------------------------------------------------
    // State
    // ------------------------------------------------------------------------------------------------------------

    /** Checks what is said about the state word above. */
    void checkInvariants() {
        queue.lock();
        try {
            int s = state;
            queue.checkInvariants();
            check(((s & WAITERS) != 0) == (queue.first() != null), "WAITERS");
            check((s & STARVING) == 0 || (s & (LOCKED | WAITERS)) == (LOCKED | WAITERS), "STARVING");
            check((s & WAITERS) == 0 || (s & (LOCKED | WOKEN)) != 0, "nobody will wake the waiters");
        } finally {
            queue.unlock();
        }
    }

    private static void check(boolean condition, String what) {
        if (!condition) {
            throw new IllegalStateException("mutex: " + what);
        }
    }

    /** How many wait at this moment, for tests. */
    int waiters() {
        queue.lock();
        int n = queue.size();
        queue.unlock();
        return n;
    }

    /** For tests. */
    boolean isStarving() {
        return (state & STARVING) != 0;
    }

    /** The state at this moment, for people. */
    @Override
    public String toString() {
        int s = state;
        return "Mutex[" + ((s & LOCKED) != 0 ? "locked" : "unlocked") + ((s & STARVING) != 0 ? " starving" : "")
                + " waiters=" + waiters() + "]";
    }
}
