package io.goruntime.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.Fatal;
import io.goruntime.GoRuntime;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import io.goruntime.testing.Runners;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Counterpart of Go's sync/mutex_test.go, and what is different in Java. */
@Timeout(60)
public class MutexTest {
    private static void hammer(Mutex m, int loops, Chan<Boolean> done, int[] count) throws InterruptedException {
        for (int i = 0; i < loops; i++) {
            if (i % 3 == 0) {
                if (m.tryLock()) {
                    count[0]++;
                    m.unlock();
                } else {
                    m.lock();
                    count[0]++;
                    m.unlock();
                }
                continue;
            }
            m.lock();
            count[0]++;
            m.unlock();
        }
        done.send(true);
    }

    /** Whoever is about to wait looks once more when nobody can change the queue: there may be no unlock to come. */
    @Test
    void nobodyWaitsForAMutexThatIsFree() throws Exception {
        for (int i = 0; i < 20; i++) {
            Mutex m = new Mutex();
            m.lock();
            m.queue.lock();
            Thread waiter;
            try {
                waiter = Thread.ofPlatform().daemon().start(m::lock);
                Thread.sleep(5); // a chance to get as far as the queue
                m.unlock();
            } finally {
                m.queue.unlock();
            }
            waiter.join(20_000);
            assertFalse(waiter.isAlive(), "waits for a mutex that is free");
        }
    }

    @OnProcs
    void testMutex(int procs) throws Exception {
        int[] count = {0};
        Goroutines.run(procs, () -> {
            Mutex m = new Mutex();
            m.lock();
            assertFalse(m.tryLock(), "tryLock succeeded with the mutex locked");
            m.unlock();
            assertTrue(m.tryLock(), "tryLock failed with the mutex unlocked");
            m.unlock();
            Chan<Boolean> done = Chan.make();
            for (int i = 0; i < 10; i++) {
                GoRuntime.go(() -> hammer(m, 1_000, done, count));
            }
            for (int i = 0; i < 10; i++) {
                done.receive();
            }
            m.checkInvariants();
            assertEquals("Mutex[unlocked waiters=0]", m.toString());
        });
        assertEquals(10_000, count[0]);
    }

    @Test
    void testMutexMisuse() {
        Mutex mu = new Mutex();
        assertUnlocked(mu);
        mu.lock();
        mu.unlock();
        assertUnlocked(mu);
        // The mistake has not damaged it.
        mu.lock();
        assertFalse(mu.tryLock());
        mu.unlock();
    }

    private static void assertUnlocked(Mutex mu) {
        assertEquals("sync: unlock of unlocked mutex", assertThrows(Fatal.class, mu::unlock).getMessage());
    }

    @OnProcs
    void testMutexFairness(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Mutex mu = new Mutex();
            Chan<Boolean> stop = Chan.make();
            Chan<Boolean> done = Chan.make(1);
            GoRuntime.go(() -> {
                for (;;) {
                    mu.lock();
                    Thread.sleep(0, 100_000);
                    mu.unlock();
                    if (stop.tryReceive() != null) {
                        return;
                    }
                }
            });
            GoRuntime.go(() -> {
                for (int i = 0; i < 10; i++) {
                    Thread.sleep(0, 100_000);
                    mu.lock();
                    mu.unlock();
                }
                done.send(true);
            });
            assertTrue(done.tryReceive(java.time.Duration.ofSeconds(10)) != null, "can't acquire Mutex in 10 seconds");
            stop.close();
        });
    }

    /** A greedy owner that never pauses, on the same P: only the hand-over lets the other one in. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aStarvingWaiterGetsItFromAGreedyOwner(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Mutex mu = new Mutex();
            boolean[] stop = {false};
            Chan<Boolean> done = Chan.make();
            GoRuntime.go(() -> {
                for (int i = 0; i < 5; i++) {
                    mu.lock();
                    mu.unlock();
                }
                mu.lock();
                stop[0] = true;
                mu.unlock();
                done.send(true);
            });
            for (;;) {
                mu.lock();
                boolean stopped = stop[0];
                mu.unlock();
                if (stopped) {
                    break;
                }
            }
            done.receive();
            mu.checkInvariants();
            assertFalse(mu.isStarving());
        });
    }

    @Test
    void startsStarvingAfterAMillisecondAndCalmsDown() throws Exception {
        while (!starves()) {
            // The waiters were quicker than the thread that takes it again and again.
        }
    }

    /** Three wait for an owner that unlocks and locks again; whether starvation mode was seen. */
    private static boolean starves() throws Exception {
        Mutex mu = new Mutex();
        List<Integer> order = new ArrayList<>();
        mu.lock();
        Thread[] threads = new Thread[3];
        for (int i = 0; i < threads.length; i++) {
            int me = i;
            threads[i] = Thread.ofVirtual().start(() -> {
                mu.lock();
                order.add(me);
                mu.unlock();
            });
            awaitWaiters(mu, i + 1);
        }
        // Time is the subject: the first is woken, finds it taken again, and has waited for a millisecond by then.
        Thread.sleep(2);
        for (int i = 0; i < 100 && !mu.isStarving(); i++) {
            mu.unlock();
            if (!mu.tryLock()) {
                mu.lock();
            }
            mu.checkInvariants();
            Thread.sleep(0, 200_000);
        }
        boolean starved = mu.isStarving();
        if (starved) {
            assertFalse(mu.tryLock());
        }
        mu.unlock();
        for (Thread thread : threads) {
            thread.join();
        }
        mu.lock();
        assertEquals(List.of(0, 1, 2), order);
        mu.unlock();
        mu.checkInvariants();
        assertFalse(mu.isStarving());
        return starved;
    }

    @OnProcs
    void anInterruptDoesNotEndTheWaitAndIsKept(int procs) throws Exception {
        try (Runners.Crew crew = new Runners.Crew(procs)) {
            Mutex mu = new Mutex();
            mu.lock();
            int[] count = {0};
            Thread[] threads = new Thread[8];
            for (int i = 0; i < threads.length; i++) {
                threads[i] = crew.start(i, () -> {
                    mu.lock();
                    count[0]++;
                    mu.unlock();
                    assertTrue(Thread.interrupted(), "the flag is lost");
                });
            }
            awaitWaiters(mu, threads.length);
            for (Thread thread : threads) {
                thread.interrupt();
                thread.interrupt();
            }
            Thread.sleep(5); // gives a wait that ends wrongly the chance to
            assertEquals(threads.length, mu.waiters());
            assertEquals(0, count[0]);
            mu.unlock();
            crew.join();
            assertEquals(threads.length, count[0]);
            mu.checkInvariants();
        }
    }

    @Test
    void oneLocksAnotherUnlocks() throws Exception {
        Mutex mu = new Mutex();
        mu.lock();
        Goroutines.run(1, mu::unlock);
        assertTrue(mu.tryLock());
    }

    @Test
    void aDumpSaysWhatAGoroutineWaitsFor() throws Exception {
        try (GoRuntime runtime = GoRuntime.builder().maxProcs(1).build()) {
            Mutex mu = new Mutex();
            mu.lock();
            runtime.spawn(mu::lock);
            awaitWaiters(mu, 1);
            StringBuilder text = new StringBuilder();
            while (!text.toString().contains("[sync.Mutex.Lock]")) {
                Thread.onSpinWait();
                text.setLength(0);
                runtime.dump(text);
            }
            mu.unlock();
        }
    }

    static void awaitWaiters(Mutex mu, int n) {
        while (mu.waiters() != n) {
            Thread.yield();
        }
    }

    @Test
    void aGoroutineThatLocksTwiceIsADeadlock() throws Exception {
        // Only where no other thread could unlock it; the check itself is tested elsewhere. Here: it waits.
        try (GoRuntime runtime = GoRuntime.builder().maxProcs(1).build()) {
            Mutex mu = new Mutex();
            runtime.spawn(() -> {
                mu.lock();
                mu.lock();
            });
            awaitWaiters(mu, 1);
            mu.checkInvariants();
            mu.unlock();
        }
    }
}
