package io.goruntime.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.net.Nets.Crew;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Source: packetconn_test.go, udpsock_test.go. */
class PacketConnTest {
    private static byte[] drain(ByteBuffer b) {
        byte[] bytes = new byte[b.flip().remaining()];
        b.get(bytes);
        return bytes;
    }

    private static int port(PacketConn c) {
        return ((InetSocketAddress) c.localAddress()).getPort();
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void testPacketConn(String poller, int procs) throws Exception {
        Nets.run(poller, procs, () -> {
            for (String host : List.of("127.0.0.1", "[::1]")) {
                try (PacketConn a = Net.listenPacket("udp", host + ":0");
                        PacketConn b = Net.listenPacket("udp", host + ":0")) {
                    ByteBuffer got = ByteBuffer.allocate(10);
                    for (int length : new int[]{3, 0, 10, 20}) {
                        a.send(ByteBuffer.allocateDirect(length), b.localAddress());
                        SocketAddress from = b.receive(got.clear());
                        assertEquals(a.localAddress(), from);
                        assertEquals(Math.min(length, 10), got.position(), "what does not fit is cut off");
                    }
                    Crew crew = new Crew();
                    var receiver = crew.go(() -> assertEquals(b.localAddress(), a.receive(got.clear())));
                    Nets.awaitBlocked(receiver);
                    b.send(ByteBuffer.wrap(new byte[]{1, 2}), a.localAddress());
                    crew.join();
                    assertArrayEquals(new byte[]{1, 2}, drain(got));
                }
            }
        });
    }

    /** One socket for both families answers each in its own. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void testDualStack(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (PacketConn server = Net.listenPacket("udp", ":0")) {
                for (String host : List.of("127.0.0.1", "[::1]")) {
                    try (Conn c = Net.dial("udp", host + ":" + port(server))) {
                        c.write(new byte[]{9});
                        ByteBuffer b = ByteBuffer.allocate(10);
                        SocketAddress from = server.receive(b);
                        assertEquals(c.localAddress(), from);
                        server.send(b.flip(), from);
                        assertEquals(1, c.read(new byte[10]));
                    }
                }
            }
            try (PacketConn six = Net.listenPacket("udp6", "[::1]:0");
                    PacketConn four = Net.listenPacket("udp4", ":0")) {
                assertEquals(InetAddress.ofLiteral("::1"), ((InetSocketAddress) six.localAddress()).getAddress());
                assertEquals(InetAddress.ofLiteral("0.0.0.0"), ((InetSocketAddress) four.localAddress()).getAddress());
            }
        });
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void testReadFromTimeoutCloseAndInterrupt(String poller, int procs) throws Exception {
        Nets.run(poller, procs, () -> {
            PacketConn c = Net.listenPacket("udp", "127.0.0.1:0");
            ByteBuffer b = ByteBuffer.allocate(10);
            c.setReadDeadline(Duration.ofMillis(20));
            Nets.expect(SocketTimeoutException.class, "read udp 127.0.0.1:\\d+: i/o timeout", () -> c.receive(b));
            c.setDeadline(Duration.ofSeconds(-1));
            Nets.expect(SocketTimeoutException.class, "read udp .*: i/o timeout", () -> c.receive(b));
            Nets.expect(SocketTimeoutException.class, "write udp 127.0.0.1:\\d+->127.0.0.1:\\d+: i/o timeout",
                    () -> c.send(b, c.localAddress()));
            c.setDeadline(null);
            Crew crew = new Crew();
            var interrupted = crew.go(() -> {
                Nets.expect(InterruptedIOException.class, "read udp .*: interrupted", () -> c.receive(b));
                assertTrue(Thread.interrupted());
            });
            Nets.awaitBlocked(interrupted);
            interrupted.interrupt();
            crew.join();
            c.send(ByteBuffer.allocate(1), c.localAddress());
            c.receive(b.clear());
            var closed = crew.go(() -> Nets.expect(AsynchronousCloseException.class,
                    "read udp .*: use of closed network connection", () -> c.receive(b)));
            Nets.awaitBlocked(closed);
            c.close();
            crew.join();
            Nets.expect(ClosedChannelException.class, "read udp .*: use of closed network connection",
                    () -> c.receive(b));
            Nets.expect(ClosedChannelException.class, "write udp .*: use of closed network connection",
                    () -> c.send(b, c.localAddress()));
        });
    }

    /** A dialled one takes datagrams of its peer only, and hears that nobody listens. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void testUDPConn(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            PacketConn server = Net.listenPacket("udp", "127.0.0.1:0");
            try (Conn c = Net.dial("udp", Net.hostPort(server.localAddress()));
                    PacketConn stranger = Net.listenPacket("udp", "127.0.0.1:0")) {
                stranger.send(ByteBuffer.allocate(5), c.localAddress());
                server.send(ByteBuffer.allocate(3), c.localAddress());
                assertEquals(3, c.read(new byte[10]));
                if (!poller.equals("nio")) { // a DatagramChannel that is connected sends nothing when there is nothing
                    c.write(new byte[0]);
                    ByteBuffer b = ByteBuffer.allocate(1);
                    assertEquals(c.localAddress(), server.receive(b));
                    assertEquals(0, b.position());
                }
                assertEquals(server.localAddress(), c.remoteAddress());
                Nets.expect(IOException.class, "close udp .*: datagrams have no end", c::closeWrite);
                server.close();
                if (poller.equals("nio")) {
                    Nets.awaitFree("udp", server.localAddress()); // until then it takes what is sent to it
                }
                c.write(new byte[1]);
                Nets.expect(SocketException.class, "read udp .*: connection refused", () -> c.read(new byte[1]));
            }
        });
    }

    /** Nobody has asked for it before. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void theAddressIsKnownWhenItIsClosed(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            PacketConn c = Net.listenPacket("udp", "127.0.0.1:0");
            c.close();
            assertNotEquals(0, port(c));
        });
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void addressesOfAnotherKind(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (PacketConn c = Net.listenPacket("udp4", "127.0.0.1:0")) {
                ByteBuffer b = ByteBuffer.allocate(1);
                Nets.expect(SocketException.class, "write udp4 .*->\\[::1]:80: not an IPv4 address: .*",
                        () -> c.send(b, new InetSocketAddress(InetAddress.ofLiteral("::1"), 80)));
                Nets.expect(SocketException.class, "write udp4 .*->a.invalid:80: unresolved address: .*",
                        () -> c.send(b, InetSocketAddress.createUnresolved("a.invalid", 80)));
                Nets.expect(SocketException.class, "write udp4 .*->/s: not an internet address: .*",
                        () -> c.send(b, UnixDomainSocketAddress.of("/s")));
                assertEquals(1, b.remaining());
            }
        });
    }

    /** An empty datagram is no byte. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void streamOfDatagrams(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (PacketConn server = Net.listenPacket("udp", "127.0.0.1:0");
                    Conn c = Net.dial("udp", Net.hostPort(server.localAddress()))) {
                for (int i = 0; i < 2; i++) {
                    server.send(ByteBuffer.allocate(0), c.localAddress());
                    server.send(ByteBuffer.wrap(new byte[]{5}), c.localAddress());
                }
                assertEquals(5, c.inputStream().read());
                assertEquals(1, c.inputStream().read(new byte[10]));
            }
        });
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void optionsAndSizes(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (PacketConn c = Net.listenPacket("udp4", "127.0.0.1:0")) {
                assertEquals(true, c.option(StandardSocketOptions.SO_BROADCAST));
                c.setOption(StandardSocketOptions.SO_RCVBUF, 1 << 16);
                Nets.expect(IOException.class, "write udp4 .*: message too long", () -> {
                    try {
                        c.send(ByteBuffer.allocate(1 << 17), c.localAddress());
                    } catch (SocketException e) {
                        throw new IOException(e.getMessage().toLowerCase());
                    }
                });
            }
        });
    }
}
