package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** On one P, goroutines that are runnable all get their turn. */
@Tag("gmp")
@ExtendWith(DumpOnTimeout.class)
class FairnessTest {
    /**
     * If the system takes the processor away from one of them for long, a P stands in for its own, and the others finish
     * without it. That does not happen each time.
     */
    @Test
    void goschedLetsFiftyAdvanceTogether() throws Exception {
        int rounds = 2000;
        List<Integer> least = new ArrayList<>();
        do {
            least.add(leastWhenTheFirstOfFiftyEnds(rounds));
        } while (least.getLast() <= rounds / 2 && least.size() < 5);
        assertTrue(least.getLast() > rounds / 2,
                "when the first had finished " + rounds + ", another had, in each try, " + least);
    }

    private static int leastWhenTheFirstOfFiftyEnds(int rounds) throws Exception {
        int count = 50;
        AtomicIntegerArray progress = new AtomicIntegerArray(count);
        AtomicInteger leastAtFirstEnd = new AtomicInteger(-1);
        try (GoRuntime rt = GoRuntime.builder().maxProcs(1).build()) {
            CountDownLatch all = new CountDownLatch(1);
            Fleet fleet = new Fleet(rt).start(count, i -> {
                all.await();
                for (int k = 0; k < rounds; k++) {
                    progress.incrementAndGet(i);
                    GoRuntime.gosched();
                }
                int least = rounds;
                for (int k = 0; k < count; k++) {
                    least = Math.min(least, progress.get(k));
                }
                leastAtFirstEnd.compareAndSet(-1, least);
            });
            all.countDown();
            fleet.join();
        }
        return leastAtFirstEnd.get();
    }

    /** Two goroutines that ready each other go through runnext; they share one time slice, so a third is run. */
    @Test
    void aPingPongPairDoesNotStarveAThird() throws Exception {
        for (int cap = 0; cap <= 1; cap++) {
            try (GoRuntime rt = GoRuntime.builder().maxProcs(1).build()) {
                AtomicBoolean stop = new AtomicBoolean();
                AtomicInteger exchanges = new AtomicInteger();
                AtomicInteger turns = new AtomicInteger();
                Chan<Integer> ping = Chan.make(cap);
                Chan<Integer> pong = Chan.make(cap);
                Fleet fleet = new Fleet(rt);
                fleet.start(1, i -> {
                    while (!stop.get()) {
                        ping.send(1);
                        pong.receive();
                        exchanges.incrementAndGet();
                    }
                    ping.close();
                });
                fleet.start(1, i -> {
                    for (int value : ping) {
                        pong.send(value);
                    }
                });
                fleet.start(1, i -> {
                    while (!stop.get()) {
                        turns.incrementAndGet();
                        GoRuntime.gosched();
                    }
                });
                // The third may have many turns before the first exchange, while the pair is still being started.
                try {
                    fleet.await("25 turns of the third, and exchanges of the pair",
                            () -> turns.get() >= 25 && exchanges.get() > 25);
                } finally {
                    stop.set(true);
                }
                fleet.join();
            }
        }
    }

    /** A goroutine woken from outside comes through the global queue, which a busy P must look at. */
    @Test
    void theGlobalQueueIsServedBesideABusyLocalQueue() throws Exception {
        try (GoRuntime rt = GoRuntime.builder().maxProcs(1).build()) {
            AtomicBoolean stop = new AtomicBoolean();
            AtomicInteger answered = new AtomicInteger();
            Fleet fleet = new Fleet(rt);
            Chan<Integer> ring = Chan.make(4);
            fleet.start(1, i -> {
                for (int k = 0; k < 4; k++) {
                    ring.send(k);
                }
            });
            fleet.start(8, i -> {
                while (!stop.get()) {
                    ring.send(ring.receive());
                }
            });
            for (int k = 0; k < 30; k++) {
                rt.spawn(answered::incrementAndGet).join();
            }
            stop.set(true);
            fleet.start(4, i -> ring.tryReceive()); // whoever waits for room or a value gets it
            fleet.start(8, i -> ring.trySend(0));
            fleet.await("the ring stops", () -> {
                ring.trySend(0);
                ring.tryReceive();
                return fleet.members().stream().allMatch(Goroutine::isDone);
            });
            fleet.join();
            assertEquals(30, answered.get());
        }
    }
}
