package io.goruntime.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * Tests that are wrong on purpose: a run in which they pass proves nothing. The normal run leaves this class out;
 * mutants/run-mutants.sh runs it and demands that it fails.
 */
public final class MustFailStress {
    private MustFailStress() {}

    @JCStressTest
    @Outcome(id = "2", expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "An increment was lost, which will happen.")
    @State
    public static class PlainIncrements {
        private int count;

        @Actor
        public void first() {
            count++;
        }

        @Actor
        public void second() {
            count++;
        }

        @Arbiter
        public void sum(I_Result r) {
            r.r1 = count;
        }
    }
}
