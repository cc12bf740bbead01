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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Counterpart of Go's sync/cond_test.go, and interrupts. */
@Timeout(60)
public class CondTest {
    @OnProcs
    void testCondSignal(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Mutex m = new Mutex();
            Cond c = new Cond(m);
            int n = 2;
            Chan<Boolean> running = Chan.make(n);
            Chan<Boolean> awake = Chan.make(n);
            for (int i = 0; i < n; i++) {
                GoRuntime.go(() -> {
                    m.lock();
                    running.send(true);
                    c.await();
                    awake.send(true);
                    m.unlock();
                });
            }
            for (int i = 0; i < n; i++) {
                running.receive();
            }
            for (; n > 0; n--) {
                assertNull(awake.tryReceive(), "goroutine not asleep");
                m.lock();
                c.signal();
                m.unlock();
                awake.receive();
                assertNull(awake.tryReceive(), "too many goroutines awake");
            }
            c.signal();
            assertEquals(0, c.waiters());
        });
    }

    @OnProcs
    void testCondSignalGenerations(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Mutex m = new Mutex();
            Cond c = new Cond(m);
            int n = 100;
            Chan<Boolean> running = Chan.make(n);
            Chan<Integer> awake = Chan.make(n);
            for (int i = 0; i < n; i++) {
                int me = i;
                GoRuntime.go(() -> {
                    m.lock();
                    running.send(true);
                    c.await();
                    awake.send(me);
                    m.unlock();
                });
                if (i > 0) {
                    assertEquals(i - 1, awake.receive(), "wrong goroutine woke up");
                }
                running.receive();
                m.lock();
                c.signal();
                m.unlock();
            }
        });
    }

    @OnProcs
    void testCondBroadcast(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Mutex m = new Mutex();
            Cond c = new Cond(m);
            int n = 100;
            Chan<Integer> running = Chan.make(n);
            Chan<Integer> awake = Chan.make(n);
            boolean[] exit = {false};
            for (int i = 0; i < n; i++) {
                int me = i;
                GoRuntime.go(() -> {
                    m.lock();
                    while (!exit[0]) {
                        running.send(me);
                        c.await();
                        awake.send(me);
                    }
                    m.unlock();
                });
            }
            for (int i = 0; i < n; i++) {
                for (int k = 0; k < n; k++) {
                    running.receive();
                }
                if (i == n - 1) {
                    m.lock();
                    exit[0] = true;
                    m.unlock();
                }
                assertNull(awake.tryReceive(), "goroutine not asleep");
                m.lock();
                c.broadcast();
                m.unlock();
                boolean[] seen = new boolean[n];
                for (int k = 0; k < n; k++) {
                    int g = awake.receive();
                    assertFalse(seen[g], "goroutine woke up twice");
                    seen[g] = true;
                }
            }
            assertNull(running.tryReceive(), "goroutine did not exit");
            c.broadcast();
        });
    }

    @OnProcs
    void testRace(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            int[] x = {0};
            Cond c = new Cond(new Mutex());
            Locker l = c.locker();
            Chan<Boolean> done = Chan.make();
            GoRuntime.go(() -> {
                l.lock();
                x[0] = 1;
                c.await();
                assertEquals(2, x[0]);
                x[0] = 3;
                c.signal();
                l.unlock();
                done.send(true);
            });
            GoRuntime.go(() -> {
                l.lock();
                while (x[0] != 1) {
                    l.unlock();
                    GoRuntime.gosched();
                    l.lock();
                }
                x[0] = 2;
                c.signal();
                l.unlock();
                done.send(true);
            });
            GoRuntime.go(() -> {
                l.lock();
                for (;;) {
                    if (x[0] == 2) {
                        c.await();
                        assertEquals(3, x[0]);
                        break;
                    }
                    if (x[0] == 3) {
                        break;
                    }
                    l.unlock();
                    GoRuntime.gosched();
                    l.lock();
                }
                l.unlock();
                done.send(true);
            });
            for (int i = 0; i < 3; i++) {
                done.receive();
            }
        });
    }

    @OnProcs
    void testCondSignalStealing(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int i = 0; i < 300; i++) {
                Mutex m = new Mutex();
                Cond cond = new Cond(m);
                Chan<Boolean> ch = Chan.make();
                GoRuntime.go(() -> {
                    m.lock();
                    ch.send(true);
                    cond.await();
                    m.unlock();
                    ch.send(true);
                });
                ch.receive();
                m.lock();
                m.unlock();
                boolean[] done = {false};
                Chan<Boolean> ended = Chan.make();
                GoRuntime.go(cond::broadcast);
                GoRuntime.go(() -> {
                    m.lock();
                    while (!done[0]) {
                        cond.await();
                    }
                    m.unlock();
                    ended.send(true);
                });
                assertTrue(ch.tryReceive(Duration.ofSeconds(20)) != null, "First waiter didn't get broadcast.");
                m.lock();
                done[0] = true;
                m.unlock();
                cond.broadcast();
                ended.receive();
            }
        });
    }

    // -- interrupts, lockers --

    @Test
    void anInterruptedWaiterLeavesAndHasTheLock() throws Exception {
        for (Runners kind : Runners.values()) {
            try (Runners.Crew crew = new Runners.Crew(2)) {
                Mutex m = new Mutex();
                Cond c = new Cond(m);
                Thread waiter = kind.start(crew, () -> {
                    m.lock();
                    assertThrows(InterruptedException.class, c::await);
                    assertFalse(m.tryLock(), "the lock is not held");
                    m.unlock();
                });
                awaitWaiters(c, 1);
                m.lock();
                waiter.interrupt();
                awaitWaiters(c, 0); // at once, though it cannot return
                m.unlock();
                crew.join();
                m.checkInvariants();
            }
        }
    }

    @Test
    void awaitWithTheFlagSetAndWithoutTheLock() throws Exception {
        Mutex m = new Mutex();
        Cond c = new Cond(m);
        m.lock();
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, c::await);
        assertFalse(Thread.interrupted());
        assertFalse(m.tryLock());
        m.unlock();
        assertEquals("sync: unlock of unlocked mutex", assertThrows(Fatal.class, c::await).getMessage());
        assertEquals(0, c.waiters());
        assertSame(m, c.locker());
    }

    /** A locker whose unlock waits itself, in a channel, while the goroutine is in the queue of the condition already. */
    @Test
    void aLockerThatWaits() throws Exception {
        Goroutines.run(2, () -> {
            Chan<Boolean> free = Chan.make();
            Locker slow = new Locker() {
                @Override
                public void lock() {}

                @Override
                public void unlock() {
                    try {
                        free.send(true);
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
            };
            for (int i = 0; i < 200; i++) {
                Cond c = new Cond(slow);
                Chan<Boolean> done = Chan.make();
                GoRuntime.go(() -> {
                    c.await();
                    done.send(true);
                });
                while (c.waiters() == 0) {
                    GoRuntime.gosched();
                }
                if (i % 2 == 0) {
                    c.signal();
                    free.receive();
                } else {
                    free.receive();
                    c.signal();
                }
                done.receive();
            }
        });
    }

    static void awaitWaiters(Cond c, int n) {
        while (c.waiters() != n) {
            Thread.yield();
        }
    }

    /**
     * Tokens under a lock, a signal for each, and consumers that are interrupted at random. A consumer that is
     * interrupted takes nothing. A signal that was lost, or taken by a waiter that then threw, leaves a token and a waiter.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void noSignalIsLostToAnInterrupt(int procs) throws Exception {
        SplittableRandom random = new SplittableRandom(Bounded.seed("CondTest"));
        int consumers = 4;
        int produced = 4_000 * Bounded.scale();
        int[] tokens = {0};
        boolean[] over = {false};
        AtomicInteger taken = new AtomicInteger();
        AtomicInteger interrupted = new AtomicInteger();
        Mutex m = new Mutex();
        Cond c = new Cond(m);
        Thread[] threads = new Thread[consumers];
        try (Runners.Crew crew = new Runners.Crew(procs)) {
            for (int i = 0; i < consumers; i++) {
                threads[i] = crew.start(i, () -> {
                    for (;;) {
                        m.lock();
                        try {
                            while (tokens[0] == 0) {
                                if (over[0]) {
                                    return;
                                }
                                c.await();
                            }
                            tokens[0]--;
                            taken.incrementAndGet();
                        } catch (InterruptedException e) {
                            interrupted.incrementAndGet();
                        } finally {
                            m.unlock();
                        }
                    }
                });
            }
            for (int i = 0; i < produced; i++) {
                m.lock();
                tokens[0]++;
                m.unlock();
                c.signal();
                if (random.nextInt(4) == 0) {
                    threads[random.nextInt(consumers)].interrupt();
                }
                if (random.nextInt(16) == 0) {
                    // Everything must be consumed without another signal.
                    for (int left = 1; left > 0;) {
                        m.lock();
                        left = tokens[0];
                        m.unlock();
                        Thread.yield();
                    }
                }
            }
            m.lock();
            over[0] = true;
            m.unlock();
            c.broadcast();
            crew.join();
        }
        assertEquals(produced, taken.get() + tokens[0]);
        assertEquals(0, c.waiters());
        System.out.println(procs + " Ps: " + interrupted + " interrupted");
    }
}
