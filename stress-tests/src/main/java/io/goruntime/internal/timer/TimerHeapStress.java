package io.goruntime.internal.timer;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.goruntime.internal.jdk.Mode;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** The heap of timers: setting one against going to sleep, stopping one against finding it due or moving it. */
public final class TimerHeapStress {
    private TimerHeapStress() {}

    /** Counts its calls, all by one thread. */
    private static final class Count implements TimerFn {
        volatile int calls;

        @Override
        public void fired(RuntimeTimer t) {
            calls = calls + 1;
        }
    }

    abstract static class Base {
        final TimerHeap heap = new TimerHeap();
        final TimerHeap shared = new TimerHeap();
        private final Count count = new Count();
        final RuntimeTimer timer = new RuntimeTimer(count, null);

        Base() {
            Mode.ensure();
        }

        final int calls() {
            return count.calls;
        }

        final int fireIfDue(TimerHeap from) {
            RuntimeTimer t = from.takeDue(10);
            if (t == null) {
                return 0;
            }
            t.fire();
            return 1;
        }
    }

    /**
     * The protocol of Timing: a setter adds a timer and looks who sleeps until when; an M says until when it sleeps and
     * looks at the first timer. First place: the setter saw the sleeper; second: the sleeper saw the timer.
     */
    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The timer came first, the M sees it.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The M came first, the setter wakes it.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "At the same time: both see.")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "The M sleeps over the timer.")
    @State
    public static class SetAgainstSleep extends Base {
        private volatile long timedUntil;

        @Actor
        public void setter(II_Result r) {
            heap.add(timer, 10);
            r.r1 = timedUntil == 1000 ? 1 : 0;
        }

        @Actor
        public void idler(II_Result r) {
            timedUntil = 1000;
            r.r2 = heap.earliest() == 10 ? 1 : 0;
        }
    }

    /** Places: stop said that the timer will not fire; it was found due; fn was called by the end. */
    @JCStressTest
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "Stopped, and it did not fire.")
    @Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "Fired, and stop said so.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Both, or neither.")
    @State
    public static class StopAgainstDue extends Base {
        public StopAgainstDue() {
            heap.add(timer, 10);
        }

        @Actor
        public void owner(III_Result r) {
            r.r1 = TimerHeap.remove(timer) ? 1 : 0;
        }

        @Actor
        public void runner(III_Result r) {
            r.r2 = fireIfDue(heap);
        }

        @Arbiter
        public void end(III_Result r) {
            r.r3 = calls() + heap.size();
        }
    }

    /** The timer is moved meanwhile: stop finds it all the same. Second place: what is left in the heaps. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "Stopped, before or after the move.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost on the way, or left behind.")
    @State
    public static class StopAgainstMove extends Base {
        public StopAgainstMove() {
            heap.add(timer, 10);
            shared.add(new RuntimeTimer(new Count(), null), 5);
        }

        @Actor
        public void owner(II_Result r) {
            r.r1 = TimerHeap.remove(timer) ? 1 : 0;
        }

        @Actor
        public void mover() {
            heap.moveTo(shared);
        }

        @Arbiter
        public void end(II_Result r) {
            r.r2 = heap.size() + shared.size() - 1 + (shared.earliest() == 5 ? 0 : 10);
        }
    }
}
