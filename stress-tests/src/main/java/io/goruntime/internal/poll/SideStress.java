package io.goruntime.internal.poll;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * One that waits for an event against the event, the close and a new deadline. The first place is how the wait ended: 0 by
 * an event, 1 by the close, 2 by the deadline. The second is 0 when nobody is left waiting or counted. A wake-up that is
 * lost ends the wait by the deadline that every one has.
 */
public final class SideStress {
    /** Longer than a state is kept before its turn comes. */
    private static final long LOST_NANOS = 30_000_000_000L;

    private SideStress() {}

    abstract static class Base {
        final PollDesc pd = new PollDesc(Fixture.poll(), 0);

        Base() {
            pd.open();
            pd.read.deadline(pd.poll.now() + LOST_NANOS);
        }

        final int await() {
            return pd.read.await();
        }

        final void event() {
            int woken = pd.ready(true, true);
            if (woken != 0) {
                pd.poll.addWaiters(-woken);
            }
        }

        final void left(II_Result r) {
            r.r2 = pd.poll.waiterCount() + (pd.read.awaited() ? 1000 : 0);
        }
    }

    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "The event came, before or after the wait began.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "A lost event, or a wrong count.")
    @State
    public static class EventAgainstWait extends Base {
        @Actor
        public void waiter(II_Result r) {
            r.r1 = await();
        }

        @Actor
        public void poller() {
            event();
        }

        @Arbiter
        public void after(II_Result r) {
            left(r);
        }
    }

    @JCStressTest
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "Closed, before or after the wait began.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "A lost close, or a wrong count.")
    @State
    public static class CloseAgainstWait extends Base {
        @Actor
        public void waiter(II_Result r) {
            r.r1 = await();
        }

        @Actor
        public void closer() {
            pd.evict();
        }

        @Arbiter
        public void after(II_Result r) {
            left(r);
        }
    }

    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "The event came first.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The close came before the waiter looked.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "A lost wake-up, or a wrong count.")
    @State
    public static class EventAndCloseAgainstWait extends Base {
        @Actor
        public void waiter(II_Result r) {
            r.r1 = await();
        }

        @Actor
        public void poller() {
            event();
            pd.evict();
        }

        @Arbiter
        public void after(II_Result r) {
            left(r);
        }
    }

    /** The new deadline is one that has passed long ago: a wait that ends by the old one is late, and told from it. */
    @JCStressTest
    @Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "At once, before or after the wait began.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "A lost deadline, or a wrong count.")
    @State
    public static class DeadlineAgainstWait extends Base {
        @Actor
        public void waiter(II_Result r) {
            long begin = pd.poll.now();
            int how = await();
            r.r1 = pd.poll.now() - begin > LOST_NANOS / 2 ? 9 : how;
        }

        @Actor
        public void setter() {
            pd.read.deadline(pd.poll.now() - LOST_NANOS);
        }

        @Arbiter
        public void after(II_Result r) {
            left(r);
        }
    }

    /** A socket: what has come is seen by the call that is tried after prepare, or announced by the event. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "The bytes are read.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Bytes are there, and the reader waits.")
    @State
    public static class PrepareAgainstEvent extends Base {
        private volatile boolean bytes;

        @Actor
        public void reader(II_Result r) {
            int how = pd.read.prepare();
            while (how == Side.OK && !bytes) {
                how = await();
            }
            r.r1 = how;
        }

        @Actor
        public void system() {
            bytes = true;
            event();
        }

        @Arbiter
        public void after(II_Result r) {
            left(r);
        }
    }
}
