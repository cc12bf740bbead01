package io.goruntime.internal.sched;

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
