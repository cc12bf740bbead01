package io.goruntime.internal.sched;

import io.goruntime.internal.jdk.Mode;

/**
 * What the tests of the scheduler's parts share: a scheduler that runs nothing, and goroutines that are never started,
 * as tokens for the queues.
 */
final class Fixture {
    static final Sched SCHED = open();

    /** Tokens for structures that do not write to their Gs. */
    static final G A = newG();
    static final G B = newG();

    private Fixture() {}

    private static Sched open() {
        Mode.ensure();
        return new Sched("stress", 1, 1, 1 << 20, false, new NoHooks(), Seam.REAL);
    }

    static G newG() {
        return SCHED.newUnstarted(null, Fixture.class, Fixture.class);
    }

    /** A as 1, B as 2, null as 0. */
    static int digit(G gp) {
        return gp == null ? 0 : gp == A ? 1 : gp == B ? 2 : 9;
    }

    /** All that is left, in order, one digit each. */
    static int drain(RunQueue q) {
        int digits = 0;
        for (G gp; (gp = q.get()) != null;) {
            digits = 10 * digits + digit(gp);
        }
        return digits;
    }

    private static final class NoHooks implements GoroutineHooks {
        @Override
        public void run(Object fn) {
            throw new AssertionError("a token was run");
        }

        @Override
        public void panicked(G gp, Throwable failure) {
            throw new AssertionError(failure);
        }
    }
}
