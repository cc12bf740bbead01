package io.goruntime.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Panic;
import io.goruntime.testing.Bounded;
import io.goruntime.testing.Runners;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Counterpart of the tests of golang.org/x/sync/semaphore. */
@Timeout(60)
public class SemaphoreTest {
    @Test
    void testWeightedPanic() {
        Semaphore w = new Semaphore(1);
        assertEquals("semaphore: released more than held",
                assertThrows(Panic.class, () -> w.release(1)).getMessage());
        assertThrows(IllegalArgumentException.class, () -> w.acquire(-1));
        assertThrows(IllegalArgumentException.class, () -> new Semaphore(-1));
    }

    @Test
    void testWeightedTryAcquire() throws Exception {
        Semaphore sem = new Semaphore(2);
        sem.acquire(1);
        assertTrue(sem.tryAcquire(1));
        assertFalse(sem.tryAcquire(1));
        assertFalse(sem.tryAcquire(1, Duration.ofMillis(1)));
        assertFalse(sem.tryAcquire(1, Duration.ZERO));
        sem.release(2);
        assertTrue(sem.tryAcquire(1));
        assertTrue(sem.tryAcquire(1, Duration.ofSeconds(Long.MAX_VALUE)));
        sem.release(2);
        assertEquals("Semaphore[taken=0 of 2 waiters=0]", sem.toString());
    }

    @Test
    void testWeightedDoesntBlockIfTooBig() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            Semaphore sem = new Semaphore(2);
            Thread tooBig = crew.start(0, () -> assertThrows(InterruptedException.class, () -> sem.acquire(3)));
            for (int i = 0; i < 100; i++) {
                sem.acquire(2);
                sem.release(2);
            }
            assertFalse(sem.tryAcquire(3, Duration.ofMillis(1)));
            tooBig.interrupt();
            crew.join();
        }
    }

    /** Who wants much is not passed by those who want little. */
    @Test
    void testLargeAcquireDoesntStarve() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            int n = 4;
            Semaphore sem = new Semaphore(n);
            boolean[] running = {true};
            Mutex mu = new Mutex();
            sem.acquire(n);
            for (int i = 0; i < n; i++) {
                crew.start(i, () -> {
                    for (boolean on = true; on;) {
                        sem.acquire(1);
                        Thread.yield();
                        sem.release(1);
                        mu.lock();
                        on = running[0];
                        mu.unlock();
                    }
                });
            }
            sem.release(n);
            sem.acquire(n);
            mu.lock();
            running[0] = false;
            mu.unlock();
            sem.release(n);
            crew.join();
        }
    }

    /** A big one in front that is interrupted must let the small ones behind it in. */
    @Test
    void testAllocCancelDoesntStarve() throws Exception {
        for (Runners kind : Runners.values()) {
            try (Runners.Crew crew = new Runners.Crew(2)) {
                Semaphore sem = new Semaphore(10);
                sem.acquire(1);
                Thread big = kind.start(crew,
                        () -> assertThrows(InterruptedException.class, () -> sem.acquire(10)));
                awaitWaiters(sem, 1);
                kind.start(crew, () -> {
                    sem.acquire(1);
                    sem.release(1);
                });
                awaitWaiters(sem, 2);
                assertFalse(sem.tryAcquire(1), "passed the queue");
                big.interrupt();
                crew.join();
                sem.release(1);
            }
        }
    }

    static void awaitWaiters(Semaphore sem, int n) {
        while (sem.waiters() != n) {
            Thread.yield();
        }
    }

    /** Never more are taken than there are, and all are back at the end. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void permitsAreConserved(int procs) throws Exception {
        SplittableRandom seeds = new SplittableRandom(Bounded.seed("SemaphoreTest"));
        long until = Bounded.until(Duration.ofMillis(500));
        int size = 5;
        Semaphore sem = new Semaphore(size);
        AtomicInteger taken = new AtomicInteger();
        AtomicInteger interrupted = new AtomicInteger();
        // A thread that interrupts nobody for so long is given more time.
        long latest = until + Duration.ofSeconds(20).toNanos();
        BooleanSupplier goesOn = () -> System.nanoTime() < until
                || interrupted.get() == 0 && System.nanoTime() < latest;
        Thread[] threads = new Thread[8];
        try (Runners.Crew crew = new Runners.Crew(procs)) {
            for (int i = 0; i < threads.length; i++) {
                SplittableRandom random = seeds.split();
                threads[i] = crew.start(i, () -> {
                    while (goesOn.getAsBoolean()) {
                        int n = random.nextInt(size + 1);
                        try {
                            switch (random.nextInt(3)) {
                                case 0 -> sem.acquire(n);
                                case 1 -> {
                                    if (!sem.tryAcquire(n)) {
                                        continue;
                                    }
                                }
                                default -> {
                                    if (!sem.tryAcquire(n, Duration.ofNanos(random.nextInt(100_000)))) {
                                        continue;
                                    }
                                }
                            }
                        } catch (InterruptedException e) {
                            interrupted.incrementAndGet();
                            continue;
                        }
                        assertTrue(taken.addAndGet(n) <= size, "too many");
                        Thread.yield();
                        taken.addAndGet(-n);
                        sem.release(n);
                    }
                });
            }
            while (goesOn.getAsBoolean()) {
                threads[seeds.nextInt(threads.length)].interrupt();
                Thread.sleep(0, 50_000);
            }
            crew.join();
        }
        assertEquals("Semaphore[taken=0 of 5 waiters=0]", sem.toString());
        assertTrue(interrupted.get() > 0);
    }
}
