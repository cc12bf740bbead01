package io.goruntime;

import static io.goruntime.Chans.assertAtRest;
import static io.goruntime.Chans.assertPanic;
import static io.goruntime.Chans.awaitParked;
import static io.goruntime.Chans.awaitReceivers;
import static io.goruntime.Chans.awaitSenders;
import static io.goruntime.GoRuntime.go;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import io.goruntime.testing.Runners;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What channels do, without select. The first part has the scenarios of Go's chan_test.go under their names, and of
 * test/chan; those that are about select alone (testSelfSelect, testSelectStress, testSelectFairness,
 * testPseudoRandomSend, testSelectDuplicateChannel, testSelectStackAdjust, testChanSendSelectBarrier, doubleselect) are
 * not here.
 */
class ChanTest {
    private static final Duration LONG = Duration.ofSeconds(50);

    // ------------------------------------------------------------------------------------------------------------
    // Go's chan_test.go
    // ------------------------------------------------------------------------------------------------------------

    @OnProcs
    void testChan(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int cap = 0; cap < 20; cap++) {
                receiveFromEmptyBlocks(cap);
                sendToFullBlocks(cap);
                closedGivesWhatIsLeft(cap);
                closeUnblocksReceive(cap);
                deliversInOrder(cap);
                deliversAll(cap);
                lenAndCap(cap);
            }
        });
    }

    private static void receiveFromEmptyBlocks(int cap) throws InterruptedException {
        Chan<Integer> c = Chan.make(cap);
        Chan<Integer> done = Chan.make(2);
        go(() -> done.send(c.receive()));
        go(() -> done.send(c.receiveOk().value()));
        awaitReceivers(c, 2);
        assertNull(c.tryReceive());
        assertNull(c.tryReceive(Duration.ZERO));
        assertEquals(0, done.len());
        c.send(7);
        c.send(8);
        assertEquals(15, done.receive() + done.receive());
        assertAtRest(c);
    }

    private static void sendToFullBlocks(int cap) throws InterruptedException {
        Chan<Integer> c = Chan.make(cap);
        for (int i = 0; i < cap; i++) {
            c.send(i);
        }
        Chan<Boolean> done = Chan.make(1);
        go(() -> {
            c.send(cap);
            done.send(true);
        });
        awaitSenders(c, 1);
        assertFalse(c.trySend(-1));
        assertFalse(c.trySend(-1, Duration.ZERO));
        assertEquals(0, done.len());
        assertEquals(0, c.receive());
        assertTrue(done.receive());
        for (int i = 1; i <= cap; i++) {
            assertEquals(i, c.receive());
        }
        assertNull(c.tryReceive());
        assertAtRest(c);
    }

    private static void closedGivesWhatIsLeft(int cap) throws InterruptedException {
        Chan<Integer> c = Chan.make(cap);
        for (int i = 0; i < cap; i++) {
            c.send(i);
        }
        c.close();
        for (int i = 0; i < cap; i++) {
            assertEquals(i, c.receive());
        }
        assertNull(c.receive());
        assertEquals(new Received<>(null, false), c.receiveOk());
        assertEquals(new Received<>(null, false), c.tryReceive());
    }

    private static void closeUnblocksReceive(int cap) throws InterruptedException {
        Chan<Integer> c = Chan.make(cap);
        Chan<Received<Integer>> done = Chan.make();
        go(() -> done.send(c.receiveOk()));
        awaitReceivers(c, 1);
        c.close();
        assertEquals(new Received<>(null, false), done.receive());
        assertAtRest(c);
    }

    private static void deliversInOrder(int cap) throws InterruptedException {
        Chan<Integer> c = Chan.make(cap);
        for (int round = 0; round < 2; round++) {
            go(() -> {
                for (int i = 0; i < 100; i++) {
                    c.send(i);
                }
            });
            for (int i = 0; i < 100; i++) {
                assertEquals(new Received<>(i, true), round == 0 ? new Received<>(c.receive(), true) : c.receiveOk());
            }
        }
    }

    private static void deliversAll(int cap) throws InterruptedException {
        int parties = 4;
        int each = 1000;
        Chan<Integer> c = Chan.make(cap);
        Chan<Map<Integer, Integer>> done = Chan.make();
        for (int p = 0; p < parties; p++) {
            go(() -> {
                for (int i = 0; i < each; i++) {
                    c.send(i);
                }
            });
            go(() -> {
                Map<Integer, Integer> got = new HashMap<>();
                for (int i = 0; i < each; i++) {
                    got.merge(c.receive(), 1, Integer::sum);
                }
                done.send(got);
            });
        }
        Map<Integer, Integer> all = new HashMap<>();
        for (int p = 0; p < parties; p++) {
            done.receive().forEach((value, count) -> all.merge(value, count, Integer::sum));
        }
        assertEquals(each, all.size());
        all.forEach((value, count) -> assertEquals(parties, count, "times received: " + value));
        assertAtRest(c);
        assertEquals(0, c.len());
    }

    private static void lenAndCap(int cap) throws InterruptedException {
        Chan<Integer> c = Chan.make(cap);
        assertEquals(0, c.len());
        assertEquals(cap, c.cap());
        for (int i = 0; i < cap; i++) {
            assertEquals(i, c.len());
            c.send(i);
        }
        assertEquals(cap, c.len());
        assertEquals(cap, c.cap());
    }

    @OnProcs
    void testNonblockRecvRace(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int i = 0; i < 5_000; i++) {
                Chan<Integer> c = Chan.make(1);
                c.send(1);
                go(() -> assertNotNull(c.tryReceive(), "neither an element nor closed"));
                c.close();
                c.receive();
            }
        });
    }

    /**
     * From the start of the second goroutine at least one of the channels is ready. It tries the one that stays ready
     * last.
     */
    @OnProcs
    void testNonblockSelectRace(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Boolean> done = Chan.make(1);
            for (int i = 0; i < 5_000; i++) {
                Chan<Integer> c1 = Chan.make(1);
                Chan<Integer> c2 = Chan.make(1);
                c1.send(1);
                go(() -> done.send(c1.tryReceive() != null || c2.tryReceive() != null));
                c2.send(1);
                c1.tryReceive();
                assertTrue(done.receive(), "no channel is ready");
            }
        });
    }

    @OnProcs
    void testNonblockSelectRace2(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Boolean> done = Chan.make(1);
            for (int i = 0; i < 5_000; i++) {
                Chan<Integer> c1 = Chan.make(1);
                Chan<Integer> c2 = Chan.make();
                c1.send(1);
                go(() -> done.send(c1.tryReceive() != null || c2.tryReceive() != null));
                c2.close();
                c1.tryReceive();
                assertTrue(done.receive(), "no channel is ready");
            }
        });
    }

    @Test
    void testChanSendInterface() throws Exception {
        record Mt() {
        }
        Mt m = new Mt();
        Chan<Object> c = Chan.make(1);
        c.send(m);
        assertFalse(c.trySend(m));
        assertFalse(c.trySend(new Mt()));
        assertSame(m, c.receive());
    }

    @OnProcs
    void testMultiConsumer(int procs) throws Exception {
        int workers = 23;
        int rounds = 50_000;
        int[] primes = {2, 3, 7, 11, 13, 17, 19, 23, 27, 31};
        Goroutines.run(procs, () -> {
            Chan<Integer> q = Chan.make(workers * 3);
            Chan<Integer> r = Chan.make(workers * 3);
            Chan<Boolean> ended = Chan.make(workers);
            for (int w = 0; w < workers; w++) {
                int own = primes[w % primes.length];
                go(() -> {
                    for (int v : q) {
                        if (v == own) {
                            GoRuntime.gosched();
                        }
                        r.send(v);
                    }
                    ended.send(true);
                });
            }
            AtomicLong expected = new AtomicLong();
            go(() -> {
                for (int i = 0; i < rounds; i++) {
                    int v = primes[i % primes.length];
                    expected.addAndGet(v);
                    q.send(v);
                }
                q.close();
                for (int w = 0; w < workers; w++) {
                    ended.receive();
                }
                r.close();
            });
            int n = 0;
            long sum = 0;
            for (int v : r) {
                n++;
                sum += v;
            }
            assertEquals(rounds, n);
            assertEquals(expected.get(), sum);
        });
    }

    /** The sender's stack changes its size while it waits: here by what the JVM freezes and thaws. */
    @OnProcs
    void testShrinkStackDuringBlockedSend(int procs) throws Exception {
        int n = 10;
        Goroutines.run(procs, () -> {
            Chan<Integer> c = Chan.make();
            Chan<Integer> done = Chan.make();
            go(() -> {
                int sum = 0;
                for (int i = 0; i < n; i++) {
                    c.send(i);
                    sum += deep(2_000, () -> {});
                }
                done.send(sum);
            });
            for (int i = 0; i < n; i++) {
                assertEquals(i, c.receive());
                if (i < n - 1) {
                    awaitSenders(c, 1);
                }
                System.gc();
            }
            assertEquals(n * 2_000, done.receive());
        });
    }

    /** Goroutines park at many depths while the collector runs; their stacks and what they receive stay whole. */
    @OnProcs
    void testNoShrinkStackWhileParking(int procs) throws Exception {
        int n = 100;
        Goroutines.run(procs, () -> {
            for (int round = 0; round < 3; round++) {
                Chan<int[]> c = Chan.make();
                Chan<Integer> done = Chan.make(n);
                for (int i = 0; i < n; i++) {
                    int depth = i * 7;
                    go(() -> {
                        int[] sum = new int[1];
                        int was = deep(depth, () -> sum[0] = c.receive()[0]);
                        done.send(sum[0] - was + depth);
                    });
                }
                go(System::gc);
                for (int i = 0; i < n; i++) {
                    c.send(new int[]{1_000 + i});
                }
                long sum = 0;
                for (int i = 0; i < n; i++) {
                    sum += done.receive();
                }
                assertEquals(1_000L * n + n * (n - 1) / 2, sum);
            }
        });
    }

    /** Pointers handed to goroutines that are parked, or about to, at great depth; 100,000 frames do not freeze. */
    @ParameterizedTest
    @ValueSource(ints = {10, 10_000, 100_000})
    @Tag("gmp") // the JDK's carriers have small stacks
    void channelsWorkAtDepth(int depth) throws Exception {
        Goroutines.run(2, () -> {
            Chan<List<Integer>> to = Chan.make();
            Chan<List<Integer>> back = Chan.make();
            go(() -> deep(depth, () -> {
                GoRuntime.gosched();
                for (List<Integer> list : to) {
                    deep(100, () -> back.send(list));
                }
                back.close();
            }));
            for (int i = 0; i < 20; i++) {
                List<Integer> list = new ArrayList<>(List.of(i));
                awaitReceivers(to, 1);
                to.send(list);
                if (i % 10 == 0) {
                    System.gc();
                }
                awaitSenders(back, 1);
                assertSame(list, back.receive());
            }
            to.close();
            assertFalse(back.receiveOk().ok());
        });
    }

    private interface Action {
        void run() throws InterruptedException;
    }

    /** Runs the action so many frames down; returns the number of frames, counted on the way back. */
    private static int deep(int depth, Action action) throws InterruptedException {
        if (depth == 0) {
            action.run();
            return 0;
        }
        return 1 + deep(depth - 1, action);
    }

    @OnProcs
    void testChanSendBarrier(int procs) throws Exception {
        int outer = 20;
        int inner = 500;
        record Async(Object response, Exception error) {
        }
        Goroutines.run(procs, () -> {
            Chan<Integer> done = Chan.make(outer);
            for (int i = 0; i < outer; i++) {
                go(() -> {
                    int seen = 0;
                    for (int j = 0; j < inner; j++) {
                        Object response = new byte[100];
                        Chan<Async> ch = Chan.make();
                        go(() -> ch.send(new Async(response, null)));
                        Async answer = ch.receive();
                        assertSame(response, answer.response());
                        assertNull(answer.error());
                        seen++;
                    }
                    done.send(seen);
                });
            }
            for (int i = 0; i < outer; i++) {
                assertEquals(inner, done.receive());
            }
        });
    }

    // ------------------------------------------------------------------------------------------------------------
    // Go's test/chan
    // ------------------------------------------------------------------------------------------------------------

    /** fifo.go: each goroutine waits for its turn, passed on by the one before. */
    @OnProcs
    void testFifoSynchronous(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Integer> ch = Chan.make();
            Chan<Integer> in = Chan.make();
            Chan<Integer> start = in;
            for (int i = 0; i < 10; i++) {
                int value = i;
                Chan<Integer> mine = in;
                Chan<Integer> next = Chan.make();
                go(() -> {
                    mine.receive();
                    assertEquals(value, ch.receive());
                    next.send(1);
                });
                in = next;
            }
            start.send(0);
            for (int i = 0; i < 10; i++) {
                ch.send(i);
            }
            in.receive();
        });
    }

    /** goroutines.go: a chain of 10,000. */
    @OnProcs
    void testGoroutines(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Integer> leftmost = Chan.make();
            Chan<Integer> left = leftmost;
            for (int i = 0; i < 10_000; i++) {
                Chan<Integer> to = left;
                Chan<Integer> from = Chan.make();
                go(() -> to.send(1 + from.receive()));
                left = from;
            }
            Chan<Integer> last = left;
            go(() -> last.send(1));
            assertEquals(10_001, leftmost.receive());
        });
    }

    /** sieve1.go: the primes, one filter a prime. */
    @OnProcs
    void testSieve1(int procs) throws Exception {
        int[] primes = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97};
        Goroutines.run(procs, () -> {
            Chan<Integer> numbers = Chan.make();
            go(() -> {
                for (int i = 2;; i++) {
                    numbers.send(i);
                }
            });
            Chan<Integer> in = numbers;
            for (int expected : primes) {
                int prime = in.receive();
                assertEquals(expected, prime);
                Chan<Integer> from = in;
                Chan<Integer> out = Chan.make();
                go(() -> {
                    for (int i : from) {
                        if (i % prime != 0) {
                            out.send(i);
                        }
                    }
                });
                in = out;
            }
        });
    }

    /** nonblock.go: a plain try succeeds exactly when the other side waits or the buffer allows it. */
    @OnProcs
    void testNonblock(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int cap = 0; cap < 2; cap++) {
                Chan<String> c = Chan.make(cap);
                Chan<String> got = Chan.make(1);
                assertNull(c.tryReceive());
                go(() -> got.send(c.receive()));
                awaitReceivers(c, 1);
                assertTrue(c.trySend("a"));
                assertEquals("a", got.receive());
                assertEquals(cap == 1, c.trySend("b"));
                assertFalse(c.trySend("c"));
                go(() -> c.send("d"));
                awaitSenders(c, 1);
                assertEquals(cap == 1 ? "b" : "d", c.tryReceive().value());
                assertEquals(cap == 1 ? new Received<>("d", true) : null, c.tryReceive());
                assertNull(c.tryReceive());
                assertAtRest(c);
            }
        });
    }

    // ------------------------------------------------------------------------------------------------------------
    // Order of waiters
    // ------------------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void receiversAreServedInTheOrderTheyCame(int cap) throws Exception {
        int n = 40;
        try (Runners.Crew crew = new Runners.Crew(2)) {
            Chan<Integer> c = Chan.make(cap);
            int[] got = new int[n];
            for (int i = 0; i < n; i++) {
                int at = i;
                crew.start(i, () -> got[at] = c.receive());
                awaitReceivers(c, i + 1);
            }
            c.checkInvariants();
            for (int i = 0; i < n; i++) {
                assertTrue(c.trySend(1_000 + i));
                c.checkInvariants();
            }
            crew.join();
            for (int i = 0; i < n; i++) {
                assertEquals(1_000 + i, got[i]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void sendersAreServedInTheOrderTheyCame(int cap) throws Exception {
        int n = 40;
        try (Runners.Crew crew = new Runners.Crew(2)) {
            Chan<Integer> c = Chan.make(cap);
            for (int i = 0; i < cap; i++) {
                c.send(i);
            }
            for (int i = 0; i < n; i++) {
                int value = cap + i;
                crew.start(i, () -> c.send(value));
                awaitSenders(c, i + 1);
            }
            c.checkInvariants();
            for (int i = 0; i < cap + n; i++) {
                assertEquals(i, c.tryReceive().value());
                c.checkInvariants();
            }
            crew.join();
            assertNull(c.tryReceive());
        }
    }

    @Test
    void interruptedWaiterLeavesTheOthersInOrder() throws Exception {
        int n = 9;
        try (Runners.Crew crew = new Runners.Crew(2)) {
            Chan<Integer> c = Chan.make();
            Integer[] got = new Integer[n];
            Thread[] threads = new Thread[n];
            for (int i = 0; i < n; i++) {
                int at = i;
                threads[i] = crew.start(i, () -> {
                    try {
                        got[at] = c.receive();
                    } catch (InterruptedException e) {
                        got[at] = -1;
                    }
                });
                awaitReceivers(c, i + 1);
            }
            int left = n;
            for (int i : new int[]{4, 0, 8, 7}) { // the middle, the first, the last, the last again
                threads[i].interrupt();
                awaitReceivers(c, --left);
                c.checkInvariants();
            }
            for (int i = 0; i < left; i++) {
                c.send(i);
            }
            crew.join();
            assertEquals(Arrays.asList(-1, 0, 1, 2, -1, 3, 4, -1, -1), Arrays.asList(got));
            assertAtRest(c);
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Close
    // ------------------------------------------------------------------------------------------------------------

    @OnProcs
    void closeWakesAllReceivers(int procs) throws Exception {
        for (int cap : new int[]{0, 5}) {
            try (Runners.Crew crew = new Runners.Crew(procs)) {
                int n = 20;
                Chan<String> c = Chan.make(cap);
                AtomicInteger woken = new AtomicInteger();
                for (int i = 0; i < n; i++) {
                    int form = i / 4 % 5;
                    crew.start(i, () -> {
                        switch (form) {
                            case 0 -> assertNull(c.receive());
                            case 1 -> assertEquals(new Received<>(null, false), c.receiveOk());
                            case 2 -> assertEquals("end", c.receiveOr("end"));
                            case 3 -> assertEquals(new Received<>(null, false), c.tryReceive(LONG));
                            default -> c.range(v -> assertNull("unexpected: " + v));
                        }
                        woken.incrementAndGet();
                    });
                }
                awaitReceivers(c, n);
                assertEquals(0, woken.get());
                c.close();
                crew.join();
                assertEquals(n, woken.get());
                assertAtRest(c);
            }
        }
    }

    @OnProcs
    void closeMakesWaitingSendersPanic(int procs) throws Exception {
        for (int cap : new int[]{0, 5}) {
            try (Runners.Crew crew = new Runners.Crew(procs)) {
                int n = 20;
                Chan<Integer> c = Chan.make(cap);
                for (int i = 0; i < cap; i++) {
                    c.send(i);
                }
                for (int i = 0; i < n; i++) {
                    boolean timed = i >= n / 2;
                    crew.start(i, () -> assertPanic("send on closed channel", () -> {
                        if (timed) {
                            c.trySend(-1, LONG);
                        } else {
                            c.send(-1);
                        }
                    }));
                }
                awaitSenders(c, n);
                c.close();
                crew.join();
                assertAtRest(c);
                assertEquals(cap, c.len());
                for (int i = 0; i < cap; i++) {
                    assertEquals(i, c.receive());
                }
                assertFalse(c.receiveOk().ok());
            }
        }
    }

    @Test
    void panicTexts() {
        Chan<Integer> c = Chan.make(1);
        c.close();
        assertPanic("close of closed channel", c::close);
        assertPanic("send on closed channel", () -> c.send(1));
        assertPanic("send on closed channel", () -> c.trySend(1));
        assertPanic("send on closed channel", () -> c.trySend(1, Duration.ZERO));
        assertPanic("send on closed channel", () -> c.trySend(1, LONG));
        assertPanic("close of nil channel", () -> Chan.nil().close());
        assertTrue(assertThrows(Panic.class, () -> Chan.make(-1)).getMessage()
                .startsWith("makechan: size out of range"));
        assertTrue(assertThrows(Panic.class, () -> Chan.make(Integer.MIN_VALUE)).getMessage()
                .startsWith("makechan: size out of range"));
    }

    @Test
    void closerClosesOnce() throws Exception {
        Chan<Integer> c = Chan.make(1);
        try (var _ = c.closer()) {
            c.send(1);
        }
        assertEquals(1, c.receive());
        assertFalse(c.receiveOk().ok());
        Closer again = c.closer();
        again.close();
        again.close();
        assertPanic("close of closed channel", c::close);
        assertPanic("close of nil channel", () -> Chan.nil().closer().close());
    }

    @OnProcs
    void ofManyClosersOneCloses(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int round = 0; round < 200; round++) {
                Chan<Integer> c = Chan.make();
                Chan<Boolean> closed = Chan.make(8);
                for (int i = 0; i < 8; i++) {
                    go(() -> {
                        boolean mine = true;
                        try {
                            c.close();
                        } catch (Panic e) {
                            assertEquals("close of closed channel", e.getMessage());
                            mine = false;
                        }
                        closed.send(mine);
                    });
                }
                int n = 0;
                for (int i = 0; i < 8; i++) {
                    n += closed.receive() ? 1 : 0;
                }
                assertEquals(1, n);
            }
        });
    }

    // ------------------------------------------------------------------------------------------------------------
    // Nil channel
    // ------------------------------------------------------------------------------------------------------------

    @Test
    void nilChannelNeverGetsReady() throws Exception {
        Chan<String> nil = Chan.nil();
        assertFalse(nil.trySend("x"));
        assertFalse(nil.trySend("x", Duration.ZERO));
        assertNull(nil.tryReceive());
        assertNull(nil.tryReceive(Duration.ofNanos(-1)));
        long before = System.nanoTime();
        assertFalse(nil.trySend("x", Duration.ofMillis(5)));
        assertNull(nil.tryReceive(Duration.ofMillis(5)));
        assertTrue(System.nanoTime() - before >= 10_000_000);
        assertEquals(0, nil.len());
        assertEquals(0, nil.cap());
        assertEquals("Chan[nil]", nil.toString());
        nil.checkInvariants();
    }

    @Test
    void onlyAnInterruptEndsAWaitOnANilChannel() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            Chan<String> nil = Chan.nil();
            List<Thread> waiting = new ArrayList<>();
            ConcurrentLinkedQueue<Boolean> flags = new ConcurrentLinkedQueue<>();
            for (int i = 0; i < 16; i++) {
                int form = i / 4;
                waiting.add(crew.start(i, () -> {
                    assertThrows(InterruptedException.class, () -> {
                        switch (form) {
                            case 0 -> nil.send("x");
                            case 1 -> nil.receive();
                            case 2 -> nil.trySend("x", LONG);
                            default -> nil.range(v -> {});
                        }
                    });
                    flags.add(Thread.currentThread().isInterrupted());
                }));
            }
            for (Thread thread : waiting) {
                awaitParked(thread);
                assertTrue(thread.isAlive());
                thread.interrupt();
            }
            crew.join();
            assertEquals(16, flags.size());
            assertFalse(flags.contains(true));
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Try forms
    // ------------------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void zeroAndNegativeTimesArePlainTries(int cap) throws Exception {
        Duration[] none = {Duration.ZERO, Duration.ofNanos(-1), Duration.ofSeconds(Long.MIN_VALUE)};
        Chan<Integer> c = Chan.make(cap);
        Thread.currentThread().interrupt();
        for (Duration d : none) {
            assertNull(c.tryReceive(d));
            for (int i = 0; i < cap; i++) {
                assertTrue(c.trySend(i, d));
            }
            assertFalse(c.trySend(9, d));
            for (int i = 0; i < cap; i++) {
                assertEquals(new Received<>(i, true), c.tryReceive(d));
            }
            assertNull(c.tryReceive(d));
        }
        assertTrue(Thread.interrupted(), "a plain try leaves the flag");
        c.close();
        for (Duration d : none) {
            assertEquals(new Received<>(null, false), c.tryReceive(d));
            assertPanic("send on closed channel", () -> c.trySend(1, d));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void timedFormsGiveUpAtTheirTime(int cap) throws Exception {
        Chan<Integer> c = Chan.make(cap);
        for (int i = 0; i < cap; i++) {
            c.send(i);
        }
        Runners.Crew crew = new Runners.Crew(2);
        try (crew) {
            for (int i = 0; i < 8; i++) {
                crew.start(i, () -> {
                    long before = System.nanoTime();
                    assertFalse(c.trySend(7, Duration.ofMillis(20)));
                    assertTrue(System.nanoTime() - before >= 20_000_000);
                });
            }
            crew.join();
            assertAtRest(c);
            while (c.tryReceive() != null) {
                assertTrue(c.len() < cap);
            }
            for (int i = 0; i < 8; i++) {
                crew.start(i, () -> {
                    long before = System.nanoTime();
                    assertNull(c.tryReceive(Duration.ofMillis(20)));
                    assertTrue(System.nanoTime() - before >= 20_000_000);
                });
            }
            crew.join();
            assertAtRest(c);
            assertEquals(0, c.len());
        }
    }

    @Test
    void hugeTimesDoNotWrap() throws Exception {
        Duration[] huge = {Duration.ofSeconds(Long.MAX_VALUE), Duration.ofNanos(Long.MAX_VALUE),
                Duration.ofNanos(Long.MAX_VALUE / 2), Duration.ofDays(300 * 365)};
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int i = 0; i < huge.length * 4; i++) {
                Duration d = huge[i % huge.length];
                Chan<Integer> c = Chan.make();
                crew.start(i / huge.length, () -> assertTrue(c.trySend(1, d)));
                awaitSenders(c, 1);
                assertEquals(1, c.receive());
                crew.start(i / huge.length, () -> assertEquals(new Received<>(2, true), c.tryReceive(d)));
                awaitReceivers(c, 1);
                c.send(2);
                crew.join();
            }
        }
    }

    @OnProcs
    void timedFormsTakeWhatComesInTime(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int cap = 0; cap < 2; cap++) {
                Chan<Integer> c = Chan.make(cap);
                Chan<Boolean> done = Chan.make();
                go(() -> {
                    for (int i = 0; i < 2_000; i++) {
                        assertTrue(c.trySend(i, LONG));
                    }
                    done.send(true);
                });
                for (int i = 0; i < 2_000; i++) {
                    assertEquals(new Received<>(i, true), c.tryReceive(LONG));
                }
                assertTrue(done.receive());
            }
        });
    }

    @Test
    void nullArguments() {
        Chan<Integer> c = Chan.make();
        assertThrows(NullPointerException.class, () -> c.trySend(1, null));
        assertThrows(NullPointerException.class, () -> c.tryReceive(null));
        assertThrows(NullPointerException.class, () -> c.range(null));
        assertEquals("Chan[cap=0 len=0 receivers=0 senders=0]", c.toString());
    }

    // ------------------------------------------------------------------------------------------------------------
    // Null elements
    // ------------------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 10})
    void nullIsAnElementLikeAnyOther(int cap) throws Exception {
        Goroutines.run(2, () -> {
            Chan<String> c = Chan.make(cap);
            go(() -> {
                for (int i = 0; i < 6; i++) {
                    c.send(null);
                }
                assertTrue(c.trySend(null, LONG));
                c.send(null);
                c.send("x");
                c.close();
            });
            assertNull(c.receive());
            assertNull(c.receiveOr("closed"));
            assertEquals(new Received<>(null, true), c.receiveOk());
            assertEquals(new Received<>(null, true), c.tryReceive(LONG));
            Received<String> tried;
            while ((tried = c.tryReceive()) == null) {
                Chans.pause();
            }
            assertEquals(new Received<>(null, true), tried);
            Iterator<String> iterator = c.iterator();
            assertTrue(iterator.hasNext());
            assertNull(iterator.next());
            List<String> rest = new ArrayList<>();
            c.range(rest::add);
            assertEquals(Arrays.asList(null, null, "x"), rest);
            assertFalse(iterator.hasNext());
            assertEquals("closed", c.receiveOr("closed"));
        });
    }

    @Test
    void nullGoesFromWaiterToWaiter() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int i = 0; i < 4; i++) {
                Chan<String> c = Chan.make();
                crew.start(i, () -> assertEquals(new Received<>(null, true), c.receiveOk()));
                awaitReceivers(c, 1);
                assertTrue(c.trySend(null));
                crew.start(i, () -> c.send(null));
                awaitSenders(c, 1);
                assertEquals(new Received<>(null, true), c.tryReceive());
                crew.join();
            }
        }
    }

    @Test
    void elementsAreNotRetained() throws Exception {
        for (int cap : new int[]{0, 1, 3}) {
            Chan<Object> c = Chan.make(cap);
            List<java.lang.ref.WeakReference<Object>> refs = new ArrayList<>();
            try (Runners.Crew crew = new Runners.Crew(2)) {
                for (int i = 0; i < 40; i++) {
                    boolean send = i / 4 % 2 == 0;
                    Object element = new Object();
                    refs.add(new java.lang.ref.WeakReference<>(element));
                    if (send) {
                        crew.start(i, sending(c, element));
                        assertSame(element, c.receive());
                    } else {
                        crew.start(i, c::receive);
                        c.send(element);
                    }
                    element = null;
                    crew.join();
                }
                for (java.lang.ref.WeakReference<Object> ref : refs) {
                    while (ref.get() != null) {
                        System.gc();
                        Chans.pause();
                    }
                }
            }
            assertEquals(cap, c.cap());
        }
    }

    private static GoFn sending(Chan<Object> c, Object element) {
        return () -> c.send(element);
    }

    // ------------------------------------------------------------------------------------------------------------
    // Range and iterators
    // ------------------------------------------------------------------------------------------------------------

    @Test
    void rangeGivesAllAndEndsAtTheClose() throws Exception {
        Goroutines.run(2, () -> {
            for (int cap : new int[]{0, 3}) {
                Chan<Integer> c = Chan.make(cap);
                go(() -> {
                    try (var _ = c.closer()) {
                        for (int i = 0; i < 100; i++) {
                            c.send(i);
                        }
                    }
                });
                AtomicInteger next = new AtomicInteger();
                c.range(v -> assertEquals(next.getAndIncrement(), v));
                assertEquals(100, next.get());
                c.range(v -> assertNull("after the end: " + v));
            }
        });
    }

    @Test
    void rangeEndsWithTheBodysException() throws Exception {
        Chan<Integer> c = Chan.make(3);
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
        assertThrows(InterruptedException.class, () -> c.range(v -> {
            throw new InterruptedException();
        }));
        assertEquals(0, c.len());
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, () -> c.range(v -> {}));
        assertFalse(Thread.interrupted());
    }

    @Test
    void iteratorReceives() throws Exception {
        Chan<Integer> c = Chan.make(5);
        for (int i = 0; i < 5; i++) {
            c.send(i);
        }
        Iterator<Integer> one = c.iterator();
        Iterator<Integer> two = c.iterator();
        assertTrue(one.hasNext());
        assertTrue(one.hasNext());
        assertEquals(4, c.len(), "hasNext receives one element, however often it is called");
        assertEquals(1, two.next());
        assertEquals(0, one.next());
        assertEquals(2, one.next());
        c.close();
        assertEquals(3, two.next());
        assertEquals(4, two.next());
        assertFalse(one.hasNext());
        assertFalse(two.hasNext());
        assertThrows(NoSuchElementException.class, one::next);
        assertThrows(NoSuchElementException.class, one::next);
        assertThrows(UnsupportedOperationException.class, one::remove);
    }

    @Test
    void interruptedIteratorThrowsAndKeepsTheFlag() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int i = 0; i < 4; i++) {
                Chan<Integer> c = Chan.make();
                CountDownLatch thrown = new CountDownLatch(1);
                Thread thread = crew.start(i, () -> {
                    Iterator<Integer> iterator = c.iterator();
                    UncheckedInterruptedException e = assertThrows(UncheckedInterruptedException.class,
                            iterator::hasNext);
                    assertEquals(InterruptedException.class, e.getCause().getClass());
                    assertThrows(UncheckedInterruptedException.class, iterator::next);
                    assertTrue(Thread.interrupted());
                    thrown.countDown();
                    assertEquals(5, iterator.next());
                    assertFalse(Thread.interrupted());
                });
                awaitReceivers(c, 1);
                thread.interrupt();
                thrown.await();
                c.send(5);
                crew.join();
            }
        }
    }

    @Test
    void interruptOfALoopEndsItsGoroutineQuietly() throws Exception {
        AtomicInteger panics = new AtomicInteger();
        GoRuntime runtime = GoRuntime.builder().maxProcs(1).onPanic((g, e) -> panics.incrementAndGet()).build();
        try (runtime) {
            Chan<Integer> c = Chan.make();
            Goroutine g = runtime.spawn(() -> {
                for (int v : c) {
                    assertEquals(1, v);
                }
            });
            c.send(1);
            awaitReceivers(c, 1);
            g.interrupt();
            g.join();
            assertAtRest(c);
        }
        assertEquals(0, panics.get());
    }

    // ------------------------------------------------------------------------------------------------------------
    // The rest
    // ------------------------------------------------------------------------------------------------------------

    @Test
    void toStringShowsTheState() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(1)) {
            Chan<String> c = Chan.make(2);
            assertEquals("Chan[cap=2 len=0 receivers=0 senders=0]", c.toString());
            crew.start(0, c::receive);
            crew.start(1, c::receive);
            awaitReceivers(c, 2);
            assertEquals("Chan[cap=2 len=0 receivers=2 senders=0]", c.toString());
            c.send("a");
            c.send("b");
            c.send("c");
            c.send("d");
            crew.start(0, () -> assertThrows(Panic.class, () -> c.send("e")));
            awaitSenders(c, 1);
            assertEquals("Chan[cap=2 len=2 receivers=0 senders=1]", c.toString());
            c.close();
            crew.join();
            assertEquals("Chan[cap=2 len=2 receivers=0 senders=0 closed]", c.toString());
        }
    }

    @Test
    void bigBuffer() throws Exception {
        Chan<Integer> c = Chan.make(1_000_000);
        for (int i = 0; i < 1_500_000; i++) {
            assertTrue(c.trySend(i));
            if (i % 3 == 0) {
                assertEquals(i / 3, c.receive());
            }
        }
        c.checkInvariants();
        assertEquals(1_000_000, c.len());
        assertFalse(c.trySend(0));
    }

    /** All kinds of threads on one channel, each both sends and receives. */
    @OnProcs
    void allKindsOfThreadsTogether(int procs) throws Exception {
        for (int cap : new int[]{0, 1, 10}) {
            try (Runners.Crew crew = new Runners.Crew(procs)) {
                Chan<Integer> c = Chan.make(cap);
                int senders = 8;
                int each = 500;
                AtomicLong sum = new AtomicLong();
                AtomicInteger count = new AtomicInteger();
                CountDownLatch sent = new CountDownLatch(senders);
                for (int i = 0; i < senders; i++) {
                    crew.start(i, () -> {
                        for (int k = 1; k <= each; k++) {
                            c.send(k);
                        }
                        sent.countDown();
                    });
                    crew.start(i / 4 + i, () -> c.range(v -> {
                        sum.addAndGet(v);
                        count.incrementAndGet();
                    }));
                }
                sent.await();
                c.close();
                crew.join();
                assertEquals(senders * each, count.get());
                assertEquals((long) senders * each * (each + 1) / 2, sum.get());
                assertAtRest(c);
            }
        }
    }

    /** Each kind of thread in ping-pong with each other kind. */
    @Test
    void eachKindOfThreadWithEachOther() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (Runners ping : Runners.values()) {
                for (Runners pong : Runners.values()) {
                    Chan<Integer> there = Chan.make();
                    Chan<Integer> back = Chan.make();
                    ping.start(crew, () -> {
                        for (int i = 0; i < 200; i++) {
                            there.send(i);
                            assertEquals(-i, back.receive());
                        }
                        there.close();
                    });
                    pong.start(crew, () -> there.range(v -> back.send(-v)));
                    crew.join();
                }
            }
        }
    }
}
