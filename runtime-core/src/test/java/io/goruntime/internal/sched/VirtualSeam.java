package io.goruntime.internal.sched;

import io.goruntime.internal.jdk.Jdk;
import java.time.Instant;

/**
 * A clock for one runtime that stands still until a test moves it, or, when it is let run, jumps to the time of the first
 * timer whenever no goroutine can run. It does not matter then how slow the machine is.
 */
public final class VirtualSeam extends Seam {
    /** A wrap of the clock soon after the start, so that code that compares times wrongly is found out. */
    private static final long START = Long.MAX_VALUE - 1_000_000_000;

    private volatile long now = START;
    private volatile boolean running;
    private volatile Sched sched;

    /** The clock jumps from now on. */
    public void run() {
        running = true;
        changed();
    }

    /** How much time has passed. */
    public long elapsedNanos() {
        return now - START;
    }

    /** Moves the clock, and tells who waits for it. */
    public void advance(long nanos) {
        now += nanos; // one test thread only
        changed();
    }

    private void changed() {
        Sched known = sched;
        if (known != null) {
            Timing.clockChanged(known);
        }
    }

    /** How many timers are in a heap. */
    public int timers() {
        int n = sched.timers.size();
        for (P pp : sched.allp) {
            n += pp.timers.size();
        }
        return n;
    }

    /** How many Ms sleep with a limit. */
    public boolean oneWaits() {
        return sched.timedM != null;
    }

    /** To be called in a goroutine of the runtime before its clock is used. */
    public void attach() {
        sched = G.current().sched;
    }

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public Instant instant() {
        return Instant.EPOCH.plusNanos(elapsedNanos());
    }

    /** The M that waits for the first timer. */
    @Override
    void park(long nanos) {
        Sched known = sched;
        if (running && known != null && known.npidle == known.live && !Workers.anyWork(known)) {
            now += nanos;
        } else {
            Jdk.parkCarrier(0);
        }
    }

    @Override
    void allIdle() {
        Sched known = sched;
        if (running && known != null) {
            M timed = known.timedM;
            if (timed != null) {
                Jdk.unpark(timed.thread);
            }
        }
    }
}
