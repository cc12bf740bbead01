package io.goruntime;

import static io.goruntime.Chans.assertPanic;
import static io.goruntime.Chans.awaitParked;
import static io.goruntime.GoRuntime.go;
import static io.goruntime.Selects.assertAtRest;
import static io.goruntime.Selects.awaitWaiters;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.LongChan.ReceivedLong;
import io.goruntime.testing.Bounded;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import io.goruntime.testing.Runners;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the documentation of LongChan says, and what it says by reference to Chan. */
class LongChanTest {
    private static final int KINDS = Runners.values().length;
    private static final Duration LONG = Duration.ofHours(1);
    private static final ReceivedLong END = new ReceivedLong(0, false);
    private static final long[] VALUES = {Long.MIN_VALUE, Long.MIN_VALUE + 1, -1L << 32, Integer.MIN_VALUE, -1, 0, 1,
            Integer.MAX_VALUE, 1L << 32, 0x0123456789ABCDEFL, Long.MAX_VALUE};

    private static ReceivedLong got(long value) {
        return new ReceivedLong(value, true);
    }

    // ------------------------------------------------------------------------------------------------------------
    // Elements
    // ------------------------------------------------------------------------------------------------------------

    @FunctionalInterface
    private interface Sender {
        void send(LongChan c, long value) throws InterruptedException;
    }

    @FunctionalInterface
    private interface Receiver {
        long receive(LongChan c) throws InterruptedException;
    }

    private static final List<Sender> SENDERS = List.of(LongChan::send, (c, v) -> assertTrue(c.trySend(v, LONG)),
            (c, v) -> {
                while (!c.trySend(v)) {
                    Chans.pause();
                }
            });

    private static final List<Receiver> RECEIVERS = List.of(LongChan::receive, c -> c.receiveOr(77),
            c -> value(c.receiveOk()),
            c -> value(c.tryReceive(LONG)), c -> {
                ReceivedLong received;
                while ((received = c.tryReceive()) == null) {
                    Chans.pause();
                }
                return value(received);
            });

    private static long value(ReceivedLong received) {
        assertTrue(received.ok());
        return received.value();
    }

    /** Each way to send with each way to receive, in each kind of thread. Two plain tries meet only in a buffer. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void everyValueComesUnchanged(int cap) throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int s = 0; s < SENDERS.size(); s++) {
                for (int r = 0; r < RECEIVERS.size(); r++) {
                    if (cap == 0 && s == 2 && r == 4) {
                        continue;
                    }
                    LongChan c = LongChan.make(cap);
                    Sender sender = SENDERS.get(s);
                    Receiver receiver = RECEIVERS.get(r);
                    crew.start(s, () -> {
                        for (long v : VALUES) {
                            sender.send(c, v);
                        }
                    });
                    crew.start(r, () -> {
                        for (long v : VALUES) {
                            assertEquals(v, receiver.receive(c));
                        }
                    });
                    crew.join();
                    assertAtRest(c);
                }
            }
        }
    }

    /** Whoever waits, and whether what it gets or gives goes through the buffer. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void valuesGoFromHandToHand(int cap) throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int i = 0; i < VALUES.length; i++) {
                long value = VALUES[i];
                LongChan c = LongChan.make(cap);
                crew.start(i, () -> assertEquals(got(value), c.receiveOk()));
                awaitWaiters(c, 1, 0);
                assertTrue(c.trySend(value));
                for (int k = 0; k < cap; k++) {
                    c.send(~value + k);
                }
                assertFalse(c.trySend(5));
                crew.start(i, () -> c.send(value));
                awaitWaiters(c, 0, 1);
                for (int k = 0; k < cap; k++) {
                    assertEquals(got(~value + k), c.tryReceive());
                    c.checkInvariants();
                }
                assertEquals(got(value), c.tryReceive());
                assertNull(c.tryReceive());
                crew.join();
                assertAtRest(c);
            }
        }
    }

    /** What somebody received before is never seen again where nothing was received. */
    @Test
    void zeroIsAnElementAndNothingElse() throws Exception {
        Goroutines.run(1, () -> {
            for (int cap = 1; cap < 3; cap++) {
                LongChan c = LongChan.make(cap);
                c.send(42);
                assertEquals(42, c.receive());
                assertNull(c.tryReceive());
                assertNull(c.tryReceive(Duration.ofNanos(1)));
                c.send(0);
                assertEquals(got(0), c.receiveOk());
                c.send(0);
                assertEquals(0, c.receiveOr(7));
                c.send(7);
                assertEquals(7, c.receiveOr(7));
                c.send(42);
                c.close();
                assertEquals(got(42), c.tryReceive());
                assertEquals(0, c.receive());
                assertEquals(7, c.receiveOr(7));
                assertEquals(Long.MIN_VALUE, c.receiveOr(Long.MIN_VALUE));
                assertEquals(END, c.receiveOk());
                assertEquals(END, c.tryReceive());
                assertEquals(END, c.tryReceive(LONG));
                c.range(v -> assertEquals("nothing", v));
            }
        });
    }

    @Test
    void theBufferIsARing() throws Exception {
        for (int cap = 1; cap <= 5; cap++) {
            LongChan c = LongChan.make(cap);
            long sent = 0;
            long received = 0;
            SplittableRandom random = new SplittableRandom(cap);
            for (int i = 0; i < 1_000; i++) {
                if (random.nextBoolean()) {
                    assertEquals(sent - received < cap, c.trySend(~sent));
                    sent += sent - received < cap ? 1 : 0;
                } else {
                    assertEquals(received < sent ? got(~received) : null, c.tryReceive());
                    received += received < sent ? 1 : 0;
                }
                assertEquals(sent - received, c.len());
                assertEquals(cap, c.cap());
                c.checkInvariants();
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Order of waiters
    // ------------------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void waitersAreServedInTheOrderTheyCame(int cap) throws Exception {
        int n = 5 * KINDS;
        try (Runners.Crew crew = new Runners.Crew(2)) {
            LongChan c = LongChan.make(cap);
            long[] got = new long[n];
            for (int i = 0; i < n; i++) {
                int at = i;
                crew.start(i, () -> got[at] = c.receive());
                awaitWaiters(c, i + 1, 0);
            }
            for (int i = 0; i < n; i++) {
                assertTrue(c.trySend(-i));
                c.checkInvariants();
            }
            crew.join();
            for (int i = 0; i < n; i++) {
                assertEquals(-i, got[i]);
            }
            for (int i = 0; i < cap; i++) {
                c.send(i);
            }
            for (int i = 0; i < n; i++) {
                long value = cap + i;
                crew.start(i, () -> c.send(value));
                awaitWaiters(c, 0, i + 1);
            }
            for (int i = 0; i < cap + n; i++) {
                assertEquals(got(i), c.tryReceive());
                c.checkInvariants();
            }
            crew.join();
            assertAtRest(c);
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Close and nil
    // ------------------------------------------------------------------------------------------------------------

    @OnProcs
    void closeEndsAllWaits(int procs) throws Exception {
        try (Runners.Crew crew = new Runners.Crew(procs)) {
            LongChan empty = LongChan.make(procs % 2);
            LongChan full = LongChan.make(1);
            full.send(5);
            for (int i = 0; i < 5 * KINDS; i++) {
                int form = i / KINDS;
                crew.start(i, () -> {
                    switch (form) {
                        case 0 -> assertEquals(0, empty.receive());
                        case 1 -> assertEquals(END, empty.receiveOk());
                        case 2 -> assertEquals(-9, empty.receiveOr(-9));
                        case 3 -> assertEquals(END, empty.tryReceive(LONG));
                        default -> empty.range(v -> assertEquals("nothing", v));
                    }
                });
                crew.start(i, () -> assertPanic("send on closed channel", () -> {
                    if (form % 2 == 0) {
                        full.send(6);
                    } else {
                        full.trySend(6, LONG);
                    }
                }));
            }
            awaitWaiters(empty, 5 * KINDS, 0);
            awaitWaiters(full, 0, 5 * KINDS);
            empty.close();
            full.close();
            crew.join();
            assertAtRest(empty, full);
            assertEquals(got(5), full.receiveOk());
            assertEquals(END, full.receiveOk());
        }
    }

    @Test
    void panicTexts() {
        LongChan c = LongChan.make(1);
        c.close();
        assertPanic("close of closed channel", c::close);
        assertPanic("send on closed channel", () -> c.send(1));
        assertPanic("send on closed channel", () -> c.trySend(1));
        assertPanic("send on closed channel", () -> c.trySend(1, Duration.ZERO));
        assertPanic("send on closed channel", () -> c.trySend(1, LONG));
        assertPanic("close of nil channel", LongChan.nil()::close);
        assertPanic("close of nil channel", LongChan.nil().closer()::close);
        assertTrue(assertThrows(Panic.class, () -> LongChan.make(-1)).getMessage()
                .startsWith("makechan: size out of range"));
    }

    @Test
    void closerClosesOnce() throws Exception {
        LongChan c = LongChan.make(1);
        try (var _ = c.closer()) {
            c.send(1);
        }
        Closer again = c.closer();
        again.close();
        assertEquals(got(1), c.receiveOk());
        assertEquals(END, c.receiveOk());
    }

    @Test
    void nilChannelNeverGetsReady() throws Exception {
        LongChan nil = LongChan.nil();
        assertFalse(nil.trySend(1));
        assertFalse(nil.trySend(1, Duration.ofNanos(-1)));
        assertNull(nil.tryReceive());
        assertNull(nil.tryReceive(Duration.ZERO));
        long before = System.nanoTime();
        assertFalse(nil.trySend(1, Duration.ofMillis(3)));
        assertNull(nil.tryReceive(Duration.ofMillis(3)));
        assertTrue(System.nanoTime() - before >= 6_000_000);
        assertEquals(0, nil.len() + nil.cap());
        assertEquals("LongChan[nil]", nil.toString());
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int i = 0; i < 4 * KINDS; i++) {
                int form = i / KINDS;
                Thread thread = crew.start(i, () -> {
                    assertThrows(InterruptedException.class, () -> {
                        switch (form) {
                            case 0 -> nil.send(1);
                            case 1 -> nil.receive();
                            case 2 -> nil.trySend(1, LONG);
                            default -> nil.range(v -> {});
                        }
                    });
                    assertFalse(Thread.currentThread().isInterrupted());
                });
                awaitParked(thread);
                thread.interrupt();
                crew.join();
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Interrupts and deadlines
    // ------------------------------------------------------------------------------------------------------------

    @Test
    void interrupts() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int i = 0; i < KINDS; i++) {
                LongChan c = LongChan.make(1);
                LongChan full = LongChan.make();
                CountDownLatch thrown = new CountDownLatch(1);
                Thread thread = crew.start(i, () -> {
                    Thread.currentThread().interrupt();
                    c.send(3);
                    assertEquals(3, c.receive());
                    assertNull(c.tryReceive());
                    assertTrue(Thread.currentThread().isInterrupted(), "what is ready is done, and the flag stays");
                    assertThrows(InterruptedException.class, c::receive);
                    assertFalse(Thread.currentThread().isInterrupted(), "the flag is cleared");
                    Thread.currentThread().interrupt();
                    assertThrows(InterruptedException.class, () -> full.send(1));
                    assertThrows(InterruptedException.class, c::receiveOk);
                    thrown.countDown();
                    assertThrows(InterruptedException.class, () -> full.send(8));
                    assertEquals(9, full.receive());
                });
                awaitWaiters(c, 1, 0);
                thread.interrupt();
                thrown.await();
                awaitWaiters(full, 0, 1);
                assertAtRest(c);
                thread.interrupt();
                awaitWaiters(full, 1, 0);
                full.send(9);
                crew.join();
                assertAtRest(c, full);
            }
        }
    }

    @Test
    void deadlines() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int i = 0; i < KINDS; i++) {
                crew.start(i, () -> {
                    LongChan c = LongChan.make();
                    long before = System.nanoTime();
                    assertNull(c.tryReceive(Duration.ofMillis(4)));
                    assertFalse(c.trySend(1, Duration.ofMillis(4)));
                    assertTrue(System.nanoTime() - before >= 8_000_000);
                    Thread.currentThread().interrupt();
                    assertNull(c.tryReceive(Duration.ZERO));
                    assertFalse(c.trySend(1, Duration.ofNanos(-1)));
                    assertTrue(Thread.currentThread().isInterrupted());
                    assertThrows(InterruptedException.class, () -> c.tryReceive(LONG));
                    assertFalse(Thread.currentThread().isInterrupted());
                    assertAtRest(c);
                });
                crew.join();
                LongChan c = LongChan.make();
                crew.start(i, () -> assertTrue(c.trySend(Long.MIN_VALUE, Duration.ofSeconds(Long.MAX_VALUE))));
                assertEquals(got(Long.MIN_VALUE), c.tryReceive(Duration.ofSeconds(Long.MAX_VALUE)));
                crew.join();
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Range, text, arguments
    // ------------------------------------------------------------------------------------------------------------

    @Test
    void range() throws Exception {
        Goroutines.run(2, () -> {
            for (int cap : new int[]{0, 3}) {
                LongChan c = LongChan.make(cap);
                LongChan inner = LongChan.make(1);
                go(() -> {
                    try (var _ = c.closer()) {
                        for (long v : VALUES) {
                            c.send(v);
                        }
                    }
                });
                List<Long> all = new ArrayList<>();
                c.range(v -> {
                    inner.send(~v); // the body may use channels itself
                    assertEquals(~v, inner.receive());
                    all.add(v);
                });
                assertEquals(VALUES.length, all.size());
                for (int i = 0; i < VALUES.length; i++) {
                    assertEquals(VALUES[i], all.get(i));
                }
            }
        });
        LongChan c = LongChan.make(3);
        c.send(1);
        c.send(2);
        c.send(3);
        IOException thrown = assertThrows(IOException.class, () -> c.range(v -> {
            if (v == 2) {
                throw new IOException("at " + v);
            }
        }));
        assertEquals("at 2", thrown.getMessage());
        assertEquals(1, c.len());
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, () -> c.range(v -> assertEquals(3, v)));
        assertFalse(Thread.interrupted());
    }

    @Test
    void textAndNulls() throws Exception {
        LongChan c = LongChan.make(2);
        assertThrows(NullPointerException.class, () -> c.trySend(1, null));
        assertThrows(NullPointerException.class, () -> c.tryReceive(null));
        assertThrows(NullPointerException.class, () -> c.range(null));
        assertEquals("LongChan[cap=2 len=0 receivers=0 senders=0]", c.toString());
        c.send(1);
        c.close();
        assertEquals("LongChan[cap=2 len=1 receivers=0 senders=0 closed]", c.toString());
        assertEquals("ReceivedLong[value=1, ok=true]", c.receiveOk().toString());
    }

    // ------------------------------------------------------------------------------------------------------------
    // Memory
    // ------------------------------------------------------------------------------------------------------------

    @Test
    void throughTheBufferNothingIsAllocated() throws Exception {
        LongChan c = LongChan.make(8);
        double[] bytes = new double[1];
        Goroutines.run(1, () -> bytes[0] = Selects.allocatedPerCall(20_000, times -> {
            for (int i = 0; i < times; i++) {
                c.send(Long.MIN_VALUE + i);
                if (!c.trySend(i) || c.receive() != Long.MIN_VALUE + i || c.receiveOr(-1) != i) {
                    throw new AssertionError("not the values that were sent");
                }
            }
        }));
        assertTrue(bytes[0] < 1, bytes[0] + " bytes for two sends and two receives");
    }

    /** Both sides wait, in turn; the other side is one goroutine for all rounds. */
    @Test
    @Tag("gmp") // the JDK's scheduler allocates for each wake-up
    void fromHandToHandNothingIsAllocated() throws Exception {
        for (int cap = 0; cap < 2; cap++) {
            LongChan there = LongChan.make(cap);
            LongChan back = LongChan.make(cap);
            double[] bytes = new double[1];
            Goroutines.run(2, () -> {
                go(() -> {
                    there.range(back::send);
                    back.close();
                });
                bytes[0] = Selects.allocatedPerCall(5_000, times -> {
                    for (int i = 0; i < times; i++) {
                        there.send(~i);
                        if (back.receive() != ~i) {
                            throw new AssertionError("not the value that was sent");
                        }
                    }
                });
                there.close();
                assertEquals(END, back.receiveOk());
            });
            // The smallest object has 16 bytes; the JVM may give a parked goroutine a new stack now and then.
            assertTrue(bytes[0] < 16, bytes[0] + " bytes there and back");
        }
    }

    @OnProcs
    void memoryEffectsAreThoseOfChan(int procs) throws Exception {
        int rounds = 10_000;
        for (int cap = 0; cap < 2; cap++) {
            LongChan there = LongChan.make(cap);
            LongChan back = LongChan.make(cap);
            long[] plain = new long[2];
            Goroutines.run(procs, () -> {
                go(() -> {
                    there.range(v -> {
                        assertEquals(v, plain[0]);
                        plain[1] = ~v;
                        back.send(~v);
                    });
                    plain[1] = 99;
                    back.close();
                });
                for (int i = 0; i < rounds; i++) {
                    plain[0] = i;
                    there.send(i);
                    assertEquals(~i, back.receive());
                    assertEquals(~i, plain[1]);
                }
                there.close();
                assertEquals(END, back.receiveOk());
                assertEquals(99, plain[1]);
            });
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Conservation
    // ------------------------------------------------------------------------------------------------------------

    /** All kinds of threads, all operations, interrupts: what was sent is received once or left. */
    @OnProcs
    void nothingIsLostOrDoubled(int procs) throws Exception {
        for (int cap : new int[]{0, 1, 5}) {
            conserve(procs, cap);
        }
    }

    private static void conserve(int procs, int cap) throws Exception {
        int workers = 2 * KINDS;
        int each = 1_000 * Bounded.scale();
        SplittableRandom random = new SplittableRandom(Bounded.seed("LongChanTest, " + procs + " Ps, cap " + cap));
        LongChan c = LongChan.make(cap);
        BitSet[] sent = new BitSet[workers];
        List<List<Long>> received = new ArrayList<>();
        AtomicInteger running = new AtomicInteger(workers);
        List<Thread> threads = new ArrayList<>();
        try (Runners.Crew crew = new Runners.Crew(procs)) {
            for (int i = 0; i < workers; i++) {
                int me = i;
                BitSet mySent = sent[i] = new BitSet();
                List<Long> myReceived = new ArrayList<>();
                received.add(myReceived);
                SplittableRandom mine = random.split();
                threads.add(crew.start(i, () -> {
                    for (int k = 0; k < each; k++) {
                        try {
                            work(c, mine, (long) k * workers + me, mySent, k, myReceived);
                        } catch (InterruptedException e) {
                            continue; // the operation was not done
                        }
                    }
                    running.decrementAndGet();
                }));
            }
            // All may be senders, or receivers, at the same time: interrupts keep them going.
            while (running.get() > 0 && threads.stream().anyMatch(Thread::isAlive)) {
                LockSupport.parkNanos(20_000);
                threads.get(random.nextInt(workers)).interrupt();
            }
            crew.join();
        }
        assertAtRest(c);
        BitSet all = new BitSet();
        List<Long> left = new ArrayList<>();
        for (ReceivedLong got; (got = c.tryReceive()) != null;) {
            left.add(got.value());
        }
        received.add(left);
        for (List<Long> list : received) {
            for (long value : list) {
                int at = (int) ~value;
                assertFalse(all.get(at), "twice: " + at);
                all.set(at);
            }
        }
        BitSet expected = new BitSet();
        for (int i = 0; i < workers; i++) {
            int me = i;
            sent[i].stream().forEach(k -> expected.set(k * workers + me));
        }
        assertEquals(expected, all);
        assertTrue(all.cardinality() > 0);
    }

    /** Values are negative, so that all 64 bits count. */
    private static void work(LongChan c, SplittableRandom random, long id, BitSet sent, int k, List<Long> received)
            throws InterruptedException {
        long value = ~id;
        Duration wait = Duration.ofNanos(random.nextInt(-10, 50_000));
        switch (random.nextInt(8)) {
            case 0 -> {
                c.send(value);
                sent.set(k);
            }
            case 1 -> sent.set(k, c.trySend(value));
            case 2, 3 -> sent.set(k, c.trySend(value, wait));
            case 4 -> received.add(c.receive());
            case 5 -> received.add(c.receiveOk().value());
            case 6 -> take(c.tryReceive(), received);
            default -> take(c.tryReceive(wait), received);
        }
    }

    private static void take(ReceivedLong got, List<Long> received) {
        if (got != null) {
            received.add(got.value());
        }
    }
}
