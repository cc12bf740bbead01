package io.goruntime.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoRuntime;
import io.goruntime.context.CancelledException;
import io.goruntime.context.Context;
import io.goruntime.context.DeadlineExceededException;
import io.goruntime.net.Nets.Crew;
import io.goruntime.testing.Goroutines;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Source: dial_test.go. Names ending in .test are resolved by TestResolver. */
class DialTest {
    private static final int STAGGER_MILLIS = 250;

    /** An address where connects hang: a listener that accepts nothing and whose queue is full. Works on Linux. */
    private static final class Blackhole implements AutoCloseable {
        final ServerSocket listener;
        private final List<Socket> queued = new ArrayList<>();

        Blackhole(String host, int port) throws IOException {
            listener = new ServerSocket(port, 1, InetAddress.ofLiteral(host));
            for (;;) {
                Socket s = new Socket();
                try {
                    s.connect(listener.getLocalSocketAddress(), 100);
                    queued.add(s);
                } catch (SocketTimeoutException e) {
                    s.close();
                    return;
                }
            }
        }

        String address() {
            return Net.hostPort(listener.getLocalSocketAddress());
        }

        int port() {
            return listener.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            for (Socket each : queued) {
                each.close();
            }
            listener.close();
        }
    }

    private static long millisSince(long start) {
        return (System.nanoTime() - start) / 1_000_000;
    }

    private static String refusing() throws IOException {
        try (ServerSocket s = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            return Net.hostPort(s.getLocalSocketAddress());
        }
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void testDialError(String poller, int procs) throws Exception {
        Nets.run(poller, procs, () -> {
            String address = refusing();
            Nets.expect(ConnectException.class, "dial tcp " + address + ": connection refused",
                    () -> Net.dial("tcp", address));
            Nets.expect(AddressException.class, "dial tcp: address foo: missing port in address",
                    () -> Net.dial("tcp", "foo"));
            Nets.expect(AddressException.class, "dial tcp6: address 127.0.0.1: no suitable address found",
                    () -> Net.dial("tcp6", "127.0.0.1:1"));
            Nets.expect(AddressException.class, "dial udp4: address ::1: no suitable address found",
                    () -> Net.dial("udp4", "[::1]:1"));
            Nets.expect(UnknownHostException.class, "dial tcp: lookup nosuch.test: no such host",
                    () -> Net.dial("tcp", "nosuch.test:80"));
            Nets.expect(AddressException.class, "dial unix: missing address", () -> Net.dial("unix", ""));
            Nets.expect(SocketException.class, "dial unix /no/such/socket: no such file or directory",
                    () -> Net.dial("unix", "/no/such/socket"));
        });
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    @EnabledOnOs(OS.LINUX)
    void testDialTimeout(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Blackhole hole = new Blackhole("127.0.0.1", 0)) {
                long start = System.nanoTime();
                Nets.expect(SocketTimeoutException.class, "dial tcp " + hole.address() + ": i/o timeout",
                        () -> Net.dial("tcp", hole.address(), Duration.ofMillis(50)));
                assertTrue(millisSince(start) >= 50);
                Nets.expect(SocketTimeoutException.class, "dial tcp .*: i/o timeout",
                        () -> Net.dial("tcp", hole.address(), Duration.ZERO));
            }
        });
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    @EnabledOnOs(OS.LINUX)
    void testDialInterrupt(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Blackhole hole = new Blackhole("127.0.0.1", 0)) {
                Crew crew = new Crew();
                var dialer = crew.go(() -> {
                    Nets.expect(InterruptedIOException.class, "dial tcp " + hole.address() + ": interrupted",
                            () -> Net.dial("tcp", hole.address()));
                    assertTrue(Thread.interrupted(), "the flag is kept");
                });
                Nets.awaitBlocked(dialer);
                dialer.interrupt();
                crew.join();
            }
        });
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    @EnabledOnOs(OS.LINUX)
    void testDialCancel(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Blackhole hole = new Blackhole("127.0.0.1", 0);
                    var ctx = Context.withCancel(Context.background())) {
                Exception cause = new Exception("enough");
                Crew crew = new Crew();
                var dialer = crew.go(() -> {
                    IOException e = Nets.expect(IOException.class,
                            "dial tcp " + hole.address() + ": operation was canceled",
                            () -> Net.dial(ctx, "tcp", hole.address()));
                    assertSame(cause, e.getCause());
                });
                Nets.awaitBlocked(dialer);
                ctx.cancel(cause);
                crew.join();
                IOException e = Nets.expect(IOException.class, "dial tcp: operation was canceled",
                        () -> Net.dial(ctx, "tcp", hole.address()));
                assertSame(cause, e.getCause());
                // One that passes before the dial has an address does not name it: on a slow machine a longer one will.
                Duration time = Nets.SOON;
                do {
                    try (var deadline = Context.withTimeout(Context.background(), time)) {
                        e = Nets.expect(SocketTimeoutException.class, "dial tcp.*: i/o timeout",
                                () -> Net.dial(deadline, "tcp", hole.address()));
                        assertInstanceOf(DeadlineExceededException.class, e.getCause());
                    }
                    time = time.multipliedBy(4);
                } while (e.getMessage().equals("dial tcp: i/o timeout") && time.toSeconds() < 10);
                assertEquals("dial tcp " + hole.address() + ": i/o timeout", e.getMessage());
                try (var call = Context.withCancel(Context.background())) {
                    Crew callers = new Crew();
                    var caller = callers.go(() -> {
                        Nets.expect(CancelledException.class, ".*",
                                () -> call.call(() -> Net.dial("tcp", hole.address())));
                        assertEquals(false, Thread.interrupted(), "the flag is the context's");
                    });
                    Nets.awaitBlocked(caller);
                    call.cancel();
                    callers.join();
                }
            }
        });
    }

    /** What ends a context after the dial does nothing to the connection. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void testCancelAfterDial(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Listener l = Net.listen("tcp", "127.0.0.1:0")) {
                Conn c;
                try (var ctx = Context.withTimeout(Context.background(), Nets.NEVER)) {
                    c = Net.dial(ctx, "tcp", Net.hostPort(l.localAddress()));
                }
                try (c; Conn s = l.accept()) {
                    s.write(new byte[1]);
                    assertEquals(1, c.read(new byte[2]));
                    c.setDeadline(Nets.SOON);
                }
                try (Conn timed = Net.dial("tcp", Net.hostPort(l.localAddress()), Duration.ofSeconds(2));
                        Conn s = l.accept()) {
                    Nets.sleep(Duration.ofMillis(2_100));
                    timed.write(new byte[1]); // the time of the dial does not count any more
                    assertEquals(1, s.read(new byte[2]));
                }
            }
        });
    }

    /** No host means this one. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void testDialLocal(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Listener l = Net.listen("tcp", ":0")) {
                int port = ((InetSocketAddress) l.localAddress()).getPort();
                for (String address : List.of(":" + port, "0.0.0.0:" + port, "[::]:" + port, "127.0.0.1:" + port,
                        "[::1]:" + port, "localhost:" + port)) {
                    try (Conn c = Net.dial("tcp", address); Conn s = otherEnd(l, c)) {
                        c.write(new byte[1]);
                        assertEquals(1, s.read(new byte[2]), address);
                        assertEquals(true, c.option(StandardSocketOptions.TCP_NODELAY));
                        assertEquals(true, s.option(StandardSocketOptions.TCP_NODELAY));
                        assertEquals(true, s.option(StandardSocketOptions.SO_KEEPALIVE));
                    }
                }
            }
        });
    }

    /** Where a name has two addresses and the first is slow, there may be a connection that nobody uses before it. */
    private static Conn otherEnd(Listener l, Conn c) throws IOException {
        for (;;) {
            Conn s = l.accept();
            if (s.remoteAddress().equals(c.localAddress())) {
                return s;
            }
            s.close();
        }
    }

    // -- several addresses --

    /** The first leads nowhere: the second is tried 250 ms later and wins. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    @EnabledOnOs(OS.LINUX)
    void testDialerFallbackDelay(String poller, int procs) throws Exception {
        Nets.run(poller, procs, () -> {
            try (Listener l = Net.listen("tcp", "127.0.0.1:0");
                    Blackhole hole = new Blackhole("127.0.0.2", ((InetSocketAddress) l.localAddress()).getPort())) {
                TestResolver.names("slow-first.test", "127.0.0.2", "127.0.0.1");
                long start = System.nanoTime();
                try (Conn c = Net.dial("tcp", "slow-first.test:" + hole.port()); Conn s = l.accept()) {
                    assertTrue(millisSince(start) >= STAGGER_MILLIS, "the second began too early");
                    assertEquals(l.localAddress(), c.remoteAddress());
                    assertTrue(s.isOpen());
                }
                awaitOneGoroutine();
            }
        });
    }

    /** The first fails at once: so the second is tried at once. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    @EnabledOnOs(OS.LINUX)
    void testDialParallelGoesOnAfterAFailure(String poller, int procs) throws Exception {
        Nets.run(poller, procs, () -> {
            try (Listener l = Net.listen("tcp", "127.0.0.1:0")) {
                TestResolver.names("refused-first.test", "127.0.0.2", "::1", "127.0.0.1", "127.0.0.3");
                String address = "refused-first.test:" + ((InetSocketAddress) l.localAddress()).getPort();
                long best = Long.MAX_VALUE;
                for (int i = 0; i < 20 && best >= STAGGER_MILLIS; i++) {
                    long start = System.nanoTime();
                    try (Conn c = Net.dial("tcp", address); Conn s = l.accept()) {
                        assertEquals(l.localAddress(), c.remoteAddress());
                        assertTrue(s.isOpen());
                    }
                    best = Math.min(best, millisSince(start));
                }
                assertTrue(best < STAGGER_MILLIS, "it took " + best + " ms");
            }
        });
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    @EnabledOnOs(OS.LINUX)
    void testDialParallelFailsWithTheFirstFailure(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            TestResolver.names("refused.test", "127.0.0.2", "::1", "127.0.0.3");
            String address = refusing();
            String port = address.substring(address.indexOf(':'));
            ConnectException e;
            long start;
            int tries = 0;
            // Only if none was waited for so long that the next one began, each has failed before the next.
            do {
                start = System.nanoTime();
                e = Nets.expect(ConnectException.class, "dial tcp .*" + port + ": connection refused",
                        () -> Net.dial("tcp", "refused.test" + port));
            } while (millisSince(start) >= STAGGER_MILLIS && ++tries < 20);
            assertEquals("dial tcp 127.0.0.2" + port + ": connection refused", e.getMessage());
            assertEquals(2, e.getSuppressed().length);
            assertEquals("dial tcp [::1]" + port + ": connection refused", e.getSuppressed()[0].getMessage());
        });
    }

    /** Time-out, interrupt and cancellation end the race and leave nothing. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    @EnabledOnOs(OS.LINUX)
    void testDialParallelEndsEarly(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Blackhole one = new Blackhole("127.0.0.1", 0);
                    Blackhole two = new Blackhole("127.0.0.2", one.port())) {
                TestResolver.names("nowhere.test", "127.0.0.1", "127.0.0.2");
                String address = "nowhere.test:" + two.port();
                Nets.expect(SocketTimeoutException.class, "dial tcp 127.0.0.[12]:.*: i/o timeout",
                        () -> Net.dial("tcp", address, Duration.ofSeconds(2)));
                awaitOneGoroutine(); // the attempts of this dial must not be taken for those of the next
                Crew crew = new Crew();
                var interrupted = crew.go(() -> {
                    Nets.expect(InterruptedIOException.class, "dial tcp .*: interrupted",
                            () -> Net.dial("tcp", address));
                    assertTrue(Thread.interrupted());
                });
                var ctx = Context.withCancel(Context.background());
                var cancelled = crew.go(() -> Nets.expect(IOException.class, "dial tcp .*: operation was canceled",
                        () -> Net.dial(ctx, "tcp", address)));
                while (Goroutines.dump().split("Dial.attempt\\(", -1).length <= 4) { // both have two under way
                    Nets.sleep(Duration.ofMillis(1));
                }
                Nets.awaitBlocked(interrupted);
                Nets.awaitBlocked(cancelled);
                interrupted.interrupt();
                ctx.cancel();
                crew.join();
                awaitOneGoroutine();
            }
        });
    }

    /** Whatever becomes of a dial, no descriptor stays: testDialTimeoutFDLeak, testDialerDualStackFDLeak. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    @EnabledOnOs(OS.LINUX)
    void testDialFDLeak(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Listener l = Net.listen("tcp", "127.0.0.1:0"); Blackhole hole = new Blackhole("127.0.0.1", 0)) {
                int port = ((InetSocketAddress) l.localAddress()).getPort();
                // Names of its own: the JDK remembers for a while what others have stood for.
                TestResolver.names("leak-refused-first.test", "127.0.0.2", "127.0.0.1");
                TestResolver.names("leak-refused.test", "127.0.0.2", "127.0.0.3");
                for (int round = 0; round < 2; round++) {
                    long before = sockets();
                    for (int i = 0; i < 20; i++) {
                        Net.dial("tcp", "leak-refused-first.test:" + port).close();
                        l.accept().close();
                        Nets.expect(ConnectException.class, ".*refused",
                                () -> Net.dial("tcp", "leak-refused.test:" + port));
                        Nets.expect(SocketTimeoutException.class, ".*timeout",
                                () -> Net.dial("tcp", hole.address(), Duration.ofMillis(1)));
                        try (var ctx = Context.withTimeout(Context.background(), Duration.ofMillis(1))) {
                            Nets.expect(SocketTimeoutException.class, ".*timeout",
                                    () -> Net.dial(ctx, "tcp", hole.address()));
                        }
                    }
                    // The first round opens what is open for ever. A selector closes sockets when it is asked again.
                    while (round > 0 && sockets() > before) {
                        Nets.sleep(Duration.ofMillis(1));
                    }
                }
            }
        });
    }

    /** Those that are no files: the JVM opens files for a moment whenever it likes. */
    private static long sockets() throws IOException {
        long n = 0;
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path each : all) {
                try {
                    n += Files.readSymbolicLink(each).isAbsolute() ? 0 : 1;
                } catch (NoSuchFileException e) {
                    continue; // closed meanwhile
                }
            }
        }
        return n;
    }

    /** Losers of a race end: their goroutines, and with them their sockets. */
    private static void awaitOneGoroutine() throws InterruptedException {
        while (GoRuntime.current().numGoroutine() > 1) {
            Nets.sleep(Duration.ofMillis(1));
        }
    }

    // -- names --

    /** A lookup that takes for ever holds nobody else up, and can be given up. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void testLookupIsLeftBehind(String poller) throws Exception {
        Nets.run(poller, 1, () -> {
            String host = "never-" + poller + ".test";
            var slow = TestResolver.slow(host);
            try {
                Nets.expect(SocketTimeoutException.class, "dial tcp: i/o timeout",
                        () -> Net.dial("tcp", host + ":80", Nets.SOON));
                Crew crew = new Crew();
                var dialer = crew.go(() -> {
                    Nets.expect(InterruptedIOException.class, "dial tcp: interrupted",
                            () -> Net.dial("tcp", host + ":80"));
                    assertTrue(Thread.interrupted());
                });
                Nets.awaitBlocked(dialer);
                dialer.interrupt();
                crew.join();
                try (var ctx = Context.withTimeout(Context.background(), Nets.SOON)) {
                    IOException e = Nets.expect(SocketTimeoutException.class, "dial tcp: i/o timeout",
                            () -> Net.dial(ctx, "tcp", host + ":80"));
                    assertInstanceOf(DeadlineExceededException.class, e.getCause());
                }
            } finally {
                slow.countDown();
            }
        });
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void testLookupHost(String poller) throws Exception {
        Nets.run(poller, 1, () -> {
            TestResolver.names("two.test", "127.0.0.1", "::1");
            assertEquals(List.of(InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("::1")),
                    Net.lookup("two.test"));
            assertEquals(List.of(InetAddress.ofLiteral("::2")), Net.lookup("::2"));
            Nets.expect(UnknownHostException.class, "lookup nosuch.test: no such host",
                    () -> Net.lookup("nosuch.test"));
            Nets.expect(UnknownHostException.class, "lookup : no such host", () -> Net.lookup(""));
            Nets.expect(AddressException.class, "listen tcp6: address v4.test: no suitable address found", () -> {
                TestResolver.names("v4.test", "127.0.0.1");
                Net.listen("tcp6", "v4.test:0");
            });
        });
    }

    /** Threads that are no goroutines use the default runtime. */
    @Test
    void fromAPlainThread() throws Exception {
        try (Listener l = Net.listen("tcp", "127.0.0.1:0");
                Conn c = Net.dial("tcp", Net.hostPort(l.localAddress()));
                Conn s = l.accept()) {
            c.write(new byte[]{5});
            assertEquals(5, s.inputStream().read());
            Thread reader = Thread.ofPlatform().start(() -> {
                try {
                    s.read(new byte[1]);
                } catch (InterruptedIOException e) {
                    assertNull(e.getCause());
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            reader.interrupt();
            assertTrue(reader.join(Nets.NEVER));
        }
    }
}
