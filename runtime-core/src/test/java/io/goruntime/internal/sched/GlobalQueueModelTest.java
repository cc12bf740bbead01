package io.goruntime.internal.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.goruntime.testing.Bounded;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random single puts, batches and gets against a deque. */
class GlobalQueueModelTest {
    @Test
    void followsADeque() {
        long seed = Bounded.seed("GlobalQueueModelTest");
        Random random = new Random(seed);
        GlobalQueue q = new GlobalQueue();
        Deque<G> model = new ArrayDeque<>();
        List<G> free = new Tokens().next(500);
        for (int step = 0; step < 200_000 * Bounded.scale(); step++) {
            String at = "seed " + seed + ", step " + step;
            switch (random.nextInt(5)) {
                case 0, 1 -> {
                    G expected = model.pollFirst();
                    assertSame(expected, q.get(), at);
                    if (expected != null) {
                        free.add(expected);
                    }
                }
                case 2, 3 -> {
                    if (!free.isEmpty()) {
                        G gp = free.removeLast();
                        q.put(gp);
                        model.addLast(gp);
                    }
                }
                default -> {
                    List<G> batch = new ArrayList<>();
                    for (int n = random.nextInt(4); n >= 0 && !free.isEmpty(); n--) {
                        batch.add(free.removeLast());
                    }
                    if (!batch.isEmpty()) {
                        Tokens.link(batch);
                        q.putBatch(batch.getFirst(), batch.getLast());
                        model.addAll(batch);
                    }
                }
            }
            assertEquals(model.isEmpty(), q.isEmpty(), at);
        }
        assertEquals(List.copyOf(model), Tokens.drain(q), "seed " + seed);
    }
}
