package io.goruntime.net;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.context.Context;
import io.goruntime.internal.poll.NetFD;
import io.goruntime.internal.poll.NetPoll;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Makes connections. Counterpart of dial.go: DialContext, dialParallel, dialSingle.
 */
/*
 * A host may have several addresses, and some of them may lead nowhere: to find that out by waiting takes minutes. So,
 * as in RFC 8305 (Happy Eyeballs), the next one is tried when the one before has not answered for 250 ms, or at once when
 * it has failed. The first connection that stands wins; the others are closed, those that stand and those under way.
 * The two families take turns (Addresses.interleaved), since usually it is a family that leads nowhere.
 *
 * Go tries only the first address of the second family beside the first one, after 300 ms, and all else one after the
 * other, each with a share of the time.
 */
final class Dial {
    private static final Duration STAGGER = Duration.ofMillis(250);

    private final NetPoll poll;
    private final Network network;
    private final Limits limits;

    /** One address's result: the socket is connected if there is no failure. */
    private record Attempt(NetFD fd, @Nullable IOException failure) {
    }

    Dial(NetPoll poll, Network network, Limits limits) {
        this.poll = poll;
        this.network = network;
        this.limits = limits;
    }

    Conn dial(String address) throws IOException {
        List<SocketAddress> targets;
        try {
            limits.check();
            targets = targets(address);
        } catch (IOException e) {
            throw OpError.of("dial", network.name, null, null, e);
        }
        NetFD fd = connect(targets);
        return network.stream ? new StreamConn(fd, network) : new DatagramConn(fd, network);
    }

    private List<SocketAddress> targets(String address) throws IOException {
        if (network == Network.UNIX) {
            return List.of(unix(address));
        }
        Addresses parsed = Addresses.parse(network, address);
        List<SocketAddress> targets = new ArrayList<>();
        for (InetAddress host : Addresses.interleaved(hosts(parsed))) {
            targets.add(new InetSocketAddress(host, parsed.port()));
        }
        // A datagram socket is connected without asking the other side: the first address wins.
        return network.stream ? targets : targets.subList(0, 1);
    }

    /** Nothing, and the address that stands for any, mean this host. */
    private List<InetAddress> hosts(Addresses parsed) throws IOException {
        if (parsed.host().isEmpty()) {
            return List.of(loopback(network.family == StandardProtocolFamily.INET6));
        }
        return parsed.resolve(network, limits).stream()
                .map(a -> a.isAnyLocalAddress() ? loopback(Network.familyOf(a) == StandardProtocolFamily.INET6) : a)
                .toList();
    }

    private static InetAddress loopback(boolean six) {
        return InetAddress.ofLiteral(six ? "::1" : "127.0.0.1");
    }

    static UnixDomainSocketAddress unix(String path) throws AddressException {
        if (path.isEmpty()) {
            throw new AddressException("missing address");
        }
        try {
            return UnixDomainSocketAddress.of(path);
        } catch (IllegalArgumentException e) { // among them InvalidPathException
            throw Addresses.wrong(path, e.getMessage());
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Connecting
    // ------------------------------------------------------------------------------------------------------------

    /** A connected socket of one of the addresses. */
    NetFD connect(List<SocketAddress> targets) throws IOException {
        NetFD fd = targets.size() == 1 ? connectOne(targets.getFirst()) : race(targets);
        try {
            if (limits.timed()) {
                fd.setWriteDeadline(NetFD.NO_DEADLINE);
            }
            if (network.stream && network != Network.UNIX) {
                setTcpOptions(fd);
            }
            fd.localAddress(); // asked for now, it is known for ever
            return fd;
        } catch (IOException e) {
            fd.close();
            throw OpError.of("dial", network.name, null, fd.remoteAddress(), e);
        }
    }

    /** As Go does: small writes go out at once, and a peer that has vanished is noticed in the end. */
    static void setTcpOptions(NetFD fd) throws IOException {
        fd.setOption(StandardSocketOptions.TCP_NODELAY, true);
        fd.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    }

    private NetFD connectOne(SocketAddress target) throws IOException {
        NetFD fd = open(target);
        Context.Stop stop = limits.ctx().afterFunc(fd::close);
        boolean connected = false;
        try {
            fd.connect(target);
            connected = true;
        } catch (IOException e) {
            throw failed(target, limits.ctx().err() == null || !fd.isClosed() ? e : limits.ended());
        } finally {
            // if it cannot be stopped, it closes the socket
            connected &= stop.stop();
            if (!connected) {
                fd.close();
            }
        }
        if (!connected) {
            throw failed(target, limits.ended());
        }
        return fd;
    }

    private NetFD race(List<SocketAddress> targets) throws IOException {
        Chan<Attempt> attempts = Chan.make(targets.size());
        List<NetFD> open = new ArrayList<>();
        NetFD winner = null;
        IOException failure = null;
        try {
            int started = 0;
            for (int failures = 0; failures < targets.size();) {
                if (started < targets.size()) {
                    SocketAddress target = targets.get(started++);
                    try {
                        NetFD fd = open(target);
                        open.add(fd);
                        GoRuntime.current().spawn("dial " + Addresses.format(target),
                                () -> attempt(fd, target, attempts));
                    } catch (IOException e) {
                        failure = and(failure, e);
                        failures++;
                        continue;
                    }
                }
                Attempt attempt = receive(attempts, started < targets.size() ? STAGGER : null, targets.getFirst());
                if (attempt == null) {
                    continue;
                }
                if (attempt.failure == null) {
                    winner = attempt.fd;
                    return winner;
                }
                failure = and(failure, attempt.failure);
                failures++;
            }
        } catch (RejectedExecutionException e) {
            throw failed(targets.getFirst(), new IOException(e.getMessage(), e));
        } finally {
            for (NetFD each : open) {
                if (each != winner) {
                    each.close();
                }
            }
        }
        throw Objects.requireNonNull(failure);
    }

    private @Nullable Attempt receive(Chan<Attempt> attempts, @Nullable Duration patience, SocketAddress first)
            throws IOException {
        try {
            return limits.receive(attempts, patience);
        } catch (IOException e) {
            throw failed(first, e);
        }
    }

    private void attempt(NetFD fd, SocketAddress target, Chan<Attempt> attempts) {
        IOException failure = new IOException("cut off"); // by an Error
        try {
            fd.connect(target);
            failure = null;
        } catch (IOException e) {
            fd.close();
            failure = failed(target, e);
        } finally {
            attempts.trySend(new Attempt(fd, failure));
        }
    }

    private static IOException and(@Nullable IOException first, IOException next) {
        if (first == null) {
            return next;
        }
        first.addSuppressed(next);
        return first;
    }

    private NetFD open(SocketAddress target) throws IOException {
        ProtocolFamily family = target instanceof InetSocketAddress inet
                ? Network.familyOf(inet.getAddress())
                : StandardProtocolFamily.UNIX;
        NetFD fd;
        try {
            fd = network.stream ? poll.stream(family) : poll.datagram(family);
        } catch (IOException e) {
            throw failed(target, e);
        }
        try {
            if (limits.timed()) {
                fd.setWriteDeadline(limits.deadline());
            }
            return fd;
        } catch (IOException e) {
            fd.close();
            throw failed(target, e);
        }
    }

    private IOException failed(SocketAddress target, IOException e) {
        return OpError.of("dial", network.name, null, target, e);
    }
}
