package io.goruntime.internal.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.goruntime.testing.Bounded;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Random additions and removals against a sorted map. */
class AllGsModelTest {
    @Test
    void followsASortedMap() {
        long seed = Bounded.seed("AllGsModelTest");
        Random random = new Random(seed);
        Tokens tokens = new Tokens();
        AllGs all = new AllGs();
        TreeMap<Long, G> model = new TreeMap<>();
        List<G> gone = new ArrayList<>();
        for (int step = 0; step < 50_000 * Bounded.scale(); step++) {
            String at = "seed " + seed + ", step " + step;
            if (model.isEmpty() || random.nextInt(200) > model.size()) {
                G gp = tokens.next();
                all.add(gp, random.nextInt());
                model.put(gp.goid, gp);
            } else {
                long id = model.firstKey() + random.nextLong(model.lastKey() - model.firstKey() + 1);
                G gp = model.remove(model.floorKey(id));
                all.remove(gp);
                gone.add(gp);
            }
            if (!gone.isEmpty() && random.nextInt(10) == 0) {
                all.remove(gone.get(random.nextInt(gone.size())));
            }
            assertEquals(model.size(), all.size(), at);
            if (random.nextInt(100) == 0) {
                assertEquals(List.copyOf(model.values()), all.snapshot(), at);
            }
        }
        assertEquals(List.copyOf(model.values()), all.snapshot(), "seed " + seed);
    }
}
