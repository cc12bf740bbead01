package io.goruntime.net;

import io.goruntime.internal.poll.NetFD;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Objects;

/** A connection over a stream socket. Counterpart of net.go: conn. */
final class StreamConn extends Endpoint implements Conn {
    StreamConn(NetFD fd, Network network) {
        super(fd, network);
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, b.length);
        try {
            return fd.read(b, off, len);
        } catch (IOException e) {
            throw error("read", e);
        }
    }

    @Override
    public int read(ByteBuffer dst) throws IOException {
        try {
            return fd.read(dst);
        } catch (IOException e) {
            throw error("read", e);
        }
    }

    @Override
    public long read(ByteBuffer[] dsts, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, dsts.length);
        try {
            return fd.read(dsts, off, len);
        } catch (IOException e) {
            throw error("read", e);
        }
    }

    @Override
    public void write(byte[] b, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, b.length);
        try {
            fd.write(b, off, len);
        } catch (IOException e) {
            throw error("write", e);
        }
    }

    @Override
    public int write(ByteBuffer src) throws IOException {
        int n = src.remaining();
        try {
            fd.write(src);
        } catch (IOException e) {
            throw error("write", e);
        }
        return n;
    }

    @Override
    public long write(ByteBuffer[] srcs, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, srcs.length);
        long n = 0;
        for (int i = off; i < off + len; i++) {
            n += srcs[i].remaining();
        }
        try {
            fd.write(srcs, off, len);
        } catch (IOException e) {
            throw error("write", e);
        }
        return n;
    }

    @Override
    public long sendFile(FileChannel file, long position, long count) throws IOException {
        try {
            return fd.sendFile(file, position, count);
        } catch (IOException e) {
            throw error("sendfile", e);
        }
    }

    @Override
    public void closeWrite() throws IOException {
        try {
            fd.shutdownWrite();
        } catch (IOException e) {
            throw error("close", e);
        }
    }
}
