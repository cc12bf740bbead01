package io.goruntime.internal.poll;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.Charset;
import java.nio.file.InvalidPathException;

/**
 * Socket addresses as the C library has them.
 *
 * <pre>
 *   sockaddr_in            sockaddr_in6               sockaddr_un
 *   0  family              0  family                  0  family
 *   2  u16 port            2  u16 port                2  path, up to 108 bytes, on BSD 104; ends with a 0, or
 *   4  u8[4] address       4  u32 flow                   with the record
 *   8  u8[8] unused        8  u8[16] address
 *   16                     24 u32 scope
 *                          28
 * </pre>
 *
 * The family is a u16; on macOS and the BSDs u8 length, u8 family. Port and address are in the order of the network.
 */
final class Sockaddr {
    /** Room for any. */
    static final int MAX = 112;

    private static final int PORT = 2;
    private static final int IN_ADDRESS = 4;
    private static final int IN_SIZE = 16;
    private static final int IN6_ADDRESS = 8;
    private static final int IN6_SCOPE = 24;
    private static final int IN6_SIZE = 28;
    private static final int UN_PATH = 2;
    private static final int UN_PATH_MAX = Libc.LINUX ? 108 : 104;

    private static final Charset FILE_NAMES = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private Sockaddr() {}

    /**
     * Writes an address for a socket of that family; returns its size.
     *
     * @throws SocketException if it is none for that family
     */
    static int write(MemorySegment at, int family, SocketAddress address) throws SocketException {
        at.asSlice(0, MAX).fill((byte) 0);
        if (family == Libc.AF_UNIX) {
            if (!(address instanceof UnixDomainSocketAddress unix)) {
                throw new SocketException("not an address of a unix socket: " + address);
            }
            byte[] path = unix.getPath().toString().getBytes(FILE_NAMES);
            if (path.length >= UN_PATH_MAX) {
                throw new SocketException("path of a unix socket too long: " + address);
            }
            MemorySegment.copy(path, 0, at, JAVA_BYTE, UN_PATH, path.length);
            return family(at, family, UN_PATH + path.length + 1);
        }
        if (!(address instanceof InetSocketAddress inet)) {
            throw new SocketException("not an internet address: " + address);
        }
        InetAddress host = inet.getAddress();
        if (host == null) {
            throw new SocketException("unresolved address: " + address);
        }
        int port = inet.getPort();
        at.set(JAVA_BYTE, PORT, (byte) (port >>> 8));
        at.set(JAVA_BYTE, PORT + 1, (byte) port);
        byte[] bytes = host.getAddress();
        if (family == Libc.AF_INET) {
            if (!(host instanceof Inet4Address)) {
                throw new SocketException("not an IPv4 address: " + address);
            }
            MemorySegment.copy(bytes, 0, at, JAVA_BYTE, IN_ADDRESS, bytes.length);
            return family(at, family, IN_SIZE);
        }
        if (host instanceof Inet6Address six) {
            MemorySegment.copy(bytes, 0, at, JAVA_BYTE, IN6_ADDRESS, bytes.length);
            at.set(JAVA_INT_UNALIGNED, IN6_SCOPE, six.getScopeId());
        } else if (!host.isAnyLocalAddress()) {
            at.set(JAVA_SHORT_UNALIGNED, IN6_ADDRESS + 10, (short) -1); // ::ffff:a.b.c.d
            MemorySegment.copy(bytes, 0, at, JAVA_BYTE, IN6_ADDRESS + 12, bytes.length);
        }
        return family(at, family, IN6_SIZE);
    }

    private static int family(MemorySegment at, int family, int size) {
        if (Libc.BSD) {
            at.set(JAVA_BYTE, 0, (byte) size);
            at.set(JAVA_BYTE, 1, (byte) family);
        } else {
            at.set(JAVA_SHORT_UNALIGNED, 0, (short) family);
        }
        return size;
    }

    /** Any address, any port. */
    static int writeAny(MemorySegment at, int family) {
        at.asSlice(0, MAX).fill((byte) 0);
        return family(at, family, family == Libc.AF_UNIX ? UN_PATH : family == Libc.AF_INET ? IN_SIZE : IN6_SIZE);
    }

    /** What a call has put there, to be read later. */
    static byte[] copy(MemorySegment at, int size) {
        return bytes(at, 0, Math.min(size, MAX));
    }

    static SocketAddress read(byte[] address) {
        MemorySegment at = MemorySegment.ofArray(address);
        int size = address.length;
        int family = size < 2
                ? Libc.AF_UNIX
                : Libc.BSD ? at.get(JAVA_BYTE, 1) & 0xff : at.get(JAVA_SHORT_UNALIGNED, 0) & 0xffff;
        try {
            if (family == Libc.AF_INET) {
                return new InetSocketAddress(InetAddress.getByAddress(bytes(at, IN_ADDRESS, 4)), port(at));
            }
            if (family == Libc.AF_INET6) {
                byte[] bytes = bytes(at, IN6_ADDRESS, 16);
                int scope = at.get(JAVA_INT_UNALIGNED, IN6_SCOPE);
                InetAddress host = scope == 0
                        ? InetAddress.getByAddress(bytes)
                        : Inet6Address.getByAddress(null, bytes, scope);
                return new InetSocketAddress(host, port(at));
            }
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // the length is right
        }
        int end = UN_PATH;
        while (end < Math.min(size, UN_PATH + UN_PATH_MAX) && at.get(JAVA_BYTE, end) != 0) {
            end++;
        }
        try {
            return UnixDomainSocketAddress.of(new String(bytes(at, UN_PATH, end - UN_PATH), FILE_NAMES));
        } catch (InvalidPathException e) {
            return UnixDomainSocketAddress.of(""); // not a name in this JVM's encoding; the peer may have any
        }
    }

    private static byte[] bytes(MemorySegment at, int offset, int length) {
        byte[] bytes = new byte[length];
        MemorySegment.copy(at, JAVA_BYTE, offset, bytes, 0, length);
        return bytes;
    }

    private static int port(MemorySegment at) {
        return (at.get(JAVA_BYTE, PORT) & 0xff) << 8 | at.get(JAVA_BYTE, PORT + 1) & 0xff;
    }
}
