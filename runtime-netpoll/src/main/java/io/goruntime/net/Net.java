package io.goruntime.net;

import io.goruntime.GoRuntime;
import io.goruntime.context.Context;
import io.goruntime.internal.poll.NetFD;
import io.goruntime.internal.poll.NetPoll;
import io.goruntime.internal.sched.Access;
import io.goruntime.internal.sched.Sched;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Connections for goroutines: Go's package net.
 *
 * <pre>{@code
 * try (Conn c = Net.dial("tcp", "example.org:http")) {
 *     c.write("GET / HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
 *     c.inputStream().transferTo(System.out);
 * }
 * }</pre>
 *
 * <p><b>Networks</b> are {@code tcp}, {@code tcp4} (IPv4 only), {@code tcp6} (IPv6 only), {@code udp}, {@code udp4},
 * {@code udp6} and {@code unix}.
 *
 * <p><b>Addresses</b> are {@code host:port}, for {@code unix} the path of a file. The host is a name, an IPv4 address or an
 * IPv6 address in brackets, {@code [::1]:80}, {@code [fe80::1%eth0]:80}; the port a number or the name of a service. Without
 * a host, {@code :80}, one dials this host, and listens on all addresses it has; port 0 listens on any free one.
 * {@link #hostPort} makes such text of a {@link SocketAddress}.
 *
 * <p><b>Whose they are.</b> A connection, like all else that is made here, belongs to the runtime of the goroutine that
 * makes it, on other threads to the default runtime, and any thread may use it. When that runtime is closed, whoever
 * waits in the connection is told.
 *
 * <p><b>Errors.</b> All methods throw {@link IOException} and nothing else that is checked. See {@link Conn} for its kinds.
 * Besides, here: {@link AddressException}, {@link java.net.UnknownHostException}, {@link java.net.ConnectException},
 * {@link java.net.BindException}. Messages say what was tried: {@code dial tcp 10.0.0.1:80: connection refused}.
 *
 * <p>All methods may be called from any thread. Source: dial.go.
 */
public final class Net {
    /** The system has a maximum of its own, and takes that if it is lower. */
    private static final int BACKLOG = 4096;

    private static final InetAddress ANY4 = InetAddress.ofLiteral("0.0.0.0");
    private static final InetAddress ANY6 = InetAddress.ofLiteral("::");

    /** Whether this system has IPv6; null: not known yet. */
    private static volatile @Nullable Boolean ipv6;

    private Net() {}

    // ------------------------------------------------------------------------------------------------------------
    // Connecting
    // ------------------------------------------------------------------------------------------------------------

    /**
     * Connects. For how long, the system decides, which may be minutes.
     *
     * <p>A host with several addresses is tried at all of them, as in RFC 8305 (Happy Eyeballs): every 250 ms the next one, IPv4
     * and IPv6 by turns, until the first connection stands. With {@code udp}, what is read and written are datagrams, to
     * and from this address only, and nothing is sent to connect. (The poller {@code nio} does not send empty ones then.)
     *
     * @param network see {@link Net}
     * @param address where to
     * @return a new connection, to be closed by the caller
     * @throws java.io.InterruptedIOException if the thread must wait and is interrupted; the flag stays set
     * @throws IOException if there is no connection; the exception is that of the first address, those of others are
     *             suppressed in it
     */
    public static Conn dial(String network, String address) throws IOException {
        return dial(Context.background(), network, address, null);
    }

    /**
     * Connects within a time, that for the name's lookup included. See {@link #dial(String, String)}.
     *
     * @param network see {@link Net}
     * @param address where to
     * @param timeout null: no limit; zero or negative: it is over already
     * @return a new connection, without a deadline
     * @throws java.net.SocketTimeoutException if the time is over
     * @throws java.io.InterruptedIOException if the thread must wait and is interrupted; the flag stays set
     * @throws IOException if there is no connection
     */
    public static Conn dial(String network, String address, @Nullable Duration timeout) throws IOException {
        return dial(Context.background(), network, address, timeout);
    }

    /**
     * Connects unless a context ends before. A connection that stands does not depend on it. See
     * {@link #dial(String, String)}.
     *
     * @param ctx its end, too, is an IOException, with {@link Context#cause()} as the cause
     * @param network see {@link Net}
     * @param address where to
     * @return a new connection
     * @throws java.net.SocketTimeoutException if the context ends at its deadline
     * @throws java.io.InterruptedIOException if the thread must wait and is interrupted; the flag stays set
     * @throws IOException if there is no connection
     */
    public static Conn dial(Context ctx, String network, String address) throws IOException {
        return dial(Objects.requireNonNull(ctx, "ctx"), network, address, null);
    }

    private static Conn dial(Context ctx, String network, String address, @Nullable Duration timeout)
            throws IOException {
        Objects.requireNonNull(address, "address");
        Network net = Network.of("dial", network);
        Sched sched = sched();
        return new Dial(NetPoll.of(sched), net, Limits.of(ctx, timeout, sched)).dial(address);
    }

    /**
     * Two ends of a connection inside this process, without a buffer: a write waits until reads have taken all of it.
     * Deadlines and closing work as for sockets. A write happens before the end of the read that takes its bytes.
     * Source: pipe.go, Pipe.
     *
     * @return two connections; what is written to the one is read from the other
     */
    public static List<Conn> pipe() {
        return Pipe.make();
    }

    // ------------------------------------------------------------------------------------------------------------
    // Listening
    // ------------------------------------------------------------------------------------------------------------

    /**
     * Listens for connections. Does not wait, but for the lookup if the address has a name.
     *
     * <p>With {@code tcp} and no host it takes IPv4 and IPv6 where the system has both; so does {@code tcp6} if the poller is
     * {@code nio}, which cannot do otherwise. A name is looked up, and one of its
     * addresses taken, one of IPv4 if there is. The file of a {@code unix} address must not exist; it is deleted by close.
     *
     * @param network one with connections: {@code tcp}, {@code tcp4}, {@code tcp6}, {@code unix}
     * @param address where
     * @return a new listener, to be closed by the caller
     * @throws java.net.BindException if the address is in use, or is not one of this host
     * @throws IOException if the system refuses
     */
    public static Listener listen(String network, String address) throws IOException {
        Objects.requireNonNull(address, "address");
        Network net = Network.of("listen", network);
        if (!net.stream) {
            throw new AddressException("listen " + network + ": this network has no connections, see listenPacket");
        }
        SocketAddress local = local(net, address);
        NetFD fd = null;
        try {
            fd = NetPoll.of(sched()).stream(family(local));
            setIpv6Only(fd, net);
            if (net != Network.UNIX) {
                fd.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                Dial.setTcpOptions(fd);
            }
            fd.bind(local);
            fd.listen(BACKLOG);
            fd.localAddress(); // asked for now, it is known for ever
            return new SocketListener(fd, net, net == Network.UNIX || optionsAreInherited(fd));
        } catch (IOException e) {
            throw notListening(net, local, fd, e);
        }
    }

    /** The sockets of connections get the options of the listening one, if that has them: with NIO it has not. */
    private static boolean optionsAreInherited(NetFD listening) throws IOException {
        try {
            return listening.option(StandardSocketOptions.TCP_NODELAY);
        } catch (UnsupportedOperationException e) {
            return false;
        }
    }

    /**
     * Makes a socket for datagrams from and to anybody. Does not wait, but for the lookup if the address has a name.
     *
     * @param network one with datagrams: {@code udp}, {@code udp4}, {@code udp6}
     * @param address of this host
     * @return a new socket, to be closed by the caller
     * @throws java.net.BindException if the address is in use, or is not one of this host
     * @throws IOException if the system refuses
     */
    public static PacketConn listenPacket(String network, String address) throws IOException {
        Objects.requireNonNull(address, "address");
        Network net = Network.of("listen", network);
        if (net.stream) {
            throw new AddressException("listen " + network + ": this network has no datagrams, see listen");
        }
        SocketAddress local = local(net, address);
        NetFD fd = null;
        try {
            fd = NetPoll.of(sched()).datagram(family(local));
            setIpv6Only(fd, net);
            fd.setOption(StandardSocketOptions.SO_BROADCAST, true);
            fd.bind(local);
            fd.localAddress(); // asked for now, it is known for ever
            return new SocketPacketConn(fd, net);
        } catch (IOException e) {
            throw notListening(net, local, fd, e);
        }
    }

    private static void setIpv6Only(NetFD fd, Network net) throws IOException {
        if (net.family == StandardProtocolFamily.INET6) {
            try {
                fd.setOption(NetFD.IPV6_ONLY, true);
            } catch (UnsupportedOperationException e) {
                return; // NIO: the Javadoc of listen says so
            }
        }
    }

    private static IOException notListening(Network net, SocketAddress local, @Nullable NetFD fd, IOException e) {
        if (fd != null) {
            fd.close();
        }
        return OpError.of("listen", net.name, null, local, e);
    }

    /** Counterpart of ipsock_posix.go: favoriteAddrFamily. */
    private static SocketAddress local(Network net, String address) throws IOException {
        try {
            if (net == Network.UNIX) {
                return Dial.unix(address);
            }
            Addresses parsed = Addresses.parse(net, address);
            if (parsed.host().isEmpty()) {
                boolean six = net.allows(StandardProtocolFamily.INET6) && (net.family != null || ipv6());
                return new InetSocketAddress(six ? ANY6 : ANY4, parsed.port());
            }
            List<InetAddress> all = parsed.resolve(net, Limits.of(Context.background(), null, sched()));
            for (InetAddress each : all) {
                if (Network.familyOf(each) == StandardProtocolFamily.INET) {
                    return new InetSocketAddress(each, parsed.port());
                }
            }
            return new InetSocketAddress(all.getFirst(), parsed.port());
        } catch (IOException e) {
            throw OpError.of("listen", net.name, null, null, e);
        }
    }

    private static ProtocolFamily family(SocketAddress local) {
        return local instanceof InetSocketAddress inet
                ? Network.familyOf(inet.getAddress())
                : StandardProtocolFamily.UNIX;
    }

    private static boolean ipv6() throws IOException {
        Boolean known = ipv6;
        if (known == null) {
            known = tryIpv6(NetPoll.of(sched()));
            ipv6 = known;
        }
        return known;
    }

    private static boolean tryIpv6(NetPoll poll) {
        try (NetFD fd = poll.stream(StandardProtocolFamily.INET6)) {
            fd.bind(new InetSocketAddress(InetAddress.ofLiteral("::1"), 0));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Addresses
    // ------------------------------------------------------------------------------------------------------------

    /**
     * The text of an address, as {@link #dial(String, String)} and {@link #listen} take it: {@code 127.0.0.1:80},
     * {@code [::1]:80}, or the path of a unix socket; {@code @} for a unix socket without one.
     *
     * @param address for example {@link Listener#localAddress()}
     * @return its text; without a lookup
     */
    public static String hostPort(SocketAddress address) {
        return Addresses.format(address);
    }

    /**
     * Puts a host and a port together, with brackets around the host if it has colons. Source: ipsock.go, JoinHostPort.
     *
     * @param host a name or an address
     * @param port from 0 to 65535
     * @return {@code host:port} or {@code [host]:port}
     */
    public static String hostPort(String host, int port) {
        return Addresses.join(host, port);
    }

    /**
     * Looks a name up, in a system call of its own: the goroutine that waits occupies no thread, and leaves the call alone
     * when it is interrupted. At most 500 such calls are made at a time, others wait. Source: lookup.go, LookupHost.
     *
     * @param host a name, or an address
     * @return its addresses, at least one
     * @throws java.net.UnknownHostException if there is none
     * @throws java.io.InterruptedIOException if the thread is interrupted; the flag stays set
     * @throws IOException if the runtime is closed
     */
    public static List<InetAddress> lookup(String host) throws IOException {
        try {
            return List.of(InetAddress.ofLiteral(host));
        } catch (IllegalArgumentException e) {
            return Resolver.lookup(host, Limits.of(Context.background(), null, sched()));
        }
    }

    /** Of the calling goroutine, else of the default runtime. */
    private static Sched sched() {
        GoRuntime.current();
        return Access.get().current();
    }
}
