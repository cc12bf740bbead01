package io.goruntime;

import static io.goruntime.Chans.assertAtRest;
import static io.goruntime.Chans.awaitReceivers;
import static io.goruntime.Chans.awaitSenders;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.Runners;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Interrupts and channels: an operation happens or is interrupted, never both, never neither. */
class ChanInterruptTest {
    private static final Duration LONG = Duration.ofSeconds(50);

    // -- the three outcomes of a race --

    private static final int PENDING = 0;
    private static final int COMPLETED = 1;
    private static final int INTERRUPTED = 2;
    private static final int CLOSED = 3;

    /** How often each outcome is to be seen, and how long the test tries; after that once is enough. */
    private static final int SEEN_ENOUGH = 20;
    private static final long RACE_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** What one round's waiter met. Its thread writes, the test reads after the join. */
    private static final class Waiter {
        private final Chan<Integer> c;
        private final boolean sends;
        private final boolean timed;
        private volatile boolean interruptSent;
        private int outcome = PENDING;
        private Integer value;
        private boolean flagAtTheEnd;

        Waiter(Chan<Integer> c, boolean sends, boolean timed) {
            this.c = c;
            this.sends = sends;
            this.timed = timed;
        }

        void run() {
            try {
                if (sends) {
                    if (timed) {
                        assertTrue(c.trySend(7, LONG));
                    } else {
                        c.send(7);
                    }
                    outcome = COMPLETED;
                } else {
                    Received<Integer> received = timed ? c.tryReceive(LONG) : c.receiveOk();
                    value = received.value();
                    outcome = received.ok() ? COMPLETED : CLOSED;
                }
            } catch (InterruptedException e) {
                outcome = INTERRUPTED;
            } catch (Panic e) {
                outcome = CLOSED;
            }
            while (!interruptSent) {
                Thread.yield();
            }
            flagAtTheEnd = Thread.interrupted();
        }
    }

    /** Interrupts the threads given to it, from a thread of its own, so that it races with the test. */
    private static final class Interrupter implements Runnable {
        private volatile Thread target;
        private volatile Waiter waiter;
        private volatile boolean stop;

        @Override
        public void run() {
            while (!stop) {
                Thread thread = target;
                if (thread == null) {
                    Thread.yield();
                    continue;
                }
                Waiter interrupted = waiter;
                target = null; // before the round can end: the next one names its own target
                thread.interrupt();
                interrupted.interruptSent = true;
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"GOROUTINE,0", "GOROUTINE,1", "PLATFORM,0", "PLATFORM,1", "VIRTUAL,0", "VIRTUAL,1"})
    void interruptOfAReceiveRacesWithSendAndClose(Runners kind, int cap) throws Exception {
        race(kind, cap, false);
    }

    @ParameterizedTest
    @CsvSource({"GOROUTINE,0", "GOROUTINE,1", "PLATFORM,0", "PLATFORM,1", "VIRTUAL,0", "VIRTUAL,1"})
    void interruptOfASendRacesWithReceiveAndClose(Runners kind, int cap) throws Exception {
        race(kind, cap, true);
    }

    private static void race(Runners kind, int cap, boolean sends) throws Exception {
        long seed = System.nanoTime();
        System.out.println("race " + kind + " cap " + cap + (sends ? " send" : " receive") + ": seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        int[] seen = new int[4];
        Interrupter interrupter = new Interrupter();
        Thread.ofPlatform().daemon().start(interrupter);
        long end = System.nanoTime() + RACE_NANOS;
        try (Runners.Crew crew = new Runners.Crew(2)) {
            while (leastSeen(seen) < SEEN_ENOUGH && System.nanoTime() < end) {
                seen[round(crew, kind, cap, sends, random, interrupter)]++;
            }
            assertTrue(leastSeen(seen) > 0, "seen (completed, interrupted, closed): " + Arrays.toString(seen));
        } finally {
            interrupter.stop = true;
        }
    }

    private static int leastSeen(int[] seen) {
        return Arrays.stream(seen, COMPLETED, CLOSED + 1).min().getAsInt();
    }

    private static int round(Runners.Crew crew, Runners kind, int cap, boolean sends, SplittableRandom random,
            Interrupter interrupter) throws InterruptedException {
        Chan<Integer> c = Chan.make(cap);
        for (int i = 0; sends && i < cap; i++) {
            c.send(1);
        }
        Waiter waiter = new Waiter(c, sends, random.nextInt(4) == 0);
        Thread thread = kind.start(crew, waiter::run);
        if (random.nextInt(8) != 0) { // else the interrupt may even come before the operation
            if (sends) {
                awaitSenders(c, 1);
            } else {
                awaitReceivers(c, 1);
            }
        }
        boolean closes = random.nextBoolean();
        boolean interruptFirst = random.nextBoolean();
        interrupter.waiter = waiter;
        if (interruptFirst) {
            interrupter.target = thread;
        }
        // From nothing to longer than it takes to wake a thread, so that each side wins sometimes; and now and then until
        // the interrupt was sent, since on a loaded machine the interrupter may need any time to get a processor.
        boolean untilSent = random.nextInt(4) == 0;
        long until = System.nanoTime() + random.nextInt(1 << random.nextInt(4, 19));
        while (interruptFirst && (untilSent ? !waiter.interruptSent : System.nanoTime() < until)) {
            if (untilSent) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
        Received<Integer> taken = null;
        boolean given = false;
        if (closes) {
            c.close();
        } else if (sends) {
            taken = c.tryReceive();
        } else {
            given = c.trySend(7);
        }
        if (!interruptFirst) {
            interrupter.target = thread;
        }
        crew.join();
        boolean completed = waiter.outcome == COMPLETED;
        assertEquals(waiter.outcome != INTERRUPTED, waiter.flagAtTheEnd, "the flag after outcome " + waiter.outcome);
        assertTrue(closes || waiter.outcome != CLOSED);
        assertAtRest(c);
        if (sends) {
            int sevens = taken != null && taken.value() == 7 ? 1 : 0;
            for (Received<Integer> left; (left = c.tryReceive()) != null && left.ok();) {
                sevens += left.value() == 7 ? 1 : 0;
            }
            assertEquals(completed ? 1 : 0, sevens, "sent, outcome " + waiter.outcome);
        } else {
            assertEquals(given ? 1 : 0, (completed ? 1 : 0) + c.len(), "received and left, outcome " + waiter.outcome);
            assertEquals(completed ? 7 : null, waiter.value);
        }
        return waiter.outcome;
    }

    // -- the flag set beforehand --

    @ParameterizedTest
    @EnumSource(Runners.class)
    void readyOperationsCompleteAndKeepTheFlag(Runners kind) throws Exception {
        try (Runners.Crew crew = new Runners.Crew(1)) {
            kind.start(crew, () -> {
                Chan<Integer> c = Chan.make(10);
                Thread.currentThread().interrupt();
                for (int i = 0; i < 8; i++) {
                    c.send(i);
                }
                assertTrue(c.trySend(8));
                assertTrue(c.trySend(9, LONG));
                assertFalse(c.trySend(10));
                assertEquals(0, c.receive());
                assertEquals(1, c.receiveOr(-1));
                assertEquals(2, c.receiveOk().value());
                assertEquals(3, c.tryReceive().value());
                assertEquals(4, c.tryReceive(LONG).value());
                assertEquals(5, c.iterator().next());
                c.close();
                List<Integer> rest = new ArrayList<>();
                c.range(rest::add);
                assertEquals(List.of(6, 7, 8, 9), rest);
                assertNull(c.receive());
                assertFalse(c.receiveOk().ok());
                Chans.assertPanic("send on closed channel", () -> c.send(1));
                assertTrue(Thread.interrupted(), "the flag is kept");
            });
            crew.join();
        }
    }

    /** Ready because somebody waits on the other side, not because of a buffer. */
    @ParameterizedTest
    @EnumSource(Runners.class)
    void handOverToAWaiterKeepsTheFlag(Runners kind) throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            Chan<Integer> c = Chan.make();
            Chan<Integer> d = Chan.make();
            crew.start(0, () -> assertEquals(1, c.receive()));
            crew.start(1, () -> d.send(2));
            awaitReceivers(c, 1);
            awaitSenders(d, 1);
            kind.start(crew, () -> {
                Thread.currentThread().interrupt();
                c.send(1);
                assertEquals(2, d.receive());
                assertTrue(Thread.interrupted());
            });
            crew.join();
        }
    }

    @ParameterizedTest
    @EnumSource(Runners.class)
    void operationsThatAreNotReadyThrowAndClearTheFlag(Runners kind) throws Exception {
        try (Runners.Crew crew = new Runners.Crew(1)) {
            kind.start(crew, () -> {
                Chan<Integer> empty = Chan.make(1);
                Chan<Integer> full = Chan.make();
                Chan<Integer> nil = Chan.nil();
                List<Executable> operations = List.of(empty::receive, empty::receiveOk, () -> empty.receiveOr(1),
                        () -> empty.tryReceive(LONG), () -> empty.range(v -> {}), () -> full.send(1),
                        () -> full.trySend(1, LONG), nil::receive, () -> nil.send(1), () -> nil.tryReceive(LONG));
                for (Executable operation : operations) {
                    Thread.currentThread().interrupt();
                    assertThrows(InterruptedException.class, operation);
                    assertFalse(Thread.interrupted());
                }
                assertAtRest(empty);
                assertAtRest(full);
                assertEquals(0, empty.len());
            });
            crew.join();
        }
    }

    // -- a million --

    /** Waves of waiters on both sides, interrupted in any order: nothing of them is left. */
    @Test
    void aMillionInterruptedWaitersInFlatMemory() throws Exception {
        int waiters = 500;
        int waves = 2_000;
        long seed = System.nanoTime();
        System.out.println("a million interrupts: seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        Chan<Integer> empty = Chan.make(1);
        Chan<Integer> full = Chan.make(1);
        full.send(0);
        try (Runners.Crew crew = new Runners.Crew(2)) {
            List<Thread> threads = new ArrayList<>();
            AtomicInteger interrupted = new AtomicInteger();
            for (int i = 0; i < waiters; i++) {
                boolean sends = i % 2 == 0;
                Runners kind = i % 50 == 0 ? Runners.PLATFORM : i % 2 == 0 ? Runners.GOROUTINE : Runners.VIRTUAL;
                threads.add(kind.start(crew, () -> {
                    int n = 0;
                    while (n < waves) {
                        try {
                            if (sends) {
                                full.send(1);
                            } else {
                                empty.receive();
                            }
                            throw new AssertionError("completed");
                        } catch (InterruptedException e) {
                            n++;
                            interrupted.incrementAndGet();
                        }
                    }
                }));
            }
            long before = 0;
            for (int wave = 0; wave < waves; wave++) {
                awaitReceivers(empty, waiters / 2);
                awaitSenders(full, waiters / 2);
                if (wave == waves / 10) {
                    before = heapAfterGc();
                }
                for (int i = waiters - 1; i > 0; i--) {
                    int k = random.nextInt(i + 1);
                    Thread thread = threads.get(i);
                    threads.set(i, threads.get(k));
                    threads.set(k, thread);
                }
                threads.forEach(Thread::interrupt);
                while (interrupted.get() < waiters * (wave + 1)) { // two interrupts of one wait count once
                    Chans.pause();
                }
                if (wave % 100 == 0) {
                    empty.checkInvariants();
                    full.checkInvariants();
                }
            }
            crew.join();
            long grown = heapAfterGc() - before;
            assertEquals(waiters * waves, interrupted.get());
            assertAtRest(empty);
            assertAtRest(full);
            assertEquals(0, empty.len());
            assertEquals(1, full.len());
            assertTrue(grown < 16 << 20, "the heap has grown by " + grown + " bytes");
        }
    }

    private static long heapAfterGc() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
