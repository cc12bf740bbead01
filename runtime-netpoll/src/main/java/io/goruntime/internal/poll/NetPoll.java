package io.goruntime.internal.poll;

import io.goruntime.internal.sched.Sched;
import java.io.IOException;
import java.net.ProtocolFamily;

/** The poller of one runtime, and where its sockets come from. */
public abstract class NetPoll {
    /** For implementations. */
    protected NetPoll() {}

    /**
     * The poller of a runtime; made when it is first asked for. Which one says {@code -Dgoruntime.netpoll=epoll|kqueue|nio};
     * by default the best that works here.
     *
     * @throws IOException if it cannot be made, or the runtime is closed
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
}
