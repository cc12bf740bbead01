package io.goruntime.net;

import io.goruntime.internal.poll.NetFD;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A datagram socket with one peer: a read is a datagram, and so is a write. Counterpart of udpsock.go: UDPConn. */
final class DatagramConn extends Endpoint implements Conn {
    DatagramConn(NetFD fd, Network network) {
        super(fd, network);
    }

    @Override
    public int read(ByteBuffer dst) throws IOException {
        int before = dst.position();
        try {
            fd.receive(dst);
        } catch (IOException e) {
            throw error("read", e);
        }
        return dst.position() - before;
    }

    @Override
    public int write(ByteBuffer src) throws IOException {
        int n = src.remaining();
        try {
            fd.send(src, null);
        } catch (IOException e) {
            throw error("write", e);
        }
        return n;
    }

    @Override
    public void closeWrite() throws IOException {
        throw error("close", new IOException("datagrams have no end"));
    }
}
