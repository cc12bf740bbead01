package io.goruntime.internal.sched;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** The list of all goroutines: the size, and how many a walk finds. */
public final class AllGsStress {
    private AllGsStress() {}

    @JCStressTest
    @Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "One removed it, the other found it gone.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Removed twice, or the neighbours were lost.")
    @State
    public static class TwoRemovalsOfOne {
        private final AllGs all = new AllGs();
        private final G middle = Fixture.newG();

        public TwoRemovalsOfOne() {
            all.add(Fixture.newG(), 0);
            all.add(middle, 0);
            all.add(Fixture.newG(), 0);
        }

        @Actor
        public void first() {
            all.remove(middle);
        }

        @Actor
        public void second() {
            all.remove(middle);
        }

        @Arbiter
        public void left(II_Result r) {
            r.r1 = all.size();
            r.r2 = all.snapshot().size();
        }
    }

    @JCStressTest
    @Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "Both are listed, beside the one that was there or without the one that left.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost or doubled.")
    @State
    public static class AddAgainstRemoval {
        private final AllGs all = new AllGs();
        private final G old = Fixture.newG();
        private final G stays = Fixture.newG();
        private final G comes = Fixture.newG();

        public AddAgainstRemoval() {
            all.add(stays, 0);
            all.add(old, 0);
        }

        @Actor
        public void adder() {
            all.add(comes, 0);
        }

        @Actor
        public void remover() {
            all.remove(old);
        }

        @Arbiter
        public void left(II_Result r) {
            r.r1 = all.size();
            r.r2 = all.snapshot().size();
        }
    }
}
