package io.goruntime.internal.sched;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * The wake-up protocol (see Sched) on the real queues: a publisher puts a G and then looks for an idler; an idler counts
 * itself and then looks for Gs. In each result the first place is what the publisher saw (1: somebody idle), the second
 * what the idler saw (1: work). "0, 0" is the lost wake-up: the fence on one side is missing.
 */
public final class WakeupStress {
    private WakeupStress() {}

    abstract static class Base {
        final RunQueue local = new RunQueue();
        final GlobalQueue global = new GlobalQueue();
        volatile int npidle;

        final int work() {
            return global.isEmpty() && local.isEmpty() ? 0 : 1;
        }
    }

    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The G came first, the idler sees it.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The idler came first, the publisher sees it.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "At the same time: both see.")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "A lost wake-up.")
    @State
    public static class PutAtTail extends Base {
        @Actor
        public void publisher(II_Result r) {
            local.put(Fixture.A, false, global);
            r.r1 = npidle;
        }

        @Actor
        public void idler(II_Result r) {
            npidle = 1;
            r.r2 = work();
        }
    }

    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The G came first, the idler sees it.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The idler came first, the publisher sees it.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "At the same time: both see.")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "A lost wake-up.")
    @State
    public static class PutAsRunnext extends Base {
        @Actor
        public void publisher(II_Result r) {
            local.put(Fixture.A, true, global);
            r.r1 = npidle;
        }

        @Actor
        public void idler(II_Result r) {
            npidle = 1;
            r.r2 = work();
        }
    }

    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The G came first, the idler sees it.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The idler came first, the publisher sees it.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "At the same time: both see.")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "A lost wake-up.")
    @State
    public static class PutGlobal extends Base {
        private final G gp = Fixture.newG();

        @Actor
        public void publisher(II_Result r) {
            global.put(gp);
            r.r1 = npidle;
        }

        @Actor
        public void idler(II_Result r) {
            npidle = 1;
            r.r2 = work();
        }
    }

    /** The publisher counts on an M that spins; that M stops spinning and looks once more. */
    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The G came while the M was counted as spinning: the M sees it.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The M had stopped spinning: the publisher wakes another.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "At the same time: both see.")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "A lost wake-up.")
    @State
    public static class SpinnerGivesUp extends Base {
        private final AtomicInteger nmspinning = new AtomicInteger(1);

        @Actor
        public void publisher(II_Result r) {
            local.put(Fixture.A, false, global);
            r.r1 = nmspinning.get() == 0 ? 1 : 0;
        }

        @Actor
        public void idler(II_Result r) {
            nmspinning.getAndAdd(-1);
            r.r2 = work();
        }
    }

    /**
     * Gs on their way from the global to a local queue are in neither: an idler that looks then sees nothing. So the M
     * that moves them is a publisher too, and looks for idlers after the move.
     */
    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The idler sees the second G, in one queue or the other.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The idler looked during the move, and the mover sees it.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "At the same time: both see.")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "A lost wake-up.")
    @State
    public static class BatchMoves extends Base {
        public BatchMoves() {
            global.put(Fixture.newG());
            global.put(Fixture.newG());
        }

        @Actor
        public void mover(II_Result r) {
            global.getBatch(local, 1);
            r.r1 = npidle;
        }

        @Actor
        public void idler(II_Result r) {
            npidle = 1;
            r.r2 = work();
        }
    }

    /**
     * G.queued: the M clears it and then resumes, which reads the thread's state; execute comes after a change of that
     * state and does nothing for a G that is queued. In the result: what the resume saw (1: the change), and whether the
     * execute was accepted (1).
     */
    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The resume came first; the execute queues the G again.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The execute came first; the resume sees the change.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "In between: resumed, and queued once more for nothing.")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "The goroutine is lost.")
    @State
    public static class LeaveQueueAgainstExecute {
        private final G gp = Fixture.newG();
        private volatile int threadState;

        public LeaveQueueAgainstExecute() {
            gp.enterQueue();
        }

        @Actor
        public void resumer(II_Result r) {
            gp.leaveQueue();
            r.r1 = threadState;
        }

        @Actor
        public void executor(II_Result r) {
            threadState = 1;
            r.r2 = gp.isQueued() ? 0 : 1;
        }
    }
}
