package io.goruntime.internal.poll;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.sched.Netpoller;
import io.goruntime.internal.sched.Sched;
import java.io.IOException;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import java.net.ProtocolFamily;

/** The poller of one runtime, and where its sockets come from. Counterpart of netpoll.go. */
public abstract class NetPoll {
    private static final VarHandle WAITERS = ConstantBootstraps.fieldVarHandle(lookup(), "waiters", VarHandle.class,
            NetPoll.class, int.class);

    final Sched sched;
    final PollCache cache = new PollCache(this);

    /** How many wait for an event, and none has come; see Side. */
    private volatile int waiters;

    NetPoll(Sched sched) {
        this.sched = sched;
    }

    /**
     * The poller of a runtime; made when it is first asked for. Which one says {@code -Dgoruntime.netpoll=epoll|kqueue|nio};
     * by default the best that works here.
     *
     * @throws IOException if it cannot be made, or the runtime is closed
     * @throws IllegalArgumentException if the property has another value
     */
    public static NetPoll of(Sched sched) throws IOException {
        return Pollers.of(sched);
    }

    /** {@code epoll}, {@code kqueue} or {@code nio}. */
    public abstract String name();

    /** A new stream socket of a {@link java.net.StandardProtocolFamily}: INET, INET6 or UNIX. */
    public abstract NetFD stream(ProtocolFamily family) throws IOException;

    /** A new datagram socket: INET or INET6. */
    public abstract NetFD datagram(ProtocolFamily family) throws IOException;

    // -- for the scheduler; see Netpoller --

    abstract Netpoller.Events newEvents();

    abstract void wake();

    /** Gives back what the poller itself holds as soon as nobody polls. */
    abstract void closePoller();

    final void close() {
        for (NetFD fd : cache.close()) {
            fd.close();
        }
        closePoller();
    }

    // -- for Side --

    /** Somebody waits for an event, which must announce itself from now on. */
    abstract void arm(Side side);

    final void addWaiters(int delta) {
        WAITERS.getAndAdd(this, delta);
    }

    final int waiterCount() {
        return waiters;
    }

    final boolean anyWaiters() {
        return waiters != 0;
    }

    final long now() {
        return sched.nanoTime();
    }
}
