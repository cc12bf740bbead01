package io.goruntime.internal.poll;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.goruntime.internal.sched.CallBuffer;
import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sched;
import io.goruntime.internal.sched.Timing;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.FileChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A socket of the C library. Counterpart of internal/poll/fd_unix.go: FD, and of net/fd_unix.go: netFD.
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
 *
 * A stream socket is made known to the poller when it has begun to connect or to listen: before, Linux reports it as hung
 * up.
 */
final class SocketFD extends NetFD {
    /** Where an int or a length goes, behind an address. */
    private static final int VALUE = 128;

    /** What the unix family says when the queue of the listener is full: there is no event for that. */
    private static final long RETRY_NANOS = 1_000_000;

    private final NativePoll poll;
    private final int fd;
    private final int family;
    private final boolean stream;
    private final FdMutex mu = new FdMutex();
    private final PollDesc pd;

    /** The poller knows it; by who holds the write lock. */
    private boolean registered;

    /** The last read has emptied the socket; by who holds the read lock. */
    private boolean drained;

    private volatile @Nullable SocketAddress local;
    private volatile @Nullable SocketAddress remote;

    private SocketFD(NativePoll poll, int fd, int family, boolean stream) throws IOException {
        this.poll = poll;
        this.fd = fd;
        this.family = family;
        this.stream = stream;
        this.pd = poll.cache.alloc(this);
    }

    static SocketFD open(NativePoll poll, ProtocolFamily family, boolean stream) throws IOException {
        int domain;
        if (family == StandardProtocolFamily.INET) {
            domain = Libc.AF_INET;
        } else if (family == StandardProtocolFamily.INET6) {
            domain = Libc.AF_INET6;
        } else if (family == StandardProtocolFamily.UNIX && stream) {
            domain = Libc.AF_UNIX;
        } else {
            throw new UnsupportedOperationException(family.name());
        }
        int type = stream ? Libc.SOCK_STREAM : Libc.SOCK_DGRAM;
        CallBuffer cb = CallBuffer.take();
        int fd;
        try {
            fd = Libc.socket(cb.state, domain, Libc.LINUX ? type | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC : type);
            if (fd < 0) {
                throw Failures.errno(cb.errno());
            }
            prepare(cb, fd);
            if (domain == Libc.AF_INET6) {
                setInt(cb, fd, Libc.IPPROTO_IPV6, Libc.IPV6_V6ONLY, 0);
            }
        } finally {
            cb.give();
        }
        SocketFD socket = owner(poll, fd, domain, stream);
        return stream ? socket : socket.orClosed();
    }

    /** What flags of socket and accept4 do on Linux. */
    private static void prepare(CallBuffer cb, int fd) {
        if (!Libc.LINUX) {
            Libc.fcntl(cb.state, fd, Libc.F_SETFD, Libc.FD_CLOEXEC);
            Libc.fcntl(cb.state, fd, Libc.F_SETFL, Libc.fcntl(cb.state, fd, Libc.F_GETFL, 0) | Libc.O_NONBLOCK);
            if (Libc.MAC) {
                setInt(cb, fd, Libc.SOL_SOCKET, Libc.SO_NOSIGPIPE, 1);
            }
        }
    }

    private static SocketFD owner(NativePoll poll, int fd, int family, boolean stream) throws IOException {
        try {
            return new SocketFD(poll, fd, family, stream);
        } catch (Throwable e) {
            Libc.close(fd);
            throw e;
        }
    }

    private void register() throws IOException {
        if (!registered) {
            poll.register(fd, pd);
            registered = true;
        }
    }

    /** A socket that nobody else knows yet. */
    private SocketFD orClosed() throws IOException {
        try {
            register();
            return this;
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    // -- entering and leaving --

    private void enterRead() throws IOException {
        Sched.checkPreempt(); // one that never has to wait must not keep its P for ever
        Park.headroom();
        boolean before = mu.isClosed();
        try {
            if (!mu.lockRead()) {
                throw Failures.closed(before);
            }
        } catch (InterruptedException e) {
            throw Failures.interrupted();
        }
    }

    private void leaveRead() {
        if (mu.unlockRead()) {
            destroy();
        }
    }

    private void enterWrite() throws IOException {
        Sched.checkPreempt(); // one that never has to wait must not keep its P for ever
        Park.headroom();
        boolean before = mu.isClosed();
        try {
            if (!mu.lockWrite()) {
                throw Failures.closed(before);
            }
        } catch (InterruptedException e) {
            throw Failures.interrupted();
        }
    }

    private void leaveWrite() {
        if (mu.unlockWrite()) {
            destroy();
        }
    }

    private void enter() throws IOException {
        Park.headroom();
        if (!mu.incref()) {
            throw Failures.closed(true);
        }
    }

    private void leave() {
        if (mu.decref()) {
            destroy();
        }
    }

    @Override
    public void close() {
        Park.headroom();
        if (mu.increfAndClose()) {
            pd.evict();
            leave();
        }
    }

    private void destroy() {
        poll.cache.free(pd); // its tag changes before the number of the descriptor can be used again
        Libc.close(fd);
    }

    @Override
    public boolean isClosed() {
        return mu.isClosed();
    }

    // -- reading --

    /** With the read lock: OK to try, or throws. */
    private void beforeRead() throws IOException {
        Failures.check(drained && !pd.ended ? pd.read.await() : pd.read.prepare());
    }

    /** A read has failed: waits if that helps. */
    private void readFailed(int errno) throws IOException {
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

    private void beforeWrite() throws IOException {
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
        enterWrite();
        CallBuffer cb = CallBuffer.takePooled(); // reading the file may wait
        long done = 0;
        try {
            ByteBuffer chunk = cb.bytes.asByteBuffer();
            while (done < count) {
                chunk.clear().limit((int) Math.min(count - done, chunk.capacity()));
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
        } catch (InterruptedIOException e) {
            e.bytesTransferred = transferred(done);
            throw e;
        } finally {
            cb.give();
            leaveWrite();
        }
    }

    // -- connecting --

    @Override
    public void connect(SocketAddress address) throws IOException {
        enterWrite();
        try {
            beforeWrite();
            int errno = startConnect(address);
            while (errno == Libc.EAGAIN && family == Libc.AF_UNIX) {
                sleepShortly();
                beforeWrite();
                errno = startConnect(address);
            }
            boolean pending = errno == Libc.EINPROGRESS || errno == Libc.EALREADY || errno == Libc.EINTR;
            if (errno != 0 && errno != Libc.EISCONN && !pending) {
                throw connectFailure(errno);
            }
            register();
            if (pending) {
                awaitConnected();
            }
            remote = address;
            local = null; // the system has chosen one
        } finally {
            leaveWrite();
        }
    }

    private int startConnect(SocketAddress address) throws IOException {
        CallBuffer cb = CallBuffer.take();
        try {
            int size = Sockaddr.write(cb.small, family, address);
            return Libc.connect(cb.state, fd, cb.smallAddr, size) == 0 ? 0 : cb.errno();
        } finally {
            cb.give();
        }
    }

    private static void sleepShortly() throws IOException {
        try {
            Timing.sleep(RETRY_NANOS);
        } catch (InterruptedException e) {
            throw Failures.interrupted();
        }
    }

    private void awaitConnected() throws IOException {
        for (;;) {
            Failures.check(pd.write.await());
            CallBuffer cb = CallBuffer.take();
            int errno;
            try {
                errno = getInt(cb, Libc.SOL_SOCKET, Libc.SO_ERROR);
                if (errno == 0) {
                    // An event of an earlier user of the PollDesc, or one too early, says nothing.
                    cb.small.set(JAVA_INT, VALUE, Sockaddr.MAX);
                    if (Libc.getpeername(cb.state, fd, cb.smallAddr, cb.smallAddr + VALUE) == 0) {
                        return;
                    }
                    errno = cb.errno() == Libc.ENOTCONN ? Libc.EINPROGRESS : cb.errno();
                }
            } finally {
                cb.give();
            }
            if (errno == Libc.EISCONN) {
                return;
            }
            if (errno != Libc.EINPROGRESS && errno != Libc.EALREADY && errno != Libc.EINTR) {
                throw connectFailure(errno);
            }
        }
    }

    private static IOException connectFailure(int errno) {
        IOException failure = Failures.errno(errno);
        return failure.getClass() == SocketException.class ? new ConnectException(failure.getMessage()) : failure;
    }

    @Override
    public void shutdownWrite() throws IOException {
        shutdown(Libc.SHUT_WR);
    }

    @Override
    public void shutdownRead() throws IOException {
        shutdown(Libc.SHUT_RD);
        enter();
        try {
            pd.readEnded();
        } finally {
            leave();
        }
    }

    private void shutdown(int how) throws IOException {
        enter();
        try {
            CallBuffer cb = CallBuffer.take();
            try {
                if (Libc.shutdown(cb.state, fd, how) < 0) {
                    throw Failures.errno(cb.errno());
                }
            } finally {
                cb.give();
            }
        } finally {
            leave();
        }
    }

    // -- listening --

    @Override
    public void listen(int backlog) throws IOException {
        enterWrite();
        try {
            CallBuffer cb = CallBuffer.take();
            try {
                if (Libc.listen(cb.state, fd, backlog) < 0) {
                    throw Failures.errno(cb.errno());
                }
            } finally {
                cb.give();
            }
            register();
        } finally {
            leaveWrite();
        }
    }

    @Override
    public NetFD accept() throws IOException {
        enterRead();
        try {
            Failures.check(pd.read.prepare());
            for (;;) {
                int errno = 0;
                int child;
                byte[] from = null;
                CallBuffer cb = CallBuffer.take();
                try {
                    cb.small.set(JAVA_INT, VALUE, Sockaddr.MAX);
                    child = Libc.accept(cb.state, fd, cb.smallAddr, cb.smallAddr + VALUE);
                    if (child < 0) {
                        errno = cb.errno();
                    } else {
                        from = Sockaddr.copy(cb.small, cb.small.get(JAVA_INT, VALUE));
                        prepare(cb, child);
                    }
                } finally {
                    cb.give();
                }
                if (from != null) {
                    return accepted(child, from);
                }
                // A connection that was reset before it was accepted is nobody's problem.
                if (errno != Libc.ECONNABORTED && errno != Libc.EPROTO) {
                    readFailed(errno);
                }
            }
        } finally {
            leaveRead();
        }
    }

    private NetFD accepted(int child, byte[] from) throws IOException {
        SocketFD socket = owner(poll, child, family, true);
        socket.remote = Sockaddr.read(from);
        SocketAddress mine = localAddress();
        if (mine instanceof InetSocketAddress inet && inet.getAddress().isAnyLocalAddress()) {
            socket.localAddress();
        } else {
            socket.local = mine; // the same object: a server has many connections
        }
        return socket.orClosed();
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

    // -- all --

    @Override
    public void bind(@Nullable SocketAddress address) throws IOException {
        enterWrite();
        try {
            CallBuffer cb = CallBuffer.take();
            try {
                int size = address == null
                        ? Sockaddr.writeAny(cb.small, family)
                        : Sockaddr.write(cb.small, family, address);
                if (Libc.bind(cb.state, fd, cb.smallAddr, size) < 0) {
                    int errno = cb.errno();
                    IOException failure = Failures.errno(errno);
                    throw errno == Libc.EACCES ? new BindException(failure.getMessage()) : failure;
                }
            } finally {
                cb.give();
            }
            local = null;
        } finally {
            leaveWrite();
        }
    }

    @Override
    public void setReadDeadline(long when) throws IOException {
        enter();
        try {
            pd.read.deadline(when);
        } finally {
            leave();
        }
    }

    @Override
    public void setWriteDeadline(long when) throws IOException {
        enter();
        try {
            pd.write.deadline(when);
        } finally {
            leave();
        }
    }

    @Override
    public long now() {
        return poll.now();
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        SocketAddress known = local;
        if (known != null || !mu.incref()) {
            return known;
        }
        try {
            byte[] bytes;
            CallBuffer cb = CallBuffer.take();
            try {
                cb.small.set(JAVA_INT, VALUE, Sockaddr.MAX);
                if (Libc.getsockname(cb.state, fd, cb.smallAddr, cb.smallAddr + VALUE) < 0) {
                    return null;
                }
                bytes = Sockaddr.copy(cb.small, cb.small.get(JAVA_INT, VALUE));
            } finally {
                cb.give();
            }
            SocketAddress found = Sockaddr.read(bytes);
            boolean unbound = found instanceof InetSocketAddress inet
                    ? inet.getPort() == 0
                    : found.toString().isEmpty() && remote == null;
            if (unbound) {
                return null;
            }
            local = found;
            return found;
        } finally {
            leave();
        }
    }

    @Override
    public @Nullable SocketAddress remoteAddress() {
        return remote;
    }

    @Override
    public <T> void setOption(SocketOption<T> option, T value) throws IOException {
        SocketOptions.Entry entry = SocketOptions.of(option, family);
        enter();
        try {
            CallBuffer cb = CallBuffer.take();
            try {
                int size = entry.write(cb.small.asSlice(VALUE), value);
                if (Libc.setsockopt(cb.state, fd, entry.level, entry.name, cb.smallAddr + VALUE, size) < 0) {
                    throw Failures.errno(cb.errno());
                }
            } finally {
                cb.give();
            }
        } finally {
            leave();
        }
    }

    @Override
    public <T> T option(SocketOption<T> option) throws IOException {
        SocketOptions.Entry entry = SocketOptions.of(option, family);
        enter();
        try {
            CallBuffer cb = CallBuffer.take();
            try {
                cb.small.set(JAVA_INT, VALUE - 8, 8);
                if (Libc.getsockopt(cb.state, fd, entry.level, entry.name, cb.smallAddr + VALUE,
                        cb.smallAddr + VALUE - 8) < 0) {
                    throw Failures.errno(cb.errno());
                }
                return option.type().cast(entry.read(cb.small.asSlice(VALUE)));
            } finally {
                cb.give();
            }
        } finally {
            leave();
        }
    }

    private static void setInt(CallBuffer cb, int fd, int level, int name, int value) {
        cb.small.set(JAVA_INT, VALUE, value);
        Libc.setsockopt(cb.state, fd, level, name, cb.smallAddr + VALUE, Integer.BYTES);
    }

    private int getInt(CallBuffer cb, int level, int name) throws IOException {
        cb.small.set(JAVA_INT, VALUE, 0);
        cb.small.set(JAVA_INT, VALUE - 8, Integer.BYTES);
        if (Libc.getsockopt(cb.state, fd, level, name, cb.smallAddr + VALUE, cb.smallAddr + VALUE - 8) < 0) {
            throw Failures.errno(cb.errno());
        }
        return cb.small.get(JAVA_INT, VALUE);
    }

    @Override
    public String toString() {
        return "fd " + fd + " " + localAddress() + " - " + remote;
    }
}
