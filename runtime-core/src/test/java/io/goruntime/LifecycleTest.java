package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import io.goruntime.time.Timers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The beginning and the end of a runtime. */
@ExtendWith(DumpOnTimeout.class)
class LifecycleTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    /** No platform thread of the named runtime is left, or comes to its end at once. */
    private static void assertNoThreads(String runtimeName) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        String prefix = "goruntime-" + runtimeName + "-";
        List<Thread> left;
        do {
            left = Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().startsWith(prefix)).toList();
            if (left.isEmpty()) {
                return;
            }
            Thread.sleep(5);
        } while (System.nanoTime() < deadline);
        throw new AssertionError("threads left after close: " + left);
    }

    // -- the default runtime --

    @Test
    void theDefaultRuntimeIsRemadeAfterItsClose() throws Exception {
        for (int i = 0; i < 3; i++) {
            GoRuntime first = GoRuntime.defaultRuntime();
            assertSame(first, GoRuntime.defaultRuntime());
            Chan<GoRuntime> of = Chan.make();
            GoRuntime.go(() -> of.send(GoRuntime.current()));
            assertSame(first, of.receive());
            assertTrue(first.close(LONG));
            assertNotSame(first, GoRuntime.defaultRuntime());
            GoRuntime.go(() -> of.send(GoRuntime.current()));
            assertSame(GoRuntime.defaultRuntime(), of.receive());
        }
        GoRuntime.defaultRuntime().close();
        assertNoThreads("default");
    }

    @Test
    void racingFirstUsersGetTheSameDefaultRuntime() throws Exception {
        for (int round = 0; round < 10; round++) {
            GoRuntime.defaultRuntime().close();
            ConcurrentLinkedQueue<GoRuntime> seen = new ConcurrentLinkedQueue<>();
            CountDownLatch go = new CountDownLatch(1);
            List<Thread> users = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                Thread.Builder kind = i % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual();
                users.add(kind.start(() -> {
                    awaitQuietly(go);
                    seen.add(GoRuntime.defaultRuntime());
                }));
            }
            go.countDown();
            for (Thread user : users) {
                user.join();
            }
            assertEquals(6, seen.size());
            assertEquals(1, seen.stream().distinct().count());
        }
        GoRuntime.defaultRuntime().close();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    // -- close --

    @Test
    void closeInterruptsAndWaitsAndLeavesNoThread() throws Exception {
        GoRuntime rt = GoRuntime.builder().name("interrupts").maxProcs(2).build();
        AtomicInteger ended = new AtomicInteger();
        Object monitor = new Object();
        CountDownLatch never = new CountDownLatch(1);
        Fleet fleet = new Fleet(rt);
        List<GoFn> waits = List.of(() -> Thread.sleep(3_600_000), () -> Chan.make().receive(),
                () -> Chan.nil().send(1), never::await, () -> {
                    synchronized (monitor) {
                        monitor.wait();
                    }
                }, () -> {
                    LockSupport.park();
                    throw new InterruptedException();
                });
        fleet.start(60, i -> assertThrows(InterruptedException.class, () -> {
            try {
                waits.get(i % waits.size()).run();
            } finally {
                ended.incrementAndGet();
            }
        }));
        fleet.await("all wait", () -> fleet.members().stream().allMatch(g -> switch (g.thread().getState()) {
            case WAITING, TIMED_WAITING -> true;
            default -> false;
        }));
        assertTrue(rt.close(LONG));
        assertEquals(60, ended.get());
        assertEquals(0, rt.numGoroutine());
        fleet.join();
        assertNoThreads("interrupts");
        assertTrue(rt.close(LONG), "idempotent");
        assertTrue(rt.close(Duration.ZERO), "idempotent");
        rt.close();
        assertThrows(RejectedExecutionException.class, () -> rt.spawn(() -> {}));
        assertEquals(0, rt.numGoroutine());
    }

    @Test
    void acceptedGoroutinesStillStart() throws Exception {
        for (int round = 0; round < 20; round++) {
            GoRuntime rt = GoRuntime.builder().name("accepted").maxProcs(1 + round % 2).build();
            AtomicInteger started = new AtomicInteger();
            AtomicInteger accepted = new AtomicInteger();
            AtomicBoolean refused = new AtomicBoolean();
            Thread[] spawners = new Thread[2];
            CountDownLatch some = new CountDownLatch(50);
            for (int i = 0; i < spawners.length; i++) {
                spawners[i] = Thread.ofPlatform().start(() -> {
                    try {
                        for (;;) {
                            rt.spawn(started::incrementAndGet);
                            accepted.incrementAndGet();
                            some.countDown();
                            // The heap is not for all that can be spawned while the closer is kept from its processor.
                            while (accepted.get() - started.get() > 100_000) {
                                Thread.yield();
                            }
                        }
                    } catch (RejectedExecutionException e) {
                        refused.set(true);
                    }
                });
            }
            some.await();
            assertTrue(rt.close(LONG));
            for (Thread spawner : spawners) {
                spawner.join();
            }
            assertTrue(refused.get());
            assertEquals(accepted.get(), started.get());
            assertEquals(0, rt.numGoroutine());
        }
        assertNoThreads("accepted");
    }

    @Test
    void aGoroutineThatIgnoresInterruptionGoesOnAndFinishes() throws Exception {
        GoRuntime rt = GoRuntime.builder().name("ignores").maxProcs(2).build();
        AtomicBoolean release = new AtomicBoolean();
        AtomicInteger steps = new AtomicInteger();
        Chan<Integer> c = Chan.make();
        Goroutine stubborn = rt.spawn("stubborn", () -> {
            while (!release.get()) {
                try {
                    Thread.sleep(1);
                } catch (InterruptedException e) {
                    steps.incrementAndGet();
                }
            }
            if (Thread.interrupted()) { // the interrupt may have come after the last sleep
                steps.incrementAndGet();
            }
            GoRuntime.gosched();
            c.send(7);
            Thread.sleep(1);
            steps.incrementAndGet();
        });
        while (stubborn.thread().getState() != Thread.State.TIMED_WAITING) {
            Thread.sleep(1);
        }
        assertFalse(rt.close(Duration.ofMillis(50)));
        assertEquals(1, rt.numGoroutine());
        assertNoThreads("ignores");
        assertFalse(stubborn.isDone());
        assertFalse(rt.close(Duration.ZERO));
        release.set(true);
        assertEquals(7, c.receive());
        assertTrue(stubborn.join(LONG));
        assertTrue(steps.get() >= 2, "interrupted and finished: " + steps);
        assertTrue(rt.close(LONG));
        assertEquals(0, rt.numGoroutine());
    }

    @Test
    void closeDoesNotWaitWhenToldSo() throws Exception {
        GoRuntime rt = GoRuntime.builder().name("nowait").closeTimeout(Duration.ofMillis(20)).build();
        CountDownLatch end = new CountDownLatch(1);
        Goroutine g = rt.spawn(() -> {
            boolean ended = false;
            while (!ended) {
                try {
                    end.await();
                    ended = true;
                } catch (InterruptedException e) {
                    // waits on
                }
            }
        });
        while (g.thread().getState() != Thread.State.WAITING) {
            Thread.sleep(1);
        }
        assertFalse(rt.close(Duration.ofSeconds(-1)));
        rt.close();
        assertFalse(Thread.currentThread().isInterrupted());
        end.countDown();
        assertTrue(g.join(LONG));
    }

    @Test
    void closeFromInsideWaitsForTheOthersOnly() throws Exception {
        for (int procs = 1; procs <= 2; procs++) {
            GoRuntime rt = GoRuntime.builder().name("inside").maxProcs(procs).build();
            AtomicReference<Object> result = new AtomicReference<>();
            AtomicInteger others = new AtomicInteger();
            CountDownLatch began = new CountDownLatch(10);
            Fleet fleet = new Fleet(rt);
            fleet.start(10, i -> {
                try {
                    began.countDown();
                    Thread.sleep(3_600_000);
                } catch (InterruptedException e) {
                    others.incrementAndGet();
                }
            });
            began.await();
            Goroutine closer = rt.spawn(() -> {
                result.set(rt.close(LONG));
                assertThrows(RejectedExecutionException.class, () -> GoRuntime.go(() -> {}));
                Thread.sleep(1); // it goes on as a goroutine of a closed runtime
                result.set(result.get() + " " + others.get() + " " + Thread.currentThread().isInterrupted());
            });
            assertTrue(closer.join(LONG), () -> Fleet.dump(rt));
            assertEquals("true 10 false", result.get());
            assertNoThreads("inside");
            assertTrue(rt.close(LONG));
        }
    }

    /** A timer has a thread of its own where the JDK's scheduler is used. */
    @Test
    void closeFromInsideEndsTheTimers() throws Exception {
        GoRuntime rt = GoRuntime.builder().name("insidetimers").build();
        Goroutine closer = rt.spawn(() -> {
            Timers.afterFunc(Duration.ofHours(1), () -> {});
            rt.close(LONG);
        });
        assertTrue(closer.join(LONG), () -> Fleet.dump(rt));
        assertNoThreads("insidetimers");
    }

    @Test
    void aRunThatDoesNotStartLeavesNoThread() throws Exception {
        IllegalStateException broken = new IllegalStateException("broken");
        assertSame(broken, assertThrows(IllegalStateException.class,
                () -> GoRuntime.builder().name("unstarted").decorate(fn -> {
                    throw broken;
                }).run(() -> {})));
        assertThrows(NullPointerException.class,
                () -> GoRuntime.builder().name("unstarted").decorate(fn -> null).run(() -> {}));
        assertNoThreads("unstarted");
    }

    @Test
    void concurrentClosesAllWait() throws Exception {
        GoRuntime rt = GoRuntime.builder().name("concurrent").maxProcs(2).build();
        AtomicBoolean finished = new AtomicBoolean();
        CountDownLatch began = new CountDownLatch(1);
        rt.spawn(() -> {
            began.countDown();
            try {
                Thread.sleep(3_600_000);
            } catch (InterruptedException e) {
                // The later interrupts of the other closers come now or not at all.
                long end = System.nanoTime() + 50_000_000;
                while (System.nanoTime() < end) {
                    GoRuntime.gosched();
                }
                finished.set(true);
            }
        });
        began.await();
        ConcurrentLinkedQueue<Object> results = new ConcurrentLinkedQueue<>();
        List<Thread> closers = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Thread.Builder kind = i % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual();
            closers.add(kind.start(() -> {
                try {
                    results.add(rt.close(LONG) && finished.get());
                } catch (InterruptedException e) {
                    results.add(e);
                }
            }));
        }
        for (Thread closer : closers) {
            assertTrue(closer.join(LONG));
        }
        assertEquals(List.of(true, true, true, true, true, true), List.copyOf(results));
        assertNoThreads("concurrent");
    }

    @Test
    void anInterruptedCloserThrowsAndTheRuntimeIsClosed() throws Exception {
        GoRuntime rt = GoRuntime.builder().name("closer").build();
        AtomicBoolean release = new AtomicBoolean();
        Goroutine stubborn = rt.spawn(() -> {
            while (!release.get()) {
                LockSupport.parkNanos(1_000_000);
                Thread.interrupted();
            }
        });
        AtomicReference<Object> result = new AtomicReference<>();
        Thread closer = Thread.ofPlatform().start(() -> {
            try {
                result.set(rt.close(LONG));
            } catch (InterruptedException e) {
                result.set(e.getClass());
            }
        });
        closer.interrupt();
        assertTrue(closer.join(Duration.ofSeconds(20)));
        assertEquals(InterruptedException.class, result.get());
        assertThrows(RejectedExecutionException.class, () -> rt.spawn(() -> {}));
        AtomicBoolean flag = new AtomicBoolean();
        Thread plain = Thread.ofPlatform().start(() -> {
            Thread.currentThread().interrupt();
            rt.close();
            flag.set(Thread.currentThread().isInterrupted());
        });
        assertTrue(plain.join(Duration.ofSeconds(20)));
        assertTrue(flag.get(), "close() keeps the flag");
        release.set(true);
        assertTrue(stubborn.join(LONG));
    }

    /** No wake-up may be lost, and no foreign thread may get an exception, when queues and threads of a runtime end. */
    @Test
    void foreignThreadsUnparkWhileTheRuntimeCloses() throws Exception {
        for (int round = 0; round < 20; round++) {
            int count = 20;
            int rounds = 50;
            GoRuntime rt = GoRuntime.builder().name("foreign").maxProcs(2).build();
            AtomicInteger parked = new AtomicInteger();
            int[] token = new int[count];
            Object[] locks = new Object[count];
            for (int i = 0; i < count; i++) {
                locks[i] = new Object();
            }
            Fleet fleet = new Fleet(rt);
            fleet.start(count, i -> {
                // Counts real hand-overs: each waits until its token was raised, whatever interrupts and permits do.
                for (int k = 1; k <= rounds; k++) {
                    for (;;) {
                        synchronized (locks[i]) {
                            if (token[i] >= k) {
                                break;
                            }
                        }
                        parked.incrementAndGet();
                        LockSupport.park();
                        Thread.interrupted();
                    }
                }
            });
            ConcurrentLinkedQueue<Throwable> thrown = new ConcurrentLinkedQueue<>();
            Thread[] foreign = new Thread[2];
            CountDownLatch begun = new CountDownLatch(2);
            for (int f = 0; f < foreign.length; f++) {
                int first = f;
                Thread.Builder kind = f == 0 ? Thread.ofPlatform() : Thread.ofVirtual();
                foreign[f] = kind.start(() -> {
                    try {
                        for (int k = 1; k <= rounds; k++) {
                            for (int i = first; i < count; i += 2) {
                                synchronized (locks[i]) {
                                    token[i] = k;
                                }
                                LockSupport.unpark(fleet.members().get(i).thread());
                            }
                            begun.countDown();
                        }
                    } catch (Throwable e) {
                        thrown.add(e);
                    }
                });
            }
            begun.await();
            rt.close(Duration.ZERO);
            for (Thread t : foreign) {
                t.join();
            }
            fleet.join();
            assertEquals(List.of(), List.copyOf(thrown));
            assertTrue(rt.close(LONG));
        }
        assertNoThreads("foreign");
    }

    @Test
    void manyRuntimesComeAndGo() throws Exception {
        for (int i = 0; i < 50; i++) {
            try (GoRuntime rt = GoRuntime.builder().name("many").maxProcs(1 + i % 4).build()) {
                if (i % 3 != 0) {
                    Fleet.run(rt, i % 5, k -> GoRuntime.gosched());
                }
            }
        }
        assertNoThreads("many");
    }

    @Test
    void namesAndText() {
        try (GoRuntime rt = GoRuntime.builder().name("n1").build()) {
            assertEquals("runtime n1", rt.toString());
            assertThrows(NullPointerException.class, () -> GoRuntime.builder().name(null));
            assertThrows(NullPointerException.class, () -> rt.close(null));
            assertThrows(NullPointerException.class, () -> rt.dump(null));
        }
    }
}
