package io.goruntime.internal.poll;

import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sched;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * A socket whose operations look blocking: they try the call, and wait in the poller when it would block. Counterpart of
 * internal/poll: FD, and of net: netFD.
 *
 * <p>All methods may be called by any thread at any time. Reads exclude each other, and so do writes; a read, a write and
 * all else go on at the same time. The descriptor is closed when close has been called and the last operation has left
 * it, so that its number is never used again under a call in flight.
 *
 * <p>Errors, for every method that waits: the deadline has passed, {@link java.net.SocketTimeoutException}; closed by
 * us while waiting, {@link java.nio.channels.AsynchronousCloseException}; closed by us before,
 * {@link java.nio.channels.ClosedChannelException}; interrupted, {@link java.io.InterruptedIOException} with the flag
 * kept, and the socket stays usable. What the system refuses is an IOException of the fitting subclass
 * ({@link java.net.ConnectException}, {@link java.net.BindException}, {@link java.net.NoRouteToHostException}, ...) whose
 * message is the system's text for the error, for instance {@code connection refused}; the caller puts in front of it
 * what was tried.
 */
public abstract class NetFD implements AutoCloseable {
    /** A deadline that never comes. */
    public static final long NO_DEADLINE = Long.MIN_VALUE;

    /**
     * Whether a socket of INET6 takes no IPv4 addresses, false from the beginning; to be set before it is bound. NIO does
     * not have it: UnsupportedOperationException.
     */
    public static final SocketOption<Boolean> IPV6_ONLY = new SocketOption<>() {
        @Override
        public String name() {
            return "IPV6_V6ONLY";
        }

        @Override
        public Class<Boolean> type() {
            return Boolean.class;
        }
    };

    final PollDesc pd;

    /** Null also if it has to be found out. */
    volatile @Nullable SocketAddress local;

    volatile @Nullable SocketAddress remote;

    private final FdMutex mu = new FdMutex();

    /** Followed by {@link #open}, which see. */
    NetFD(NetPoll poll) throws IOException {
        pd = poll.cache.alloc();
    }

    // -- stream sockets --

    /**
     * Reads at least one byte. Bytes received before the other side reset the connection are read first.
     *
     * @return how many; -1 at the end of the stream; 0 only if there is no room
     */
    public abstract int read(byte[] b, int off, int len) throws IOException;

    /** As the other, into the room that a buffer has. */
    public abstract int read(ByteBuffer dst) throws IOException;

    /** As the others, into several buffers by one system call. */
    public abstract long read(ByteBuffer[] dsts, int off, int len) throws IOException;

    /**
     * Writes all. When it throws, a part may have been written: see {@link java.io.InterruptedIOException#bytesTransferred},
     * which is set in those of that class.
     */
    public abstract void write(byte[] b, int off, int len) throws IOException;

    /** Writes all that remains in a buffer; its position tells what has been written when it throws. */
    public abstract void write(ByteBuffer src) throws IOException;

    /** Writes all that remains in several buffers, by one system call where the system takes it. */
    public abstract void write(ByteBuffer[] srcs, int off, int len) throws IOException;

    /**
     * Writes a part of a file, without a copy through this process where the system can do that.
     *
     * @return how many bytes; fewer than asked for at the end of the file
     */
    public abstract long sendFile(FileChannel file, long position, long count) throws IOException;

    /** Waits until the connection stands. The write deadline counts. */
    public abstract void connect(SocketAddress remote) throws IOException;

    /** The other side's reads end. */
    public abstract void shutdownWrite() throws IOException;

    /** Own reads end, and return -1. */
    public abstract void shutdownRead() throws IOException;

    // -- sockets that listen --

    /** Begins to listen, on a bound socket. */
    public abstract void listen(int backlog) throws IOException;

    /**
     * Waits for a connection. The read deadline counts.
     *
     * @throws OutOfDescriptorsException if the process or the system has no descriptor for it: the caller backs off
     */
    public abstract NetFD accept() throws IOException;

    /** The process, or the system, has no descriptors left. */
    public static final class OutOfDescriptorsException extends IOException {
        private static final long serialVersionUID = 1;

        /** With the system's text. */
        public OutOfDescriptorsException(String message) {
            super(message);
        }
    }

    // -- datagram sockets --

    /** Waits for a datagram. What does not fit is cut off. */
    public abstract SocketAddress receive(ByteBuffer dst) throws IOException;

    /** Sends a datagram; to the connected address if there is none given. */
    public abstract int send(ByteBuffer src, @Nullable SocketAddress to) throws IOException;

    // -- all --

    /** Gives it an address; null: any. */
    public abstract void bind(@Nullable SocketAddress local) throws IOException;

    /** The time, on the runtime's clock, after which reads and accepts fail, or NO_DEADLINE. Those that wait now notice. */
    public final void setReadDeadline(long when) throws IOException {
        enter();
        try {
            pd.read.deadline(when);
        } finally {
            leave();
        }
    }

    /** The same for writes and connect. */
    public final void setWriteDeadline(long when) throws IOException {
        enter();
        try {
            pd.write.deadline(when);
        } finally {
            leave();
        }
    }

    /** The runtime's clock. */
    public final long now() {
        return pd.poll.now();
    }

    /** Null before it is bound. */
    public final @Nullable SocketAddress localAddress() {
        SocketAddress known = local;
        if (known != null) {
            return known;
        }
        Park.headroom();
        if (!mu.incref()) {
            return null;
        }
        try {
            known = findLocalAddress();
            local = known;
            return known;
        } finally {
            leave();
        }
    }

    /** Null before it is connected. */
    public final @Nullable SocketAddress remoteAddress() {
        return remote;
    }

    /** Sets one of {@link java.net.StandardSocketOptions}. */
    public abstract <T> void setOption(SocketOption<T> option, T value) throws IOException;

    /** The value of one of {@link java.net.StandardSocketOptions}. */
    public abstract <T> T option(SocketOption<T> option) throws IOException;

    /** Wakes all who wait. Idempotent; does not wait for them, and does not throw. */
    @Override
    public final void close() {
        Park.headroom();
        if (mu.increfAndClose()) {
            pd.evict();
            leave();
        }
    }

    /** Whether close has been called. */
    public final boolean isClosed() {
        return mu.isClosed();
    }

    // -- for implementations --

    /**
     * The descriptor is complete: makes it known to the poller if wished, and to the runtime, which may close it from now
     * on.
     */
    final void open(boolean register) throws IOException {
        try {
            if (register) {
                register();
            }
            pd.poll.cache.own(pd, this);
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    /** Makes it known to the poller; nobody closes it meanwhile. */
    abstract void register() throws IOException;

    /** Closes the descriptor and gives the PollDesc back; nobody is in a call. */
    abstract void destroy();

    /** What the system says; null if that is none. The descriptor is kept meanwhile. */
    abstract @Nullable SocketAddress findLocalAddress();

    final void enterRead() throws IOException {
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

    final void leaveRead() {
        if (mu.unlockRead()) {
            destroy();
        }
    }

    final void enterWrite() throws IOException {
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

    final void leaveWrite() {
        if (mu.unlockWrite()) {
            destroy();
        }
    }

    final void enter() throws IOException {
        Park.headroom();
        if (!mu.incref()) {
            throw Failures.closed(true);
        }
    }

    final void leave() {
        if (mu.decref()) {
            destroy();
        }
    }
}
