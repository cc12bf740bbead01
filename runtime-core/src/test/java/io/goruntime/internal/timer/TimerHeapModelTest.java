package io.goruntime.internal.timer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.internal.jdk.Mode;
import io.goruntime.testing.Bounded;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Two heaps against a map from timer to time: random adds, removals, due timers and moves, with many equal times. */
class TimerHeapModelTest {
    private static final int TIMERS = 300;

    @BeforeAll
    static void mode() {
        Mode.ensure(); // the locks need it
    }

    private final List<RuntimeTimer> fired = new ArrayList<>();
    private final TimerFn note = fired::add;

    /** The times of the timers in each heap, relative to the base. */
    private final List<TimerHeap> heaps = List.of(new TimerHeap(), new TimerHeap());
    private final List<Map<RuntimeTimer, Long>> model = List.of(new HashMap<>(), new HashMap<>());

    @Test
    void followsAMap() {
        followsAMap(0);
    }

    /** The clock of the JVM may start anywhere, also shortly before it wraps. */
    @Test
    void followsAMapWhileTheClockWraps() {
        followsAMap(Long.MAX_VALUE - 500);
        heaps.forEach(h -> drain(h, Long.MIN_VALUE + 10_000));
        followsAMap(-500);
    }

    private void drain(TimerHeap h, long now) {
        while (h.takeDue(now) != null) {
            continue;
        }
        model.forEach(Map::clear);
    }

    private void followsAMap(long base) {
        long seed = Bounded.seed("TimerHeapModelTest");
        Random random = new Random(seed);
        List<RuntimeTimer> timers = new ArrayList<>();
        for (int i = 0; i < TIMERS; i++) {
            timers.add(new RuntimeTimer(note, i));
        }
        long now = 0;
        for (int step = 0; step < 100_000 * Bounded.scale(); step++) {
            String at = "seed " + seed + ", step " + step;
            int which = random.nextInt(2);
            TimerHeap heap = heaps.get(which);
            Map<RuntimeTimer, Long> expected = model.get(which);
            RuntimeTimer t = timers.get(random.nextInt(TIMERS));
            switch (random.nextInt(20)) {
                case 0 -> {
                    boolean first = !expected.isEmpty()
                            && (model.get(1 - which).isEmpty() || least(expected) < least(model.get(1 - which)));
                    assertEquals(first, heap.moveTo(heaps.get(1 - which)), at);
                    model.get(1 - which).putAll(expected);
                    expected.clear();
                }
                case 1, 2, 3 -> {
                    now += random.nextInt(20);
                    takeDue(which, base, now, random.nextInt(5), at);
                }
                case 4, 5, 6, 7, 8 -> {
                    boolean wasSet = model.get(0).remove(t) != null | model.get(1).remove(t) != null;
                    assertEquals(wasSet, TimerHeap.remove(t), at);
                }
                default -> {
                    if (!t.isSet()) {
                        long when = now + random.nextInt(200) - 20;
                        boolean first = expected.isEmpty() || realTime(base, when) < least(expected);
                        // The time 0 is moved by one.
                        boolean isFirst = heap.add(t, base + when);
                        assertEquals(first, isFirst, at);
                        expected.put(t, realTime(base, when));
                    }
                }
            }
            long first = heap.earliest();
            assertEquals(expected.isEmpty() ? TimerHeap.NONE : base + least(expected), first, at);
            assertEquals(expected.size(), heap.size(), at);
            assertEquals(!expected.isEmpty() && least(expected) <= now, heap.isDue(base + now), at);
            assertEquals(model.get(0).containsKey(t) || model.get(1).containsKey(t), t.isSet(), at);
            if (step % 100 == 0) {
                heaps.forEach(TimerHeap::checkInvariants);
            }
        }
        heaps.forEach(TimerHeap::checkInvariants);
        now += 1000;
        takeDue(0, base, now, TIMERS, "seed " + seed);
        takeDue(1, base, now, TIMERS, "seed " + seed);
        assertEquals(List.of(Map.of(), Map.of()), model);
    }

    private static long realTime(long base, long when) {
        return base + when == TimerHeap.NONE ? when + 1 : when;
    }

    private static long least(Map<RuntimeTimer, Long> all) {
        return all.values().stream().mapToLong(Long::longValue).min().orElseThrow();
    }

    private void takeDue(int which, long base, long now, int atMost, String at) {
        for (int n = 0; n < atMost; n++) {
            Map<RuntimeTimer, Long> expected = model.get(which);
            RuntimeTimer t = heaps.get(which).takeDue(base + now);
            if (t == null) {
                assertTrue(expected.isEmpty() || least(expected) > now, at);
                return;
            }
            assertFalse(t.isSet(), at);
            Long when = expected.remove(t);
            assertNotNull(when, at);
            assertTrue(when <= now, at);
            assertTrue(expected.isEmpty() || when <= least(expected), at);
            fired.clear();
            t.fire();
            assertEquals(List.of(t), fired, at);
        }
    }

    @Test
    void manyTimersComeInOrderAndLeaveNothing() {
        long seed = Bounded.seed("manyTimersComeInOrderAndLeaveNothing");
        Random random = new Random(seed);
        TimerHeap heap = heaps.get(0);
        int count = 200_000;
        for (int i = 0; i < count; i++) {
            heap.add(new RuntimeTimer(note, (long) i), 1 + random.nextInt(1_000_000));
        }
        heap.checkInvariants();
        assertEquals(count, heap.size());
        long last = 0;
        for (int i = 0; i < count; i++) {
            long first = heap.earliest();
            assertTrue(first >= last, "seed " + seed);
            last = first;
            assertNull(heap.takeDue(first - 1));
            assertNotNull(heap.takeDue(first));
        }
        assertEquals(0, heap.size());
        assertEquals(TimerHeap.NONE, heap.earliest());
        heap.checkInvariants();
    }

    @Test
    void takesAnyUntilThereIsNone() {
        TimerHeap heap = heaps.get(0);
        Set<RuntimeTimer> all = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            RuntimeTimer t = new RuntimeTimer(note, i);
            all.add(t);
            heap.add(t, 1 + i);
        }
        for (RuntimeTimer t; (t = heap.takeAny()) != null;) {
            assertTrue(all.remove(t));
            assertFalse(t.isSet());
            heap.checkInvariants();
        }
        assertEquals(Set.of(), all);
    }

    @Test
    void refusesATimerThatIsSet() {
        RuntimeTimer t = new RuntimeTimer(note, null);
        heaps.get(0).add(t, 5);
        assertThrows(IllegalStateException.class, () -> heaps.get(1).add(t, 5));
        assertTrue(TimerHeap.remove(t));
        assertFalse(TimerHeap.remove(t));
    }

    /** The check itself: it must notice a heap that is none. */
    @Test
    void theInvariantsAreChecked() {
        TimerHeap heap = heaps.get(0);
        RuntimeTimer t = new RuntimeTimer(note, null);
        heap.add(t, 5);
        t.index = 1;
        assertThrows(IllegalStateException.class, heap::checkInvariants);
    }
}
