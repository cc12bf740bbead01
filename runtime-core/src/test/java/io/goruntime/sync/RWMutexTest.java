package io.goruntime.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.Fatal;
import io.goruntime.GoRuntime;
import io.goruntime.testing.Bounded;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import io.goruntime.testing.Runners;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Counterpart of Go's sync/rwmutex_test.go, and what is different in Java. */
@Timeout(60)
public class RWMutexTest {
    @ParameterizedTest
    @CsvSource({"1,4", "3,4", "4,2"})
    void testParallelReaders(int readers, int procs) throws Exception {
        Goroutines.run(procs, () -> {
            RWMutex m = new RWMutex();
            Chan<Boolean> locked = Chan.make();
            Chan<Boolean> unlock = Chan.make();
            Chan<Boolean> done = Chan.make();
            for (int i = 0; i < readers; i++) {
                GoRuntime.go(() -> {
                    m.rLock();
                    locked.send(true);
                    unlock.receive();
                    m.rUnlock();
                    done.send(true);
                });
            }
            for (int i = 0; i < readers; i++) {
                locked.receive();
            }
            for (int i = 0; i < readers; i++) {
                unlock.send(true);
            }
            for (int i = 0; i < readers; i++) {
                done.receive();
            }
            m.checkInvariants();
        });
    }

    private static void reader(RWMutex rwm, int iterations, AtomicInteger activity, Chan<Boolean> done)
            throws InterruptedException {
        for (int i = 0; i < iterations; i++) {
            rwm.rLock();
            int n = activity.incrementAndGet();
            assertTrue(n >= 1 && n < 10_000, () -> "rlock " + n);
            spin();
            activity.decrementAndGet();
            rwm.rUnlock();
        }
        done.send(true);
    }

    private static void writer(RWMutex rwm, int iterations, AtomicInteger activity, Chan<Boolean> done)
            throws InterruptedException {
        for (int i = 0; i < iterations; i++) {
            rwm.lock();
            assertEquals(10_000, activity.addAndGet(10_000), "wlock");
            spin();
            activity.addAndGet(-10_000);
            rwm.unlock();
        }
        done.send(true);
    }

    private static void spin() {
        for (int i = 0; i < 10; i++) {
            Thread.onSpinWait();
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "1,3", "1,10", "4,1", "4,3", "4,10", "10,1", "10,3", "10,10", "10,5"})
    void testRWMutex(int procs, int readers) throws Exception {
        int n = 1_000;
        Goroutines.run(procs, () -> {
            AtomicInteger activity = new AtomicInteger();
            RWMutex rwm = new RWMutex();
            Chan<Boolean> done = Chan.make();
            GoRuntime.go(() -> writer(rwm, n, activity, done));
            int i;
            for (i = 0; i < readers / 2; i++) {
                GoRuntime.go(() -> reader(rwm, n, activity, done));
            }
            GoRuntime.go(() -> writer(rwm, n, activity, done));
            for (; i < readers; i++) {
                GoRuntime.go(() -> reader(rwm, n, activity, done));
            }
            for (i = 0; i < 2 + readers; i++) {
                done.receive();
            }
            rwm.checkInvariants();
            assertEquals("RWMutex[readers=0 waiting readers=0 writers=0]", rwm.toString());
        });
    }

    @OnProcs
    void testRLocker(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            RWMutex wl = new RWMutex();
            Chan<Boolean> wlocked = Chan.make(1);
            Chan<Boolean> rlocked = Chan.make(1);
            Locker rl = wl.rLocker();
            assertSame(rl, wl.rLocker());
            int n = 10;
            GoRuntime.go(() -> {
                for (int i = 0; i < n; i++) {
                    rl.lock();
                    rl.lock();
                    rlocked.send(true);
                    wl.lock();
                    wlocked.send(true);
                }
            });
            for (int i = 0; i < n; i++) {
                rlocked.receive();
                rl.unlock();
                assertNull(wlocked.tryReceive(), "rLocker() didn't read-lock it");
                rl.unlock();
                wlocked.receive();
                assertNull(rlocked.tryReceive(), "rLocker() didn't respect the write lock");
                wl.unlock();
            }
        });
    }

    @Test
    void testMutexMisuse() {
        RWMutex mu = new RWMutex();
        assertFatal("sync: Unlock of unlocked RWMutex", mu::unlock);
        assertFatal("sync: RUnlock of unlocked RWMutex", mu::rUnlock);
        mu.rLock();
        assertFatal("sync: Unlock of unlocked RWMutex", mu::unlock);
        mu.rUnlock();
        assertFatal("sync: RUnlock of unlocked RWMutex", mu::rUnlock);
        mu.lock();
        assertFatal("sync: RUnlock of unlocked RWMutex", mu::rUnlock);
        mu.unlock();
        assertFatal("sync: Unlock of unlocked RWMutex", mu::unlock);
        mu.lock();
        mu.unlock();
        mu.checkInvariants();
    }

    private static void assertFatal(String text, org.junit.jupiter.api.function.Executable body) {
        assertEquals(text, assertThrows(Fatal.class, body).getMessage());
    }

    @Test
    void tries() {
        RWMutex mu = new RWMutex();
        assertTrue(mu.tryLock());
        assertFalse(mu.tryLock());
        assertFalse(mu.tryRLock());
        mu.unlock();
        assertTrue(mu.tryRLock());
        assertTrue(mu.tryRLock());
        assertFalse(mu.tryLock());
        mu.rUnlock();
        mu.rUnlock();
        assertTrue(mu.tryLock());
        mu.unlock();
        mu.checkInvariants();
    }

    @Test
    void aWaitingWriterGoesBeforeNewReadersAndTheyBeforeTheNextWriter() throws Exception {
        for (Runners kind : Runners.values()) {
            try (Runners.Crew crew = new Runners.Crew(2)) {
                RWMutex mu = new RWMutex();
                StringBuffer order = new StringBuffer();
                Chan<Boolean> go = Chan.make();
                mu.rLock();
                kind.start(crew, () -> {
                    mu.lock();
                    order.append('w');
                    go.receive();
                    mu.unlock();
                });
                awaitWaiting(mu, 0, 1);
                assertFalse(mu.tryRLock(), "a reader passed a waiting writer");
                for (int i = 0; i < 3; i++) {
                    kind.start(crew, () -> {
                        mu.rLock();
                        order.append('r');
                        go.receive();
                        mu.rUnlock();
                    });
                }
                awaitWaiting(mu, 3, 1);
                kind.start(crew, () -> {
                    mu.lock();
                    order.append('W');
                    mu.unlock();
                });
                awaitWaiting(mu, 3, 2);
                mu.checkInvariants();
                assertEquals("", order.toString());
                mu.rUnlock();
                for (int i = 0; i < 4; i++) {
                    go.send(true);
                }
                crew.join();
                assertEquals("wrrrW", order.toString());
                mu.checkInvariants();
            }
        }
    }

    @Test
    void interruptsDoNotEndTheWaitsAndAreKept() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            RWMutex mu = new RWMutex();
            mu.lock();
            AtomicInteger count = new AtomicInteger();
            Thread[] threads = new Thread[8];
            for (int i = 0; i < threads.length; i++) {
                boolean reads = i < 4;
                threads[i] = crew.start(i, () -> {
                    Locker l = reads ? mu.rLocker() : mu;
                    l.lock();
                    count.incrementAndGet();
                    l.unlock();
                    assertTrue(Thread.interrupted(), "the flag is lost");
                });
            }
            awaitWaiting(mu, 4, 4);
            for (Thread thread : threads) {
                thread.interrupt();
                thread.interrupt();
            }
            Thread.sleep(5); // gives a wait that ends wrongly the chance to
            assertEquals(0, count.get());
            mu.unlock();
            crew.join();
            assertEquals(threads.length, count.get());
            mu.checkInvariants();
        }
    }

    static void awaitWaiting(RWMutex mu, int readers, int writers) {
        while (mu.waitingReaders() != readers || mu.waitingWriters() != writers) {
            Thread.yield();
        }
    }

    /** All kinds of threads read two plain fields that writers keep equal, and count their writes. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void readersSeeWholeWrites(int procs) throws Exception {
        long seed = Bounded.seed("RWMutexTest");
        SplittableRandom seeds = new SplittableRandom(seed);
        long until = Bounded.until(Duration.ofMillis(600));
        RWMutex mu = new RWMutex();
        long[] fields = {0, 0};
        AtomicLong writes = new AtomicLong();
        int workers = 12;
        Thread[] threads = new Thread[workers];
        try (Runners.Crew crew = new Runners.Crew(procs)) {
            for (int i = 0; i < workers; i++) {
                SplittableRandom random = seeds.split();
                threads[i] = crew.start(i, () -> {
                    while (System.nanoTime() < until) {
                        int what = random.nextInt(10);
                        if (what == 0 || what == 1 && mu.tryLock()) {
                            if (what == 0) {
                                mu.lock();
                            }
                            fields[0]++;
                            if (random.nextInt(16) == 0) {
                                Thread.yield();
                            }
                            fields[1]++;
                            mu.unlock();
                            writes.incrementAndGet();
                        } else if (what != 2 || mu.tryRLock()) {
                            if (what != 2) {
                                mu.rLock();
                            }
                            long first = fields[0];
                            if (random.nextInt(16) == 0) {
                                Thread.yield();
                            }
                            assertEquals(first, fields[1], "half a write was read");
                            mu.rUnlock();
                        }
                    }
                });
            }
            while (System.nanoTime() < until) {
                threads[seeds.nextInt(workers)].interrupt();
                Thread.sleep(0, 50_000);
            }
            crew.join();
        }
        mu.rLock();
        assertEquals(writes.get(), fields[0]);
        mu.rUnlock();
        mu.checkInvariants();
    }
}
