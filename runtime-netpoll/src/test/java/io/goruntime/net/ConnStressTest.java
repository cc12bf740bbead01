package io.goruntime.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoRuntime;
import io.goruntime.Goroutine;
import io.goruntime.net.Nets.Crew;
import io.goruntime.net.Nets.Pair;
import io.goruntime.testing.Bounded;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Many connections at once: no byte is lost, doubled or moved, and no connection. */
class ConnStressTest {
    private static final Duration EACH = Duration.ofMillis(400);
    private static final int PAIRS = 8;
    private static final int MAX_CHUNK = 100_000;

    /** The byte at this place of every stream. */
    private static byte at(long i) {
        return (byte) (i * 31 + (i >> 8) * 7);
    }

    /**
     * Both directions of several connections, in chunks of random sizes by all methods there are, while goroutines are
     * interrupted and deadlines set: what was written, by the count of the writer, is what is read.
     */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void bytesAreConserved(String poller, int procs) throws Exception {
        long seed = Bounded.seed("bytesAreConserved");
        Nets.run(poller, procs, () -> {
            List<Pair> pairs = new ArrayList<>();
            List<Goroutine> members = new ArrayList<>();
            List<AtomicLong> written = new ArrayList<>();
            List<AtomicLong> read = new ArrayList<>();
            Crew crew = new Crew();
            long until = Bounded.until(EACH);
            for (int i = 0; i < PAIRS; i++) {
                Pair p = i == 0 ? Certificates.over(Pair.tcp()) : i == 1 ? Pair.pipe() : Pair.tcp();
                pairs.add(p);
                for (int side = 0; side < 2; side++) {
                    Random writerRandom = new Random(seed + 4 * i + side);
                    Random readerRandom = new Random(seed - 4 * i - side);
                    Conn from = side == 0 ? p.a() : p.b();
                    Conn to = side == 0 ? p.b() : p.a();
                    AtomicLong w = new AtomicLong();
                    AtomicLong r = new AtomicLong();
                    written.add(w);
                    read.add(r);
                    members.add(crew.go(() -> w.set(writeAll(from, writerRandom, until))));
                    members.add(crew.go(() -> r.set(readAll(to, readerRandom))));
                }
            }
            Random random = new Random(seed);
            while (System.nanoTime() < until) {
                Pair p = pairs.get(random.nextInt(PAIRS));
                switch (random.nextInt(3)) {
                    case 0 -> members.get(random.nextInt(members.size())).interrupt();
                    case 1 -> p.a().setDeadline(Duration.ofNanos(random.nextInt(1_000_000)));
                    default -> p.b().setDeadline(Duration.ofNanos(random.nextInt(1_000_000)));
                }
                Nets.sleep(Duration.ofNanos(random.nextInt(1_000_000)));
            }
            for (Pair p : pairs) {
                p.a().setDeadline(null);
                p.b().setDeadline(null);
            }
            crew.join();
            // Here and not in the readers: an interrupt may still come when one has read the end.
            assertEquals(written.toString(), read.toString());
            pairs.forEach(Pair::close);
        });
    }

    /** Writes until the time is over, then says that this is the end; returns how much. */
    private static long writeAll(Conn c, Random random, long until) throws Exception {
        long n = 0;
        while (System.nanoTime() < until || n == 0) {
            byte[] b = new byte[1 + random.nextInt(random.nextBoolean() ? 100 : MAX_CHUNK)];
            for (int i = 0; i < b.length; i++) {
                b[i] = at(n + i);
            }
            try {
                switch (random.nextInt(3)) {
                    case 0 -> c.write(b);
                    case 1 -> c.write(ByteBuffer.allocateDirect(b.length).put(b).flip());
                    default -> {
                        int cut = random.nextInt(b.length);
                        c.write(new ByteBuffer[]{ByteBuffer.wrap(b, 0, cut), ByteBuffer.wrap(b, cut, b.length - cut)});
                    }
                }
                n += b.length;
            } catch (InterruptedIOException e) { // or its subclass, a time-out
                n += e.bytesTransferred;
                carryOn(e);
            }
        }
        for (;;) {
            try {
                c.closeWrite();
                return n;
            } catch (InterruptedIOException e) {
                carryOn(e);
            }
        }
    }

    private static long readAll(Conn c, Random random) throws Exception {
        for (long n = 0;;) {
            int size = 1 + random.nextInt(random.nextBoolean() ? 100 : MAX_CHUNK);
            ByteBuffer b = random.nextBoolean() ? ByteBuffer.allocate(size) : ByteBuffer.allocateDirect(size);
            try {
                int got;
                if (random.nextInt(3) == 0) {
                    int cut = random.nextInt(size);
                    got = (int) c.read(new ByteBuffer[]{b.slice(0, cut), b.slice(cut, size - cut)});
                } else {
                    got = c.read(b);
                }
                if (got < 0) {
                    return n;
                }
                for (int i = 0; i < got; i++, n++) {
                    if (b.get(i) != at(n)) {
                        throw new AssertionError("byte " + n + " of " + c + " is " + b.get(i) + ", not " + at(n));
                    }
                }
            } catch (InterruptedIOException e) {
                carryOn(e);
            }
        }
    }

    private static void carryOn(InterruptedIOException e) throws InterruptedException {
        if (!Thread.interrupted()) {
            // A time-out: without a pause this would be a loop until somebody sets another deadline.
            assertTrue(e instanceof SocketTimeoutException, e.toString());
            try {
                Nets.sleep(Duration.ofMillis(1));
            } catch (InterruptedException interrupted) {
                return;
            }
        }
    }

    /** Connections that come and go as fast as they can, a third of them with a reset. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void acceptStorm(String poller, int procs) throws Exception {
        long seed = Bounded.seed("acceptStorm");
        Nets.run(poller, procs, () -> {
            Listener l = Net.listen("tcp", "127.0.0.1:0");
            AtomicLong dialled = new AtomicLong();
            AtomicLong accepted = new AtomicLong();
            Crew servers = new Crew();
            servers.go(() -> {
                try {
                    for (;;) {
                        Conn c = l.accept();
                        accepted.incrementAndGet();
                        GoRuntime.go(() -> {
                            try (c) {
                                c.inputStream().transferTo(c.outputStream());
                            } catch (IOException e) {
                                assertTrue(e.getMessage().contains("reset") || e.getMessage().contains("broken pipe"),
                                        e.toString());
                            }
                        });
                    }
                } catch (ClosedChannelException e) {
                    return;
                }
            });
            Crew dialers = new Crew();
            long until = Bounded.until(EACH);
            for (int i = 0; i < 8; i++) {
                Random random = new Random(seed + i);
                dialers.go(() -> {
                    while (System.nanoTime() < until) {
                        try (Conn c = Net.dial("tcp", Net.hostPort(l.localAddress()))) {
                            dialled.incrementAndGet();
                            byte[] b = new byte[1 + random.nextInt(100)];
                            random.nextBytes(b);
                            c.write(b);
                            if (random.nextInt(3) == 0) {
                                c.setOption(StandardSocketOptions.SO_LINGER, 0);
                            } else {
                                byte[] back = new byte[b.length];
                                c.readFully(back);
                                assertTrue(Arrays.equals(b, back));
                            }
                        }
                    }
                });
            }
            dialers.join();
            while (accepted.get() < dialled.get()) {
                Nets.sleep(Duration.ofMillis(1)); // those still in the queue
            }
            l.close();
            servers.join();
            assertEquals(dialled.get(), accepted.get());
            while (GoRuntime.current().numGoroutine() > 1) {
                Nets.sleep(Duration.ofMillis(1)); // the echoes end
            }
        });
    }

    /** Writers that wait for slow readers hold nobody else up, and lose nothing. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void slowReaders(String poller, int procs) throws Exception {
        Nets.run(poller, procs, () -> {
            int total = 6_000_000; // more than the system buffers
            List<Pair> slow = new ArrayList<>();
            Crew crew = new Crew();
            for (int i = 0; i < 4; i++) {
                Pair p = Pair.tcp();
                slow.add(p);
                Goroutine writer = crew.go(() -> {
                    p.a().write(new byte[total]);
                    p.a().closeWrite();
                });
                Nets.awaitBlocked(writer);
            }
            Pair fast = Pair.tcp();
            crew.go(() -> fast.b().inputStream().transferTo(fast.b().outputStream()));
            for (int i = 0; i < 1000; i++) {
                fast.a().write(new byte[64]);
                fast.a().readFully(new byte[64]);
            }
            fast.a().close();
            for (Pair p : slow) {
                crew.go(() -> {
                    byte[] b = new byte[64 << 10];
                    long read = 0;
                    for (int n; (n = p.b().read(b)) >= 0;) {
                        read += n;
                        if (read % 7 == 0) {
                            Nets.sleep(Duration.ofMillis(1));
                        }
                    }
                    assertEquals(total, read);
                    p.close();
                });
            }
            crew.join();
        });
    }
}
