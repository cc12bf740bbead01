package io.goruntime.internal.poll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoRuntime;
import io.goruntime.internal.poll.Nets.Later;
import io.goruntime.internal.poll.Nets.Pair;
import io.goruntime.testing.Bounded;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Races between operations, deadlines, interrupts and close. */
class PollStressTest {
    private static final Duration EACH = Duration.ofMillis(1_500);

    /** However slow the machine is. */
    private static final int MIN_ROUNDS = 40;

    /** More than sockets hold. */
    private static final byte[] MUCH = new byte[32 << 20];

    /**
     * Descriptors whose numbers and PollDescs are used again at once. Every connection carries bytes of its own; its
     * reader sees those, in order, or its close, and nothing of the connections before.
     */
    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void closeAgainstReadWithReuse(String poller) throws Exception {
        long seed = Bounded.seed("closeAgainstReadWithReuse");
        long end = Bounded.until(EACH);
        Nets.run(poller, 4, poll -> {
            NetFD listener = Nets.listen(poll);
            long before = Nets.sockets();
            List<Later<Void>> workers = new ArrayList<>();
            for (int w = 0; w < 3; w++) {
                Random random = new Random(seed + w);
                workers.add(new Later<>(() -> {
                    int rounds = 0;
                    while (System.nanoTime() - end < 0 || rounds < MIN_ROUNDS) {
                        rounds++;
                        byte mark = (byte) random.nextInt();
                        int sent = random.nextInt(4);
                        // The other end may be a worker's who dialled at the same time: both are closed by their owner.
                        NetFD fd = Nets.dial(poll, listener);
                        NetFD peer = listener.accept();
                        Later<Integer> reader = new Later<>(() -> readMarks(fd));
                        byte[] marks = {mark, mark, mark, mark};
                        peer.write(marks, 0, sent);
                        for (int spin = random.nextInt(3); spin > 0; spin--) {
                            GoRuntime.gosched();
                        }
                        fd.close();
                        peer.close();
                        reader.get();
                    }
                    return null;
                }));
            }
            for (Later<Void> each : workers) {
                each.get();
            }
            Nets.awaitNoWaiters(poll);
            assertEquals(1, poll.cache.used(), "the listener");
            assertTrue(poll.cache.size() < 50, "PollDescs are used again: " + poll.cache.size());
            Nets.awaitSockets(before);
            listener.close();
        });
    }

    /** Reads until the end or the close; all bytes must be the same. Returns how many, or -1 at a close. */
    private static int readMarks(NetFD fd) throws IOException {
        byte[] b = new byte[3];
        int total = 0;
        int mark = Integer.MIN_VALUE;
        try {
            for (int n; (n = fd.read(b, 0, b.length)) > 0; total += n) {
                for (int i = 0; i < n; i++) {
                    if (mark != Integer.MIN_VALUE && mark != b[i]) {
                        throw new AssertionError("byte of another connection: " + mark + " and " + b[i]);
                    }
                    mark = b[i];
                }
            }
        } catch (ClosedChannelException e) {
            return -1;
        } catch (SocketException e) {
            return total; // reset: closed with bytes that nobody has read
        }
        assertTrue(total < 4, "more than was sent: " + total);
        return total;
    }

    /** A reader whose deadline others move, and whom others interrupt, gets every byte once and in order. */
    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void deadlinesAndInterruptsLoseNothing(String poller) throws Exception {
        long seed = Bounded.seed("deadlinesAndInterruptsLoseNothing");
        long end = Bounded.until(EACH);
        Nets.run(poller, 4, poll -> {
            try (Pair pair = Nets.pair(poll)) {
                NetFD fd = pair.client();
                AtomicInteger byDeadline = new AtomicInteger();
                AtomicInteger byInterrupt = new AtomicInteger();
                // Until both have happened, which on a slow machine may be later, if it ever happens.
                BooleanSupplier more = () -> {
                    long late = System.nanoTime() - end;
                    return late < 0
                            || late < Nets.SOON.toNanos() && (byDeadline.get() == 0 || byInterrupt.get() == 0);
                };
                Later<Long> reader = new Later<>(() -> {
                    byte[] b = new byte[100];
                    long total = 0;
                    for (;;) {
                        int n;
                        try {
                            n = fd.read(b, 0, b.length);
                        } catch (SocketTimeoutException e) {
                            byDeadline.incrementAndGet();
                            fd.setReadDeadline(NetFD.NO_DEADLINE);
                            continue;
                        } catch (InterruptedIOException e) {
                            byInterrupt.incrementAndGet();
                            assertTrue(Thread.interrupted());
                            continue;
                        }
                        if (n < 0) {
                            return total;
                        }
                        for (int i = 0; i < n; i++) {
                            assertEquals((byte) (total + i), b[i], "byte " + (total + i));
                        }
                        total += n;
                    }
                });
                Later<Void> mover = new Later<>(() -> {
                    Random random = new Random(seed);
                    while (more.getAsBoolean()) {
                        fd.setReadDeadline(fd.now() + random.nextInt(200_000) - 50_000);
                        if (random.nextInt(4) == 0) {
                            reader.thread().interrupt();
                        }
                        GoRuntime.gosched();
                    }
                    return null;
                });
                Random random = new Random(seed + 1);
                long sent = 0;
                byte[] b = new byte[64];
                while (more.getAsBoolean()) {
                    int n = random.nextInt(b.length);
                    for (int i = 0; i < n; i++) {
                        b[i] = (byte) (sent + i);
                    }
                    pair.server().write(b, 0, n);
                    sent += n;
                    if (random.nextInt(3) == 0) {
                        GoRuntime.gosched();
                    }
                }
                mover.get();
                fd.setReadDeadline(NetFD.NO_DEADLINE);
                pair.server().shutdownWrite();
                assertEquals(sent, reader.get());
                assertTrue(byDeadline.get() > 0 && byInterrupt.get() > 0,
                        "by deadline " + byDeadline + ", by interrupt " + byInterrupt);
                Nets.awaitNoWaiters(poll);
            }
        });
    }

    /** Echo over many connections, with reads that are short and such that are not. */
    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void noEventIsLost(String poller) throws Exception {
        long seed = Bounded.seed("noEventIsLost");
        long end = Bounded.until(EACH);
        Nets.run(poller, 4, poll -> {
            List<Later<Long>> clients = new ArrayList<>();
            Queue<Pair> pairs = new ArrayDeque<>();
            for (int c = 0; c < 20; c++) {
                Pair pair = Nets.pair(poll);
                pairs.add(pair);
                new Later<>(() -> {
                    byte[] b = new byte[37];
                    for (int n; (n = pair.server().read(b, 0, b.length)) > 0;) {
                        pair.server().write(b, 0, n);
                    }
                    pair.server().shutdownWrite();
                    return null;
                });
                Random random = new Random(seed + c);
                clients.add(new Later<>(() -> {
                    byte[] b = new byte[200];
                    long total = 0;
                    do {
                        int n = 1 + random.nextInt(b.length);
                        random.nextBytes(b);
                        byte[] sent = b.clone();
                        pair.client().write(sent, 0, n);
                        for (int at = 0; at < n;) {
                            int got = pair.client().read(b, at, n - at);
                            assertTrue(got > 0);
                            at += got;
                        }
                        for (int i = 0; i < n; i++) {
                            assertEquals(sent[i], b[i]);
                        }
                        total += n;
                    } while (System.nanoTime() - end < 0);
                    pair.client().shutdownWrite();
                    assertEquals(-1, pair.client().read(b, 0, 1));
                    return total;
                }));
            }
            for (Later<Long> each : clients) {
                assertTrue(each.get() > 0);
            }
            for (Pair pair : pairs) {
                pair.close();
            }
        });
    }

    /** A runtime that ends with goroutines in every kind of operation leaves no descriptor behind. */
    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void runtimesThatEndLeaveNothing(String poller) throws Exception {
        round(poller); // what is made once for all is made
        long before = Nets.sockets();
        for (int i = 0; i < 30; i++) {
            round(poller);
        }
        Nets.awaitSockets(before);
    }

    private static void round(String poller) throws Exception {
        List<Later<?>> all = new ArrayList<>();
        Nets.run(poller, poll -> {
            NetFD listener = Nets.listen(poll);
            for (int i = 0; i < 3; i++) {
                NetFD client = Nets.dial(poll, listener);
                NetFD server = listener.accept();
                all.add(new Later<>(() -> client.read(new byte[1], 0, 1)));
                all.add(new Later<>(() -> {
                    client.write(MUCH, 0, MUCH.length);
                    return null;
                }));
            }
            all.add(new Later<>(listener::accept));
            Nets.awaitWaiters(poll, 7);
        });
        for (Later<?> each : all) {
            try {
                each.get();
                throw new AssertionError("it should not have come to an end by itself");
            } catch (InterruptedIOException | ClosedChannelException e) {
                // as it should be
            }
        }
    }
}
