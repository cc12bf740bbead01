package io.goruntime.internal.poll;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The functions of the C library that sockets and pollers need, and its numbers.
 */
/*
 * Addresses are passed as longs, which saves an object for each call; the caller keeps the memory alive. The exception
 * are buffers of the user, whose memory somebody may free: recvSegment and the like hold it for the time of the call.
 *
 * Every call captures errno in the memory given first, except those whose failure is of no interest. None is critical in
 * the sense of Linker.Option: a critical call holds off safepoints, and copying 64 KB into a socket takes long enough.
 *
 * Numbers are those of Linux (as on x86-64 and arm64) and of macOS and the BSDs. The latter are untested.
 */
@SuppressWarnings("restricted") // the consent is the same as for the bridge: see SECURITY.md
final class Libc {
    private static final String OS = System.getProperty("os.name").toLowerCase(Locale.ROOT);

    static final boolean LINUX = OS.startsWith("linux");
    static final boolean MAC = OS.startsWith("mac");
    static final boolean BSD = MAC || OS.endsWith("bsd");

    // -- numbers --

    static final int AF_UNIX = 1;
    static final int AF_INET = 2;
    static final int AF_INET6 = LINUX ? 10 : MAC ? 30 : 28;
    static final int SOCK_STREAM = 1;
    static final int SOCK_DGRAM = 2;
    /** Linux only, as flags of socket and accept4. */
    static final int SOCK_NONBLOCK = 0x800;
    static final int SOCK_CLOEXEC = 0x80000;
    static final int MSG_NOSIGNAL = LINUX ? 0x4000 : MAC ? 0 : 0x20000;
    static final int SHUT_RD = 0;
    static final int SHUT_WR = 1;

    static final int SOL_SOCKET = LINUX ? 1 : 0xffff;
    static final int SO_REUSEADDR = LINUX ? 2 : 4;
    static final int SO_ERROR = LINUX ? 4 : 0x1007;
    static final int SO_BROADCAST = LINUX ? 6 : 0x20;
    static final int SO_SNDBUF = LINUX ? 7 : 0x1001;
    static final int SO_RCVBUF = LINUX ? 8 : 0x1002;
    static final int SO_KEEPALIVE = LINUX ? 9 : 8;
    static final int SO_LINGER = LINUX ? 13 : MAC ? 0x1080 : 0x80;
    static final int SO_REUSEPORT = LINUX ? 15 : 0x200;
    static final int SO_NOSIGPIPE = 0x1022;
    static final int IPPROTO_IP = 0;
    static final int IP_TOS = LINUX ? 1 : 3;
    static final int IPPROTO_TCP = 6;
    static final int TCP_NODELAY = 1;
    static final int IPPROTO_IPV6 = 41;
    static final int IPV6_V6ONLY = LINUX ? 26 : 27;
    static final int IPV6_TCLASS = LINUX ? 67 : MAC ? 36 : 61;

    static final int F_SETFD = 2;
    static final int F_GETFL = 3;
    static final int F_SETFL = 4;
    static final int FD_CLOEXEC = 1;
    static final int O_NONBLOCK = LINUX ? 0x800 : 4;

    static final int ENOENT = 2;
    static final int EINTR = 4;
    static final int EAGAIN = LINUX ? 11 : 35;
    static final int ENOMEM = 12;
    static final int EACCES = 13;
    static final int EINVAL = 22;
    static final int ENFILE = 23;
    static final int EMFILE = 24;
    static final int EPROTO = LINUX ? 71 : 100;
    static final int EADDRINUSE = LINUX ? 98 : 48;
    static final int EADDRNOTAVAIL = LINUX ? 99 : 49;
    static final int ENETUNREACH = LINUX ? 101 : 51;
    static final int ECONNABORTED = LINUX ? 103 : 53;
    static final int ENOBUFS = LINUX ? 105 : 55;
    static final int EISCONN = LINUX ? 106 : 56;
    static final int ENOTCONN = LINUX ? 107 : 57;
    static final int ETIMEDOUT = LINUX ? 110 : 60;
    static final int ECONNREFUSED = LINUX ? 111 : 61;
    static final int EHOSTUNREACH = LINUX ? 113 : 65;
    static final int EALREADY = LINUX ? 114 : 37;
    static final int EINPROGRESS = LINUX ? 115 : 36;

    // -- functions --

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");

    private static final @Nullable MethodHandle SOCKET = find("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final @Nullable MethodHandle BIND = find("bind", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final @Nullable MethodHandle LISTEN = find("listen", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final @Nullable MethodHandle ACCEPT4 = find("accept4", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG,
            JAVA_INT);
    private static final @Nullable MethodHandle ACCEPT = find("accept", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final @Nullable MethodHandle CONNECT = find("connect", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final @Nullable MethodHandle RECV = find("recv", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG,
            JAVA_INT);
    private static final @Nullable MethodHandle RECV_SEGMENT = find("recv", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG,
            JAVA_INT);
    private static final @Nullable MethodHandle SEND = find("send", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG,
            JAVA_INT);
    private static final @Nullable MethodHandle SEND_SEGMENT = find("send", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG,
            JAVA_INT);
    private static final @Nullable MethodHandle RECVFROM = find("recvfrom", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG,
            JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final @Nullable MethodHandle SENDTO = find("sendto", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG,
            JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final @Nullable MethodHandle SHUTDOWN = find("shutdown", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final @Nullable MethodHandle GETSOCKNAME = find("getsockname", JAVA_INT, JAVA_INT, JAVA_LONG,
            JAVA_LONG);
    private static final @Nullable MethodHandle GETPEERNAME = find("getpeername", JAVA_INT, JAVA_INT, JAVA_LONG,
            JAVA_LONG);
    private static final @Nullable MethodHandle GETSOCKOPT = find("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT,
            JAVA_LONG, JAVA_LONG);
    private static final @Nullable MethodHandle SETSOCKOPT = find("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT,
            JAVA_LONG, JAVA_INT);
    private static final @Nullable MethodHandle FCNTL = find(LINKER.defaultLookup(), "fcntl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), ERRNO, Linker.Option.firstVariadicArg(2));
    private static final @Nullable MethodHandle CLOSE = plain("close", JAVA_INT, JAVA_INT);
    private static final @Nullable MethodHandle STRERROR = plain("strerror", ADDRESS, JAVA_INT);

    // Linux
    private static final @Nullable MethodHandle EPOLL_CREATE1 = find("epoll_create1", JAVA_INT, JAVA_INT);
    private static final @Nullable MethodHandle EPOLL_CTL = find("epoll_ctl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT,
            JAVA_LONG);
    private static final @Nullable MethodHandle EPOLL_WAIT = find("epoll_wait", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT,
            JAVA_INT);
    private static final @Nullable MethodHandle EPOLL_PWAIT2 = find("epoll_pwait2", JAVA_INT, JAVA_INT, JAVA_LONG,
            JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final @Nullable MethodHandle EVENTFD = find("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final @Nullable MethodHandle READ = plain("read", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final @Nullable MethodHandle WRITE = plain("write", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);

    private Libc() {}

    /** Whether sockets can be used through this class. */
    static boolean hasSockets() {
        return SOCKET != null && (ACCEPT4 != null || ACCEPT != null) && (LINUX || BSD);
    }

    /** Whether there is epoll. */
    static boolean hasEpoll() {
        return LINUX && EPOLL_CREATE1 != null && EVENTFD != null;
    }

    private static @Nullable MethodHandle find(String name, MemoryLayout result, MemoryLayout... args) {
        return find(LINKER.defaultLookup(), name, FunctionDescriptor.of(result, args), ERRNO);
    }

    private static @Nullable MethodHandle plain(String name, MemoryLayout result, MemoryLayout... args) {
        return find(LINKER.defaultLookup(), name, FunctionDescriptor.of(result, args));
    }

    /** A function of a library; null if it has none of that name. */
    static @Nullable MethodHandle find(SymbolLookup library, String name, FunctionDescriptor type,
            Linker.Option... options) {
        Optional<MemorySegment> address = library.find(name);
        return address.isPresent() ? LINKER.downcallHandle(address.get(), type, options) : null;
    }

    /** A library by file name or path. */
    static SymbolLookup library(String name) {
        return SymbolLookup.libraryLookup(name, Arena.global());
    }

    /** The handles throw nothing: what comes out is an Error of the VM, or one of theirs about a buffer of the user. */
    static RuntimeException rethrow(Throwable e) {
        if (e instanceof RuntimeException r) {
            return r;
        }
        if (e instanceof Error error) {
            throw error;
        }
        throw new AssertionError(e);
    }

    // -- sockets --

    static int socket(MemorySegment state, int domain, int type) {
        try {
            return (int) SOCKET.invokeExact(state, domain, type, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static int bind(MemorySegment state, int fd, long addr, int size) {
        try {
            return (int) BIND.invokeExact(state, fd, addr, size);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static int listen(MemorySegment state, int fd, int backlog) {
        try {
            return (int) LISTEN.invokeExact(state, fd, backlog);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** With flags for the new descriptor, where the system takes them; else see {@link #fcntl}. */
    static int accept(MemorySegment state, int fd, long addr, long sizeAddr) {
        try {
            return LINUX
                    ? (int) ACCEPT4.invokeExact(state, fd, addr, sizeAddr, SOCK_NONBLOCK | SOCK_CLOEXEC)
                    : (int) ACCEPT.invokeExact(state, fd, addr, sizeAddr);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static int connect(MemorySegment state, int fd, long addr, int size) {
        try {
            return (int) CONNECT.invokeExact(state, fd, addr, size);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static long recv(MemorySegment state, int fd, long addr, long size) {
        try {
            return (long) RECV.invokeExact(state, fd, addr, size, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static long recv(MemorySegment state, int fd, MemorySegment into) {
        try {
            return (long) RECV_SEGMENT.invokeExact(state, fd, into, into.byteSize(), 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static long send(MemorySegment state, int fd, long addr, long size) {
        try {
            return (long) SEND.invokeExact(state, fd, addr, size, MSG_NOSIGNAL);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static long send(MemorySegment state, int fd, MemorySegment from) {
        try {
            return (long) SEND_SEGMENT.invokeExact(state, fd, from, from.byteSize(), MSG_NOSIGNAL);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static long recvfrom(MemorySegment state, int fd, long addr, long size, long fromAddr, long fromSizeAddr) {
        try {
            return (long) RECVFROM.invokeExact(state, fd, addr, size, 0, fromAddr, fromSizeAddr);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static long sendto(MemorySegment state, int fd, long addr, long size, long toAddr, int toSize) {
        try {
            return (long) SENDTO.invokeExact(state, fd, addr, size, MSG_NOSIGNAL, toAddr, toSize);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static int shutdown(MemorySegment state, int fd, int how) {
        try {
            return (int) SHUTDOWN.invokeExact(state, fd, how);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static int getsockname(MemorySegment state, int fd, long addr, long sizeAddr) {
        try {
            return (int) GETSOCKNAME.invokeExact(state, fd, addr, sizeAddr);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static int getpeername(MemorySegment state, int fd, long addr, long sizeAddr) {
        try {
            return (int) GETPEERNAME.invokeExact(state, fd, addr, sizeAddr);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static int getsockopt(MemorySegment state, int fd, int level, int name, long addr, long sizeAddr) {
        try {
            return (int) GETSOCKOPT.invokeExact(state, fd, level, name, addr, sizeAddr);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static int setsockopt(MemorySegment state, int fd, int level, int name, long addr, int size) {
        try {
            return (int) SETSOCKOPT.invokeExact(state, fd, level, name, addr, size);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static int fcntl(MemorySegment state, int fd, int command, int arg) {
        try {
            return (int) FCNTL.invokeExact(state, fd, command, arg);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Whatever it returns, the descriptor is gone. */
    static void close(int fd) {
        try {
            int unused = (int) CLOSE.invokeExact(fd);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** The system's text for an error, in lower case as in Go: {@code connection refused}. */
    static String text(int errno) {
        MemorySegment text;
        try {
            text = (MemorySegment) STRERROR.invokeExact(errno);
        } catch (Throwable e) {
            throw rethrow(e);
        }
        return Failures.lower(text.reinterpret(1024).getString(0, StandardCharsets.UTF_8));
    }

    // -- epoll --

    static int epollCreate1(MemorySegment state, int flags) {
        try {
            return (int) EPOLL_CREATE1.invokeExact(state, flags);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static int epollCtl(MemorySegment state, int epfd, int op, int fd, long eventAddr) {
        try {
            return (int) EPOLL_CTL.invokeExact(state, epfd, op, fd, eventAddr);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static int epollWait(MemorySegment state, int epfd, long eventsAddr, int max, int millis) {
        try {
            return (int) EPOLL_WAIT.invokeExact(state, epfd, eventsAddr, max, millis);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Whether the C library has it; the kernel may still refuse it. */
    static boolean hasEpollPwait2() {
        return EPOLL_PWAIT2 != null;
    }

    static int epollPwait2(MemorySegment state, int epfd, long eventsAddr, int max, long timespecAddr) {
        try {
            return (int) EPOLL_PWAIT2.invokeExact(state, epfd, eventsAddr, max, timespecAddr, 0L);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static int eventfd(MemorySegment state, int initial, int flags) {
        try {
            return (int) EVENTFD.invokeExact(state, initial, flags);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static long read(int fd, long addr, long size) {
        try {
            return (long) READ.invokeExact(fd, addr, size);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static long write(int fd, long addr, long size) {
        try {
            return (long) WRITE.invokeExact(fd, addr, size);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }
}
