package io.goruntime.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoRuntime;
import io.goruntime.testing.Bounded;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import io.goruntime.testing.Runners;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Counterpart of Go's sync/pool_test.go. */
@Timeout(60)
public class PoolTest {
    @OnProcs
    void testPool(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Pool<String> p = new Pool<>(null);
            assertNull(p.get());
            p.put("a");
            p.put("b");
            Set<String> got = new HashSet<>();
            got.add(p.get());
            got.add(p.get());
            assertEquals(Set.of("a", "b"), got);
            assertNull(p.get());
            p.put(null);
            assertNull(p.get());
        });
    }

    @Test
    void testPoolNew() {
        AtomicInteger i = new AtomicInteger();
        Pool<Integer> p = new Pool<>(i::incrementAndGet);
        assertEquals(1, p.get());
        assertEquals(2, p.get());
        p.put(42);
        assertEquals(42, p.get());
        assertEquals(3, p.get());
    }

    @Test
    void manyObjects() throws Exception {
        Goroutines.run(1, () -> {
            Pool<Object> p = new Pool<>(null);
            Set<Object> in = new HashSet<>();
            Object[] held = new Object[1_000];
            for (int i = 0; i < held.length; i++) {
                held[i] = new Object();
                in.add(held[i]);
                p.put(held[i]);
            }
            int n = 0;
            for (Object o; (o = p.get()) != null; n++) {
                assertTrue(in.remove(o), "twice, or from nowhere");
            }
            assertTrue(n > 0 && n + in.size() == held.length);
        });
    }

    /** What nobody takes is dropped after collections, also if the pool is used meanwhile. */
    @Test
    void testPoolGC() throws Exception {
        Pool<Object> p = new Pool<>(null);
        WeakReference<Object> object = put(p);
        while (object.get() != null) {
            System.gc();
            Object other = new Object();
            p.put(other);
            Thread.sleep(1);
        }
    }

    private static WeakReference<Object> put(Pool<Object> p) {
        Object object = new Object();
        p.put(object); // the first is found in front; one more keeps it where it is
        p.put(new Object());
        return new WeakReference<>(object);
    }

    /** A victim is still handed out, unless the next collection comes between two steps of get: hence more than one try. */
    @Test
    void aVictimIsFound() {
        int found = 0;
        for (int i = 0; i < 10; i++) {
            Pool<Object> p = new Pool<>(null);
            Object held = new Object();
            p.put(held);
            System.gc();
            Object got = p.get();
            if (got != null) {
                assertSame(held, got);
                found++;
            }
        }
        assertTrue(found > 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void testPoolStress(int procs) throws Exception {
        SplittableRandom seeds = new SplittableRandom(Bounded.seed("PoolTest"));
        long until = Bounded.until(Duration.ofMillis(300));
        AtomicInteger made = new AtomicInteger();
        Pool<AtomicInteger> p = new Pool<>(() -> {
            made.incrementAndGet();
            return new AtomicInteger();
        });
        try (Runners.Crew crew = new Runners.Crew(procs)) {
            for (int i = 0; i < 8; i++) {
                SplittableRandom random = seeds.split();
                crew.start(i, () -> {
                    AtomicInteger[] mine = new AtomicInteger[random.nextInt(1, 20)];
                    while (System.nanoTime() < until) {
                        for (int k = 0; k < mine.length; k++) {
                            mine[k] = p.get();
                            assertEquals(1, mine[k].incrementAndGet(), "two have it");
                        }
                        if (random.nextInt(8) == 0) {
                            GoRuntime.gosched();
                        }
                        for (AtomicInteger each : mine) {
                            each.decrementAndGet();
                            p.put(each);
                        }
                    }
                });
            }
            crew.join();
        }
        System.out.println(procs + " Ps: made " + made);
    }
}
