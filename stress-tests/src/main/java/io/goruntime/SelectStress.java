package io.goruntime;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A select at two channels, and those who want it at the same moment. One of them gets it, the others find nobody; no
 * element and no interrupt is lost or doubled, and the select leaves all queues.
 *
 * <p>A select says 7 or 8 for the element received, 1 or 2 for the first or second case that sent, -1 for the end of a
 * channel or the panic of a sender, -2 for an interrupt. Where the interrupt flag is a place of the result, 1 means set
 * at the end. The last place of some results is the number of waiters left.
 */
public final class SelectStress {
    private static final int CLOSED = -1;
    private static final int INTERRUPTED = -2;

    /** The select has not returned. */
    private static final int NEVER = 99;

    /** So often somebody tries who may find nobody. */
    private static final int TRIES = 20;

    private SelectStress() {}

    abstract static class Base {
        final Chan<Integer> a;
        final Chan<Integer> b;

        private Thread selecter;
        private volatile int said;
        private volatile Thread blocked;
        private final AtomicInteger othersDone = new AtomicInteger();

        Base(int cap) {
            a = Chan.make(cap);
            b = Chan.make(cap);
        }

        final int receiveEither() {
            Select sel = new Select();
            return await(sel, sel.recv(a), sel.recv(b));
        }

        final int sendEither() {
            Select sel = new Select();
            return await(sel, sel.send(a, 7), sel.send(b, 8));
        }

        static int await(Select sel, Select.Case first, Select.Case second) {
            Select.Case ran;
            try {
                ran = sel.await();
            } catch (InterruptedException e) {
                return INTERRUPTED;
            } catch (Panic e) {
                return CLOSED;
            }
            if (ran instanceof Select.Recv<?> in) {
                return in.ok() ? (Integer) in.value() : CLOSED;
            }
            return ran == first ? 1 : ran == second ? 2 : 9;
        }

        /** Starts the select in a virtual thread: a test of three threads would not run on two processors. */
        final void start(IntSupplier select) {
            selecter = Thread.ofVirtual().start(() -> said = select.getAsInt());
        }

        final void interruptSelecter() {
            selecter.interrupt();
        }

        /** What that select said, at the end. */
        final int said() {
            try {
                return selecter.join(Duration.ofSeconds(20)) ? said : NEVER;
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        static int trySend(Chan<Integer> c, int v) {
            return c.trySend(v) ? 1 : 0;
        }

        static int tryReceive(Chan<Integer> c) {
            Received<Integer> got = c.tryReceive();
            return got == null ? 0 : got.ok() ? got.value() : CLOSED;
        }

        /** At the end. */
        final int waiters() {
            int left = 0;
            for (Chan<?> c : new Chan<?>[]{a, b}) {
                c.checkInvariants();
                left += c.toString().contains(" receivers=0 senders=0") ? 0 : 1;
            }
            return left;
        }

        /** The thread that will wait says who it is, for the other one to interrupt it. */
        final void willBlock() {
            blocked = Thread.currentThread();
        }

        final void interruptOther() {
            Thread t;
            while ((t = blocked) == null) {
                Thread.onSpinWait();
            }
            t.interrupt();
        }

        final void otherIsDone() {
            othersDone.incrementAndGet();
        }

        /** No interrupt may reach the next test of this thread. Returns the flag. */
        final int endInterrupts(int others) {
            while (othersDone.get() < others) {
                Thread.yield();
            }
            return Thread.interrupted() ? 1 : 0;
        }
    }

    @JCStressTest
    @Outcome(id = "7, 1, 0, 0", expect = ACCEPTABLE, desc = "The first channel got the select.")
    @Outcome(id = "8, 0, 1, 0", expect = ACCEPTABLE, desc = "The second did.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or nobody left the queues.")
    @State
    public static class TwoSends extends Base {
        private volatile boolean taken;

        public TwoSends() {
            super(0);
            start(this::receiveEither);
        }

        @Actor
        public void first(IIII_Result r) {
            while (!taken) {
                if (trySend(a, 7) == 1) {
                    r.r2 = 1;
                    taken = true;
                }
            }
        }

        @Actor
        public void second(IIII_Result r) {
            while (!taken) {
                if (trySend(b, 8) == 1) {
                    r.r3 = 1;
                    taken = true;
                }
            }
        }

        @Arbiter
        public void left(IIII_Result r) {
            r.r1 = said();
            r.r4 = waiters();
        }
    }

    @JCStressTest
    @Outcome(id = "1, 7, 0, 0", expect = ACCEPTABLE, desc = "The first channel got the select.")
    @Outcome(id = "2, 0, 8, 0", expect = ACCEPTABLE, desc = "The second did.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or nobody left the queues.")
    @State
    public static class TwoReceives extends Base {
        private volatile boolean taken;

        public TwoReceives() {
            super(0);
            start(this::sendEither);
        }

        @Actor
        public void first(IIII_Result r) {
            for (int got; !taken;) {
                if ((got = tryReceive(a)) != 0) {
                    r.r2 = got;
                    taken = true;
                }
            }
        }

        @Actor
        public void second(IIII_Result r) {
            for (int got; !taken;) {
                if ((got = tryReceive(b)) != 0) {
                    r.r3 = got;
                    taken = true;
                }
            }
        }

        @Arbiter
        public void left(IIII_Result r) {
            r.r1 = said();
            r.r4 = waiters();
        }
    }

    @JCStressTest
    @Outcome(id = "-2, 0, 0, 0", expect = ACCEPTABLE, desc = "The interrupt ended the wait before the send.")
    @Outcome(id = "8, 1, 1, 0", expect = ACCEPTABLE, desc = "The send found the select still in the queue; the interrupt stays.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "An element or an interrupt lost or doubled.")
    @State
    public static class InterruptThenSend extends Base {
        public InterruptThenSend() {
            super(0);
        }

        @Actor
        public void selecter(IIII_Result r) {
            willBlock();
            r.r1 = receiveEither();
            r.r3 = endInterrupts(1);
        }

        @Actor
        public void other(IIII_Result r) {
            interruptOther();
            r.r2 = trySend(b, 8);
            otherIsDone();
        }

        @Arbiter
        public void left(IIII_Result r) {
            r.r4 = waiters();
        }
    }

    @JCStressTest
    @Outcome(id = "-2, 0, 0, 0", expect = ACCEPTABLE, desc = "Nobody waited when the send came; the interrupt ended the wait.")
    @Outcome(id = "8, 1, 1, 0", expect = ACCEPTABLE, desc = "The send came first; the interrupt stays.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "An element or an interrupt lost or doubled.")
    @State
    public static class SendThenInterrupt extends Base {
        public SendThenInterrupt() {
            super(0);
        }

        @Actor
        public void selecter(IIII_Result r) {
            willBlock();
            r.r1 = receiveEither();
            r.r3 = endInterrupts(1);
        }

        @Actor
        public void other(IIII_Result r) {
            int sent = 0;
            for (int i = 0; i < TRIES && sent == 0; i++) {
                sent = trySend(b, 8);
            }
            r.r2 = sent;
            interruptOther();
            otherIsDone();
        }

        @Arbiter
        public void left(IIII_Result r) {
            r.r4 = waiters();
        }
    }

    @JCStressTest
    @Outcome(id = "-2, 0, 0, 0", expect = ACCEPTABLE, desc = "The interrupt ended the wait; nothing was sent.")
    @Outcome(id = "2, 8, 1, 0", expect = ACCEPTABLE, desc = "The receive found the select still in the queue; the interrupt stays.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "An element or an interrupt lost or doubled.")
    @State
    public static class InterruptThenReceive extends Base {
        public InterruptThenReceive() {
            super(0);
        }

        @Actor
        public void selecter(IIII_Result r) {
            willBlock();
            r.r1 = sendEither();
            r.r3 = endInterrupts(1);
        }

        @Actor
        public void other(IIII_Result r) {
            interruptOther();
            r.r2 = tryReceive(b);
            otherIsDone();
        }

        @Arbiter
        public void left(IIII_Result r) {
            r.r4 = waiters();
        }
    }

    /** The last place is the interrupt flag, plus 10 for each queue with waiters left. */
    @JCStressTest
    @Outcome(id = "-2, 0, 0, 0", expect = ACCEPTABLE, desc = "The interrupt came first.")
    @Outcome(id = "7, 1, 0, 1", expect = ACCEPTABLE, desc = "The first channel did; the interrupt stays.")
    @Outcome(id = "8, 0, 1, 1", expect = ACCEPTABLE, desc = "The second did.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "An element or an interrupt lost or doubled.")
    @State
    public static class InterruptAgainstTwoSends extends Base {
        public InterruptAgainstTwoSends() {
            super(0);
            start(() -> {
                int ran = receiveEither();
                return 10 * ran + endInterrupts(1);
            });
        }

        @Actor
        public void first(IIII_Result r) {
            for (int i = 0; i < TRIES && r.r2 == 0; i++) {
                r.r2 = trySend(a, 7);
            }
        }

        @Actor
        public void interrupterAndSecond(IIII_Result r) {
            interruptSelecter();
            otherIsDone();
            for (int i = 0; i < TRIES && r.r3 == 0; i++) {
                r.r3 = trySend(b, 8);
            }
        }

        @Arbiter
        public void left(IIII_Result r) {
            r.r1 = said() / 10;
            r.r4 = Math.abs(said() % 10) + 10 * waiters();
        }
    }

    @JCStressTest
    @Outcome(id = "-2, 1, 0, 0", expect = ACCEPTABLE, desc = "The interrupt ended the wait before the close.")
    @Outcome(id = "-1, 1, 1, 0", expect = ACCEPTABLE, desc = "The close found the select in the queue; the interrupt stays.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "An interrupt lost or doubled.")
    @State
    public static class InterruptThenClose extends Base {
        public InterruptThenClose() {
            super(0);
        }

        @Actor
        public void selecter(IIII_Result r) {
            willBlock();
            r.r1 = receiveEither();
            r.r3 = endInterrupts(1);
        }

        @Actor
        public void other(IIII_Result r) {
            interruptOther();
            r.r2 = b.close0() ? 1 : 0;
            otherIsDone();
        }

        @Arbiter
        public void left(IIII_Result r) {
            r.r4 = waiters();
        }
    }

    @JCStressTest
    @Outcome(id = "-1, 1, 1, 0", expect = ACCEPTABLE, desc = "Closed first: the select gets the end, the interrupt stays.")
    @Outcome(id = "-2, 1, 0, 0", expect = ACCEPTABLE, desc = "The interrupt was seen before the close.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "An interrupt lost or doubled.")
    @State
    public static class CloseThenInterrupt extends Base {
        public CloseThenInterrupt() {
            super(0);
        }

        @Actor
        public void selecter(IIII_Result r) {
            willBlock();
            r.r1 = receiveEither();
            r.r3 = endInterrupts(1);
        }

        @Actor
        public void other(IIII_Result r) {
            r.r2 = b.close0() ? 1 : 0;
            interruptOther();
            otherIsDone();
        }

        @Arbiter
        public void left(IIII_Result r) {
            r.r4 = waiters();
        }
    }

    @JCStressTest
    @Outcome(id = "-1, 0, 0", expect = ACCEPTABLE, desc = "The close got the select, whether it waited or came later.")
    @Outcome(id = "8, 1, 0", expect = ACCEPTABLE, desc = "The send did.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or nobody left the queues.")
    @State
    public static class CloseAgainstSend extends Base {
        public CloseAgainstSend() {
            super(0);
            start(this::receiveEither);
        }

        @Actor
        public void closer(III_Result r) {
            a.close();
        }

        @Actor
        public void sender(III_Result r) {
            for (int i = 0; i < TRIES && r.r2 == 0; i++) {
                r.r2 = trySend(b, 8);
            }
        }

        @Arbiter
        public void left(III_Result r) {
            r.r1 = said();
            r.r3 = waiters();
        }
    }

    @JCStressTest
    @Outcome(id = "-1, 0, 0", expect = ACCEPTABLE, desc = "The close got the select, which panics.")
    @Outcome(id = "2, 8, 0", expect = ACCEPTABLE, desc = "The receive did.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or nobody left the queues.")
    @State
    public static class CloseAgainstReceive extends Base {
        public CloseAgainstReceive() {
            super(0);
            start(this::sendEither);
        }

        @Actor
        public void closer(III_Result r) {
            a.close();
        }

        @Actor
        public void receiver(III_Result r) {
            for (int i = 0; i < TRIES && r.r2 == 0; i++) {
                r.r2 = tryReceive(b);
            }
        }

        @Arbiter
        public void left(III_Result r) {
            r.r1 = said();
            r.r3 = waiters();
        }
    }

    @JCStressTest
    @Outcome(id = "-1, 0", expect = ACCEPTABLE, desc = "One of them told the select, the other passed it over.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "An element from nowhere, or a waiter left.")
    @State
    public static class TwoCloses extends Base {
        public TwoCloses() {
            super(0);
            start(this::receiveEither);
        }

        @Actor
        public void first(II_Result r) {
            a.close();
        }

        @Actor
        public void second(II_Result r) {
            b.close();
        }

        @Arbiter
        public void left(II_Result r) {
            r.r1 = said();
            r.r2 = waiters();
        }
    }

    @JCStressTest
    @Outcome(id = "1, 7, 0", expect = ACCEPTABLE, desc = "The first sent, the second received.")
    @Outcome(id = "8, 1, 0", expect = ACCEPTABLE, desc = "The second sent, the first received.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or both did something.")
    @State
    public static class TwoSelectsInOppositeRoles extends Base {
        public TwoSelectsInOppositeRoles() {
            super(0);
        }

        @Actor
        public void first(III_Result r) {
            Select sel = new Select();
            r.r1 = await(sel, sel.send(a, 7), sel.recv(b));
        }

        @Actor
        public void second(III_Result r) {
            Select sel = new Select();
            r.r2 = await(sel, sel.send(b, 8), sel.recv(a));
        }

        @Arbiter
        public void left(III_Result r) {
            r.r3 = waiters();
        }
    }

    @JCStressTest
    @Outcome(id = "1, 7, 0", expect = ACCEPTABLE, desc = "The first sent, the second received.")
    @Outcome(id = "8, 1, 0", expect = ACCEPTABLE, desc = "The second sent, the first received.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or one met itself.")
    @State
    public static class TwoSelectsBothWaysOnOneChannel extends Base {
        public TwoSelectsBothWaysOnOneChannel() {
            super(0);
        }

        @Actor
        public void first(III_Result r) {
            Select sel = new Select();
            r.r1 = await(sel, sel.send(a, 7), sel.recv(a));
        }

        @Actor
        public void second(III_Result r) {
            Select sel = new Select();
            r.r2 = await(sel, sel.send(a, 8), sel.recv(a));
        }

        @Arbiter
        public void left(III_Result r) {
            r.r3 = waiters();
        }
    }

    @JCStressTest
    @Outcome(id = "7, 8, 0", expect = ACCEPTABLE, desc = "The first channel got the select, then the second.")
    @Outcome(id = "8, 7, 0", expect = ACCEPTABLE, desc = "The other way round.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or the first wait reached into the second.")
    @State
    public static class SelectTwice extends Base {
        public SelectTwice() {
            super(0);
            start(this::twice);
        }

        private int twice() {
            Select sel = new Select();
            Select.Case inA = sel.recv(a);
            Select.Case inB = sel.recv(b);
            return 10 * await(sel, inA, inB) + await(sel, inA, inB);
        }

        @Actor
        public void first(III_Result r) {
            while (trySend(a, 7) == 0) {
                Thread.onSpinWait();
            }
        }

        @Actor
        public void second(III_Result r) {
            while (trySend(b, 8) == 0) {
                Thread.onSpinWait();
            }
        }

        @Arbiter
        public void left(III_Result r) {
            r.r1 = said() / 10;
            r.r2 = said() % 10;
            r.r3 = waiters();
        }
    }
}
