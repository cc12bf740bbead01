package io.goruntime.internal.sched;

import io.goruntime.internal.base.Stack;
import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.jdk.Mode;
import org.jspecify.annotations.Nullable;

/**
 * Waiting for a {@link Sudog} and waking its waiter. Counterpart of proc.go: gopark, goready.
 */
/*
 * Waiter                                        Waker
 *   1. register the sudog under the lock           1. claim the sudog under the lock
 *   2. release the lock                            2. release the lock
 *   3. while (state == WAITING) park               3. state = DONE, then unpark
 *
 * The park permit makes 3 against 3 safe: an unpark that comes first lets the next park return. Permits may be stale
 * (Thread.sleep leaves one), so a return from park means nothing by itself.
 *
 * With the interrupt flag set, park returns at once. A wait that may be interrupted ends then; one that may not clears
 * the flag and hands it back at the end, else it would spin.
 *
 * G1 refuses to freeze a stack chunk of more than half a region, with a StackOverflowError out of park. Such a goroutine
 * parks pinned to its M; sysmon compensates. If that overflows too, it is the stack that is at its end.
 *
 * A deadline is a timer of the goroutine's P that unparks it and claims nothing: the waiter looks at the clock itself, and
 * one that fires late, in a later wait, leaves a stale permit like any other.
 */
public final class Park {
    /** How a wait ended. */
    public static final int WOKEN = 0;
    public static final int INTERRUPTED = 1;
    public static final int TIMED_OUT = 2;
    /** For callers that caught an Error out of goPark. */
    public static final int FAILED = 3;

    private Park() {}

    /**
     * A time that far in the future, on the clock of the caller's goroutine, for {@link #goPark}.
     *
     * @param nanos zero or more; saturates at 146 years
     */
    public static long deadline(long nanos) {
        return now(G.current()) + Math.min(nanos, Long.MAX_VALUE / 2);
    }

    private static long now(@Nullable G gp) {
        return gp == null ? System.nanoTime() : gp.sched.seam.nanoTime();
    }

    /**
     * Waits until the sudog, a root, is woken, the thread is interrupted or the deadline has passed.
     *
     * @param reason for dumps
     * @param timed whether there is a deadline
     * @param deadlineNanos see {@link #deadline}
     * @return WOKEN, INTERRUPTED (the flag is cleared) or TIMED_OUT
     * @throws StackOverflowError if there is no stack left to park on: the sudog is still where it was
     */
    public static int goPark(Sudog sg, String reason, boolean timed, long deadlineNanos) {
        G gp = sg.g;
        if (gp == null) {
            return wait(sg, null, timed, deadlineNanos);
        }
        if (gp.callbacks != 0) {
            Syscalls.beforeWait();
        }
        gp.waitSince = gp.sched.sysmon.coarseNanos;
        gp.timedWait = timed;
        gp.waitReason = reason;
        try {
            return wait(sg, gp, timed, deadlineNanos);
        } finally {
            gp.waitReason = null; // a stale one would make a later wait in the JDK look like a deadlock
            if (timed) {
                Timing.stopAlarm(gp);
            }
            if (gp.callbacks != 0) {
                Syscalls.afterWait();
            }
        }
    }

    private static int wait(Sudog sg, @Nullable G gp, boolean timed, long deadlineNanos) {
        boolean pinned = false;
        for (;;) {
            long nanos = 0;
            if (sg.state != Sudog.WAITING) {
                return WOKEN;
            }
            if (timed) {
                nanos = deadlineNanos - now(gp);
                if (nanos <= 0) {
                    return TIMED_OUT;
                }
                if (gp != null && Timing.setAlarm(gp, deadlineNanos)) {
                    nanos = 0;
                }
            }
            if (pinned) {
                parkPinned(nanos);
            } else {
                try {
                    Jdk.park(nanos);
                } catch (StackOverflowError e) {
                    pinned = Mode.Chosen.GMP;
                    if (!pinned) {
                        throw e;
                    }
                    continue;
                }
            }
            if (sg.state != Sudog.WAITING) {
                return WOKEN;
            }
            if (Thread.interrupted()) {
                return INTERRUPTED;
            }
        }
    }

    private static void parkPinned(long nanos) {
        Jdk.pin();
        try {
            Jdk.park(nanos);
        } finally {
            Jdk.unpin();
        }
    }

    /**
     * Waits for the waker that has claimed the sudog: a few instructions. Keeps the interrupt flag. The operation has
     * completed, so this does not fail: at the end of the stack it waits in place, and an interrupt flag that cannot be
     * set there any more is lost.
     *
     * @param interrupted whether the flag was set and has been cleared
     */
    public static void awaitClaimed(Sudog sg, boolean interrupted) {
        while (sg.state == Sudog.WAITING) {
            try {
                Jdk.park(0);
                interrupted |= Thread.interrupted();
            } catch (StackOverflowError e) {
                // look again
            }
        }
        if (interrupted) {
            try {
                Thread.currentThread().interrupt();
            } catch (StackOverflowError e) {
                // see above
            }
        }
    }

    /**
     * Makes sure that 8 KB of stack are left, or throws a StackOverflowError before anything has changed: what is done
     * next, down to the scheduler's queues and the wake-up of an M, needs less and so cannot be cut off.
     *
     * <p>So what runs between a change and its wake-up must not contain this call on any branch: it would ask again.
     *
     * <p>Reserved stack (Jdk.unpark) is no substitute: HotSpot does not grant it to a mounted virtual thread.
     */
    public static void headroom() {
        Stack.headroom();
    }

    /**
     * Wakes the waiter of a claimed sudog.
     *
     * <p>Whoever calls it made sure of the {@link #headroom} before the claim.
     *
     * @param sg claimed
     * @param state DONE or CLOSED
     */
    public static void goReady(Sudog sg, int state) {
        Sudog root = sg.root;
        Thread waiter = root.waiter;
        if (root.g == null) {
            Sched.met(waiter);
        }
        // A release is enough: unpark is a full fence before it looks whether the waiter is parked.
        Sudog.STATE.setRelease(root, state);
        Jdk.unpark(waiter);
    }
}
