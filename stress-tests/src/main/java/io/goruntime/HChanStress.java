package io.goruntime;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Two threads at one channel. Every pair of operations must look as if one came first, and no element may be lost or
 * doubled. Elements are 7 and 8; 0 is "not done" or "nothing there", -1 "closed" (for a sender: the panic), -2
 * "interrupted". Where the interrupt flag is a place of the result, 1 means set at the end.
 */
public final class HChanStress {
    private static final int CLOSED = -1;
    private static final int INTERRUPTED = -2;

    private HChanStress() {}

    abstract static class Base {
        final Chan<Integer> ch;

        private volatile Thread blocked;
        private volatile boolean otherDone;

        Base(int cap) {
            ch = Chan.make(cap);
        }

        /** Returns 1 when it has sent. */
        final int send(int v) {
            try {
                ch.send(v);
                return 1;
            } catch (Panic e) {
                return CLOSED;
            } catch (InterruptedException e) {
                return INTERRUPTED;
            }
        }

        final int trySend(int v) {
            try {
                return ch.trySend(v) ? 1 : 0;
            } catch (Panic e) {
                return CLOSED;
            }
        }

        final int receive() {
            try {
                Received<Integer> got = ch.receiveOk();
                return got.ok() ? got.value() : CLOSED;
            } catch (InterruptedException e) {
                return INTERRUPTED;
            }
        }

        final int tryReceive() {
            Received<Integer> got = ch.tryReceive();
            return got == null ? 0 : got.ok() ? got.value() : CLOSED;
        }

        /** What is left in the channel at the end, which must be in order. */
        final int drain() {
            ch.checkInvariants();
            int digits = 0;
            for (Received<Integer> got; (got = ch.tryReceive()) != null && got.ok();) {
                digits = 10 * digits + got.value();
            }
            return digits;
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
            otherDone = true;
        }

        /** No interrupt may reach the next test of this thread. Returns the flag. */
        final int endInterrupts() {
            while (!otherDone) {
                Thread.onSpinWait();
            }
            return Thread.interrupted() ? 1 : 0;
        }
    }

    @JCStressTest
    @Outcome(id = "1, 7", expect = ACCEPTABLE, desc = "They met, whoever came first.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or neither came first.")
    @State
    public static class SendReceive extends Base {
        public SendReceive() {
            super(0);
        }

        @Actor
        public void sender(II_Result r) {
            r.r1 = send(7);
        }

        @Actor
        public void receiver(II_Result r) {
            r.r2 = receive();
        }
    }

    @JCStressTest
    @Outcome(id = "1, 7", expect = ACCEPTABLE, desc = "Through the buffer, or from hand to hand.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or neither came first.")
    @State
    public static class SendReceiveBuffered extends Base {
        public SendReceiveBuffered() {
            super(1);
        }

        @Actor
        public void sender(II_Result r) {
            r.r1 = send(7);
        }

        @Actor
        public void receiver(II_Result r) {
            r.r2 = receive();
        }
    }

    @JCStressTest
    @Outcome(id = "1, 7, 8", expect = ACCEPTABLE, desc = "The receiver got the older element; the sender got its place.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or neither came first.")
    @State
    public static class FullBufferSendReceive extends Base {
        public FullBufferSendReceive() {
            super(1);
            trySend(7);
        }

        @Actor
        public void sender(III_Result r) {
            r.r1 = send(8);
        }

        @Actor
        public void receiver(III_Result r) {
            r.r2 = receive();
        }

        @Arbiter
        public void left(III_Result r) {
            r.r3 = drain();
        }
    }

    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Neither waits, so they never meet.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "An element from nowhere.")
    @State
    public static class TrySendTryReceive extends Base {
        public TrySendTryReceive() {
            super(0);
        }

        @Actor
        public void sender(II_Result r) {
            r.r1 = trySend(7);
        }

        @Actor
        public void receiver(II_Result r) {
            r.r2 = tryReceive();
        }
    }

    @JCStressTest
    @Outcome(id = "1, 7, 0", expect = ACCEPTABLE, desc = "The sender came first.")
    @Outcome(id = "1, 0, 7", expect = ACCEPTABLE, desc = "The receiver came first.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or neither came first.")
    @State
    public static class TrySendTryReceiveBuffered extends Base {
        public TrySendTryReceiveBuffered() {
            super(1);
        }

        @Actor
        public void sender(III_Result r) {
            r.r1 = trySend(7);
        }

        @Actor
        public void receiver(III_Result r) {
            r.r2 = tryReceive();
        }

        @Arbiter
        public void left(III_Result r) {
            r.r3 = drain();
        }
    }

    @JCStressTest
    @Outcome(id = "1, 0, 7", expect = ACCEPTABLE, desc = "Seven came first.")
    @Outcome(id = "0, 1, 8", expect = ACCEPTABLE, desc = "Eight came first.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or neither came first.")
    @State
    public static class TwoTrySends extends Base {
        public TwoTrySends() {
            super(1);
        }

        @Actor
        public void seven(III_Result r) {
            r.r1 = trySend(7);
        }

        @Actor
        public void eight(III_Result r) {
            r.r2 = trySend(8);
        }

        @Arbiter
        public void left(III_Result r) {
            r.r3 = drain();
        }
    }

    @JCStressTest
    @Outcome(id = "7, 0, 0", expect = ACCEPTABLE, desc = "The first receiver came first.")
    @Outcome(id = "0, 7, 0", expect = ACCEPTABLE, desc = "The second did.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or neither came first.")
    @State
    public static class TwoTryReceives extends Base {
        public TwoTryReceives() {
            super(2);
            trySend(7);
        }

        @Actor
        public void first(III_Result r) {
            r.r1 = tryReceive();
        }

        @Actor
        public void second(III_Result r) {
            r.r2 = tryReceive();
        }

        @Arbiter
        public void left(III_Result r) {
            r.r3 = drain();
        }
    }

    @JCStressTest
    @Outcome(id = "7, 1", expect = ACCEPTABLE, desc = "The receiver was waiting when one of the tries came.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or neither came first.")
    @State
    public static class ReceiveAgainstTrySends extends Base {
        public ReceiveAgainstTrySends() {
            super(0);
        }

        @Actor
        public void receiver(II_Result r) {
            r.r1 = receive();
        }

        @Actor
        public void sender(II_Result r) {
            while (r.r2 == 0) {
                r.r2 = trySend(7);
            }
        }
    }

    @JCStressTest
    @Outcome(id = "1, 7", expect = ACCEPTABLE, desc = "The sender was waiting when one of the tries came.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or neither came first.")
    @State
    public static class SendAgainstTryReceives extends Base {
        public SendAgainstTryReceives() {
            super(0);
        }

        @Actor
        public void sender(II_Result r) {
            r.r1 = send(7);
        }

        @Actor
        public void receiver(II_Result r) {
            while (r.r2 == 0) {
                r.r2 = tryReceive();
            }
        }
    }

    @JCStressTest
    @Outcome(id = "-1, 1", expect = ACCEPTABLE, desc = "The sender panics, whether it waited or came after the close.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "The sender sent to nobody, or the close failed.")
    @State
    public static class BlockedSendAgainstClose extends Base {
        public BlockedSendAgainstClose() {
            super(0);
        }

        @Actor
        public void sender(II_Result r) {
            r.r1 = send(7);
        }

        @Actor
        public void closer(II_Result r) {
            r.r2 = ch.close0() ? 1 : 0;
        }
    }

    @JCStressTest
    @Outcome(id = "1, 1, 7", expect = ACCEPTABLE, desc = "The send came first; its element stays.")
    @Outcome(id = "-1, 1, 0", expect = ACCEPTABLE, desc = "The close came first.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or neither came first.")
    @State
    public static class SendAgainstClose extends Base {
        public SendAgainstClose() {
            super(1);
        }

        @Actor
        public void sender(III_Result r) {
            r.r1 = send(7);
        }

        @Actor
        public void closer(III_Result r) {
            r.r2 = ch.close0() ? 1 : 0;
        }

        @Arbiter
        public void left(III_Result r) {
            r.r3 = drain();
        }
    }

    @JCStressTest
    @Outcome(id = "-1, 1", expect = ACCEPTABLE, desc = "The receiver gets the end, whether it waited or came after the close.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "The receiver got an element from nowhere.")
    @State
    public static class BlockedReceiveAgainstClose extends Base {
        public BlockedReceiveAgainstClose() {
            super(0);
        }

        @Actor
        public void receiver(II_Result r) {
            r.r1 = receive();
        }

        @Actor
        public void closer(II_Result r) {
            r.r2 = ch.close0() ? 1 : 0;
        }
    }

    @JCStressTest
    @Outcome(id = "7, 1", expect = ACCEPTABLE, desc = "The receiver waited when the send came.")
    @Outcome(id = "-1, 0", expect = ACCEPTABLE, desc = "It did not; it got the end.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost, doubled, or neither came first.")
    @State
    public static class ReceiveAgainstSendAndClose extends Base {
        public ReceiveAgainstSendAndClose() {
            super(0);
        }

        @Actor
        public void receiver(II_Result r) {
            r.r1 = receive();
        }

        @Actor
        public void sender(II_Result r) {
            r.r2 = trySend(7);
            ch.close();
        }
    }

    @JCStressTest
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The first closed it.")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The second closed it.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Both or neither.")
    @State
    public static class TwoCloses extends Base {
        public TwoCloses() {
            super(0);
        }

        @Actor
        public void first(II_Result r) {
            r.r1 = ch.close0() ? 1 : 0;
        }

        @Actor
        public void second(II_Result r) {
            r.r2 = ch.close0() ? 1 : 0;
        }
    }

    @JCStressTest
    @Outcome(id = "-2, 0, 0", expect = ACCEPTABLE, desc = "The interrupt ended the wait before the send.")
    @Outcome(id = "7, 1, 1", expect = ACCEPTABLE, desc = "The send found the receiver still in the queue; the interrupt stays.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "An element or an interrupt lost or doubled.")
    @State
    public static class InterruptThenSend extends Base {
        public InterruptThenSend() {
            super(0);
        }

        @Actor
        public void receiver(III_Result r) {
            willBlock();
            r.r1 = receive();
            r.r3 = endInterrupts();
        }

        @Actor
        public void other(III_Result r) {
            interruptOther();
            r.r2 = trySend(7);
            otherIsDone();
        }
    }

    @JCStressTest
    @Outcome(id = "-2, 0, 0", expect = ACCEPTABLE, desc = "Nobody waited when the send came; the interrupt ended the wait.")
    @Outcome(id = "7, 1, 1", expect = ACCEPTABLE, desc = "The send came first; the interrupt stays.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "An element or an interrupt lost or doubled.")
    @State
    public static class SendThenInterrupt extends Base {
        public SendThenInterrupt() {
            super(0);
        }

        @Actor
        public void receiver(III_Result r) {
            willBlock();
            r.r1 = receive();
            r.r3 = endInterrupts();
        }

        @Actor
        public void other(III_Result r) {
            int sent = 0;
            for (int i = 0; i < 20 && sent == 0; i++) {
                sent = trySend(7);
            }
            r.r2 = sent;
            interruptOther();
            otherIsDone();
        }
    }

    @JCStressTest
    @Outcome(id = "-2, 0, 0", expect = ACCEPTABLE, desc = "The interrupt ended the wait; nothing was sent.")
    @Outcome(id = "1, 7, 1", expect = ACCEPTABLE, desc = "The receive found the sender still in the queue; the interrupt stays.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "An element or an interrupt lost or doubled.")
    @State
    public static class InterruptThenReceive extends Base {
        public InterruptThenReceive() {
            super(0);
        }

        @Actor
        public void sender(III_Result r) {
            willBlock();
            r.r1 = send(7);
            r.r3 = endInterrupts();
        }

        @Actor
        public void other(III_Result r) {
            interruptOther();
            r.r2 = tryReceive();
            otherIsDone();
        }
    }

    @JCStressTest
    @Outcome(id = "-2, 0, 0", expect = ACCEPTABLE, desc = "Nobody waited when the receive came; the interrupt ended the wait.")
    @Outcome(id = "1, 7, 1", expect = ACCEPTABLE, desc = "The receive came first; the interrupt stays.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "An element or an interrupt lost or doubled.")
    @State
    public static class ReceiveThenInterrupt extends Base {
        public ReceiveThenInterrupt() {
            super(0);
        }

        @Actor
        public void sender(III_Result r) {
            willBlock();
            r.r1 = send(7);
            r.r3 = endInterrupts();
        }

        @Actor
        public void other(III_Result r) {
            int got = 0;
            for (int i = 0; i < 20 && got == 0; i++) {
                got = tryReceive();
            }
            r.r2 = got;
            interruptOther();
            otherIsDone();
        }
    }

    @JCStressTest
    @Outcome(id = "-2, 1, 0", expect = ACCEPTABLE, desc = "The interrupt ended the wait before the close.")
    @Outcome(id = "-1, 1, 1", expect = ACCEPTABLE, desc = "The close found the receiver in the queue; the interrupt stays.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "An interrupt lost or doubled.")
    @State
    public static class InterruptThenClose extends Base {
        public InterruptThenClose() {
            super(0);
        }

        @Actor
        public void receiver(III_Result r) {
            willBlock();
            r.r1 = receive();
            r.r3 = endInterrupts();
        }

        @Actor
        public void other(III_Result r) {
            interruptOther();
            r.r2 = ch.close0() ? 1 : 0;
            otherIsDone();
        }
    }

    @JCStressTest
    @Outcome(id = "-1, 1, 1", expect = ACCEPTABLE, desc = "Closed first: the receiver gets the end, the interrupt stays.")
    @Outcome(id = "-2, 1, 0", expect = ACCEPTABLE, desc = "The receiver tried before the close and saw the interrupt before it waited.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "An interrupt lost or doubled.")
    @State
    public static class CloseThenInterrupt extends Base {
        public CloseThenInterrupt() {
            super(0);
        }

        @Actor
        public void receiver(III_Result r) {
            willBlock();
            r.r1 = receive();
            r.r3 = endInterrupts();
        }

        @Actor
        public void other(III_Result r) {
            r.r2 = ch.close0() ? 1 : 0;
            interruptOther();
            otherIsDone();
        }
    }

    @JCStressTest
    @Outcome(id = "-2, 7, 0", expect = ACCEPTABLE, desc = "The interrupt ended the wait for a place; nothing of eight is left.")
    @Outcome(id = "1, 78, 0", expect = ACCEPTABLE, desc = "The sender had the place before it could be interrupted, or waited for it and kept it.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "An element lost or doubled.")
    @State
    public static class InterruptThenReceiveFullBuffer extends Base {
        public InterruptThenReceiveFullBuffer() {
            super(1);
            trySend(7);
        }

        @Actor
        public void sender(III_Result r) {
            willBlock();
            r.r1 = send(8);
            endInterrupts();
        }

        @Actor
        public void other(III_Result r) {
            interruptOther();
            r.r2 = tryReceive();
            otherIsDone();
        }

        @Arbiter
        public void left(III_Result r) {
            int left = drain();
            r.r2 = left == 0 ? r.r2 : 10 * r.r2 + left;
            r.r3 = 0;
        }
    }
}
