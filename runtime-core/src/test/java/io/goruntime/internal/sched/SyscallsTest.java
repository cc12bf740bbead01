package io.goruntime.internal.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.Syscall;
import io.goruntime.internal.jdk.Jdk;
import io.goruntime.testing.Fleet;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a P in a syscall section, and how its goroutine gets one again. */
class SyscallsTest {
    private volatile boolean flag;
    private volatile P seen;
    private volatile Thread waiting;

    @FunctionalInterface
    private interface Scenario {
        void run(GoRuntime runtime) throws Exception;
    }

    /** Runs a goroutine, and demands that all Ps are idle and nobody spins afterwards. */
    private static void onProcs(int procs, Scenario main) throws Exception {
        try (GoRuntime runtime = GoRuntime.builder().name("syscall").maxProcs(procs).build()) {
            Sched[] sched = new Sched[1];
            Fleet fleet = new Fleet(runtime).start(1, i -> {
                sched[0] = G.current().sched;
                main.run(runtime);
            });
            fleet.join();
            fleet.await("all Ps idle", () -> sched[0].npidle == sched[0].live && sched[0].nmspinning == 0
                    && sched[0].live == procs);
            for (P pp : sched[0].allp) {
                assertTrue(pp.status == P.IDLE || pp.status == P.DEAD, pp + " has status " + pp.status);
            }
        }
    }

    private static void spinUntilFlag(SyscallsTest test) {
        while (!test.flag) {
            Thread.onSpinWait();
        }
    }

    @Test
    void inASectionThereIsNoPAndAfterItTheSame() throws Exception {
        onProcs(1, runtime -> {
            P before = M.current().p;
            Syscall.call(() -> {
                assertNull(M.current().p);
                assertTrue(M.current().inSyscall);
                return null;
            });
            assertSame(before, M.current().p);
            assertFalse(M.current().inSyscall);
            assertEquals(P.RUNNING, before.status);
        });
    }

    /** It is not compensated for, as Java code that does not come back is. */
    @Test
    void whoLastsLosesThePToOthers() throws Exception {
        onProcs(1, runtime -> {
            for (int i = 0; i < 20; i++) { // at first an M that has just begun may find the work without being woken
                P mine = M.current().p;
                flag = false;
                GoRuntime.go(() -> {
                    seen = M.current().p;
                    flag = true;
                });
                Syscall.call(() -> {
                    spinUntilFlag(this);
                    return null;
                });
                assertSame(mine, seen);
            }
        });
    }

    @Test
    void blockingHandsThePOnAtOnce() throws Exception {
        onProcs(1, runtime -> {
            P mine = M.current().p;
            Syscall.blocking(() -> {
                assertNull(M.current().oldp);
                assertEquals(P.IDLE, mine.status);
                return null;
            });
            assertSame(mine, M.current().p);
            GoRuntime.go(() -> {
                seen = M.current().p;
                flag = true;
            });
            Syscall.blocking(() -> {
                spinUntilFlag(this);
                return null;
            });
            assertSame(mine, seen);
        });
    }

    @Test
    void aSectionInASectionIsNone() throws Exception {
        onProcs(1, runtime -> Syscall.call(() -> {
            Syscall.call(() -> null);
            assertTrue(M.current().inSyscall);
            Syscall.blocking(() -> null);
            assertTrue(M.current().inSyscall);
            return null;
        }));
    }

    @Test
    void theFirstWaitEndsTheSection() throws Exception {
        ReentrantLock lock = new ReentrantLock();
        Object monitor = new Object();
        List<Scenario> waits = List.of(
                runtime -> Thread.sleep(1),
                runtime -> {
                    Chan<Integer> c = Chan.make();
                    Thread me = Thread.currentThread();
                    GoRuntime.go(() -> {
                        letWait(me); // the wait reason is there a little earlier
                        c.send(1);
                    });
                    c.receive();
                },
                runtime -> {
                    Thread me = Thread.currentThread();
                    GoRuntime.go(() -> {
                        lock.lock();
                        try {
                            letWait(me);
                        } finally {
                            lock.unlock();
                        }
                    });
                    spinUntilFlag(this);
                    lock.lock();
                    lock.unlock();
                },
                runtime -> {
                    Thread me = Thread.currentThread();
                    GoRuntime.go(() -> {
                        synchronized (monitor) {
                            letWait(me);
                        }
                    });
                    spinUntilFlag(this);
                    synchronized (monitor) {
                        assertTrue(flag);
                    }
                },
                runtime -> Thread.yield());
        onProcs(2, runtime -> {
            for (int i = 0; i < waits.size(); i++) {
                Scenario wait = waits.get(i);
                String which = "wait " + i;
                flag = false;
                Syscall.call(() -> {
                    wait.run(runtime);
                    assertFalse(M.current().inSyscall, which);
                    assertNotNull(M.current().p, which);
                    return null;
                });
                assertNotNull(M.current().p, which);
                Syscall.call(() -> {
                    assertTrue(M.current().inSyscall, which);
                    return null;
                });
            }
        });
    }

    /** With what it needs held back: lets the other thread go on, until it waits. */
    private void letWait(Thread other) throws InterruptedException {
        flag = true;
        while (other.getState() != Thread.State.WAITING && other.getState() != Thread.State.BLOCKED) {
            Thread.sleep(1);
        }
    }

    /**
     * With the only P: lets the one in a section go on, and keeps the P until that one stands in the global queue. It may
     * have left it again before this thread looks: sysmon brings another P to life for it, and only for one that waits
     * there.
     */
    private void keepP() {
        P mine = M.current().p;
        Sched sched = M.current().sched;
        flag = true;
        while (sched.runq.isEmpty() && !mine.compensated) {
            Thread.onSpinWait();
        }
    }

    /** Somebody else has the P and keeps it: the goroutine takes its turn behind what is runnable. */
    @Test
    void withoutAPTheGoroutineWaitsItsTurn() throws Exception {
        onProcs(1, runtime -> {
            GoRuntime.go(this::keepP);
            Syscall.call(() -> {
                spinUntilFlag(this);
                return null;
            });
            assertNotNull(M.current().p);
            assertNull(G.current().lockedm);
        });
    }

    /** The same with native frames on the stack: it waits on its M, and an interrupt meanwhile is kept. */
    @Test
    void aGoroutineThatCannotLeaveItsMWaitsThere() throws Exception {
        onProcs(1, runtime -> {
            for (int i = 0; i < 20; i++) { // in some the interrupt may come when the wait is over
                flag = false;
                waitInPlace();
            }
        });
    }

    private void waitInPlace() throws Exception {
        G gp = G.current();
        M mine = M.current();
        AtomicBoolean sent = new AtomicBoolean();
        GoRuntime.go(() -> {
            keepP();
            gp.thread.interrupt();
            sent.set(true);
        });
        gp.callbacks++;
        Syscall.call(() -> {
            spinUntilFlag(this);
            return null;
        });
        gp.callbacks--;
        assertSame(mine, M.current());
        assertNotNull(mine.p);
        assertNull(gp.lockedm);
        assertNull(mine.lockedg);
        assertFalse(gp.isQueued());
        while (!sent.get()) {
            Thread.onSpinWait(); // on a P of its own: see keepP
        }
        assertTrue(Thread.interrupted());
    }

    @Test
    void aWiredGoroutineComesBackToItsM() throws Exception {
        onProcs(1, runtime -> {
            GoRuntime.lockOSThread();
            M mine = M.current();
            for (int i = 0; i < 100; i++) {
                flag = false;
                GoRuntime.go(this::keepP);
                Syscall.blocking(() -> {
                    spinUntilFlag(this);
                    return null;
                });
                assertSame(mine, M.current());
                assertNotNull(mine.p);
            }
            GoRuntime.unlockOSThread();
        });
    }

    /** A wait with native frames on the stack blocks the M; its P goes to the sender. */
    @Test
    void aWaitInACallbackGivesThePUp() throws Exception {
        onProcs(1, runtime -> {
            P mine = M.current().p;
            Chan<P> c = Chan.make();
            GoRuntime.go(() -> c.send(M.current().p));
            G.current().callbacks++;
            Jdk.pin(); // as native frames do
            P senders;
            try {
                senders = c.receive();
            } finally {
                Jdk.unpin();
            }
            G.current().callbacks--;
            assertSame(mine, senders);
            assertNotNull(M.current().p);
        });
    }

    @Test
    void aSectionEndsAfterTheRuntime() throws Exception {
        GoRuntime runtime = GoRuntime.builder().name("syscall").maxProcs(1).closeTimeout(Duration.ZERO)
                .build();
        Chan<Integer> done = Chan.make(1);
        try {
            runtime.spawn(() -> {
                Syscall.call(() -> {
                    waiting = Thread.currentThread();
                    spinUntilFlag(this);
                    return null;
                });
                done.trySend(1);
            });
            while (waiting == null) {
                Thread.sleep(1);
            }
        } finally {
            runtime.close();
            flag = true;
        }
        assertEquals(1, done.receive());
    }

    /** Everything at once: sections that last and that do not, with waits, yields, readied goroutines, callbacks. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void conservesEverything(int procs) throws Exception {
        int goroutines = 32;
        int rounds = 300;
        long seed = System.nanoTime();
        System.err.println("seed " + seed);
        AtomicLong sum = new AtomicLong();
        onProcs(procs, runtime -> {
            Chan<Integer> c = Chan.make(3);
            Fleet fleet = new Fleet(runtime);
            fleet.start(goroutines, i -> {
                Random random = new Random(seed + i);
                for (int k = 0; k < rounds; k++) {
                    int what = random.nextInt(100);
                    boolean pinned = what % 10 == 0;
                    if (pinned) {
                        callback(1);
                    }
                    if (what < 40) {
                        Syscall.call(() -> pass(random, c, sum));
                    } else if (what < 60) {
                        Syscall.blocking(() -> pass(random, c, sum));
                    } else {
                        pass(random, c, sum);
                    }
                    if (pinned) {
                        callback(-1);
                    }
                    assertNotNull(M.current().p);
                    assertFalse(M.current().inSyscall);
                }
            });
            fleet.join();
            assertEquals(0, c.len());
        });
        assertEquals((long) goroutines * rounds, sum.get());
    }

    /** Pins as native frames do, so that the goroutine cannot leave its M. */
    private static void callback(int delta) {
        G.current().callbacks += delta;
        if (delta > 0) {
            Jdk.pin();
        } else {
            Jdk.unpin();
        }
    }

    private static Void pass(Random random, Chan<Integer> c, AtomicLong sum) throws InterruptedException {
        switch (random.nextInt(6)) {
            case 0 -> Thread.sleep(0, 1 + random.nextInt(100_000));
            case 1 -> {
                long until = System.nanoTime() + random.nextInt(200_000);
                while (System.nanoTime() < until) {
                    Thread.onSpinWait();
                }
            }
            case 2 -> Thread.yield();
            case 3 -> {
                c.send(1);
                c.receive();
            }
            case 4 -> {
                Chan<Integer> reply = Chan.make();
                GoRuntime.go(() -> reply.send(1));
                reply.receive();
            }
            default -> {
            }
        }
        sum.incrementAndGet();
        return null;
    }
}
