package io.goruntime.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.Bounded;
import io.goruntime.testing.Runners;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Counterpart of Go's sync/map_test.go and internal/sync/hashtriemap_test.go. */
@Timeout(60)
public class SyncMapTest {
    /** Keys of which many have the same hash code, or one that differs in few bits. */
    private record Key(int id, int mask) {
        @Override
        public int hashCode() {
            return id & mask;
        }
    }

    /** Random operations give the same as on a HashMap. */
    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1, 7, 0xF0000000})
    void testMapMatchesRWMutex(int mask) {
        SplittableRandom random = new SplittableRandom(Bounded.seed("SyncMapTest"));
        SyncMap<Key, Integer> map = new SyncMap<>();
        Map<Key, Integer> model = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            Key k = new Key(random.nextInt(64) * 0x01010101, mask);
            int v = random.nextInt(4);
            int old = random.nextInt(4);
            switch (random.nextInt(9)) {
                case 0 -> assertEquals(model.get(k), map.load(k));
                case 1 -> {
                    map.store(k, v);
                    model.put(k, v);
                }
                case 2 -> {
                    Integer present = model.putIfAbsent(k, v);
                    assertEquals(present == null ? v : present, map.loadOrStore(k, v));
                }
                case 3 -> assertEquals(model.remove(k), map.loadAndDelete(k));
                case 4 -> assertEquals(model.put(k, v), map.swap(k, v));
                case 5 -> assertEquals(model.replace(k, old, v), map.compareAndSwap(k, old, v));
                case 6 -> assertEquals(model.remove(k, old), map.compareAndDelete(k, old));
                case 7 -> {
                    map.delete(k);
                    model.remove(k);
                }
                default -> {
                    if (random.nextInt(200) == 0) {
                        map.clear();
                        model.clear();
                    }
                    assertEquals(model, contents(map));
                }
            }
        }
        for (Key k : Map.copyOf(model).keySet()) {
            map.delete(k);
        }
        assertEquals(Map.of(), contents(map));
        assertEquals(0, map.nodes(), "empty nodes are left");
    }

    private static <K, V> Map<K, V> contents(SyncMap<K, V> map) {
        Map<K, V> all = new HashMap<>();
        map.range((k, v) -> {
            assertNull(all.put(k, v), "twice");
            return true;
        });
        return all;
    }

    @Test
    void rangeStops() {
        SyncMap<Integer, Integer> map = new SyncMap<>();
        for (int i = 0; i < 1_000; i++) {
            map.store(i, i);
        }
        int[] n = {0};
        map.range((k, v) -> ++n[0] < 100);
        assertEquals(100, n[0]);
        assertThrows(NullPointerException.class, () -> map.store(1, null));
        assertThrows(NullPointerException.class, () -> map.load(null));
        assertFalse(map.compareAndSwap(-1, 0, 1));
    }

    /** Keys that stand below the first node together. */
    private static int[] sharingANode(int n) {
        int[] ids = new int[n];
        int found = 1;
        for (int id = 1; found < n; id++) {
            SyncMap<Key, Integer> map = new SyncMap<>();
            map.store(new Key(0, -1), 0);
            map.store(new Key(id, -1), 0);
            if (map.nodes() > 0) {
                ids[found++] = id;
            }
        }
        return ids;
    }

    /**
     * Threads of all kinds insert and delete keys that share the path down to a few nodes, so that nodes come and go. Each
     * insertion and each deletion has one winner: at the end the counts say which keys are there.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void insertionsAndDeletionsHaveOneWinner(int procs) throws Exception {
        SplittableRandom seeds = new SplittableRandom(Bounded.seed("SyncMapTest"));
        long until = Bounded.until(Duration.ofMillis(500));
        int keys = 6;
        int[] ids = sharingANode(keys);
        AtomicIntegerArray count = new AtomicIntegerArray(keys);
        SyncMap<Key, Object> map = new SyncMap<>();
        try (Runners.Crew crew = new Runners.Crew(procs)) {
            for (int i = 0; i < 8; i++) {
                SplittableRandom random = seeds.split();
                crew.start(i, () -> {
                    while (System.nanoTime() < until) {
                        int id = random.nextInt(keys);
                        Key k = new Key(ids[id], -1);
                        if (random.nextBoolean()) {
                            Object mine = new Object();
                            if (map.loadOrStore(k, mine) == mine) {
                                count.incrementAndGet(id);
                            }
                        } else if (map.loadAndDelete(k) != null) {
                            count.decrementAndGet(id);
                        }
                    }
                });
            }
            crew.join();
        }
        for (int id = 0; id < keys; id++) {
            assertEquals(count.get(id), map.load(new Key(ids[id], -1)) == null ? 0 : 1, "key " + id);
        }
        map.range((k, v) -> {
            map.delete(k);
            return true;
        });
        assertTrue(map.nodes() <= 1, map.nodes() + " nodes are left");
        assertEquals(Map.of(), contents(map));
    }
}
