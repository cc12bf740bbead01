package io.goruntime.internal.sema;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.base.Errors;
import io.goruntime.internal.base.SpinLock;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sudog;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Those who wait for one lock or condition, first come, first served. Counterpart of sema.go: semaRoot, notifyList.
 */
/*
 * Go keeps the waiters of all locks in one table, because a lock there is a bare word that has no room for a queue. An
 * object in Java owns its state, so each primitive has a queue of its own: no hashing, no treap of addresses, no lock
 * shared by unrelated primitives. What remains is the list, its spin lock, and these rules.
 *
 *   1. The queue's lock also orders the changes of those bits of the owner's state word that say whether somebody
 *      waits. Other bits of that word change by CAS at any time, therefore every change is a CAS.
 *   2. Who waits: looks at the state under the lock, changes the state and enqueues in one section, or does neither;
 *      unlocks; parks.
 *   3. Who wakes: changes the state and dequeues in one section (this claims the waiter: only the claimer may end its
 *      wait now, and must); unlocks; Park.goReady.
 *   4. Who gives up waiting (interrupt, deadline, Error): removes itself under the lock. If it has been claimed, its
 *      operation has completed: it waits for the wake-up, which is a few instructions away, and returns normally.
 *
 * The end of the stack. An operation that needs the queue calls Park.headroom() before it changes anything; what comes
 * after that fits, so no StackOverflowError strikes inside a section. Parking needs more than that, and ends by rule 4.
 * The first execution of a VarHandle call allocates and can fail; in a section the CAS on the state therefore comes
 * before the change of the list, and a handler releases the lock. Nothing is allocated in a section.
 */
public abstract class WaitQueue {
    private static final VarHandle LOCK = ConstantBootstraps.fieldVarHandle(lookup(), "lock", VarHandle.class,
            WaitQueue.class, int.class);

    /** How a waiter was woken, in Sudog.state: it owns what it waited for already. */
    public static final int HANDED = 3;

    static {
        // Links the two calls, which allocates, before a section could depend on them.
        WaitQueue linked = new WaitQueue(null) {
            @Override
            protected boolean cancel(Sudog sg) {
                return false;
            }
        };
        linked.lock();
        linked.unlock();
    }

    /** 0 free, 1 held. */
    private volatile int lock;

    // -- under the lock --

    private @Nullable Sudog first;
    private @Nullable Sudog last;

    /** An empty queue. Whoever may wait needs the mode to be decided. */
    protected WaitQueue() {
        Mode.ensure();
    }

    /** For the class initialiser, where the mode must not be decided. */
    private WaitQueue(@Nullable Void unused) {}

    // ------------------------------------------------------------------------------------------------------------
    // The lock
    // ------------------------------------------------------------------------------------------------------------

    /** Begins a section; after Park.headroom. */
    public final void lock() {
        if (!LOCK.compareAndSet(this, 0, 1)) {
            SpinLock.lockSlow(LOCK, this);
        }
    }

    /** Ends a section. */
    public final void unlock() {
        LOCK.setRelease(this, 0);
    }

    // ------------------------------------------------------------------------------------------------------------
    // The list, in a section
    // ------------------------------------------------------------------------------------------------------------

    /** The waiter whose turn it is, null if there is none. */
    public final @Nullable Sudog first() {
        return first;
    }

    /** Enqueues behind all others. */
    public final void addLast(Sudog sg) {
        Sudog before = last;
        sg.prev = before;
        sg.next = null;
        sg.queued = true;
        if (before == null) {
            first = sg;
        } else {
            before.next = sg;
        }
        last = sg;
    }

    /** Enqueues in front of all others: one that was woken and came too late keeps its turn. */
    public final void addFirst(Sudog sg) {
        Sudog after = first;
        sg.prev = null;
        sg.next = after;
        sg.queued = true;
        if (after == null) {
            last = sg;
        } else {
            after.prev = sg;
        }
        first = sg;
    }

    /** Dequeues; the caller claims the waiter, or is the waiter. */
    public final void remove(Sudog sg) {
        Sudog before = sg.prev;
        Sudog after = sg.next;
        if (before == null) {
            first = after;
        } else {
            before.next = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.prev = before;
        }
        sg.prev = null;
        sg.next = null;
        sg.queued = false;
    }

    /** Claims all waiters; {@link #readyAll} wakes them after the section. */
    public final @Nullable Sudog removeAll() {
        Sudog all = first;
        first = null;
        last = null;
        for (Sudog sg = all; sg != null; sg = sg.next) {
            sg.queued = false;
        }
        return all;
    }

    /** How many wait. */
    public final int size() {
        int n = 0;
        for (Sudog sg = first; sg != null; sg = sg.next) {
            n++;
        }
        return n;
    }

    // ------------------------------------------------------------------------------------------------------------
    // Waking and waiting, outside a section
    // ------------------------------------------------------------------------------------------------------------

    /** Wakes claimed waiters, in the order of the list. */
    public static void readyAll(@Nullable Sudog all) {
        Sudog sg = all;
        while (sg != null) {
            Sudog next = sg.next; // once woken, the sudog is its waiter's again
            sg.next = null;
            sg.prev = null;
            Park.goReady(sg, Sudog.DONE);
            sg = next;
        }
    }

    /**
     * A waiter leaves of its own accord: removes the sudog in a section, if it is still queued, and changes the owner's
     * state accordingly. Runs with the headroom that the waiter made sure of.
     *
     * @return false if it has been claimed
     */
    protected abstract boolean cancel(Sudog sg);

    /**
     * Waits for the enqueued sudog; an interrupt does not end this wait and is kept.
     *
     * @throws Error if there is no stack to park on; the sudog is out of the queue then
     */
    public final void await(Sudog sg, String reason) {
        boolean interrupted = false;
        try {
            while (Park.goPark(sg, reason, false, 0) != Park.WOKEN) {
                interrupted = true;
            }
        } catch (Throwable e) {
            if (cancel(sg)) {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
                throw e;
            }
            Park.awaitClaimed(sg, interrupted);
            return;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Waits for the enqueued sudog, as long as it is not interrupted and the deadline has not passed.
     *
     * @return true if it was woken; false at the deadline, with the sudog out of the queue
     * @throws InterruptedException with the sudog out of the queue
     */
    public final boolean awaitInterruptibly(Sudog sg, String reason, boolean timed, long deadlineNanos)
            throws InterruptedException {
        int how;
        Throwable failure = null;
        try {
            how = Park.goPark(sg, reason, timed, deadlineNanos);
        } catch (Throwable e) {
            how = Park.FAILED;
            failure = e;
        }
        if (how == Park.WOKEN) {
            return true;
        }
        if (!cancel(sg)) {
            Park.awaitClaimed(sg, how == Park.INTERRUPTED);
            return true;
        }
        if (how == Park.INTERRUPTED) {
            throw new InterruptedException();
        }
        if (failure != null) {
            Errors.rethrow(failure);
        }
        return false;
    }

    // ------------------------------------------------------------------------------------------------------------
    // State
    // ------------------------------------------------------------------------------------------------------------

    /** Checks the list; in a section. */
    public final void checkInvariants() {
        Sudog before = null;
        for (Sudog sg = first; sg != null; sg = sg.next) {
            if (sg.prev != before || !sg.queued) {
                throw new IllegalStateException("wait queue: broken link");
            }
            before = sg;
        }
        if (before != last) {
            throw new IllegalStateException("wait queue: last");
        }
    }
}
