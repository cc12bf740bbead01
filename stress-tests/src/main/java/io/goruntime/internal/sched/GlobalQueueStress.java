package io.goruntime.internal.sched;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** The global queue: Gs are digits, 1 is A, 2 is B, 3 is C; the arbiter reads what is left, oldest first. */
public final class GlobalQueueStress {
    private GlobalQueueStress() {}

    abstract static class Base {
        final GlobalQueue q = new GlobalQueue();
        final G a = Fixture.newG();
        final G b = Fixture.newG();
        final G c = Fixture.newG();

        final int digit(G gp) {
            return gp == null ? 0 : gp == a ? 1 : gp == b ? 2 : gp == c ? 3 : 9;
        }

        final int drain() {
            int digits = 0;
            for (G gp; (gp = q.get()) != null;) {
                digits = 10 * digits + digit(gp);
            }
            return digits;
        }
    }

    @JCStressTest
    @Outcome(id = "12", expect = ACCEPTABLE, desc = "A came first.")
    @Outcome(id = "21", expect = ACCEPTABLE, desc = "B came first.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost or doubled.")
    @State
    public static class TwoPuts extends Base {
        @Actor
        public void first() {
            q.put(a);
        }

        @Actor
        public void second() {
            q.put(b);
        }

        @Arbiter
        public void left(I_Result r) {
            r.r1 = drain();
        }
    }

    @JCStressTest
    @Outcome(id = "123", expect = ACCEPTABLE, desc = "The batch came first.")
    @Outcome(id = "312", expect = ACCEPTABLE, desc = "C came first.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or the batch was torn.")
    @State
    public static class BatchAgainstPut extends Base {
        @Actor
        public void batch() {
            a.schedlink = b;
            q.putBatch(a, b);
        }

        @Actor
        public void single() {
            q.put(c);
        }

        @Arbiter
        public void left(I_Result r) {
            r.r1 = drain();
        }
    }

    @JCStressTest
    @Outcome(id = "1, 2", expect = ACCEPTABLE, desc = "The taker got the older one; B came before or after.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled or out of order.")
    @State
    public static class PutAgainstGet extends Base {
        public PutAgainstGet() {
            q.put(a);
        }

        @Actor
        public void putter() {
            q.put(b);
        }

        @Actor
        public void taker(II_Result r) {
            r.r1 = digit(q.get());
        }

        @Arbiter
        public void left(II_Result r) {
            r.r2 = drain();
        }
    }

    @JCStressTest
    @Outcome(id = "1, 23", expect = ACCEPTABLE, desc = "B stayed in the global queue or went to the local one; C came later.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled or out of order.")
    @State
    public static class PutAgainstGetBatch extends Base {
        private final RunQueue local = new RunQueue();

        public PutAgainstGetBatch() {
            q.put(a);
            q.put(b);
        }

        @Actor
        public void putter() {
            q.put(c);
        }

        @Actor
        public void taker(II_Result r) {
            r.r1 = digit(q.getBatch(local, 1));
        }

        @Arbiter
        public void left(II_Result r) {
            local.drainTo(q);
            // B may have gone round through the local queue and come in behind C.
            int digits = drain();
            r.r2 = digits == 32 ? 23 : digits;
        }
    }
}
