package io.goruntime.internal.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.internal.base.SpinLock;
import io.goruntime.testing.Bounded;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

/**
 * The queues with several threads at once. Tokens circulate: whoever takes one counts it as out, which must have been in,
 * and puts it back as in. So a token that is doubled is noticed at once, one that is lost at the end. Go's
 * proc_test.go: TestRunqSteal, TestRunqEmpty have the same purpose.
 */
class QueueStressTest {
    private static final int TOKENS = 400;

    private final Tokens tokens = new Tokens();
    private final List<G> gs = tokens.next(TOKENS);
    private final long firstId = gs.getFirst().goid;
    private final AtomicIntegerArray in = new AtomicIntegerArray(TOKENS);

    private G out(G gp) {
        if (gp != null) {
            assertTrue(in.compareAndSet((int) (gp.goid - firstId), 1, 0), "doubled: " + gp);
        }
        return gp;
    }

    private G in(G gp) {
        assertTrue(in.compareAndSet((int) (gp.goid - firstId), 0, 1), "out twice: " + gp);
        return gp;
    }

    @FunctionalInterface
    private interface Step {
        void run() throws Exception;
    }

    /** Runs each on a thread of its own, so many steps, all beginning at the same time. */
    private static void together(int steps, List<Step> actors) throws Exception {
        Bounded.run(Duration.ofSeconds(30), null, () -> {
            CountDownLatch start = new CountDownLatch(1);
            List<FutureTask<Void>> all = new ArrayList<>();
            for (Step actor : actors) {
                FutureTask<Void> task = new FutureTask<>(() -> {
                    start.await();
                    for (int i = 0; i < steps; i++) {
                        actor.run();
                    }
                    return null;
                });
                Thread.ofPlatform().daemon().start(task);
                all.add(task);
            }
            start.countDown();
            for (FutureTask<Void> task : all) {
                task.get();
            }
        });
    }

    /** Two owners that put, take, kick, spill, steal from each other, and share a global queue under its lock. */
    @Test
    void tokensAreNeitherLostNorDoubled() throws Exception {
        long seed = Bounded.seed("QueueStressTest");
        RunQueue[] queues = {new RunQueue(), new RunQueue()};
        GlobalQueue global = new GlobalQueue();
        SpinLock lock = new SpinLock();
        gs.forEach(gp -> global.put(in(gp)));
        List<Step> owners = new ArrayList<>();
        List<List<G>> allHeld = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            RunQueue mine = queues[i];
            RunQueue other = queues[1 - i];
            Random random = new Random(seed + i);
            List<G> held = new ArrayList<>();
            owners.add(() -> {
                int op = random.nextInt(100);
                G got = null;
                if (op < 30) {
                    got = mine.get();
                } else if (op < 60) {
                    if (!held.isEmpty()) {
                        mine.put(in(held.removeLast()), random.nextBoolean(), global);
                    }
                } else if (op < 85) {
                    if (mine.isEmpty()) { // only thieves could change that, and they only take
                        got = mine.stealFrom(other, random.nextBoolean(), false);
                    }
                } else if (op < 90) {
                    mine.kickRunnext(global);
                } else if (op < 91) {
                    while (!held.isEmpty()) {
                        mine.put(in(held.removeLast()), false, global);
                    }
                } else if (op < 95) {
                    if (!held.isEmpty()) {
                        global.put(in(held.removeLast()));
                    }
                } else {
                    lock.lock();
                    got = random.nextBoolean() ? global.get() : mine.isEmpty() ? global.getBatch(mine, 2) : null;
                    lock.unlock();
                }
                if (got != null) {
                    held.add(out(got));
                }
                if (random.nextInt(64) == 0) {
                    // Fills the ring now and then, so that it spills.
                    for (int n = random.nextInt(60); n > 0; n--) {
                        lock.lock();
                        G more = global.get();
                        lock.unlock();
                        if (more != null) {
                            held.add(out(more));
                        }
                    }
                }
            });
            allHeld.add(held);
        }
        together(5_000_000 * Bounded.scale(), owners);
        int left = 0;
        for (RunQueue q : queues) {
            q.checkInvariants();
            for (G gp : Tokens.drain(q)) {
                out(gp);
                left++;
            }
        }
        for (G gp : Tokens.drain(global)) {
            out(gp);
            left++;
        }
        for (List<G> each : allHeld) {
            left += each.size();
        }
        assertEquals(TOKENS, left, "lost; seed " + seed);
    }

    /** The owner's ring overflows again and again while a thief takes from the same end. */
    @Test
    void aSpillAndAThiefShareWithoutLoss() throws Exception {
        RunQueue ring = new RunQueue();
        RunQueue loot = new RunQueue();
        GlobalQueue global = new GlobalQueue();
        SpinLock lock = new SpinLock();
        List<G> held = new ArrayList<>();
        gs.forEach(gp -> global.put(in(gp)));
        together(1_500_000 * Bounded.scale(), List.of(() -> {
            if (!held.isEmpty()) {
                ring.put(in(held.removeLast()), false, global);
                return;
            }
            lock.lock();
            for (G gp; (gp = global.get()) != null;) {
                held.add(gp);
            }
            lock.unlock();
            held.forEach(this::out);
            if (held.isEmpty()) {
                held.add(out(ring.get()));
                held.removeIf(gp -> gp == null);
            }
        }, () -> {
            G gp = loot.stealFrom(ring, false, false);
            while (gp != null) {
                global.put(in(out(gp)));
                gp = loot.get();
            }
        }));
        ring.checkInvariants();
        int left = held.size() + Tokens.drain(ring).size() + Tokens.drain(global).size();
        assertEquals(TOKENS, left, "lost");
    }

    /** Go's TestRunqEmpty: a queue that has at least one G at any time never looks empty. */
    @Test
    void aQueueThatNeverIsEmptyNeverLooksSo() throws Exception {
        RunQueue q = new RunQueue();
        GlobalQueue global = new GlobalQueue();
        q.put(gs.get(0), true, global);
        G[] next = {gs.get(1)};
        AtomicInteger empties = new AtomicInteger();
        together(10_000_000 * Bounded.scale(), List.of(() -> {
            q.put(next[0], true, global);
            next[0] = q.get(); // what was put, the other moved to the ring
            q.put(next[0], true, global);
            q.kickRunnext(global);
            next[0] = q.get();
        }, () -> {
            if (q.isEmpty()) {
                empties.incrementAndGet();
            }
        }));
        assertEquals(0, empties.get());
    }

    /** Anybody puts; one at a time takes, and sees the Gs of each putter in their order. */
    @Test
    void theGlobalQueueKeepsTheOrderOfEachPutter() throws Exception {
        GlobalQueue q = new GlobalQueue();
        long until = Bounded.until(Duration.ofMillis(1500));
        int half = TOKENS / 2;
        while (System.nanoTime() < until) {
            int[] at = {0, half};
            long[] last = {0, 0};
            int[] taken = {0};
            together(1, List.of(() -> {
                while (at[0] < half) {
                    q.put(gs.get(at[0]++));
                }
            }, () -> {
                while (at[1] < TOKENS) {
                    G a = gs.get(at[1]++);
                    G b = gs.get(at[1]++);
                    a.schedlink = b;
                    q.putBatch(a, b);
                }
            }, () -> {
                while (taken[0] < TOKENS) {
                    G gp = q.get();
                    if (gp != null) {
                        int from = gp.goid - firstId < half ? 0 : 1;
                        assertTrue(gp.goid > last[from], "out of order: " + gp);
                        last[from] = gp.goid;
                        taken[0]++;
                    } else {
                        Thread.onSpinWait();
                    }
                }
            }));
        }
    }

    /** Goroutines come and go on four threads, in the same stripes. */
    @Test
    void allGsSurvivesConcurrentAdditionsAndRemovals() throws Exception {
        AllGs all = new AllGs();
        int steps = 100_000 * Bounded.scale();
        List<Step> actors = new ArrayList<>();
        AtomicInteger kept = new AtomicInteger();
        for (int i = 0; i < 3; i++) {
            Random random = new Random(i);
            List<G> mine = new ArrayList<>();
            actors.add(() -> {
                G gp = tokens.next();
                all.add(gp, random.nextInt(2));
                mine.add(gp);
                kept.incrementAndGet();
                if (mine.size() > 20) {
                    all.remove(mine.remove(random.nextInt(20)));
                    kept.decrementAndGet();
                }
            });
        }
        together(steps, actors);
        assertEquals(kept.get(), all.size());
        assertEquals(kept.get(), all.snapshot().size());
    }
}
