package io.goruntime.internal.poll;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.internal.poll.Nets.Later;
import io.goruntime.internal.poll.Nets.Pair;
import io.goruntime.internal.sched.Netpoller;
import io.goruntime.testing.Bounded;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What NetFD promises, for each poller. */
class NetFDTest {
    private static final byte[] HELLO = "hello, world".getBytes(StandardCharsets.UTF_8);
    private static final long SHORT = 20_000_000;

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testBytesBothWays(String poller) throws Exception {
        Nets.run(poller, poll -> {
            assertEquals(poller, poll.name());
            try (Pair pair = Nets.pair(poll)) {
                assertEquals(pair.client().localAddress(), pair.server().remoteAddress());
                assertEquals(pair.server().localAddress(), pair.client().remoteAddress());
                byte[] got = new byte[100];
                Later<Integer> read = new Later<>(() -> pair.server().read(got, 10, 50));
                Nets.awaitWaiters(poll, 1);
                pair.client().write(HELLO, 0, HELLO.length);
                assertEquals(HELLO.length, read.get());
                assertEquals("hello, world", new String(got, 10, HELLO.length, StandardCharsets.UTF_8));
                pair.server().write(HELLO, 7, 5);
                assertEquals(5, pair.client().read(got, 0, got.length));
                assertEquals(0, pair.client().read(got, 0, 0));
                pair.server().shutdownWrite();
                assertEquals(-1, pair.client().read(got, 0, got.length));
                assertEquals(-1, pair.client().read(got, 0, got.length));
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testMuchMoreThanTheBuffersHold(String poller) throws Exception {
        long seed = Bounded.seed("testMuchMoreThanTheBuffersHold");
        Nets.run(poller, poll -> {
            try (Pair pair = Nets.pair(poll)) {
                byte[] all = new byte[8 << 20];
                new Random(seed).nextBytes(all);
                Later<Void> writer = new Later<>(() -> {
                    Random random = new Random(seed + 1);
                    int at = 0;
                    while (at < all.length) {
                        int n = Math.min(all.length - at, 1 + random.nextInt(300_000));
                        switch (random.nextInt(4)) {
                            case 0 -> pair.client().write(all, at, n);
                            case 1 -> pair.client().write(ByteBuffer.wrap(all, at, n).asReadOnlyBuffer());
                            case 2 -> pair.client().write(ByteBuffer.allocateDirect(n).put(all, at, n).flip());
                            default -> {
                                ByteBuffer[] parts = {ByteBuffer.allocate(0), ByteBuffer.wrap(all, at, n / 3),
                                        ByteBuffer.allocateDirect(n / 3).put(all, at + n / 3, n / 3).flip(),
                                        ByteBuffer.wrap(all, at + n / 3 * 2, n - n / 3 * 2)};
                                parts[1].limit(at + n / 3);
                                pair.client().write(parts, 0, parts.length);
                                for (ByteBuffer part : parts) {
                                    assertFalse(part.hasRemaining());
                                }
                            }
                        }
                        at += n;
                    }
                    pair.client().shutdownWrite();
                    return null;
                });
                byte[] got = new byte[all.length];
                int at = 0;
                Random random = new Random(seed + 2);
                for (long n; at < got.length; at += (int) n) {
                    int room = Math.min(got.length - at, 1 + random.nextInt(200_000));
                    int from = at;
                    switch (random.nextInt(4)) {
                        case 0 -> n = pair.server().read(got, at, room);
                        case 1 -> n = pair.server().read(ByteBuffer.wrap(got, at, room));
                        case 2 -> {
                            ByteBuffer direct = ByteBuffer.allocateDirect(room);
                            n = pair.server().read(direct);
                            assertEquals(n, direct.position());
                            direct.flip().get(got, from, (int) n);
                        }
                        default -> {
                            ByteBuffer direct = ByteBuffer.allocateDirect(room / 2);
                            ByteBuffer heap = ByteBuffer.allocate(room - room / 2);
                            n = pair.server().read(new ByteBuffer[]{null, direct, heap, null}, 1, 2);
                            assertEquals(n, direct.position() + heap.position());
                            int inDirect = direct.position();
                            direct.flip().get(got, from, inDirect);
                            heap.flip().get(got, from + inDirect, heap.limit());
                        }
                    }
                    assertTrue(n > 0, "read " + n + " at " + at);
                }
                assertEquals(-1, pair.server().read(new byte[1], 0, 1));
                writer.get();
                assertArrayEquals(all, got);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testSendFile(String poller, @TempDir Path directory) throws Exception {
        byte[] all = new byte[1_000_000];
        new Random(1).nextBytes(all);
        Path file = Files.write(directory.resolve("file"), all);
        Nets.run(poller, poll -> {
            try (Pair pair = Nets.pair(poll); FileChannel channel = FileChannel.open(file)) {
                Later<Long> sender = new Later<>(() -> {
                    long n = pair.client().sendFile(channel, 10, Long.MAX_VALUE);
                    assertEquals(5, pair.client().sendFile(channel, 0, 5));
                    pair.client().shutdownWrite();
                    return n;
                });
                byte[] got = new byte[all.length - 5];
                readFully(pair.server(), got);
                assertEquals(-1, pair.server().read(new byte[1], 0, 1));
                assertEquals(all.length - 10, sender.get());
                for (int i = 0; i < all.length - 10; i++) {
                    assertEquals(all[i + 10], got[i]);
                }
            }
        });
    }

    private static void readFully(NetFD fd, byte[] into) throws IOException {
        for (int at = 0; at < into.length;) {
            int n = fd.read(into, at, into.length - at);
            assertTrue(n > 0, "the end after " + at);
            at += n;
        }
    }

    // -- deadlines --

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testReadDeadline(String poller) throws Exception {
        Nets.run(poller, poll -> {
            try (Pair pair = Nets.pair(poll)) {
                NetFD fd = pair.client();
                byte[] b = new byte[10];
                fd.setReadDeadline(fd.now() - 1);
                pair.server().write(b, 0, 1);
                assertThrows(SocketTimeoutException.class, () -> fd.read(b, 0, 10), "in the past, with data there");
                fd.setReadDeadline(NetFD.NO_DEADLINE);
                assertEquals(1, fd.read(b, 0, 10));
                long before = fd.now();
                fd.setReadDeadline(before + SHORT);
                SocketTimeoutException e = assertThrows(SocketTimeoutException.class, () -> fd.read(b, 0, 10));
                assertEquals("i/o timeout", e.getMessage());
                assertTrue(fd.now() - before >= SHORT);
                fd.setReadDeadline(fd.now() + Nets.SOON.toNanos());
                pair.server().write(b, 0, 2);
                assertEquals(2, fd.read(b, 0, 10));
                Nets.awaitNoWaiters(poll);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testDeadlineSetWhileWaiting(String poller) throws Exception {
        Nets.run(poller, poll -> {
            try (Pair pair = Nets.pair(poll)) {
                NetFD fd = pair.client();
                for (int i = 0; i < 20; i++) {
                    fd.setReadDeadline(i % 2 == 0 ? NetFD.NO_DEADLINE : fd.now() + 1_000_000_000_000L);
                    Later<Integer> read = new Later<>(() -> fd.read(new byte[1], 0, 1));
                    Nets.awaitWaiters(poll, 1);
                    fd.setReadDeadline(fd.now() + 500_000_000_000L); // one that changes nothing
                    fd.setReadDeadline(i % 3 == 0 ? fd.now() : fd.now() + 1_000_000);
                    assertThrows(SocketTimeoutException.class, read::get);
                }
                Nets.awaitNoWaiters(poll);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testWriteDeadlineTellsWhatWasWritten(String poller) throws Exception {
        Nets.run(poller, poll -> {
            try (Pair pair = Nets.pair(poll)) {
                NetFD fd = pair.client();
                byte[] much = new byte[64 << 20];
                InterruptedIOException e = null;
                for (int i = 0; i < 10 && (e == null || e.bytesTransferred == 0); i++) { // or it passed before the write
                    fd.setWriteDeadline(fd.now() + 10 * SHORT);
                    e = assertThrows(SocketTimeoutException.class, () -> fd.write(much, 0, much.length));
                }
                fd.shutdownWrite();
                long got = 0;
                byte[] b = new byte[100_000];
                for (int n; (n = pair.server().read(b, 0, b.length)) > 0;) {
                    got += n;
                }
                assertEquals(got, e.bytesTransferred);
                assertTrue(got > 0);
            }
        });
    }

    // -- close --

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testCloseWakesAllWhoWait(String poller) throws Exception {
        Nets.run(poller, poll -> {
            Pair pair = Nets.pair(poll);
            NetFD fd = pair.client();
            Later<Integer> reader = new Later<>(() -> fd.read(new byte[1], 0, 1));
            Nets.awaitWaiters(poll, 1); // else the second one may be the one that waits, and this one come after the close
            Later<Integer> secondReader = new Later<>(() -> fd.read(new byte[1], 0, 1));
            Later<Void> writer = new Later<>(() -> {
                fd.write(new byte[64 << 20], 0, 64 << 20);
                return null;
            });
            Nets.awaitWaiters(poll, 2);
            fd.close();
            assertThrows(AsynchronousCloseException.class, reader::get);
            assertThrows(ClosedChannelException.class, secondReader::get);
            assertThrows(AsynchronousCloseException.class, writer::get);
            assertTrue(fd.isClosed());
            ClosedChannelException e = assertThrows(ClosedChannelException.class, () -> fd.read(new byte[1], 0, 1));
            assertSame(ClosedChannelException.class, e.getClass());
            assertThrows(ClosedChannelException.class, () -> fd.setReadDeadline(0));
            fd.close();
            pair.close();
            Nets.awaitNoWaiters(poll);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testCloseEndsAccept(String poller) throws Exception {
        Nets.run(poller, poll -> {
            NetFD listener = Nets.listen(poll);
            Later<NetFD> accept = new Later<>(listener::accept);
            Nets.awaitWaiters(poll, 1);
            listener.close();
            assertThrows(AsynchronousCloseException.class, accept::get);
        });
    }

    // -- interrupts --

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testInterruptedReadLeavesTheSocketUsable(String poller) throws Exception {
        Nets.run(poller, poll -> {
            try (Pair pair = Nets.pair(poll)) {
                NetFD fd = pair.client();
                Later<Boolean> read = new Later<>(() -> {
                    assertThrows(InterruptedIOException.class, () -> fd.read(new byte[1], 0, 1));
                    return Thread.currentThread().isInterrupted();
                });
                Nets.awaitWaiters(poll, 1);
                read.thread().interrupt();
                assertTrue(read.get(), "the flag is kept");
                pair.server().write(HELLO, 0, HELLO.length);
                byte[] b = new byte[100];
                int n = fd.read(b, 0, 1); // then all of it has arrived
                Thread.currentThread().interrupt();
                try {
                    n += fd.read(b, 0, 100); // what is ready does not mind
                    assertTrue(Thread.currentThread().isInterrupted());
                    InterruptedIOException e = assertThrows(InterruptedIOException.class, () -> fd.read(b, 0, 100));
                    assertFalse(e instanceof SocketTimeoutException);
                } finally {
                    assertTrue(Thread.interrupted());
                }
                assertEquals(HELLO.length, n);
                Nets.awaitNoWaiters(poll);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testPlainThreadsWaitToo(String poller) throws Exception {
        Nets.run(poller, poll -> {
            try (Pair pair = Nets.pair(poll)) {
                for (Thread.Builder kind : new Thread.Builder[]{Thread.ofPlatform(), Thread.ofVirtual()}) {
                    byte[] got = new byte[HELLO.length];
                    Throwable[] failure = new Throwable[1];
                    Thread thread = kind.start(() -> {
                        try {
                            readFully(pair.client(), got);
                            pair.client().write(got, 0, got.length);
                        } catch (Throwable e) {
                            failure[0] = e;
                        }
                    });
                    Nets.awaitWaiters(poll, 1);
                    pair.server().write(HELLO, 0, HELLO.length);
                    thread.join();
                    assertNull(failure[0]);
                    assertArrayEquals(HELLO, got);
                    readFully(pair.server(), got);
                }
            }
        });
    }

    // -- ends of connections --

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testDataBeforeAResetIsRead(String poller) throws Exception {
        Nets.run(poller, poll -> {
            for (int i = 0; i < 50; i++) {
                try (Pair pair = Nets.pair(poll)) {
                    NetFD fd = pair.client();
                    byte[] b = new byte[4];
                    if (i % 2 == 0) {
                        pair.server().write(HELLO, 0, 2);
                        assertEquals(2, fd.read(b, 0, 4)); // short: the next read waits for an event first
                    }
                    pair.server().write(HELLO, 0, 8);
                    pair.server().setOption(StandardSocketOptions.SO_LINGER, 0);
                    pair.server().close();
                    int total = 0;
                    IOException end = null;
                    while (end == null) {
                        try {
                            int n = fd.read(b, 0, 4);
                            assertTrue(n > 0, "a reset is no end of stream: " + n);
                            total += n;
                        } catch (SocketException e) {
                            end = e;
                        }
                    }
                    assertEquals(8, total);
                    assertEquals("connection reset by peer", end.getMessage().replaceFirst("^connection reset$",
                            "connection reset by peer"));
                }
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testEndOfStreamAfterAShortRead(String poller) throws Exception {
        Nets.run(poller, poll -> {
            for (int i = 0; i < 100; i++) {
                try (Pair pair = Nets.pair(poll)) {
                    pair.server().write(HELLO, 0, 3);
                    if (i % 2 == 0) {
                        pair.server().close();
                    }
                    byte[] b = new byte[10];
                    assertEquals(3, pair.client().read(b, 0, 10));
                    pair.server().close();
                    assertEquals(-1, pair.client().read(b, 0, 10));
                    assertEquals(-1, pair.client().read(b, 0, 10));
                }
            }
        });
    }

    /** The event of the end is taken before a read that is short: no other will come. */
    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testEndOfStreamWhoseEventCameFirst(String poller) throws Exception {
        Nets.run(poller, 1, poll -> {
            Netpoller.Events events = poll.newEvents();
            for (boolean reset : new boolean[]{false, true}) {
                try (Pair pair = Nets.pair(poll)) {
                    pair.server().write(HELLO, 0, 3);
                    if (reset) {
                        pair.server().setOption(StandardSocketOptions.SO_LINGER, 0);
                    }
                    pair.server().close();
                    for (int i = 0; i < 3; i++) {
                        events.poll(1_000_000);
                        events.ready();
                    }
                    byte[] b = new byte[10];
                    assertEquals(3, pair.client().read(b, 0, 10));
                    pair.client().setReadDeadline(poll.now() + Nets.SOON.toNanos());
                    if (reset) {
                        SocketException e = assertThrows(SocketException.class, () -> pair.client().read(b, 0, 10));
                        assertTrue(e.getMessage().startsWith("connection reset"), e.getMessage());
                    } else {
                        assertEquals(-1, pair.client().read(b, 0, 10));
                    }
                }
            }
        });
    }

    /** One waits for events already, on an M that is asleep in the poller, when the next one begins to wait. */
    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testWaitThatBeginsDuringAnother(String poller) throws Exception {
        Nets.run(poller, poll -> {
            try (Pair first = Nets.pair(poll); Pair second = Nets.pair(poll)) {
                Later<Integer> reader = new Later<>(() -> first.client().read(new byte[1], 0, 1));
                for (int i = 0; i < 10; i++) {
                    Nets.awaitWaiters(poll, 1);
                    Thread.sleep(5); // a chance for an M to fall asleep in the poller
                    int[] got = new int[1];
                    Thread outside = Thread.ofPlatform().daemon().start(() -> {
                        try {
                            got[0] = second.client().read(new byte[1], 0, 1);
                        } catch (IOException e) {
                            got[0] = -2;
                        }
                    });
                    Nets.awaitWaiters(poll, 2);
                    second.server().write(HELLO, 0, 1);
                    assertTrue(outside.join(Nets.SOON), "the event did not come through");
                    assertEquals(1, got[0]);
                }
                first.server().write(HELLO, 0, 1);
                assertEquals(1, reader.get());
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testShutdownReadWakesTheReader(String poller) throws Exception {
        Nets.run(poller, poll -> {
            try (Pair pair = Nets.pair(poll)) {
                Later<Integer> read = new Later<>(() -> pair.client().read(new byte[1], 0, 1));
                Nets.awaitWaiters(poll, 1);
                pair.client().shutdownRead();
                assertEquals(-1, read.get());
                pair.client().write(HELLO, 0, 1);
                assertEquals(1, pair.server().read(new byte[2], 0, 2));
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testWriteToWhoIsGone(String poller) throws Exception {
        Nets.run(poller, poll -> {
            try (Pair pair = Nets.pair(poll)) {
                pair.server().close();
                SocketException e = assertThrows(SocketException.class, () -> {
                    for (int i = 0; i < 1_000_000; i++) {
                        pair.client().write(HELLO, 0, HELLO.length);
                    }
                });
                assertTrue(e.getMessage().equals("broken pipe") || e.getMessage().startsWith("connection reset"),
                        e.getMessage());
            }
        });
    }

    // -- connecting --

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testConnectRefused(String poller) throws Exception {
        Nets.run(poller, poll -> {
            SocketAddress nobody;
            // Not one of ours: a Selector closes its sockets a little later.
            try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                nobody = listener.getLocalSocketAddress();
            }
            try (NetFD fd = poll.stream(StandardProtocolFamily.INET)) {
                assertNull(fd.localAddress());
                assertNull(fd.remoteAddress());
                ConnectException e = assertThrows(ConnectException.class, () -> fd.connect(nobody));
                assertEquals("connection refused", e.getMessage());
            }
            try (NetFD fd = poll.stream(StandardProtocolFamily.INET)) {
                assertThrows(SocketException.class, () -> fd.connect(InetSocketAddress.createUnresolved("x", 1)));
                assertThrows(SocketException.class, () -> fd.write(HELLO, 0, 1));
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testBindInUse(String poller) throws Exception {
        Nets.run(poller, poll -> {
            try (NetFD listener = Nets.listen(poll); NetFD second = poll.stream(StandardProtocolFamily.INET)) {
                BindException e = assertThrows(BindException.class, () -> {
                    second.bind(listener.localAddress());
                    second.listen(1);
                });
                assertEquals("address already in use", e.getMessage());
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testConnectThatIsNotAnswered(String poller) throws Exception {
        Nets.run(poller, poll -> {
            try (NetFD listener = poll.stream(StandardProtocolFamily.INET)) {
                listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                listener.listen(1);
                // A full queue of connections that nobody accepts is not answered.
                boolean timedOut = false;
                NetFD[] all = new NetFD[50];
                for (int i = 0; i < all.length && !timedOut; i++) {
                    NetFD fd = all[i] = poll.stream(StandardProtocolFamily.INET);
                    fd.setWriteDeadline(fd.now() + 5 * SHORT);
                    try {
                        fd.connect(listener.localAddress());
                    } catch (SocketTimeoutException e) {
                        timedOut = true;
                    }
                }
                assertTrue(timedOut);
                for (NetFD fd : all) {
                    if (fd != null) {
                        fd.close();
                    }
                }
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testUnix(String poller, @TempDir Path directory) throws Exception {
        Nets.run(poller, poll -> {
            SocketAddress address = UnixDomainSocketAddress.of(directory.resolve("socket"));
            try (NetFD listener = poll.stream(StandardProtocolFamily.UNIX);
                    NetFD client = poll.stream(StandardProtocolFamily.UNIX)) {
                assertInstanceOf(IOException.class, assertThrows(SocketException.class, () -> client.connect(address)));
                listener.bind(address);
                listener.listen(5);
                assertEquals(address, listener.localAddress());
                try (NetFD second = poll.stream(StandardProtocolFamily.UNIX)) {
                    second.connect(address);
                    assertEquals(address, second.remoteAddress());
                    try (NetFD server = listener.accept()) {
                        assertEquals(address, server.localAddress());
                        second.write(HELLO, 0, HELLO.length);
                        byte[] b = new byte[100];
                        assertEquals(HELLO.length, server.read(b, 0, 100));
                        second.write(HELLO, 0, 1);
                        assertEquals(1, server.read(b, 0, 100));
                    }
                    assertEquals(-1, second.read(new byte[1], 0, 1));
                }
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testDualStack(String poller) throws Exception {
        Nets.run(poller, poll -> {
            NetFD listener;
            try {
                listener = poll.stream(StandardProtocolFamily.INET6);
                listener.bind(null);
            } catch (IOException e) {
                return; // a machine without IPv6
            }
            try (listener) {
                listener.listen(5);
                int port = ((InetSocketAddress) listener.localAddress()).getPort();
                try (NetFD client = poll.stream(StandardProtocolFamily.INET)) {
                    client.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
                    try (NetFD server = listener.accept()) {
                        assertEquals(client.localAddress(), server.remoteAddress());
                        assertEquals(client.remoteAddress(), server.localAddress());
                    }
                }
                try (NetFD client = poll.stream(StandardProtocolFamily.INET6)) {
                    client.connect(new InetSocketAddress(InetAddress.getByName("::1"), port));
                    try (NetFD server = listener.accept()) {
                        assertEquals(client.localAddress(), server.remoteAddress());
                    }
                }
            }
        });
    }

    // -- datagrams --

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testDatagrams(String poller) throws Exception {
        Nets.run(poller, poll -> {
            try (NetFD a = poll.datagram(StandardProtocolFamily.INET);
                    NetFD b = poll.datagram(StandardProtocolFamily.INET)) {
                InetAddress loopback = InetAddress.getLoopbackAddress();
                a.bind(new InetSocketAddress(loopback, 0));
                b.bind(new InetSocketAddress(loopback, 0));
                ByteBuffer got = ByteBuffer.allocate(5);
                Later<SocketAddress> receive = new Later<>(() -> b.receive(got));
                Nets.awaitWaiters(poll, 1);
                assertEquals(HELLO.length, a.send(ByteBuffer.wrap(HELLO), b.localAddress()));
                assertEquals(a.localAddress(), receive.get());
                assertEquals("hello", new String(got.array(), StandardCharsets.UTF_8), "what does not fit is cut off");
                a.send(ByteBuffer.allocate(0), b.localAddress());
                assertNotNull(b.receive(ByteBuffer.allocateDirect(100)));
                assertThrows(SocketException.class, () -> a.send(ByteBuffer.wrap(HELLO), null));
                a.connect(b.localAddress());
                a.send(ByteBuffer.wrap(HELLO), null);
                ByteBuffer direct = ByteBuffer.allocateDirect(100);
                b.receive(direct);
                assertEquals(HELLO.length, direct.position());
                b.setReadDeadline(b.now() + SHORT);
                assertThrows(SocketTimeoutException.class, () -> b.receive(direct));
            }
        });
    }

    // -- options --

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void testOptions(String poller) throws Exception {
        Nets.run(poller, poll -> {
            try (NetFD fd = poll.stream(StandardProtocolFamily.INET)) {
                fd.setOption(StandardSocketOptions.TCP_NODELAY, true);
                assertTrue(fd.option(StandardSocketOptions.TCP_NODELAY));
                fd.setOption(StandardSocketOptions.TCP_NODELAY, false);
                assertFalse(fd.option(StandardSocketOptions.TCP_NODELAY));
                fd.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
                assertTrue(fd.option(StandardSocketOptions.SO_KEEPALIVE));
                assertEquals(-1, fd.option(StandardSocketOptions.SO_LINGER));
                fd.setOption(StandardSocketOptions.SO_LINGER, 3);
                assertEquals(3, fd.option(StandardSocketOptions.SO_LINGER));
                fd.setOption(StandardSocketOptions.SO_SNDBUF, 10_000);
                assertEquals(10_000, fd.option(StandardSocketOptions.SO_SNDBUF));
                assertThrows(UnsupportedOperationException.class,
                        () -> fd.option(StandardSocketOptions.IP_MULTICAST_TTL));
            }
        });
    }
}
