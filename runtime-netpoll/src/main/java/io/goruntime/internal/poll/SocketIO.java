package io.goruntime.internal.poll;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.goruntime.internal.sched.CallBuffer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What goes in and out of a socket of the C library. Counterpart of internal/poll/fd_unix.go: FD.
 */
/*
 * Every operation enters by FdMutex, tries its call, and waits in its Side of the PollDesc when the call would block.
 *
 * Bytes on the Java heap go through the CallBuffer: a call that can be stopped by a safepoint cannot be given a heap
 * array. Direct buffers are given to the call itself, as segments, so that nobody frees them meanwhile. Several buffers
 * go through the CallBuffer too, by one call for up to 64 KB; a copy costs less than to hold each of them.
 *
 * After a stream read that got less than it asked for the socket is empty, and the next read waits for an event before
 * it tries: that saves a call that would fail. What could make a read short otherwise is told by an event that sets
 * PollDesc.ended: the end of the stream, an error, urgent data. Sockets of the unix family also end a read at the
 * boundary of a message that carries rights, so there the next read always tries.
 */
abstract class SocketIO extends NetFD {
    /** Where an int or a length goes in the small part of a CallBuffer, behind an address. */
    static final int VALUE = 128;

    final int fd;
    final int family;

    /** The last read has emptied the socket; by who holds the read lock. */
    private boolean drained;

    SocketIO(NetPoll poll, int fd, int family) throws IOException {
        super(poll);
        this.fd = fd;
        this.family = family;
    }

    // -- reading --

    /** With the read lock: OK to try, or throws. */
    private void beforeRead() throws IOException {
        Failures.check(drained && !pd.ended ? pd.read.await() : pd.read.prepare());
    }

    /** A read has failed: waits if that helps. */
    final void readFailed(int errno) throws IOException {
        if (errno == Libc.EAGAIN) {
            Failures.check(pd.read.await());
        } else if (errno != Libc.EINTR) {
            throw Failures.errno(errno);
        }
    }

    /** What a stream read returns. */
    private long received(long n, long asked) {
        drained = n > 0 && n < asked && family != Libc.AF_UNIX;
        return n == 0 ? -1 : n;
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, b.length);
        enterRead();
        try {
            if (len == 0) {
                return 0;
            }
            beforeRead();
            int size = Math.min(len, CallBuffer.SIZE);
            for (;;) {
                int errno = 0;
                CallBuffer cb = CallBuffer.take();
                try {
                    long n = Libc.recv(cb.state, fd, cb.bytesAddr, size);
                    if (n >= 0) {
                        MemorySegment.copy(cb.bytes, JAVA_BYTE, 0, b, off, (int) n);
                        return (int) received(n, size);
                    }
                    errno = cb.errno();
                } finally {
                    cb.give();
                }
                readFailed(errno);
            }
        } finally {
            leaveRead();
        }
    }

    @Override
    public int read(ByteBuffer dst) throws IOException {
        if (dst.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
        if (dst.hasArray()) {
            int n = read(dst.array(), dst.arrayOffset() + dst.position(), dst.remaining());
            if (n > 0) {
                dst.position(dst.position() + n);
            }
            return n;
        }
        enterRead();
        try {
            if (!dst.hasRemaining()) {
                return 0;
            }
            beforeRead();
            MemorySegment into = MemorySegment.ofBuffer(dst);
            for (;;) {
                int errno = 0;
                CallBuffer cb = CallBuffer.take();
                try {
                    long n = Libc.recv(cb.state, fd, into);
                    if (n >= 0) {
                        dst.position(dst.position() + (int) n);
                        return (int) received(n, into.byteSize());
                    }
                    errno = cb.errno();
                } finally {
                    cb.give();
                }
                readFailed(errno);
            }
        } finally {
            leaveRead();
        }
    }

    @Override
    public long read(ByteBuffer[] dsts, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, dsts.length);
        long room = 0;
        for (int i = off; i < off + len; i++) {
            if (dsts[i].isReadOnly()) {
                throw new ReadOnlyBufferException();
            }
            room += dsts[i].remaining();
        }
        enterRead();
        try {
            if (room == 0) {
                return 0;
            }
            beforeRead();
            long size = Math.min(room, CallBuffer.SIZE);
            for (;;) {
                int errno = 0;
                CallBuffer cb = CallBuffer.take();
                try {
                    long n = Libc.recv(cb.state, fd, cb.bytesAddr, size);
                    if (n >= 0) {
                        scatter(cb.bytes.asSlice(0, n), dsts, off);
                        return received(n, size);
                    }
                    errno = cb.errno();
                } finally {
                    cb.give();
                }
                readFailed(errno);
            }
        } finally {
            leaveRead();
        }
    }

    private static void scatter(MemorySegment bytes, ByteBuffer[] dsts, int off) {
        ByteBuffer from = bytes.asByteBuffer();
        for (int i = off; from.hasRemaining(); i++) {
            ByteBuffer dst = dsts[i];
            int n = Math.min(dst.remaining(), from.remaining());
            dst.put(from.slice(from.position(), n));
            from.position(from.position() + n);
        }
    }

    // -- writing --

    final void beforeWrite() throws IOException {
        Failures.check(pd.write.prepare());
    }

    private void writeFailed(int errno) throws IOException {
        if (errno == Libc.EAGAIN) {
            Failures.check(pd.write.await());
        } else if (errno != Libc.EINTR) {
            throw Failures.errno(errno);
        }
    }

    private static int transferred(long n) {
        return (int) Math.min(n, Integer.MAX_VALUE);
    }

    @Override
    public void write(byte[] b, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, b.length);
        enterWrite();
        int done = 0;
        try {
            beforeWrite();
            while (done < len) {
                int errno = 0;
                CallBuffer cb = CallBuffer.take();
                try {
                    int size = Math.min(len - done, CallBuffer.SIZE);
                    MemorySegment.copy(b, off + done, cb.bytes, JAVA_BYTE, 0, size);
                    long n = Libc.send(cb.state, fd, cb.bytesAddr, size);
                    if (n >= 0) {
                        done += (int) n;
                        continue;
                    }
                    errno = cb.errno();
                } finally {
                    cb.give();
                }
                writeFailed(errno);
            }
        } catch (InterruptedIOException e) {
            e.bytesTransferred = done;
            throw e;
        } finally {
            leaveWrite();
        }
    }

    @Override
    public void write(ByteBuffer src) throws IOException {
        if (src.isDirect()) {
            writeDirect(src);
        } else {
            write(new ByteBuffer[]{src}, 0, 1);
        }
    }

    private void writeDirect(ByteBuffer src) throws IOException {
        enterWrite();
        int start = src.position();
        try {
            sendDirect(src);
        } catch (InterruptedIOException e) {
            e.bytesTransferred = src.position() - start;
            throw e;
        } finally {
            leaveWrite();
        }
    }

    /** With the write lock. */
    private void sendDirect(ByteBuffer src) throws IOException {
        beforeWrite();
        while (src.hasRemaining()) {
            MemorySegment from = MemorySegment.ofBuffer(src);
            int errno = 0;
            CallBuffer cb = CallBuffer.take();
            try {
                long n = Libc.send(cb.state, fd, from);
                if (n >= 0) {
                    src.position(src.position() + (int) n);
                    continue;
                }
                errno = cb.errno();
            } finally {
                cb.give();
            }
            writeFailed(errno);
        }
    }

    @Override
    public void write(ByteBuffer[] srcs, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, srcs.length);
        enterWrite();
        long done = 0;
        try {
            beforeWrite();
            int first = off;
            for (;;) {
                while (first < off + len && !srcs[first].hasRemaining()) {
                    first++;
                }
                if (first == off + len) {
                    return;
                }
                int errno = 0;
                CallBuffer cb = CallBuffer.take();
                try {
                    int size = gather(cb.bytes, srcs, first, off + len);
                    long n = Libc.send(cb.state, fd, cb.bytesAddr, size);
                    if (n >= 0) {
                        advance(srcs, first, n);
                        done += n;
                        continue;
                    }
                    errno = cb.errno();
                } finally {
                    cb.give();
                }
                writeFailed(errno);
            }
        } catch (InterruptedIOException e) {
            e.bytesTransferred = transferred(done);
            throw e;
        } finally {
            leaveWrite();
        }
    }

    /** Copies what fits, without moving positions; returns how much. */
    private static int gather(MemorySegment into, ByteBuffer[] srcs, int first, int end) {
        int size = 0;
        for (int i = first; i < end && size < CallBuffer.SIZE; i++) {
            int n = Math.min(srcs[i].remaining(), CallBuffer.SIZE - size);
            if (n > 0) {
                MemorySegment.copy(MemorySegment.ofBuffer(srcs[i]), 0, into, size, n);
                size += n;
            }
        }
        return size;
    }

    private static void advance(ByteBuffer[] srcs, int first, long bytes) {
        long left = bytes;
        for (int i = first; left > 0; i++) {
            int n = (int) Math.min(left, srcs[i].remaining());
            srcs[i].position(srcs[i].position() + n);
            left -= n;
        }
    }

    @Override
    public long sendFile(FileChannel file, long position, long count) throws IOException {
        CallBuffer cb = CallBuffer.takePooled(); // reading the file may wait
        try {
            return sendFile(cb, file, position, count);
        } finally {
            cb.give();
        }
    }

    private long sendFile(CallBuffer cb, FileChannel file, long position, long count) throws IOException {
        enterWrite();
        long done = 0;
        try {
            ByteBuffer chunk = cb.bytes.asByteBuffer();
            while (done < count) {
                chunk.clear().limit((int) Math.min(count - done, chunk.capacity()));
                Failures.checkInterrupt(); // else the call closes the file
                int n = file.read(chunk, position + done);
                if (n < 0) {
                    break;
                }
                chunk.flip();
                try {
                    sendDirect(chunk);
                } finally {
                    done += chunk.position();
                }
            }
            return done;
        } catch (InterruptedIOException | ClosedByInterruptException e) {
            throw Failures.cut(e, done);
        } finally {
            leaveWrite();
        }
    }

    // -- datagrams --

    @Override
    public SocketAddress receive(ByteBuffer dst) throws IOException {
        if (dst.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
        enterRead();
        try {
            Failures.check(pd.read.prepare());
            for (;;) {
                int errno = 0;
                byte[] from = null;
                CallBuffer cb = CallBuffer.take();
                try {
                    int room = Math.min(dst.remaining(), CallBuffer.SIZE);
                    cb.small.set(JAVA_INT, VALUE, Sockaddr.MAX);
                    long n = Libc.recvfrom(cb.state, fd, cb.bytesAddr, room, cb.smallAddr, cb.smallAddr + VALUE);
                    if (n >= 0) {
                        dst.put(cb.bytes.asSlice(0, n).asByteBuffer());
                        from = Sockaddr.copy(cb.small, cb.small.get(JAVA_INT, VALUE));
                    } else {
                        errno = cb.errno();
                    }
                } finally {
                    cb.give();
                }
                if (from != null) {
                    return Sockaddr.read(from);
                }
                readFailed(errno);
            }
        } finally {
            leaveRead();
        }
    }

    @Override
    public int send(ByteBuffer src, @Nullable SocketAddress to) throws IOException {
        enterWrite();
        try {
            beforeWrite();
            int size = src.remaining();
            if (size > CallBuffer.SIZE) {
                throw new SocketException("message too long");
            }
            for (;;) {
                int errno = 0;
                CallBuffer cb = CallBuffer.take();
                try {
                    MemorySegment.copy(MemorySegment.ofBuffer(src), 0, cb.bytes, 0, size);
                    long n = to == null
                            ? Libc.send(cb.state, fd, cb.bytesAddr, size)
                            : Libc.sendto(cb.state, fd, cb.bytesAddr, size, cb.smallAddr,
                                    Sockaddr.write(cb.small, family, to));
                    if (n >= 0) {
                        src.position(src.position() + size);
                        return size;
                    }
                    errno = cb.errno();
                } finally {
                    cb.give();
                }
                writeFailed(errno);
            }
        } finally {
            leaveWrite();
        }
    }
}
