package io.goruntime.internal.sched;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.goruntime.internal.jdk.Mode;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** Waiting for a sudog against waking it: the waiter returns when it was woken, not before, and sees the element. */
public final class ParkStress {
    private static final int ELEMENT = 42;

    private ParkStress() {}

    abstract static class Base {
        private volatile Sudog published;
        private volatile boolean wakerDone;

        Base() {
            Mode.ensure();
        }

        final Sudog publish() {
            Sudog sg = Sudog.acquire();
            published = sg;
            return sg;
        }

        final Sudog await() {
            Sudog sg;
            while ((sg = published) == null) {
                Thread.onSpinWait();
            }
            return sg;
        }

        static int elem(Sudog sg) {
            return sg.elem == null ? 0 : (int) sg.elem;
        }

        final void wakerIsDone() {
            wakerDone = true;
        }

        /** An interrupt must not reach the next test of the same thread. Returns 1 if the flag was set. */
        final int endInterrupts() {
            while (!wakerDone) {
                Thread.onSpinWait();
            }
            return Thread.interrupted() ? 1 : 0;
        }
    }

    @JCStressTest
    @Outcome(id = "0, 42", expect = ACCEPTABLE, desc = "Woken, before or after it parked, with the element.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Woken too early, or without the element.")
    @State
    public static class ReadyAgainstPark extends Base {
        @Actor
        public void waiter(II_Result r) {
            Sudog sg = publish();
            r.r1 = Park.goPark(sg, WaitReason.CHAN_RECEIVE, false, 0);
            r.r2 = elem(sg);
        }

        @Actor
        public void waker() {
            Sudog sg = await();
            sg.elem = ELEMENT;
            Park.goReady(sg, Sudog.DONE);
        }
    }

    @JCStressTest
    @Outcome(id = "0, 42", expect = ACCEPTABLE, desc = "The old permit ended one park, the waker the wait.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "The old permit was taken for the wake-up.")
    @State
    public static class StalePermit extends Base {
        @Actor
        public void waiter(II_Result r) {
            LockSupport.unpark(Thread.currentThread());
            Sudog sg = publish();
            r.r1 = Park.goPark(sg, WaitReason.CHAN_RECEIVE, false, 0);
            r.r2 = elem(sg);
        }

        @Actor
        public void waker() {
            Sudog sg = await();
            sg.elem = ELEMENT;
            Park.goReady(sg, Sudog.DONE);
        }
    }

    /** The last place is the interrupt flag at the end. */
    @JCStressTest
    @Outcome(id = "0, 42, 1", expect = ACCEPTABLE, desc = "The wake-up was seen first; the interrupt stays.")
    @Outcome(id = "1, 42, 0", expect = ACCEPTABLE, desc = "The interrupt ended the wait, and the waiter waited for the waker.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "The interrupt was lost or doubled, or the claimed waiter did not wait.")
    @State
    public static class InterruptAgainstReady extends Base {
        @Actor
        public void waiter(III_Result r) {
            Sudog sg = publish();
            int how = Park.goPark(sg, WaitReason.CHAN_RECEIVE, false, 0);
            if (how == Park.INTERRUPTED) {
                Park.awaitClaimed(sg, true);
            }
            r.r1 = how;
            r.r2 = elem(sg);
            r.r3 = endInterrupts();
        }

        @Actor
        public void waker() {
            Sudog sg = await();
            sg.waiter.interrupt();
            sg.elem = ELEMENT;
            Park.goReady(sg, Sudog.DONE);
            wakerIsDone();
        }
    }
}
