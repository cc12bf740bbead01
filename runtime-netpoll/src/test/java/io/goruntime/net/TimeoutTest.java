package io.goruntime.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoRuntime;
import io.goruntime.net.Nets.Crew;
import io.goruntime.net.Nets.Pair;
import io.goruntime.testing.Bounded;
import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Deadlines of sockets, beyond what every connection has. Source: timeout_test.go. */
class TimeoutTest {
    private static final String LOCAL = "127\\.0\\.0\\.1:\\d+";

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void testReadTimeoutNamesBothEnds(String poller, int procs) throws Exception {
        Nets.run(poller, procs, () -> {
            try (Pair p = Pair.tcp()) {
                p.a().setReadDeadline(Duration.ofMillis(1));
                Nets.expect(SocketTimeoutException.class, "read tcp " + LOCAL + "->" + LOCAL + ": i/o timeout",
                        () -> p.a().read(new byte[1]));
            }
        });
    }

    /** Each of growing deadlines is kept: never early, and not for ever. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void testReadTimeoutFluctuation(String poller, int procs) throws Exception {
        Nets.run(poller, procs, () -> {
            try (Pair p = Pair.tcp()) {
                for (long nanos = 1000; nanos < 50_000_000; nanos *= 4) {
                    long start = System.nanoTime();
                    p.a().setReadDeadline(Duration.ofNanos(nanos));
                    Nets.expect(SocketTimeoutException.class, ".*timeout", () -> p.a().read(new byte[1]));
                    assertTrue(System.nanoTime() - start >= nanos, nanos + " ns were not over");
                }
            }
        });
    }

    /** A deadline that is moved while a read waits: to earlier, away, to now. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void testReadTimeoutIsMovedWhileWaiting(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Pair p = Pair.tcp()) {
                p.a().setReadDeadline(Nets.NEVER);
                Crew crew = new Crew();
                var reader = crew.go(() -> assertEquals(1, p.a().read(new byte[1])));
                Nets.awaitBlocked(reader);
                p.a().setReadDeadline(Duration.ofSeconds(2));
                p.a().setReadDeadline(null);
                Nets.sleep(Duration.ofMillis(2_100));
                assertEquals(false, reader.isDone());
                p.b().write(new byte[1]);
                crew.join();
                p.a().setReadDeadline(Nets.NEVER);
                for (Duration d : new Duration[]{Duration.ofMillis(1), Duration.ZERO}) {
                    var late = crew.go(() -> Nets.expect(SocketTimeoutException.class, ".*timeout",
                            () -> p.a().read(new byte[1])));
                    Nets.awaitBlocked(late);
                    p.a().setReadDeadline(d);
                    crew.join();
                    p.a().setReadDeadline(null);
                }
            }
        });
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void testReadTimeoutMustNotReturn(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Pair p = Pair.tcp()) {
                p.a().setDeadline(Nets.SOON);
                p.a().setWriteDeadline(Duration.ofSeconds(-1));
                p.a().setReadDeadline(null);
                Crew crew = new Crew();
                var reader = crew.go(() -> Nets.expect(AsynchronousCloseException.class, "read.*closed.*",
                        () -> p.a().read(new byte[1])));
                Nets.awaitBlocked(reader);
                Nets.sleep(Duration.ofMillis(100));
                assertEquals(false, reader.isDone());
                p.a().close();
                crew.join();
            }
        });
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void testWriteTimeoutTellsHowMuchWasWritten(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Pair p = Pair.tcp()) {
                long written = 0;
                p.a().setWriteDeadline(Duration.ofMillis(100));
                try {
                    for (;;) {
                        p.a().write(new byte[100_003]);
                        written += 100_003;
                    }
                } catch (SocketTimeoutException e) {
                    written += e.bytesTransferred;
                }
                p.a().closeWrite();
                long read = 0;
                byte[] b = new byte[1 << 16];
                for (int n; (n = p.b().read(b)) >= 0;) {
                    read += n;
                }
                assertEquals(written, read);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void testAcceptTimeout(String poller, int procs) throws Exception {
        Nets.run(poller, procs, () -> {
            try (Listener l = Net.listen("tcp", "127.0.0.1:0")) {
                for (Duration d : new Duration[]{Duration.ofSeconds(-5), Duration.ZERO, Duration.ofMillis(20)}) {
                    l.setDeadline(d);
                    Nets.expect(SocketTimeoutException.class, "accept tcp " + LOCAL + ": i/o timeout", l::accept);
                }
                l.setDeadline(null);
                Conn c = Net.dial("tcp", Net.hostPort(l.localAddress()));
                l.accept().close();
                c.close();
            }
        });
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void testAcceptTimeoutMustNotReturn(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            Listener l = Net.listen("tcp", "127.0.0.1:0");
            l.setDeadline(Duration.ofMillis(20));
            l.setDeadline(null);
            Crew crew = new Crew();
            var waits = crew.go(
                    () -> Nets.expect(AsynchronousCloseException.class, "accept.*closed.*", l::accept));
            Nets.awaitBlocked(waits);
            Nets.sleep(Nets.SOON);
            assertEquals(false, waits.isDone());
            l.close();
            crew.join();
        });
    }

    /** Copies under deadlines of all lengths: each ends with its time-out, none hangs. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void testVariousDeadlines(String poller, int procs) throws Exception {
        Nets.run(poller, procs, () -> {
            Listener l = Net.listen("tcp", "127.0.0.1:0");
            Crew servers = new Crew();
            var acceptor = servers.go(() -> {
                try {
                    for (;;) {
                        Conn c = l.accept();
                        GoRuntime.go(() -> {
                            try (c) {
                                for (;;) {
                                    c.write(new byte[10_000]);
                                }
                            } catch (IOException e) {
                                return; // the client has gone
                            }
                        });
                    }
                } catch (ClosedChannelException e) {
                    return;
                }
            });
            for (long micros : new long[]{1, 10, 100, 1_000, 5_000, 20_000, 50_000}) {
                Crew clients = new Crew();
                for (int run = 0; run < 3; run++) {
                    clients.go(() -> {
                        try (Conn c = Net.dial("tcp", Net.hostPort(l.localAddress()))) {
                            c.setDeadline(Duration.ofNanos(micros * 1000));
                            Nets.expect(SocketTimeoutException.class, "read .*timeout",
                                    () -> c.inputStream().transferTo(OutputStream.nullOutputStream()));
                        }
                    });
                }
                clients.join();
            }
            assertEquals(false, acceptor.isDone());
            l.close();
            servers.join();
        });
    }

    /** Bytes flow and deadlines are set at the same time: nothing is lost. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void testReadWriteDeadlineRace(String poller, int procs) throws Exception {
        Random random = new Random(Bounded.seed("testReadWriteDeadlineRace"));
        Nets.run(poller, procs, () -> {
            try (Pair p = Pair.tcp()) {
                int total = 2_000_000;
                Crew crew = new Crew();
                crew.go(() -> {
                    byte[] b = new byte[7001];
                    for (int left = total; left > 0;) {
                        try {
                            p.a().write(b, 0, Math.min(left, b.length));
                            left -= Math.min(left, b.length);
                        } catch (SocketTimeoutException e) {
                            left -= e.bytesTransferred;
                            GoRuntime.gosched(); // the JDK's scheduler does not share the processors out by itself
                        }
                    }
                    p.a().closeWrite();
                });
                var reader = crew.go(() -> {
                    byte[] b = new byte[5003];
                    int read = 0;
                    for (int n = 0; n >= 0;) {
                        try {
                            n = p.b().read(b);
                            read += Math.max(n, 0);
                        } catch (SocketTimeoutException e) {
                            GoRuntime.gosched();
                        }
                    }
                    assertEquals(total, read);
                });
                while (!reader.isDone()) {
                    Conn c = random.nextBoolean() ? p.a() : p.b();
                    c.setDeadline(switch (random.nextInt(3)) {
                        case 0 -> null;
                        case 1 -> Duration.ofNanos(random.nextInt(100_000));
                        default -> Duration.ofNanos(random.nextInt(10_000_000));
                    });
                    Nets.sleep(Duration.ofNanos(random.nextInt(200_000)));
                }
                crew.join();
            }
        });
    }
}
