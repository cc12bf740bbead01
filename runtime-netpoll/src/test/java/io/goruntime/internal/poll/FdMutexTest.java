package io.goruntime.internal.poll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoRuntime;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.poll.Nets.Later;
import io.goruntime.testing.Bounded;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Go's fd_mutex_test.go, and what interrupts add. */
class FdMutexTest {
    @BeforeEach
    void mode() {
        Mode.ensure();
    }

    private static boolean lock(FdMutex mu, boolean read) throws InterruptedException {
        return read ? mu.lockRead() : mu.lockWrite();
    }

    private static boolean unlock(FdMutex mu, boolean read) {
        return read ? mu.unlockRead() : mu.unlockWrite();
    }

    @Test
    void testMutexClose() throws Exception {
        FdMutex mu = new FdMutex();
        assertTrue(mu.increfAndClose());
        assertFalse(mu.incref());
        assertFalse(mu.increfAndClose());
        assertFalse(mu.lockRead());
        assertFalse(mu.lockWrite());
        assertTrue(mu.isClosed());
        assertTrue(mu.decref());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void testMutexCloseUnblock(boolean read) throws Exception {
        GoRuntime.builder().maxProcs(2).<Exception>run(() -> {
            FdMutex mu = new FdMutex();
            mu.lockRead();
            mu.lockWrite();
            List<Later<Boolean>> waiters = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                waiters.add(new Later<>(() -> lock(mu, read)));
            }
            awaitQueue(mu, read, 4);
            mu.checkInvariants();
            assertTrue(mu.increfAndClose());
            for (Later<Boolean> each : waiters) {
                assertFalse(each.get());
            }
            mu.checkInvariants();
            assertFalse(mu.decref());
            assertFalse(mu.unlockRead());
            assertTrue(mu.unlockWrite(), "the last one destroys");
        });
    }

    private static void awaitQueue(FdMutex mu, boolean read, int size) throws InterruptedException {
        long end = System.nanoTime() + Nets.SOON.toNanos();
        while (mu.waiting(read) != size) {
            assertTrue(System.nanoTime() - end < 0, "nobody waits");
            Thread.sleep(1);
        }
    }

    @Test
    void testMutexPanic() {
        assertThrows(IllegalStateException.class, () -> new FdMutex().decref());
        assertThrows(IllegalStateException.class, () -> new FdMutex().unlockRead());
        assertThrows(IllegalStateException.class, () -> new FdMutex().unlockWrite());
        FdMutex mu = new FdMutex();
        mu.incref();
        assertThrows(IllegalStateException.class, mu::unlockRead);
        assertFalse(mu.decref());
        assertThrows(IllegalStateException.class, mu::decref);
    }

    @Test
    void testMutexOverflowPanic() {
        FdMutex mu = new FdMutex();
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> {
            for (int i = 0; i < 1 << 21; i++) {
                mu.incref();
            }
        });
        assertTrue(e.getMessage().contains("1048575"), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void interruptedWaiterLeaves(boolean read) throws Exception {
        GoRuntime.builder().maxProcs(2).<Exception>run(() -> {
            FdMutex mu = new FdMutex();
            lock(mu, read);
            Later<Boolean> first = new Later<>(() -> lock(mu, read));
            awaitQueue(mu, read, 1);
            Later<Boolean> second = new Later<>(() -> lock(mu, read));
            awaitQueue(mu, read, 2);
            first.thread().interrupt();
            assertThrows(InterruptedException.class, first::get);
            assertEquals(1, mu.waiting(read));
            assertFalse(unlock(mu, read));
            assertTrue(second.get());
            assertFalse(unlock(mu, read));
            mu.checkInvariants();
        });
    }

    @Test
    void testMutexStress() throws Exception {
        long seed = Bounded.seed("testMutexStress");
        GoRuntime.builder().maxProcs(4).<Exception>run(() -> {
            FdMutex mu = new FdMutex();
            AtomicInteger destroyed = new AtomicInteger();
            int[] guarded = new int[2]; // read, write: changed under the locks
            int[] done = new int[2];
            List<Later<int[]>> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                Random random = new Random(seed + i);
                all.add(new Later<>(() -> {
                    int[] mine = new int[2];
                    for (int n = 0; n < 20_000; n++) {
                        int what = random.nextInt(3);
                        if (what == 2) {
                            if (!mu.incref()) {
                                throw new AssertionError("closed");
                            }
                            if (mu.decref()) {
                                destroyed.incrementAndGet();
                            }
                        } else {
                            boolean read = what == 0;
                            if (!lock(mu, read)) {
                                throw new AssertionError("closed");
                            }
                            guarded[what]++;
                            mine[what]++;
                            if (random.nextInt(8) == 0) {
                                GoRuntime.gosched();
                            }
                            if (unlock(mu, read)) {
                                destroyed.incrementAndGet();
                            }
                        }
                    }
                    return mine;
                }));
            }
            for (Later<int[]> each : all) {
                int[] mine = each.get();
                done[0] += mine[0];
                done[1] += mine[1];
            }
            mu.checkInvariants();
            assertEquals(done[0], guarded[0]);
            assertEquals(done[1], guarded[1]);
            assertEquals(0, destroyed.get());
            assertTrue(mu.increfAndClose());
            assertTrue(mu.decref());
        });
    }

    /** Many enter and leave while one closes: exactly one destroys, after all have left. */
    @Test
    void exactlyOneDestroys() throws Exception {
        GoRuntime.builder().maxProcs(4).<Exception>run(() -> {
            for (int round = 0; round < 1_000; round++) {
                FdMutex mu = new FdMutex();
                AtomicInteger inside = new AtomicInteger();
                AtomicInteger destroyed = new AtomicInteger();
                List<Later<Void>> all = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    boolean read = i % 2 == 0;
                    all.add(new Later<>(() -> {
                        while (lock(mu, read)) {
                            inside.incrementAndGet();
                            inside.decrementAndGet();
                            if (unlock(mu, read)) {
                                destroyed.addAndGet(inside.get() == 0 ? 1 : 1000);
                            }
                        }
                        return null;
                    }));
                }
                GoRuntime.gosched();
                assertTrue(mu.increfAndClose());
                if (mu.decref()) {
                    destroyed.addAndGet(inside.get() == 0 ? 1 : 1000);
                }
                for (Later<Void> each : all) {
                    each.get();
                }
                assertEquals(1, destroyed.get());
            }
        });
    }
}
