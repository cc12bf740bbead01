package io.goruntime.internal.sched;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * The run queue between its owner and a thief: no G is lost, none is there twice. Gs are digits: 1 is A, 2 is B, 0 is
 * none. In results with three places the last is what is left in the owner's queue.
 */
public final class RunQueueStress {
    private RunQueueStress() {}

    @JCStressTest
    @Outcome(id = "1, 2, 0", expect = ACCEPTABLE, desc = "The owner took the head first.")
    @Outcome(id = "2, 1, 0", expect = ACCEPTABLE, desc = "The thief took the head first.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "A G lost or doubled.")
    @State
    public static class GetAgainstSteal {
        private final RunQueue victim = new RunQueue();
        private final RunQueue mine = new RunQueue();
        private final GlobalQueue global = new GlobalQueue();

        public GetAgainstSteal() {
            victim.put(Fixture.A, false, global);
            victim.put(Fixture.B, false, global);
        }

        @Actor
        public void owner(III_Result r) {
            r.r1 = Fixture.digit(victim.get());
        }

        @Actor
        public void thief(III_Result r) {
            r.r2 = Fixture.digit(mine.stealFrom(victim, true, false));
        }

        @Arbiter
        public void left(III_Result r) {
            r.r3 = Fixture.drain(victim);
        }
    }

    @JCStressTest
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The owner took runnext first.")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The thief took runnext first.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost or doubled.")
    @State
    public static class GetAgainstGrabRunnext {
        private final RunQueue victim = new RunQueue();
        private final RunQueue mine = new RunQueue();

        public GetAgainstGrabRunnext() {
            victim.put(Fixture.A, true, new GlobalQueue());
        }

        @Actor
        public void owner(II_Result r) {
            r.r1 = Fixture.digit(victim.get());
        }

        @Actor
        public void thief(II_Result r) {
            r.r2 = Fixture.digit(mine.stealFrom(victim, true, false));
        }
    }

    @JCStressTest
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "The first thief came first.")
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "The second thief came first.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost or doubled.")
    @State
    public static class TwoThievesOneRunnext {
        private final RunQueue victim = new RunQueue();
        private final RunQueue first = new RunQueue();
        private final RunQueue second = new RunQueue();

        public TwoThievesOneRunnext() {
            victim.put(Fixture.A, true, new GlobalQueue());
        }

        @Actor
        public void firstThief(III_Result r) {
            r.r1 = Fixture.digit(first.stealFrom(victim, true, false));
        }

        @Actor
        public void secondThief(III_Result r) {
            r.r2 = Fixture.digit(second.stealFrom(victim, true, false));
        }

        @Arbiter
        public void left(III_Result r) {
            r.r3 = Fixture.drain(victim);
        }
    }

    @JCStressTest
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The owner had put it before the thief came.")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The thief came first and found nothing.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost or doubled.")
    @State
    public static class PutAgainstSteal {
        private final RunQueue victim = new RunQueue();
        private final RunQueue mine = new RunQueue();
        private final GlobalQueue global = new GlobalQueue();

        @Actor
        public void owner() {
            victim.put(Fixture.A, false, global);
        }

        @Actor
        public void thief(II_Result r) {
            r.r1 = Fixture.digit(mine.stealFrom(victim, true, false));
        }

        @Arbiter
        public void left(II_Result r) {
            r.r2 = Fixture.drain(victim);
        }
    }

    @JCStressTest
    @Outcome(id = "1, 2", expect = ACCEPTABLE, desc = "The thief took A: out of runnext before the owner came, or out of the ring after.")
    @Outcome(id = "2, 1", expect = ACCEPTABLE, desc = "The thief came when B was in runnext and A on its way into the ring.")
    @Outcome(id = "0, 21", expect = ACCEPTABLE, desc = "The owner changed runnext between the thief's look and its CAS.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost or doubled.")
    @State
    public static class PutNextAgainstSteal {
        private final RunQueue victim = new RunQueue();
        private final RunQueue mine = new RunQueue();
        private final GlobalQueue global = new GlobalQueue();

        public PutNextAgainstSteal() {
            victim.put(Fixture.A, true, global);
        }

        @Actor
        public void owner() {
            victim.put(Fixture.B, true, global);
        }

        @Actor
        public void thief(II_Result r) {
            r.r1 = Fixture.digit(mine.stealFrom(victim, true, false));
        }

        @Arbiter
        public void left(II_Result r) {
            r.r2 = Fixture.drain(victim);
        }
    }

    @JCStressTest
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The thief took A out of runnext, before or while the owner kicked it.")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The owner was between runnext and the ring, or the thief came first.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost or doubled.")
    @State
    public static class KickAgainstSteal {
        private final RunQueue victim = new RunQueue();
        private final RunQueue mine = new RunQueue();
        private final GlobalQueue global = new GlobalQueue();

        public KickAgainstSteal() {
            victim.put(Fixture.A, true, global);
        }

        @Actor
        public void owner() {
            victim.kickRunnext(global);
        }

        @Actor
        public void thief(II_Result r) {
            r.r1 = Fixture.digit(mine.stealFrom(victim, true, false));
        }

        @Arbiter
        public void left(II_Result r) {
            r.r2 = Fixture.drain(victim);
        }
    }

    @JCStressTest
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "The onlooker saw A or B, wherever they were.")
    @Outcome(id = "1", expect = FORBIDDEN, desc = "A moved from runnext into the ring between the onlooker's looks.")
    @State
    public static class IsEmptyWhileRunnextMoves {
        private final RunQueue q = new RunQueue();
        private final GlobalQueue global = new GlobalQueue();

        public IsEmptyWhileRunnextMoves() {
            q.put(Fixture.A, true, global);
        }

        @Actor
        public void owner() {
            q.put(Fixture.B, true, global);
            q.get();
        }

        @Actor
        public void onlooker(I_Result r) {
            r.r1 = q.isEmpty() ? 1 : 0;
        }
    }
}
