package io.goruntime.internal.poll;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.goruntime.internal.sched.CallBuffer;
import io.goruntime.internal.sched.Timing;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import org.jspecify.annotations.Nullable;

/**
 * How a socket of the C library comes to be, is connected, listens, and is named. Counterpart of net/fd_unix.go: netFD.
 */
/*
 * A stream socket is made known to the poller when it has begun to connect or to listen: before, Linux reports it as hung
 * up.
 */
final class SocketFD extends SocketIO {
    /** What the unix family says when the queue of the listener is full: there is no event for that. */
    private static final long RETRY_NANOS = 1_000_000;

    private final NativePoll poll;

    /** The poller knows it; by who holds the write lock. */
    private boolean registered;

    private SocketFD(NativePoll poll, int fd, int family) throws IOException {
        super(poll, fd, family);
        this.poll = poll;
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
        SocketFD socket = of(poll, fd, domain);
        socket.open(!stream);
        return socket;
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

    private static SocketFD of(NativePoll poll, int fd, int family) throws IOException {
        try {
            return new SocketFD(poll, fd, family);
        } catch (Throwable e) {
            Libc.close(fd);
            throw e;
        }
    }

    @Override
    void register() throws IOException {
        if (!registered) {
            poll.register(fd, pd);
            registered = true;
        }
    }

    @Override
    void destroy() {
        poll.cache.free(pd); // its tag changes before the number of the descriptor can be used again
        Libc.close(fd);
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
                int child = -1;
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
                } catch (Throwable e) {
                    if (child >= 0) {
                        Libc.close(child);
                    }
                    throw e;
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
        SocketFD socket = of(poll, child, family);
        try {
            socket.remote = Sockaddr.read(from);
            SocketAddress mine = localAddress();
            if (mine instanceof InetSocketAddress inet && inet.getAddress().isAnyLocalAddress()) {
                socket.localAddress();
            } else {
                socket.local = mine; // the same object: a server has many connections
            }
            socket.open(true);
            return socket;
        } catch (Throwable e) {
            socket.close();
            throw e;
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
    @Nullable
    SocketAddress findLocalAddress() {
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
        return unbound ? null : found;
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
