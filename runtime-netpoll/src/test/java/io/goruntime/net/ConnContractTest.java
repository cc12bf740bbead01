package io.goruntime.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoFn;
import io.goruntime.context.CancelledException;
import io.goruntime.context.Context;
import io.goruntime.net.Nets.Crew;
import io.goruntime.net.Nets.Pair;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every connection does, whatever it goes over. Source: golang.org/x/net/nettest, TestConn, which Go runs for its
 * sockets and pipes.
 */
class ConnContractTest {
    private static final int MEGABYTE = 1 << 20;
    private static final Duration PAST = Duration.ofSeconds(-1);
    private static final byte MARK = (byte) 0xff;

    @TempDir
    static Path dir;

    enum Kind {
        TCP, TCP6, UNIX, PIPE, TLS;

        private static final AtomicLong SOCKETS = new AtomicLong();

        Pair open() throws Exception {
            return switch (this) {
                case TCP -> Pair.tcp();
                case TCP6 -> Pair.of("tcp6", "[::1]:0");
                case UNIX -> Pair.of("unix", dir.resolve("s" + SOCKETS.incrementAndGet()).toString());
                case PIPE -> Pair.pipe();
                case TLS -> Certificates.over(Pair.tcp());
            };
        }
    }

    static Stream<Arguments> kinds() {
        return Nets.pollers().flatMap(p -> Stream.of(Kind.values())
                .filter(k -> p.equals("epoll") || k == Kind.TCP || k == Kind.UNIX).map(k -> Arguments.of(p, k)));
    }

    @FunctionalInterface
    private interface Body {
        void run(Conn c1, Conn c2) throws Exception;
    }

    private static void run(String poller, Kind kind, Body body) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Pair pair = kind.open()) {
                body.run(pair.a(), pair.b());
            }
        });
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void testBasicIO(String poller, Kind kind) throws Exception {
        byte[] want = new byte[MEGABYTE];
        new Random(1).nextBytes(want);
        run(poller, kind, (c1, c2) -> {
            Crew crew = new Crew();
            crew.go(() -> {
                c1.outputStream().write(want);
                c1.closeWrite();
            });
            crew.go(() -> {
                byte[] got = c2.inputStream().readAllBytes();
                assertArrayEquals(want, got);
                c2.write(ByteBuffer.wrap(got));
                c2.closeWrite();
            });
            assertArrayEquals(want, c1.inputStream().readAllBytes());
            assertEquals(-1, c1.read(new byte[1]));
            crew.join();
        });
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void testPingPong(String poller, Kind kind) throws Exception {
        run(poller, kind, (c1, c2) -> {
            Crew crew = new Crew();
            crew.go(() -> {
                ByteBuffer b = ByteBuffer.allocateDirect(Long.BYTES);
                for (long i = 0; i < 1000; i++) {
                    c2.readFully(b.clear());
                    assertEquals(i, b.flip().getLong());
                    assertEquals(Long.BYTES, c2.write(b.clear().putLong(-i).flip()));
                }
            });
            ByteBuffer b = ByteBuffer.allocate(Long.BYTES);
            for (long i = 0; i < 1000; i++) {
                c1.write(b.clear().putLong(i).flip());
                c1.readFully(b.clear());
                assertEquals(-i, b.flip().getLong());
            }
            crew.join();
        });
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void testRacyRead(String poller, Kind kind) throws Exception {
        run(poller, kind, (c1, c2) -> {
            Crew writer = new Crew();
            writer.go(() -> writeUntilClosed(c2));
            Crew readers = new Crew();
            for (int i = 0; i < 10; i++) {
                readers.go(() -> {
                    for (int j = 0; j < 10; j++) {
                        c1.setReadDeadline(Duration.ofMillis(1));
                        try {
                            assertTrue(c1.read(new byte[1024]) > 0);
                        } catch (SocketTimeoutException e) {
                            continue;
                        }
                    }
                });
            }
            readers.join();
            c1.close();
            c2.close();
            writer.join();
        });
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void testRacyWrite(String poller, Kind kind) throws Exception {
        run(poller, kind, (c1, c2) -> {
            Crew reader = new Crew();
            reader.go(() -> readUntilClosed(c2));
            Crew writers = new Crew();
            for (int i = 0; i < 10; i++) {
                writers.go(() -> {
                    for (int j = 0; j < 10; j++) {
                        c1.setWriteDeadline(Duration.ofMillis(1));
                        try {
                            c1.write(new byte[1024]);
                        } catch (SocketTimeoutException e) {
                            assertTrue(e.bytesTransferred <= 1024);
                        }
                    }
                });
            }
            writers.join();
            c1.close();
            c2.close();
            reader.join();
        });
    }

    private static void writeUntilClosed(Conn c) {
        try {
            for (;;) {
                c.write(new byte[1024]);
            }
        } catch (IOException e) {
            assertFalse(e instanceof SocketTimeoutException, e.toString());
        }
    }

    private static void readUntilClosed(Conn c) {
        byte[] b = new byte[1024];
        try {
            for (int n = 0; n >= 0;) {
                n = c.read(b);
            }
        } catch (IOException e) {
            assertFalse(e instanceof SocketTimeoutException, e.toString());
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void testReadTimeout(String poller, Kind kind) throws Exception {
        run(poller, kind, (c1, c2) -> {
            Crew reader = new Crew();
            reader.go(() -> readUntilClosed(c2));
            c1.write(new byte[1]); // a handshake, if there is one, needs both directions
            c1.setReadDeadline(PAST);
            Nets.expect(SocketTimeoutException.class, "read .*: i/o timeout", () -> c1.read(new byte[1024]));
            c1.write(new byte[1024]);
            c1.close();
            reader.join();
        });
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void testWriteTimeout(String poller, Kind kind) throws Exception {
        run(poller, kind, (c1, c2) -> {
            Crew writer = new Crew();
            writer.go(() -> writeUntilClosed(c2));
            assertTrue(c1.read(new byte[1]) > 0);
            c1.setWriteDeadline(PAST);
            SocketTimeoutException e = Nets.expect(SocketTimeoutException.class, "write .*: i/o timeout",
                    () -> c1.write(new byte[1024]));
            assertTrue(e.bytesTransferred == 0 || kind == Kind.TLS, "written: " + e.bytesTransferred);
            assertTrue(c1.read(new byte[1024]) > 0);
            c1.close();
            writer.join();
        });
    }

    /** A deadline in the past fails at once, and after it is gone the connection works. */
    @ParameterizedTest
    @MethodSource("kinds")
    void testPastTimeout(String poller, Kind kind) throws Exception {
        run(poller, kind, (c1, c2) -> {
            Crew echo = new Crew();
            echo.go(() -> echo(c2));
            resync(c1);
            c1.setDeadline(PAST);
            Nets.expect(SocketTimeoutException.class, "write .*: i/o timeout", () -> c1.write(new byte[1024]));
            Nets.expect(SocketTimeoutException.class, "read .*: i/o timeout", () -> c1.read(new byte[1024]));
            resync(c1);
            c1.close();
            echo.join();
        });
    }

    /** A deadline set to now ends reads and writes that wait. */
    @ParameterizedTest
    @MethodSource("kinds")
    void testPresentTimeout(String poller, Kind kind) throws Exception {
        run(poller, kind, (c1, c2) -> {
            agree(c1, c2);
            Crew crew = blockBoth(c1);
            Nets.sleep(Nets.SOON);
            c1.setDeadline(Duration.ZERO);
            crew.join();
        });
    }

    /** A deadline that is set before ends both when it comes, not before, and the connection works afterwards. */
    @ParameterizedTest
    @MethodSource("kinds")
    void testFutureTimeout(String poller, Kind kind) throws Exception {
        run(poller, kind, (c1, c2) -> {
            agree(c1, c2);
            long start = System.nanoTime();
            c1.setDeadline(Duration.ofMillis(100));
            blockBoth(c1).join();
            long took = System.nanoTime() - start;
            assertTrue(took >= 100_000_000, "after " + took + " ns");
            Crew echo = new Crew();
            echo.go(() -> echo(c2));
            resync(c1);
            c1.close();
            echo.join();
        });
    }

    /** A reader and a writer that go on until their deadline passes. */
    private static Crew blockBoth(Conn c1) {
        Crew crew = new Crew();
        crew.go(() -> Nets.expect(SocketTimeoutException.class, "read .*: i/o timeout", () -> c1.read(new byte[1024])));
        crew.go(() -> Nets.expect(SocketTimeoutException.class, "write .*: i/o timeout", () -> {
            for (;;) {
                c1.write(new byte[1024]);
            }
        }));
        return crew;
    }

    /** Gets a handshake out of the way, and what the server's side sends after it. */
    private static void agree(Conn c1, Conn c2) throws Exception {
        if (c1 instanceof TlsConn t1 && c2 instanceof TlsConn t2) {
            Crew crew = new Crew();
            crew.go(() -> t2.write(new byte[1]));
            assertEquals(1, t1.read(new byte[1]));
            crew.join();
        }
    }

    private static void echo(Conn c) {
        byte[] b = new byte[1024];
        try {
            for (int n; (n = c.read(b)) >= 0;) {
                c.write(b, 0, n);
            }
        } catch (IOException e) {
            assertFalse(e instanceof SocketTimeoutException, e.toString());
        }
    }

    /** With an echo on the other side: writes a mark and reads, past whatever was written before, until it is back. */
    private static void resync(Conn c) throws Exception {
        c.setDeadline(null);
        Crew writer = new Crew();
        writer.go(() -> c.write(new byte[]{MARK}));
        byte[] b = new byte[1024];
        for (int n = c.read(b); b[n - 1] != MARK;) {
            n = c.read(b);
        }
        writer.join();
    }

    /** Close wakes who waits; after that there is nothing but ClosedChannelException. */
    @ParameterizedTest
    @MethodSource("kinds")
    void testCloseTimeout(String poller, Kind kind) throws Exception {
        run(poller, kind, (c1, c2) -> {
            agree(c1, c2);
            Crew crew = new Crew();
            var reader = crew.go(() -> Nets.expect(AsynchronousCloseException.class,
                    "read .*: use of closed network connection", () -> c1.read(new byte[1024])));
            var writer = crew.go(() -> {
                try {
                    for (;;) {
                        c1.write(new byte[1 << 16]);
                    }
                } catch (ClosedChannelException e) {
                    assertTrue(e.getMessage().startsWith("write "), e.getMessage());
                }
            });
            Nets.awaitBlocked(reader);
            Nets.awaitBlocked(writer);
            c1.close();
            crew.join();
            assertFalse(c1.isOpen());
            assertEquals(c2.remoteAddress(), c1.localAddress());
            c1.close();
            String text = " .*: use of closed network connection";
            Nets.expect(ClosedChannelException.class, "read" + text, () -> c1.read(new byte[1]));
            Nets.expect(ClosedChannelException.class, "write" + text, () -> c1.write(new byte[1]));
            Nets.expect(ClosedChannelException.class, "set" + text, () -> c1.setDeadline(null));
            Nets.expect(ClosedChannelException.class, "(close|write)" + text, c1::closeWrite);
        });
    }

    // -- interrupts --

    /** An interrupted read keeps the flag and loses nothing; one that need not wait does not look at it. */
    @ParameterizedTest
    @MethodSource("kinds")
    void readIsInterrupted(String poller, Kind kind) throws Exception {
        run(poller, kind, (c1, c2) -> {
            agree(c1, c2);
            AtomicBoolean twice = new AtomicBoolean();
            Crew crew = new Crew();
            var reader = crew.go(() -> {
                Nets.expect(InterruptedIOException.class, "read .*: interrupted", () -> c1.read(new byte[8]));
                Nets.expect(InterruptedIOException.class, "read .*: interrupted", () -> c1.read(new byte[8]));
                twice.set(true);
                assertTrue(Thread.interrupted());
                byte[] b = new byte[4];
                c1.readFully(b);
                assertArrayEquals(new byte[]{1, 2, 3, 4}, b);
            });
            Nets.awaitBlocked(reader);
            reader.interrupt();
            while (!twice.get() && !reader.isDone()) {
                Nets.sleep(Duration.ofMillis(1));
            }
            c2.write(new byte[]{1, 2, 3, 4});
            crew.join();
        });
    }

    /** An interrupted write says how much went out, and the connection goes on from there. */
    @ParameterizedTest
    @MethodSource("kinds")
    void writeIsInterrupted(String poller, Kind kind) throws Exception {
        run(poller, kind, (c1, c2) -> {
            agree(c1, c2);
            AtomicLong written = new AtomicLong();
            AtomicBoolean noticed = new AtomicBoolean();
            Crew crew = new Crew();
            var writer = crew.go(() -> {
                ByteBuffer big = ByteBuffer.allocate(64 * MEGABYTE);
                InterruptedIOException e = Nets.expect(InterruptedIOException.class, "write .*: interrupted",
                        () -> c1.write(big));
                noticed.set(true);
                assertTrue(Thread.interrupted());
                assertEquals(big.position(), e.bytesTransferred);
                c1.write(new byte[]{MARK});
                written.set(e.bytesTransferred + 1);
                c1.closeWrite();
            });
            c2.readFully(new byte[1000]);
            Nets.awaitBlocked(writer);
            writer.interrupt();
            // Nothing is read before: a write that need not wait any more does not look at the flag.
            while (!noticed.get() && !writer.isDone()) {
                Nets.sleep(Duration.ofMillis(1));
            }
            if (!noticed.get()) {
                crew.join(); // fails
            }
            long read = 1000;
            byte[] b = new byte[1 << 16];
            byte last = 0;
            for (int n; (n = c2.read(b)) >= 0;) {
                read += n;
                last = b[n - 1];
            }
            crew.join();
            assertEquals(written.get(), read);
            assertEquals(MARK, last);
        });
    }

    /** So does one of several buffers, or of a file: what it counts are the bytes of the whole call. */
    @ParameterizedTest
    @MethodSource("kinds")
    void gatheringWritesCountAllTheyWrote(String poller, Kind kind) throws Exception {
        Path file = Files.write(dir.resolve("big-" + poller + kind), new byte[16 * MEGABYTE]);
        run(poller, kind, (c1, c2) -> {
            agree(c1, c2);
            AtomicLong written = new AtomicLong();
            Crew crew = new Crew();
            crew.go(() -> {
                ByteBuffer[] several = {ByteBuffer.allocate(1000), ByteBuffer.allocate(16 * MEGABYTE)};
                c1.setWriteDeadline(Nets.SOON);
                SocketTimeoutException e = Nets.expect(SocketTimeoutException.class, "write .*: i/o timeout",
                        () -> c1.write(several));
                assertEquals(several[0].position() + several[1].position(), e.bytesTransferred);
                written.addAndGet(e.bytesTransferred);
                c1.setWriteDeadline(Nets.SOON);
                try (FileChannel from = FileChannel.open(file)) {
                    e = Nets.expect(SocketTimeoutException.class, "(write|sendfile) .*: i/o timeout",
                            () -> c1.sendFile(from, 0, Long.MAX_VALUE));
                    written.addAndGet(e.bytesTransferred);
                }
            });
            crew.join();
            c1.setWriteDeadline(null);
            crew.go(c1::closeWrite);
            long read = 0;
            byte[] b = new byte[1 << 16];
            for (int n; (n = c2.read(b)) >= 0;) {
                read += n;
            }
            crew.join();
            assertEquals(written.get(), read);
        });
    }

    /** An interrupted thread sends no file, and the file stays open. */
    @ParameterizedTest
    @MethodSource("kinds")
    void sendFileIsInterrupted(String poller, Kind kind) throws Exception {
        Path file = Files.write(dir.resolve("small-" + poller + kind), new byte[]{1, 2, 3});
        run(poller, kind, (c1, c2) -> {
            agree(c1, c2);
            try (FileChannel from = FileChannel.open(file)) {
                Thread.currentThread().interrupt();
                InterruptedIOException e = Nets.expect(InterruptedIOException.class, "sendfile.*: interrupted",
                        () -> c1.sendFile(from, 0, 3));
                assertTrue(Thread.interrupted());
                assertEquals(0, e.bytesTransferred);
                Crew crew = new Crew();
                crew.go(() -> assertEquals(3, c1.sendFile(from, 0, 3)));
                byte[] got = new byte[3];
                c2.readFully(got);
                assertArrayEquals(new byte[]{1, 2, 3}, got);
                crew.join();
            }
        });
    }

    /** The end of a context ends what waits, as its exception, and the connection can still be used. */
    @ParameterizedTest
    @MethodSource("kinds")
    void aContextEndsReadsAndWrites(String poller, Kind kind) throws Exception {
        run(poller, kind, (c1, c2) -> {
            agree(c1, c2);
            try (var ctx = Context.withCancel(Context.background())) {
                Crew crew = new Crew();
                var reader = crew.go(() -> {
                    Nets.expect(CancelledException.class, ".*", () -> ctx.call(() -> c1.read(new byte[1])));
                    assertFalse(Thread.interrupted());
                });
                var writer = crew.go(() -> {
                    Nets.expect(CancelledException.class, ".*",
                            () -> ctx.call(() -> c1.write(ByteBuffer.allocate(64 * MEGABYTE))));
                    assertFalse(Thread.interrupted());
                });
                Nets.awaitBlocked(reader);
                Nets.awaitBlocked(writer);
                ctx.cancel();
                crew.join();
            }
            Crew echo = new Crew();
            echo.go(() -> echo(c2));
            resync(c1);
            c1.close();
            echo.join();
        });
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void testConcurrentMethods(String poller, Kind kind) throws Exception {
        run(poller, kind, (c1, c2) -> {
            Crew echo = new Crew();
            echo.go(() -> echo(c2));
            Crew crew = new Crew();
            for (int i = 0; i < 50; i++) {
                crew.go(() -> tolerant(() -> c1.read(new byte[1024])));
                crew.go(() -> tolerant(() -> c1.write(new byte[1024])));
                crew.go(() -> c1.setDeadline(Duration.ofMillis(10)));
                crew.go(() -> c1.setReadDeadline(PAST));
                crew.go(() -> c1.setWriteDeadline(PAST));
                crew.go(() -> assertEquals(c1.localAddress(), c1.localAddress()));
                crew.go(() -> assertEquals(c1.remoteAddress(), c1.remoteAddress()));
            }
            crew.join();
            c1.close();
            echo.join();
        });
    }

    private static void tolerant(GoFn body) throws Exception {
        try {
            body.run();
        } catch (SocketTimeoutException e) {
            return; // the deadlines are set by others
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void testCloseWrite(String poller, Kind kind) throws Exception {
        run(poller, kind, (c1, c2) -> {
            Crew crew = new Crew();
            crew.go(() -> {
                c1.write(new byte[]{1, 2, 3});
                c1.closeWrite();
            });
            byte[] got = new byte[3];
            c2.readFully(got);
            assertArrayEquals(new byte[]{1, 2, 3}, got);
            assertEquals(-1, c2.read(got));
            Nets.expect(EOFException.class, "unexpected end of stream, 3 bytes missing", () -> c2.readFully(got));
            crew.join();
            crew.go(() -> c2.write(new byte[]{4}));
            assertEquals(1, c1.read(got), "the other direction is still open");
            assertThrows(IOException.class, () -> c1.write(got));
            crew.join();
        });
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void testZeroByteReadAndWrite(String poller, Kind kind) throws Exception {
        run(poller, kind, (c1, c2) -> {
            agree(c1, c2);
            assertEquals(0, c1.read(new byte[0]));
            assertEquals(0, c1.read(ByteBuffer.allocate(0)));
            c1.write(new byte[0]);
            assertEquals(0, c1.write(ByteBuffer.allocate(0)));
            assertEquals(0, c1.write(new ByteBuffer[0]));
        });
    }

    /** Arrays at an offset, heap and direct buffers, several at a time, files: all move the same bytes. */
    @ParameterizedTest
    @MethodSource("kinds")
    void testBuffersOfAllKinds(String poller, Kind kind) throws Exception {
        byte[] want = new byte[100_000];
        new Random(2).nextBytes(want);
        Path file = Files.write(dir.resolve("file-" + poller + kind), want);
        run(poller, kind, (c1, c2) -> {
            Crew crew = new Crew();
            crew.go(() -> {
                c1.write(want, 0, 10_000);
                assertEquals(10_000, c1.write(ByteBuffer.wrap(want, 10_000, 10_000).asReadOnlyBuffer()));
                ByteBuffer direct = ByteBuffer.allocateDirect(10_000).put(want, 20_000, 10_000).flip();
                ByteBuffer[] several = {direct, ByteBuffer.allocate(0), ByteBuffer.wrap(want, 30_000, 5_000),
                        ByteBuffer.wrap(want, 35_000, 15_000).slice()};
                assertEquals(30_000, c1.write(several));
                for (ByteBuffer each : several) {
                    assertEquals(0, each.remaining());
                }
                try (FileChannel from = FileChannel.open(file)) {
                    assertEquals(50_000, c1.sendFile(from, 50_000, Long.MAX_VALUE), "till the end of the file");
                    assertEquals(0, c1.sendFile(from, want.length, 10));
                    assertEquals(0, from.position());
                }
                WritableByteChannel channel = c1;
                assertEquals(1, channel.write(ByteBuffer.allocate(1)));
                c1.closeWrite();
            });
            byte[] got = new byte[want.length];
            c2.readFully(got, 0, 10_000);
            ByteBuffer direct = ByteBuffer.allocateDirect(10_000);
            c2.readFully(direct);
            direct.flip().get(got, 10_000, 10_000);
            ByteBuffer[] several = {ByteBuffer.allocate(0), ByteBuffer.wrap(got, 20_000, 1_000),
                    ByteBuffer.wrap(got, 21_000, 29_000)};
            for (long n = 0; n < 30_000;) {
                long more = c2.read(several);
                assertTrue(more > 0);
                n += more;
            }
            assertEquals(0, c2.read(several), "they are full");
            ReadableByteChannel channel = c2;
            ByteBuffer rest = ByteBuffer.wrap(got, 50_000, 50_000);
            while (rest.hasRemaining()) {
                assertTrue(channel.read(rest) > 0);
            }
            assertArrayEquals(want, got);
            assertEquals(0, c2.inputStream().read());
            assertEquals(-1, c2.inputStream().read());
            crew.join();
        });
    }

    /** Closing a stream closes the connection, as java.net.Socket has it. */
    @ParameterizedTest
    @MethodSource("kinds")
    void streamsCloseTheConnection(String poller, Kind kind) throws Exception {
        run(poller, kind, (c1, c2) -> {
            agree(c1, c2);
            c1.outputStream().close();
            assertFalse(c1.isOpen());
            assertEquals(-1, c2.read(new byte[1]));
            c2.inputStream().close();
            assertFalse(c2.isOpen());
        });
    }
}
