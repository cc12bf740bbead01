package io.goruntime.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.context.Context;
import io.goruntime.context.DeadlineExceededException;
import io.goruntime.net.Nets.Crew;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Source: listen_test.go, net_test.go, conn_test.go, unixsock_test.go. */
class ListenTest {
    @TempDir
    Path dir;

    private static int port(Listener l) {
        return ((InetSocketAddress) l.localAddress()).getPort();
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void testListenBindError(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Listener l = Net.listen("tcp", "127.0.0.1:0")) {
                Nets.expect(BindException.class, "listen tcp 127.0.0.1:" + port(l) + ": address already in use",
                        () -> Net.listen("tcp", "127.0.0.1:" + port(l)));
                Nets.expect(BindException.class, "listen udp 192.0.2.77:0: cannot assign requested address",
                        () -> Net.listenPacket("udp", "192.0.2.77:0"));
                Nets.expect(AddressException.class, "listen tcp: address 127.0.0.1: missing port in address",
                        () -> Net.listen("tcp", "127.0.0.1"));
            }
        });
    }

    /** A wildcard listener takes both families, one of tcp4 does not. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void testDualStackTCPListener(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Listener l = Net.listen("tcp", ":0")) {
                for (String host : List.of("127.0.0.1", "[::1]")) {
                    try (Conn c = Net.dial("tcp", host + ":" + port(l)); Conn s = l.accept()) {
                        assertEquals(c.localAddress(), s.remoteAddress());
                    }
                }
            }
            try (Listener l = Net.listen("tcp4", ":0")) {
                Net.dial("tcp", "127.0.0.1:" + port(l)).close();
                Nets.expect(ConnectException.class, ".*: connection refused",
                        () -> Net.dial("tcp", "[::1]:" + port(l)));
            }
            try (Listener l = Net.listen("tcp6", ":0")) {
                Net.dial("tcp", "[::1]:" + port(l)).close();
                if (!poller.equals("nio")) {
                    Nets.expect(ConnectException.class, ".*: connection refused",
                            () -> Net.dial("tcp", "127.0.0.1:" + port(l)));
                }
            }
        });
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void testListenerClose(String poller, int procs) throws Exception {
        Nets.run(poller, procs, () -> {
            Listener l = Net.listen("tcp", "127.0.0.1:0");
            Crew crew = new Crew();
            for (int i = 0; i < 3; i++) {
                Nets.awaitBlocked(crew.go(() -> Nets.expect(AsynchronousCloseException.class,
                        "accept tcp 127.0.0.1:\\d+: use of closed network connection", l::accept)));
            }
            l.close();
            crew.join();
            l.close();
            assertFalse(l.isOpen());
            Nets.expect(ClosedChannelException.class, "accept tcp .*: use of closed network connection", l::accept);
            if (poller.equals("nio")) {
                Nets.awaitFree("tcp", l.localAddress());
            }
            Nets.expect(ConnectException.class, ".*: connection refused",
                    () -> Net.dial("tcp", Net.hostPort(l.localAddress())));
            Net.listen("tcp", Net.hostPort(l.localAddress())).close(); // the port is free again
        });
    }

    /** Nobody has asked for it before. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void theAddressOfAnAcceptedOneIsKnownWhenItIsClosed(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Listener l = Net.listen("tcp", ":0"); Conn c = Net.dial("tcp", "127.0.0.1:" + port(l))) {
                Conn s = l.accept();
                s.close();
                assertEquals(c.remoteAddress(), s.localAddress());
            }
        });
    }

    /** An accept without descriptors waits before it tries again. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void whatEndsABackOff(String poller) throws Exception {
        long hour = Duration.ofHours(1).toNanos();
        Nets.run(poller, 2, () -> {
            SocketListener l = (SocketListener) Net.listen("tcp", "127.0.0.1:0");
            Crew crew = new Crew();
            for (int i = 0; i < 2; i++) {
                Nets.awaitBlocked(crew.go(() -> l.backOff(hour)));
            }
            l.setDeadline(Duration.ofHours(2));
            crew.join();
            l.setDeadline(Duration.ofMillis(1));
            l.backOff(hour);
            l.setDeadline(null);
            Nets.awaitBlocked(crew.go(() -> l.backOff(hour)));
            l.close();
            crew.join();
            l.backOff(hour);
        });
    }

    /** An interrupted accept loses no connection. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void acceptIsInterrupted(String poller, int procs) throws Exception {
        Nets.run(poller, procs, () -> {
            try (Listener l = Net.listen("tcp", "127.0.0.1:0")) {
                Crew crew = new Crew();
                var acceptor = crew.go(() -> {
                    Nets.expect(InterruptedIOException.class, "accept tcp .*: interrupted", l::accept);
                    assertTrue(Thread.currentThread().isInterrupted());
                    Nets.expect(InterruptedIOException.class, "accept tcp .*: interrupted", l::accept);
                    assertTrue(Thread.interrupted());
                });
                Nets.awaitBlocked(acceptor);
                acceptor.interrupt();
                crew.join();
                try (var ctx = Context.withTimeout(Context.background(), Duration.ofMillis(20))) {
                    Nets.expect(DeadlineExceededException.class, ".*", () -> ctx.call(l::accept));
                    assertFalse(Thread.interrupted());
                }
                try (Conn c = Net.dial("tcp", Net.hostPort(l.localAddress())); Conn s = l.accept()) {
                    assertEquals(c.localAddress(), s.remoteAddress());
                }
            }
        });
    }

    /** Each connection goes to exactly one of those who wait. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void severalAcceptors(String poller, int procs) throws Exception {
        Nets.run(poller, procs, () -> {
            Listener l = Net.listen("tcp", "127.0.0.1:0");
            Set<Object> accepted = ConcurrentHashMap.newKeySet();
            Crew acceptors = new Crew();
            for (int i = 0; i < 4; i++) {
                acceptors.go(() -> {
                    try {
                        for (;;) {
                            Conn c = l.accept();
                            assertTrue(accepted.add(c.remoteAddress()));
                            c.close();
                        }
                    } catch (ClosedChannelException e) {
                        return;
                    }
                });
            }
            Set<Object> dialled = new HashSet<>();
            for (int i = 0; i < 200; i++) {
                try (Conn c = Net.dial("tcp", Net.hostPort(l.localAddress()))) {
                    dialled.add(c.localAddress());
                    assertEquals(-1, c.read(new byte[1]));
                }
            }
            l.close();
            acceptors.join();
            assertEquals(dialled, accepted);
        });
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void testUnixListenerUnlink(String poller) throws Exception {
        Path path = dir.resolve(poller);
        Nets.run(poller, 2, () -> {
            Listener l = Net.listen("unix", path.toString());
            assertEquals(path.toString(), Net.hostPort(l.localAddress()));
            Nets.expect(BindException.class, "listen unix .*: address already in use",
                    () -> Net.listen("unix", path.toString()));
            try (Conn c = Net.dial("unix", path.toString()); Conn s = l.accept()) {
                assertEquals(path.toString(), Net.hostPort(c.remoteAddress()));
                assertEquals("@", Net.hostPort(s.remoteAddress()));
                s.setReadDeadline(Duration.ZERO);
                Nets.expect(SocketTimeoutException.class, "read unix .*->@: i/o timeout",
                        () -> s.read(ByteBuffer.allocate(1)));
            }
            l.close();
            assertFalse(Files.exists(path));
            Files.createFile(path);
            l.close();
            assertTrue(Files.exists(path), "a second close deletes nothing");
            Files.delete(path);
        });
    }

    /** Clients that are gone before they are accepted do not disturb the others. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void testAcceptIgnoreAbortedConnRequest(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Listener l = Net.listen("tcp", "127.0.0.1:0")) {
                for (int i = 0; i < 10; i++) {
                    Conn c = Net.dial("tcp", Net.hostPort(l.localAddress()));
                    c.setOption(StandardSocketOptions.SO_LINGER, 0);
                    c.close();
                }
                try (Conn good = Net.dial("tcp", Net.hostPort(l.localAddress()))) {
                    good.write(new byte[]{7});
                    good.closeWrite();
                    for (int got = -1; got != 7;) {
                        try (Conn c = l.accept()) {
                            got = c.inputStream().read();
                        } catch (IOException e) {
                            assertTrue(e.getMessage().matches("read .*: connection reset( by peer)?"), e.getMessage());
                        }
                    }
                }
            }
        });
    }
}
