package io.goruntime.net;

import io.goruntime.internal.poll.NetFD;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What connections, listeners and packet sockets have in common: a socket, and its name in errors. */
abstract class Endpoint {
    private static final SocketAddress UNNAMED = UnixDomainSocketAddress.of("");

    final NetFD fd;
    final Network network;

    Endpoint(NetFD fd, Network network) {
        this.fd = fd;
        this.network = network;
    }

    /** What an operation throws. */
    IOException error(String op, IOException e) {
        return OpError.of(op, network.name, localAddress(), fd.remoteAddress(), e);
    }

    public void setReadDeadline(@Nullable Duration d) throws IOException {
        try {
            fd.setReadDeadline(when(d));
        } catch (IOException e) {
            throw error("set", e);
        }
    }

    public void setWriteDeadline(@Nullable Duration d) throws IOException {
        try {
            fd.setWriteDeadline(when(d));
        } catch (IOException e) {
            throw error("set", e);
        }
    }

    long when(@Nullable Duration d) {
        if (d == null) {
            return NetFD.NO_DEADLINE;
        }
        long when = fd.now() + Limits.nanos(d);
        return when == NetFD.NO_DEADLINE ? when + 1 : when;
    }

    public SocketAddress localAddress() {
        SocketAddress local = fd.localAddress();
        return local == null ? UNNAMED : local; // only unix sockets have none
    }

    public SocketAddress remoteAddress() {
        SocketAddress remote = fd.remoteAddress();
        return remote == null ? UNNAMED : remote;
    }

    public <T> void setOption(SocketOption<T> option, T value) throws IOException {
        try {
            fd.setOption(option, value);
        } catch (IOException e) {
            throw error("set", e);
        }
    }

    public <T> T option(SocketOption<T> option) throws IOException {
        try {
            return fd.option(option);
        } catch (IOException e) {
            throw error("get", e);
        }
    }

    public boolean isOpen() {
        return !fd.isClosed();
    }

    public void close() {
        fd.close();
    }

    @Override
    public String toString() {
        SocketAddress remote = fd.remoteAddress();
        return network.name + " " + Addresses.format(localAddress())
                + (remote == null ? "" : "->" + Addresses.format(remote));
    }
}
