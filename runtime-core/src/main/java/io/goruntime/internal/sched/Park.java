package io.goruntime.internal.sched;

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
     * Waits until the sudog, a root, is woken, the thread is interrupted or the deadline has passed.
     *
     * @param reason for dumps
     * @param timed whether there is a deadline
     * @param deadlineNanos on the clock of System.nanoTime
     * @return WOKEN, INTERRUPTED (the flag is cleared) or TIMED_OUT
     * @throws StackOverflowError if there is no stack left to park on: the sudog is still where it was
     */
    public static int goPark(Sudog sg, String reason, boolean timed, long deadlineNanos) {
        G gp = sg.g;
        if (gp != null) {
            gp.waitSince = gp.sched.sysmon.coarseNanos;
            gp.timedWait = timed;
            gp.waitReason = reason;
        }
        int how;
        boolean pinned = false;
        for (;;) {
            long nanos = 0;
            if (sg.state != Sudog.WAITING) {
                how = WOKEN;
                break;
            }
            if (timed && (nanos = deadlineNanos - System.nanoTime()) <= 0) {
                how = TIMED_OUT;
                break;
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
                how = WOKEN;
                break;
            }
            if (Thread.interrupted()) {
                how = INTERRUPTED;
                break;
            }
        }
        if (gp != null) {
            gp.waitReason = null;
        }
        return how;
    }

    private static void parkPinned(long nanos) {
        Jdk.pin();
        try {
            Jdk.park(nanos);
        } finally {
            Jdk.unpin();
        }
    }

    /** Waits for the waker that has claimed the sudog: a few instructions. Keeps the interrupt flag. */
    public static void awaitClaimed(Sudog sg) {
        boolean interrupted = false;
        while (sg.state == Sudog.WAITING) {
            Jdk.park(0);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Wakes the waiter of a claimed sudog.
     *
     * <p>Called with null it does nothing but prove that its frames fit on the stack: whoever must not fail after a
     * claim calls it so before. What lies deeper runs on reserved stack, where an overflow is reported only after the
     * wake-up is complete; it is swallowed here.
     *
     * @param sg claimed, or null for the proof
     * @param state DONE or CLOSED
     */
    public static void goReady(@Nullable Sudog sg, int state) {
        if (sg == null) {
            Jdk.unpark(null);
            return;
        }
        Sudog root = sg.root;
        Thread waiter = root.waiter;
        try {
            // A release is enough: unpark is a full fence before it looks whether the waiter is parked.
            Sudog.STATE.setRelease(root, state);
        } catch (StackOverflowError e) {
            root.state = state;
        }
        try {
            Jdk.unpark(waiter);
        } catch (StackOverflowError e) {
            // Reported after the wake-up was complete; or, compiled anew since the proof, the entry of unpark failed.
            // Once more, then: one permit too many is harmless.
            try {
                Jdk.unpark(waiter);
            } catch (StackOverflowError again) {
                // the report of the same
            }
        }
    }
}
