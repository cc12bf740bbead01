package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.internal.jdk.Jdk;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** lockOSThread: one platform thread for one goroutine. The platform thread is what carries the virtual one. */
@Tag("gmp")
@ExtendWith(DumpOnTimeout.class)
class LockOSThreadTest {
    private static GoRuntime runtime(int procs) {
        return GoRuntime.builder().maxProcs(procs).build();
    }

    @Test
    void aWiredGoroutineKeepsItsThreadAndNobodyElseRunsOnIt() throws Exception {
        for (int procs = 1; procs <= 3; procs++) {
            try (GoRuntime rt = runtime(procs)) {
                Set<Thread> wired = ConcurrentHashMap.newKeySet();
                Set<Thread> others = ConcurrentHashMap.newKeySet();
                CountDownLatch locked = new CountDownLatch(3);
                CountDownLatch beside = new CountDownLatch(6);
                AtomicBoolean stop = new AtomicBoolean();
                Fleet fleet = new Fleet(rt);
                fleet.start(3, i -> {
                    GoRuntime.lockOSThread();
                    Thread mine = Jdk.carrier();
                    assertTrue(wired.add(mine), "two wired goroutines on one thread");
                    locked.countDown();
                    beside.await(); // else it may all be over before the others have begun
                    for (int k = 0; k < 200; k++) {
                        if (k % 20 == 0) {
                            Thread.sleep(1);
                        } else {
                            GoRuntime.gosched();
                        }
                        assertSame(mine, Jdk.carrier());
                    }
                    stop.set(true);
                });
                fleet.start(6, i -> {
                    locked.await();
                    beside.countDown();
                    while (!stop.get()) {
                        others.add(Jdk.carrier());
                        GoRuntime.gosched();
                    }
                });
                fleet.join();
                assertEquals(3, wired.size());
                assertFalse(others.isEmpty());
                others.retainAll(wired);
                assertEquals(Set.of(), others);
            }
        }
    }

    @Test
    void callsNestAndUnlockLetsGo() throws Exception {
        try (GoRuntime rt = runtime(2)) {
            Fleet.run(rt, 4, i -> {
                GoRuntime.unlockOSThread(); // without a lock: nothing
                GoRuntime.lockOSThread();
                GoRuntime.lockOSThread();
                Thread mine = Jdk.carrier();
                GoRuntime.unlockOSThread();
                for (int k = 0; k < 50; k++) {
                    GoRuntime.gosched();
                    assertSame(mine, Jdk.carrier());
                }
                GoRuntime.unlockOSThread();
                GoRuntime.unlockOSThread();
                for (int k = 0; k < 50; k++) {
                    GoRuntime.gosched();
                }
            });
            // The threads were given back: other goroutines run, wired and not.
            Fleet.run(rt, 20, i -> {
                GoRuntime.lockOSThread();
                Thread mine = Jdk.carrier();
                Thread.sleep(1);
                assertSame(mine, Jdk.carrier());
                GoRuntime.unlockOSThread();
                Thread.sleep(1);
            });
        }
        GoRuntime.lockOSThread(); // outside a goroutine: nothing
        GoRuntime.unlockOSThread();
    }

    @Test
    void endingWiredEndsTheThreadAndTheRuntimeGoesOn() throws Exception {
        for (int procs = 1; procs <= 2; procs++) {
            try (GoRuntime rt = runtime(procs)) {
                for (int i = 0; i < 20; i++) {
                    AtomicReference<Thread> carrier = new AtomicReference<>();
                    boolean throwing = i % 3 == 0;
                    Goroutine g = rt.spawn(() -> {
                        GoRuntime.lockOSThread();
                        carrier.set(Jdk.carrier());
                        Thread.sleep(1);
                        if (throwing) {
                            GoRuntime.goexit();
                        }
                    });
                    assertTrue(g.join(Duration.ofSeconds(30)), () -> Fleet.dump(rt));
                    assertTrue(carrier.get().join(Duration.ofSeconds(30)), "its thread lives on");
                    Fleet.run(rt, 5, k -> assertNotSame(carrier.get(), Jdk.carrier()));
                }
            }
        }
    }

    /** The one platform thread of a runtime with one P is wired while it holds the only P: others need a new thread. */
    @Test
    void wiredGoroutinesExchangeValuesWithOthers() throws Exception {
        int rounds = 2000;
        for (int procs = 1; procs <= 2; procs++) {
            try (GoRuntime rt = runtime(procs)) {
                AtomicInteger moved = new AtomicInteger();
                Fleet fleet = new Fleet(rt);
                for (int pair = 0; pair < 4; pair++) {
                    boolean bothWired = pair % 2 == 0;
                    Chan<Integer> ping = Chan.make();
                    Chan<Integer> pong = Chan.make(pair / 2);
                    fleet.start(1, i -> {
                        GoRuntime.lockOSThread();
                        Thread mine = Jdk.carrier();
                        for (int k = 0; k < rounds; k++) {
                            ping.send(k);
                            assertEquals(k, pong.receive());
                            assertSame(mine, Jdk.carrier());
                            moved.incrementAndGet();
                        }
                    });
                    fleet.start(1, i -> {
                        if (bothWired) {
                            GoRuntime.lockOSThread();
                        }
                        for (int k = 0; k < rounds; k++) {
                            pong.send(ping.receive());
                        }
                    });
                }
                fleet.join();
                assertEquals(4 * rounds, moved.get());
            }
        }
    }

    /** getStackTrace suspends and resubmits a goroutine: a wired one must not get lost between its thread and the queues. */
    @Test
    void getStackTraceOfAWiredGoroutineInALoop() throws Exception {
        try (GoRuntime rt = runtime(2)) {
            AtomicInteger rounds = new AtomicInteger();
            Chan<Integer> c = Chan.make();
            Fleet fleet = new Fleet(rt);
            fleet.start(2, i -> {
                GoRuntime.lockOSThread();
                Thread mine = Jdk.carrier();
                for (int k = 0; k < 1500; k++) {
                    if (i == 0) {
                        c.send(k);
                    } else {
                        assertEquals(k, c.receive());
                        rounds.incrementAndGet();
                    }
                    if (k % 100 == 0) {
                        Thread.sleep(1);
                    } else if (k % 3 == 0) {
                        GoRuntime.gosched();
                    }
                    assertSame(mine, Jdk.carrier());
                }
            });
            Thread[] lookers = new Thread[2];
            for (int i = 0; i < lookers.length; i++) {
                lookers[i] = Thread.ofPlatform().start(() -> {
                    while (!Thread.currentThread().isInterrupted()) {
                        fleet.members().forEach(g -> g.thread().getStackTrace());
                    }
                });
            }
            try {
                fleet.join();
            } finally {
                for (Thread looker : lookers) {
                    looker.interrupt();
                    looker.join();
                }
            }
            assertEquals(1500, rounds.get());
        }
    }

    @Test
    void manyWiredGoroutinesAtOnceAndClose() throws Exception {
        GoRuntime rt = runtime(2);
        int count = 100;
        CountDownLatch wired = new CountDownLatch(count);
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        Fleet fleet = new Fleet(rt).start(count, i -> {
            GoRuntime.lockOSThread();
            threads.add(Jdk.carrier());
            wired.countDown();
            try {
                Chan.nil().receive();
            } catch (InterruptedException e) {
                threads.add(Jdk.carrier());
            }
        });
        fleet.await("all wired", () -> wired.getCount() == 0);
        assertEquals(count, threads.size());
        assertTrue(rt.close(Duration.ofSeconds(30)));
        assertEquals(count, threads.size());
        for (Thread thread : threads) {
            assertTrue(thread.join(Duration.ofSeconds(30)), () -> thread + " is left");
        }
    }
}
