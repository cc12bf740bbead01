package io.goruntime.internal.poll;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

/** The records shared with the system, against the layouts in its headers. */
class RecordsLayoutTest {
    @Test
    void kevent() {
        StructLayout header = MemoryLayout.structLayout(JAVA_LONG.withName("ident"), JAVA_SHORT.withName("filter"),
                JAVA_SHORT.withName("flags"), JAVA_INT.withName("fflags"), JAVA_LONG.withName("data"),
                JAVA_LONG.withName("udata"));
        assertEquals(header.byteSize(), Kevent.SIZE);
        assertEquals(offset(header, "ident"), Kevent.IDENT);
        assertEquals(offset(header, "filter"), Kevent.FILTER);
        assertEquals(offset(header, "flags"), Kevent.FLAGS);
        assertEquals(offset(header, "fflags"), Kevent.FFLAGS);
        assertEquals(offset(header, "data"), Kevent.DATA);
        assertEquals(offset(header, "udata"), Kevent.UDATA);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment two = arena.allocate(2 * Kevent.SIZE, 8);
            Kevent.set(two, 1, 77, Kevent.EVFILT_WRITE, Kevent.EV_ADD | Kevent.EV_EOF, 5, 123, -9);
            assertEquals(77, two.get(JAVA_LONG, 32));
            assertEquals(-2, two.get(JAVA_SHORT, 40));
            assertEquals(0x8001, two.get(JAVA_SHORT, 42) & 0xffff);
            assertEquals(5, two.get(JAVA_INT, 44));
            assertEquals(0, two.get(JAVA_LONG, 48));
            assertEquals(123, Kevent.index(two, 1));
            assertEquals(-9, Kevent.tag(two, 1));
            assertEquals(Kevent.EVFILT_WRITE, Kevent.filter(two, 1));
            assertEquals(0x8001, Kevent.flags(two, 1));
            assertEquals(0, two.get(JAVA_LONG, 0));
        }
    }

    private static long offset(StructLayout layout, String name) {
        return layout.byteOffset(PathElement.groupElement(name));
    }

    @Test
    void epollEvent() {
        boolean packed = System.getProperty("os.arch").equals("amd64");
        assertEquals(packed ? 12 : 16, EpollEvent.SIZE);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment two = arena.allocate(2 * EpollEvent.SIZE, 8);
            EpollEvent.set(two.asSlice(EpollEvent.SIZE), EpollEvent.IN | EpollEvent.ET, 7, -3);
            assertEquals(0x8000_0001, EpollEvent.events(two, 1));
            assertEquals(7, EpollEvent.index(two, 1));
            assertEquals(-3, EpollEvent.tag(two, 1));
            assertEquals(7, two.get(JAVA_INT, packed ? 16 : 24));
        }
    }

    @Test
    void addresses() throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment at = arena.allocate(Sockaddr.MAX, 8);
            InetSocketAddress four = new InetSocketAddress(InetAddress.getByName("10.1.2.250"), 40_000);
            assertEquals(16, Sockaddr.write(at, Libc.AF_INET, four));
            assertEquals(40_000, at.get(JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN), 2) & 0xffff);
            assertEquals(10, at.get(JAVA_BYTE, 4));
            assertEquals(four, Sockaddr.read(Sockaddr.copy(at, 16)));
            InetAddress host = Inet6Address.getByAddress(null,
                    InetAddress.getByName("fe80::1:2").getAddress(), 3);
            InetSocketAddress six = new InetSocketAddress(host, 1);
            assertEquals(28, Sockaddr.write(at, Libc.AF_INET6, six));
            assertEquals(3, at.get(JAVA_INT, 24));
            assertEquals(six, Sockaddr.read(Sockaddr.copy(at, 28)));
            assertEquals(28, Sockaddr.write(at, Libc.AF_INET6, four));
            assertEquals(-1, at.get(JAVA_SHORT, 18), "mapped");
            assertEquals(four, Sockaddr.read(Sockaddr.copy(at, 28)));
            UnixDomainSocketAddress unix = UnixDomainSocketAddress.of("/tmp/a b");
            assertEquals(2 + 8 + 1, Sockaddr.write(at, Libc.AF_UNIX, unix));
            assertEquals(unix, Sockaddr.read(Sockaddr.copy(at, 11)));
            assertEquals("", Sockaddr.read(Sockaddr.copy(at, 2)).toString());
            assertThrows(SocketException.class, () -> Sockaddr.write(at, Libc.AF_INET, six));
            assertThrows(SocketException.class, () -> Sockaddr.write(at, Libc.AF_INET, unix));
            assertThrows(SocketException.class, () -> Sockaddr.write(at, Libc.AF_UNIX, four));
            assertThrows(SocketException.class,
                    () -> Sockaddr.write(at, Libc.AF_UNIX, UnixDomainSocketAddress.of("/" + "x".repeat(107))));
        }
    }
}
