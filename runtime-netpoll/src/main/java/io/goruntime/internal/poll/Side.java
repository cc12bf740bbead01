package io.goruntime.internal.poll;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.base.Errors;
import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sudog;
import io.goruntime.internal.sched.Timing;
import io.goruntime.internal.sched.WaitReason;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * One direction, reading or writing, of a {@link PollDesc}: the state machine between who waits for it and who knows that
 * it is ready. Counterpart of netpoll.go: netpollblock, netpollunblock, netpollcheckerr, and of the
 * fields rg and wg of pollDesc.
 */
/*
 * The word `waiter`, with who makes each step:
 *
 *   null -> READY    poller         an event, and nobody waits: kept for the next who does
 *   null -> Sudog    waiter         publishes itself; there is one at most, since reads exclude each other, and writes
 *   Sudog -> READY   poller         claims the waiter, then wakes it: it may try its call again
 *   Sudog -> null    evict, a       claims the waiter, then wakes it: it looks at `closing` and the deadline again
 *                    new deadline
 *   Sudog -> null    waiter         an interrupt, the deadline, an Error: nobody has claimed it, and nobody will
 *   READY -> null    waiter         takes the event; or drops it before a call that will see for itself (prepare)
 *
 * Go has one state more, pdWait: a goroutine that has announced itself and not parked yet. Here the permit of park stands
 * for it: a wake-up that comes first lets the park return.
 *
 * That no close and no deadline is overlooked, both sides store first and look then, with volatile accesses:
 *
 *   waiter   1. waiter = sudog                     closer   1. closing = true, or deadline = when
 *            2. closing, deadline: leaves                   2. waiter: claims it
 *
 * A deadline needs no timer of its own: the waiter parks until then, and who moves the deadline wakes it so that it looks
 * again.
 *
 * Whoever claims a waiter ends its count in NetPoll.waiters, after the wake-up; a waiter that leaves unclaimed does so
 * itself. So while there is a waiter that only an event can wake, the count is positive.
 *
 * An event of an earlier user of the descriptor may arrive late, between the poller's look at the tag and its step here.
 * It lets one call be tried in vain, no more.
 */
final class Side {
    static final int OK = 0;
    static final int CLOSING = 1;
    static final int TIMED_OUT = 2;
    static final int INTERRUPTED = 3;

    /** In place of a waiter: an event has come. */
    private static final Object READY = new Object();

    private static final VarHandle WAITER = ConstantBootstraps.fieldVarHandle(lookup(), "waiter", VarHandle.class,
            Side.class, Object.class);

    final PollDesc pd;
    final boolean write;

    /** Null, READY or the Sudog that waits; see above. */
    private volatile @Nullable Object waiter;

    /** On the runtime's clock, or NO_DEADLINE. Written by any thread that has a reference to the descriptor. */
    private volatile long deadline;

    Side(PollDesc pd, boolean write) {
        this.pd = pd;
        this.write = write;
    }

    /** For a new user, before anybody else knows of it. */
    void open() {
        deadline = NetFD.NO_DEADLINE;
        waiter = null;
    }

    // -- the user of the descriptor --

    /**
     * OK if a call may be tried; it will see whatever has come until now. Counterpart of netpoll.go:
     * poll_runtime_pollReset.
     */
    int prepare() {
        int state = check();
        if (state == OK && waiter == READY) {
            WAITER.compareAndSet(this, READY, null);
        }
        return state;
    }

    private int check() {
        if (pd.closing) {
            return CLOSING;
        }
        long when = deadline;
        return when != NetFD.NO_DEADLINE && pd.poll.now() - when >= 0 ? TIMED_OUT : OK;
    }

    /**
     * Waits for an event, and takes it. One at a time. The caller is not at the end of its stack (Park.headroom).
     * Counterpart of netpoll.go: poll_runtime_pollWait.
     *
     * @return OK after an event; CLOSING, TIMED_OUT; INTERRUPTED, with the flag set
     */
    int await() {
        for (;;) {
            int state = check();
            if (state != OK) {
                return state;
            }
            if (waiter == READY) {
                if (WAITER.compareAndSet(this, READY, null)) {
                    return OK;
                }
                continue;
            }
            state = block(Sudog.acquire());
            if (state != AGAIN) {
                return state;
            }
        }
    }

    private static final int AGAIN = 4;

    /** Waits once. */
    private int block(Sudog sg) {
        NetPoll poll = pd.poll;
        poll.addWaiters(1);
        if (!WAITER.compareAndSet(this, null, sg)) {
            poll.addWaiters(-1);
            if (waiter instanceof Sudog) {
                throw new IllegalStateException("two wait for one direction of a descriptor");
            }
            return AGAIN;
        }
        int how = Park.FAILED;
        Throwable failure = null;
        int state = OK;
        try {
            poll.arm(this);
            Timing.waits(poll.sched);
            long when = deadline;
            state = check();
            if (state == OK) {
                how = Park.goPark(sg, WaitReason.IO_WAIT, when != NetFD.NO_DEADLINE, when);
            }
        } catch (Throwable e) {
            failure = e;
        }
        if (how != Park.WOKEN) {
            if (WAITER.compareAndSet(this, sg, null)) {
                poll.addWaiters(-1);
                if (failure != null) {
                    Errors.rethrow(failure);
                }
                if (how == Park.INTERRUPTED) {
                    Thread.currentThread().interrupt();
                    return INTERRUPTED;
                }
                return state == OK ? AGAIN : state;
            }
            Park.awaitClaimed(sg, how == Park.INTERRUPTED);
        }
        // An event, this one or one that came since; without one somebody wants us to look again. After a close an event
        // is nothing to go by: as a rule it is the close of the other end.
        return WAITER.getAndSet(this, null) == READY && !pd.closing ? OK : AGAIN;
    }

    // -- the poller --

    /**
     * An event has come. Returns how many waiters it woke; the caller takes them from the count. Counterpart of netpoll.go:
     * netpollready.
     */
    int ready() {
        for (;;) {
            Object seen = waiter;
            if (seen == READY) {
                return 0;
            }
            if (WAITER.compareAndSet(this, seen, READY)) {
                if (seen == null) {
                    return 0;
                }
                Park.goReady((Sudog) seen, Sudog.DONE);
                return 1;
            }
        }
    }

    // -- any thread; the caller has made sure of the stack (Park.headroom) --

    /** Who waits looks again. */
    void unblock() {
        Object seen;
        while ((seen = waiter) != null && seen != READY) {
            if (WAITER.compareAndSet(this, seen, null)) {
                Park.goReady((Sudog) seen, Sudog.DONE);
                pd.poll.addWaiters(-1);
                return;
            }
        }
    }

    void deadline(long when) {
        deadline = when;
        unblock();
    }

    /** Whether somebody waits. */
    boolean awaited() {
        return waiter instanceof Sudog;
    }
}
