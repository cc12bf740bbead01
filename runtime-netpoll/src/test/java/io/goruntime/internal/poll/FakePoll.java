package io.goruntime.internal.poll;

import io.goruntime.internal.sched.Netpoller;
import io.goruntime.internal.sched.Sched;
import java.net.ProtocolFamily;
import org.jspecify.annotations.Nullable;

/** A poller that knows of no system: its events come from the test. */
final class FakePoll extends NetPoll {
    /** Called once, when somebody has announced that it waits, before it looks again. */
    @Nullable
    Runnable onArm;

    FakePoll(Sched sched) {
        super(sched);
    }

    @Override
    void arm(Side side) {
        Runnable once = onArm;
        onArm = null;
        if (once != null) {
            once.run();
        }
    }

    @Override
    public String name() {
        return "fake";
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
