package io.goruntime.internal.sched;

import io.goruntime.internal.jdk.Jdk;
import java.time.Instant;

/**
 * The one place where the scheduler meets chance and time: the clock and every random choice. A seeded, virtual
 * variant makes a single-P run repeatable.
 */
public class Seam {
    /** The seam of a real runtime. */
    public static final Seam REAL = new Seam();

    /** Only for variants. */
    protected Seam() {}

    /**
     * The clock of time slices, sysmon and time-outs, as {@link System#nanoTime}.
     *
     * @return nanoseconds
     */
    public long nanoTime() {
        return System.nanoTime();
    }

    /**
     * The time of day: what timer channels send.
     *
     * @return now
     */
    public Instant instant() {
        return Instant.now();
    }

    /**
     * An M sleeps until a time, or until it is unparked, or for no reason shorter.
     *
     * @param nanos from now, above zero
     */
    void park(long nanos) {
        Jdk.parkCarrier(nanos);
    }

    /** No P is in use any more. */
    void allIdle() {}

    /**
     * A random number for an M. Counterpart of rand.go: cheaprand.
     *
     * @param mp whose generator
     * @param bound above zero
     * @return at least 0, below the bound
     */
    int random(M mp, int bound) {
        long x = mp.random;
        x ^= x << 13;
        x ^= x >>> 7;
        x ^= x << 17;
        mp.random = x;
        return (int) (((x >>> 32) * bound) >>> 32);
    }
}
