package io.goruntime.internal.base;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.goruntime.internal.jdk.Mode;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** The spin lock: exclusion, and the memory effects of both ways to release it. */
public final class SpinLockStress {
    static {
        Mode.ensure(); // a lock that is contended for long parks its carrier
    }

    private SpinLockStress() {}

    abstract static class Base {
        final SpinLock lock = new SpinLock();
        int count;

        Base() {
            ready();
        }
    }

    /** Initialises the outer class. */
    private static void ready() {}

    @JCStressTest
    @Outcome(id = "2", expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Both held the lock, or the second did not see the first's write.")
    @State
    public static class Increments extends Base {
        @Actor
        public void first() {
            lock.lock();
            count++;
            lock.unlock();
        }

        @Actor
        public void second() {
            lock.lock();
            count++;
            lock.word = 0;
        }

        @Arbiter
        public void sum(I_Result r) {
            r.r1 = count;
        }
    }

    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "The reader came first.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "The writer came first.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "The reader looked into the writer's section.")
    @State
    public static class ReadsNoHalfWrite extends Base {
        private int other;

        @Actor
        public void writer() {
            lock.lock();
            count = 1;
            other = 1;
            lock.unlock();
        }

        @Actor
        public void reader(II_Result r) {
            lock.lock();
            r.r1 = count;
            r.r2 = other;
            lock.unlock();
        }
    }
}
