package io.goruntime.internal.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.Bounded;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random operations on two run queues and the global queue against plain lists that follow Go's rules. */
class RunQueueModelTest {
    /** What a run queue should be: a deque and one place in front of it. */
    private static final class Model {
        final Deque<G> ring = new ArrayDeque<>();
        G runnext;

        void put(G gp, boolean next, Deque<G> global) {
            G in = gp;
            if (next) {
                in = runnext;
                runnext = gp;
                if (in == null) {
                    return;
                }
            }
            if (ring.size() == RunQueue.CAPACITY) {
                for (int i = 0; i < RunQueue.CAPACITY / 2; i++) {
                    global.addLast(ring.pollFirst());
                }
                global.addLast(in);
            } else {
                ring.addLast(in);
            }
        }

        G get() {
            G gp = runnext;
            runnext = null;
            return gp != null ? gp : ring.pollFirst();
        }

        G steal(Model victim, boolean stealRunnext) {
            int n = victim.ring.size() - victim.ring.size() / 2;
            if (n == 0) {
                G gp = stealRunnext ? victim.runnext : null;
                if (gp != null) {
                    victim.runnext = null;
                }
                return gp;
            }
            for (int i = 1; i < n; i++) {
                ring.addLast(victim.ring.pollFirst());
            }
            return victim.ring.pollFirst();
        }

        int size() {
            return ring.size() + (runnext == null ? 0 : 1);
        }
    }

    @Test
    void twoQueuesAndTheGlobalOneFollowTheModel() {
        long seed = Bounded.seed("RunQueueModelTest");
        Random random = new Random(seed);
        Tokens tokens = new Tokens();
        RunQueue[] queues = {new RunQueue(), new RunQueue()};
        Model[] models = {new Model(), new Model()};
        GlobalQueue global = new GlobalQueue();
        Deque<G> globalModel = new ArrayDeque<>();
        List<G> free = new ArrayList<>(tokens.next(1500));
        int steps = 200_000 * Bounded.scale();
        int burst = 0;
        for (int step = 0; step < steps; step++) {
            int which = random.nextInt(2);
            RunQueue q = queues[which];
            Model model = models[which];
            String at = "seed " + seed + ", step " + step;
            if (random.nextInt(500) == 0) {
                burst = random.nextInt(3); // more puts, more gets, or a balance, for a while
            }
            int op = random.nextInt(20);
            if (burst == 1 && op >= 8) {
                op = 0;
            } else if (burst == 2 && op >= 16) {
                op = 9;
            }
            if (op < 8) {
                if (!free.isEmpty()) {
                    G gp = free.removeLast();
                    boolean next = random.nextInt(4) == 0;
                    q.put(gp, next, global);
                    model.put(gp, next, globalModel);
                }
            } else if (op < 14) {
                G expected = model.get();
                assertSame(expected, q.get(), at);
                if (expected != null) {
                    free.add(expected);
                }
            } else if (op == 14) {
                q.kickRunnext(global);
                G kicked = model.runnext;
                if (kicked != null) {
                    model.runnext = null;
                    model.put(kicked, false, globalModel);
                }
            } else if (op == 15) {
                G expected = globalModel.pollFirst();
                assertSame(expected, global.get(), at);
                if (expected != null) {
                    free.add(expected);
                }
            } else if (op == 16 && model.size() == 0) {
                G got = global.getBatch(q, 1 + random.nextInt(4));
                assertSame(globalModel.pollFirst(), got, at);
                if (got != null) {
                    free.add(got);
                    // How many it moves is up to it, which ones is not.
                    int moved = q.size();
                    assertTrue(moved < RunQueue.CAPACITY / 2, at);
                    for (int i = 0; i < moved; i++) {
                        model.put(globalModel.pollFirst(), false, globalModel);
                    }
                }
            } else if (op == 17 && model.size() == 0) {
                boolean stealRunnext = random.nextBoolean();
                G expected = model.steal(models[1 - which], stealRunnext);
                assertSame(expected, q.stealFrom(queues[1 - which], stealRunnext, false), at);
                if (expected != null) {
                    free.add(expected);
                }
            }
            q.checkInvariants();
            assertEquals(model.size(), q.size(), at);
            assertEquals(model.size() == 0, q.isEmpty(), at);
            assertEquals(model.runnext != null, q.hasRunnext(), at);
            assertEquals(globalModel.isEmpty(), global.isEmpty(), at);
        }
        for (int i = 0; i < 2; i++) {
            List<G> expected = new ArrayList<>();
            for (G gp; (gp = models[i].get()) != null;) {
                expected.add(gp);
            }
            assertEquals(expected, Tokens.drain(queues[i]), "seed " + seed);
        }
        assertEquals(List.copyOf(globalModel), Tokens.drain(global), "seed " + seed);
    }
}
