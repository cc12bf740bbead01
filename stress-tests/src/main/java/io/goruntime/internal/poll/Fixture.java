package io.goruntime.internal.poll;

import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.sched.G;
import io.goruntime.internal.sched.GoroutineHooks;
import io.goruntime.internal.sched.Netpoller;
import io.goruntime.internal.sched.Sched;
import io.goruntime.internal.sched.Seam;
import java.net.ProtocolFamily;

/** Pollers without a system, in a scheduler that runs nothing. */
final class Fixture {
    private static final Sched SCHED = open();

    private Fixture() {}

    private static Sched open() {
        Mode.ensure();
        return new Sched("stress", 1, 1, 1 << 20, false, new NoHooks(), Seam.REAL);
    }

    /** One with a count of its own. */
    static NetPoll poll() {
        return new NoPoll(SCHED);
    }

    private static final class NoPoll extends NetPoll {
        NoPoll(Sched sched) {
            super(sched);
        }

        @Override
        void arm(Side side) {}

        @Override
        public String name() {
            return "none";
        }

        @Override
        public NetFD stream(ProtocolFamily family) {
            throw new UnsupportedOperationException();
        }

        @Override
        public NetFD datagram(ProtocolFamily family) {
            throw new UnsupportedOperationException();
        }

        @Override
        Netpoller.Events newEvents() {
            throw new UnsupportedOperationException();
        }

        @Override
        void wake() {}

        @Override
        void closePoller() {}
    }

    private static final class NoHooks implements GoroutineHooks {
        @Override
        public void run(Object fn) {
            throw new AssertionError("nothing runs here");
        }

        @Override
        public void panicked(G gp, Throwable failure) {
            throw new AssertionError(failure);
        }
    }
}
