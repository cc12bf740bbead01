package io.goruntime.net;

import io.goruntime.internal.poll.NetFD;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;

/** A datagram socket without a peer. Counterpart of udpsock.go: UDPConn. */
final class SocketPacketConn extends Endpoint implements PacketConn {
    SocketPacketConn(NetFD fd, Network network) {
        super(fd, network);
    }

    @Override
    public SocketAddress receive(ByteBuffer dst) throws IOException {
        try {
            return fd.receive(dst);
        } catch (IOException e) {
            throw error("read", e);
        }
    }

    @Override
    public void send(ByteBuffer src, SocketAddress to) throws IOException {
        Objects.requireNonNull(to, "to");
        try {
            fd.send(src, to);
        } catch (IOException e) {
            throw OpError.of("write", network.name, localAddress(), to, e);
        }
    }
}
