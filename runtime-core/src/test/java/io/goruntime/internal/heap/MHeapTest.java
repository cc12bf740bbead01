package io.goruntime.internal.heap;

import static io.goruntime.internal.heap.Heaps.MB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.internal.mem.Memory;
import io.goruntime.mem.HeapExhaustedException;
import io.goruntime.testing.Bounded;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The heap, used by one thread. */
class MHeapTest {
    private MHeap heap = Heaps.open();

    @AfterEach
    void close() {
        Heaps.Owned.use(null);
        heap.close();
    }

    private void reopen(long reserveBytes, long limitBytes) {
        heap.close();
        heap = Heaps.open(reserveBytes, limitBytes);
    }

    /** Nothing is in use, and nothing was lost. */
    private void checkEmpty(MCache... caches) {
        for (MCache c : caches) {
            c.flush();
        }
        heap.flushStripes();
        heap.checkInvariants(caches);
        MemStats stats = heap.stats();
        assertEquals(0, stats.heapAlloc());
        assertEquals(0, stats.heapObjects());
        assertEquals(0, stats.heapInuse());
        assertEquals(0, stats.spansInuse());
        assertEquals(stats.heapSys(), stats.heapIdle());
        assertEquals(stats.mallocs(), stats.frees());
    }

    // -- allocating --

    @Test
    void objectsOfEverySizeAreApartAndZero() {
        List<long[]> objects = new ArrayList<>();
        Set<Long> seen = new HashSet<>();
        for (int round = 0; round < 2; round++) { // the second in memory that was used
            for (long size = 0; size <= 40_000; size += size < 300 ? 1 : 97) {
                long addr = heap.alloc(size, size % 2 == 0, true);
                assertTrue(seen.add(addr), "given out twice");
                assertEquals(0, addr & (size % 16 == 0 && size > 0 ? 15 : 7));
                for (long offset = 0; offset < size; offset++) {
                    assertEquals(0, Memory.getByte(addr + offset), "size " + size);
                    Memory.putByte(addr + offset, (byte) -1);
                }
                objects.add(new long[]{addr, size});
            }
            heap.checkInvariants();
            for (long[] object : objects) {
                heap.free(object[0]);
                seen.remove(object[0]);
            }
            objects.clear();
        }
        checkEmpty();
    }

    @Test
    void whatTheCallerWillWriteIsNotCleared() {
        MCache own = heap.newCache();
        Heaps.Owned.use(own);
        long addr = heap.alloc(8192, true, true);
        Memory.putLong(addr, 5);
        heap.free(addr);
        assertEquals(addr, heap.alloc(8192, true, false), "the only object of its span");
        assertEquals(5, Memory.getLong(addr));
        long other = heap.alloc(8192, false, false);
        Memory.putLong(other, 5);
        heap.free(other);
        assertEquals(other, heap.alloc(8192, false, false));
        assertEquals(0, Memory.getLong(other), "an object with pointers always is");
        heap.free(addr);
        heap.free(other);
        checkEmpty(own);
    }

    @Test
    void objectsWithAndWithoutPointersAreInDifferentSpans() {
        long with = heap.alloc(48, false, true);
        long without = heap.alloc(48, true, true);
        assertFalse(heap.spanOf(with).isNoscan());
        assertTrue(heap.spanOf(without).isNoscan());
        long largeWith = heap.alloc(50_000, false, true);
        long largeWithout = heap.alloc(50_000, true, true);
        assertFalse(heap.spanOf(largeWith).isNoscan());
        assertTrue(heap.spanOf(largeWithout).isNoscan());
        assertTrue(heap.spanOf(largeWithout).isLarge());
    }

    @Test
    void everyAddressOfAnObjectFindsItsSpan() {
        long small = heap.alloc(100, true, true);
        long large = heap.alloc(70 * MB, true, true); // over more than one arena
        assertSame(heap.spanOf(small), heap.spanOf(small + 99));
        MSpan s = heap.spanOf(large);
        for (long offset = 0; offset < 70 * MB; offset += 4096) {
            assertSame(s, heap.spanOf(large + offset));
        }
        assertEquals(70 * MB, s.elemSize);
        heap.checkInvariants();
        assertEquals(70 * MB + 112, heap.stats().heapAlloc());
        assertNull(heap.spanOf(0));
        assertNull(heap.spanOf(-1));
        assertNull(heap.spanOf(large + (1L << 40)));
        heap.free(small);
        heap.free(large);
        checkEmpty();
    }

    @Test
    void largeMemoryIsZeroWhenUsedAgain() {
        heap.scavenger().working.lock(); // what its thread is just releasing is not to be had meanwhile
        try {
            useLargeMemoryAgain();
        } finally {
            heap.scavenger().working.unlock();
        }
    }

    private void useLargeMemoryAgain() {
        long addr = heap.alloc(3 * MB, true, true);
        Memory.putLong(addr + 2 * MB, 1);
        heap.free(addr);
        long again = heap.alloc(3 * MB, true, true);
        assertEquals(addr, again);
        assertEquals(0, Memory.getLong(again + 2 * MB));
        Memory.putLong(again, 1);
        heap.free(again);
        heap.freeOsMemory();
        assertEquals(heap.stats().heapIdle(), heap.stats().heapReleased());
        again = heap.alloc(3 * MB, true, true);
        assertEquals(0, Memory.getLong(again));
        assertFalse(heap.spanOf(again).needZero, "what the system gives is zero");
        heap.free(again);
        checkEmpty();
    }

    @Test
    void figuresAreGos() {
        MCache own = heap.newCache();
        Heaps.Owned.use(own);
        List<Long> objects = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            objects.add(heap.alloc(100, true, true)); // 112
        }
        objects.add(heap.alloc(100_000, false, true)); // 13 pages
        MemStats stats = heap.stats();
        assertEquals(1_001, stats.mallocs());
        assertEquals(0, stats.frees());
        assertEquals(112_000 + 13 * 8192, stats.heapAlloc());
        assertEquals((14 + 13) * 8192, stats.heapInuse()); // 73 objects of 112 bytes in a page
        assertEquals(15, stats.spansInuse());
        assertEquals(4 * MB, stats.heapSys());
        assertEquals(stats.heapSys(), stats.heapInuse() + stats.heapIdle());
        objects.forEach(heap::free);
        stats = heap.stats();
        assertEquals(1_001, stats.mallocs());
        assertEquals(1_001, stats.frees());
        assertEquals(112_000 + 13 * 8192, stats.totalAlloc());
        assertEquals(0, stats.heapAlloc());
        checkEmpty(own);
        assertEquals(112_000 + 13 * 8192, heap.stats().totalAlloc());
    }

    /** The objects of Java are for spans, not for what is in them. */
    @Test
    void fastPathsAllocateNothingOnTheJavaHeap() {
        MCache own = heap.newCache();
        Heaps.Owned.use(own);
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) { // the first ones load classes
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 20_000; i++) {
                heap.free(heap.alloc(8 + i % 200, true, true));
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertTrue(least < 20_000, least + " bytes in 20,000 operations");
        checkEmpty(own);
    }

    /** After ten turnovers of objects of many sizes, the spans are at most 15 % larger than what lives in them. */
    @Test
    void littleIsLostToFragmentation() {
        long seed = Bounded.seed("MHeapTest, fragmentation");
        Random random = new Random(seed);
        MCache own = heap.newCache();
        Heaps.Owned.use(own);
        long[] live = new long[60_000];
        for (int i = 0; i < 11 * live.length; i++) {
            int slot = i < live.length ? i : random.nextInt(live.length);
            if (live[slot] != 0) {
                heap.free(live[slot]);
            }
            live[slot] = heap.alloc(8 + random.nextInt(1 << random.nextInt(3, 12)), true, false);
        }
        MemStats stats = heap.stats();
        assertTrue(stats.heapAlloc() > 10 * MB, stats.toString());
        assertTrue(stats.heapInuse() <= stats.heapAlloc() * 1.15, "seed " + seed + ": " + stats);
        for (long addr : live) {
            heap.free(addr);
        }
        checkEmpty(own);
    }

    // -- who frees --

    /** A free by somebody else is noted for the owner, who takes it over when it has nothing left. */
    @Test
    void theOwnerTakesOverWhatOthersFree() {
        MCache own = heap.newCache();
        Heaps.Owned.use(own);
        List<Long> objects = new ArrayList<>();
        MSpan s = null;
        do {
            objects.add(heap.alloc(1024, true, true));
            s = heap.spanOf(objects.getFirst());
        } while (objects.size() < s.nelems);
        Heaps.Owned.use(null);
        heap.free(objects.get(3));
        heap.free(objects.get(5));
        assertEquals(2, s.freedCount());
        assertEquals(s.nelems, s.count());
        assertEquals(s.nelems - 2, heap.stats().heapObjects());
        heap.checkInvariants(own);
        Heaps.Owned.use(own);
        assertEquals(objects.get(3), heap.alloc(1024, true, true));
        assertEquals(objects.get(5), heap.alloc(1024, true, true));
        assertEquals(0, s.freedCount());
        long next = heap.alloc(1024, true, true);
        assertNotEquals(s, heap.spanOf(next));
        assertNull(s.owner);
        heap.checkInvariants(own);
        heap.free(next);
        objects.forEach(heap::free);
        assertEquals(MSpan.DEAD, s.state, "the last free dissolves a span that nobody owns");
        checkEmpty(own);
    }

    /** A full span in the central comes back into use with the first object that is freed. */
    @Test
    void aSpanWithARoomAgainIsUsedAgain() {
        MCache own = heap.newCache();
        Heaps.Owned.use(own);
        List<Long> objects = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            objects.add(heap.alloc(2048, false, true)); // 4 in a span
        }
        MSpan early = heap.spanOf(objects.getFirst());
        assertEquals(MSpan.FULL, early.list);
        heap.free(objects.getFirst());
        assertEquals(MSpan.PARTIAL, early.list);
        heap.checkInvariants(own);
        assertEquals(objects.getFirst(), heap.alloc(2048, false, true));
        assertSame(own, early.owner);
        objects.forEach(heap::free);
        checkEmpty(own);
    }

    @Test
    void aCacheGivesBackWhatItHas() {
        MCache own = heap.newCache();
        Heaps.Owned.use(own);
        long kept = heap.alloc(32, true, true);
        heap.free(heap.alloc(64, true, true));
        own.flush();
        heap.checkInvariants(own);
        assertEquals(1, heap.stats().spansInuse());
        MCache other = heap.newCache();
        Heaps.Owned.use(other);
        assertSame(heap.spanOf(kept), heap.spanOf(heap.alloc(32, true, true)));
        heap.free(kept);
        heap.free(kept + 32);
        checkEmpty(own, other);
    }

    /** While a collector works nothing is given back behind its back. */
    @Test
    void aCollectorDecidesAboutFrees() {
        long addr = heap.alloc(64, false, true);
        List<Long> kept = new ArrayList<>();
        boolean[] working = {true};
        heap.setHooks(each -> working[0] && kept.add(each));
        heap.free(addr);
        assertEquals(List.of(addr), kept);
        assertEquals(1, heap.stats().heapObjects());
        working[0] = false;
        heap.free(addr);
        assertEquals(1, kept.size());
        checkEmpty();
    }

    // -- faults --

    @Test
    void aWrongFreeIsRefused() {
        long addr = heap.alloc(48, true, true);
        long large = heap.alloc(100_000, true, true);
        assertRefused(0x1000, "not in this heap");
        assertRefused(addr + 8, "not the beginning of an object of span");
        assertRefused(large + 8192, "not the beginning of an object of span");
        assertRefused(addr + 48, "already free");
        assertRefused((addr & -8192) + 8192 - 32, "not the beginning"); // behind the last object
        heap.free(addr);
        assertRefused(addr, "already free, in span 0x");
        MCache own = heap.newCache();
        Heaps.Owned.use(own);
        long mine = heap.alloc(48, false, true);
        heap.free(mine);
        assertRefused(mine, "already free");
        heap.free(large);
        assertRefused(large, "large, no pointers, freed");
        heap.checkInvariants(own);
        checkEmpty(own);
    }

    private void assertRefused(long addr, String why) {
        String message = assertThrows(IllegalArgumentException.class, () -> heap.free(addr)).getMessage();
        assertTrue(message.startsWith("free of 0x" + Long.toHexString(addr) + ": ") && message.contains(why), message);
    }

    @Test
    void anAccessOutsideALiveObjectNamesTheSpan() {
        long addr = heap.alloc(40, true, true);
        Memory.putLong(addr + 40, 1); // objects of 40 bytes take 48
        assertFault(addr + 44, 8, "beyond object 0 of span 0x" + Long.toHexString(addr)
                + " of 1 pages, class 5 (48 bytes), no pointers");
        assertFault(addr + 48, 8, "no live object, in span");
        heap.free(addr);
        assertFault(addr, 8, "no live object, in span");
        heap.flushStripes();
        assertFault(addr, 8, "its span is free: span");
        assertFault(addr + 512 * MB, 8, "no span was ever there");
        long large = heap.alloc(32_769, true, true);
        assertFault(large + 40_956, 8, "beyond object 0 of span");
        assertThrows(IllegalStateException.class, () -> Memory.clear(large, 50_000));
    }

    private static void assertFault(long addr, int bytes, String why) {
        String message = assertThrows(IllegalStateException.class, () -> Memory.getLong(addr)).getMessage();
        assertTrue(message.startsWith("access to " + bytes + " bytes at 0x" + Long.toHexString(addr) + ": " + why),
                message);
    }

    @Test
    void exhaustedAddressSpaceIsSaidAndLeavesTheHeapUsable() {
        reopen(64 * MB, MemLimit.OFF);
        List<Long> objects = new ArrayList<>();
        String message = assertThrows(HeapExhaustedException.class, () -> {
            for (;;) {
                objects.add(heap.alloc(MB, true, true));
            }
        }).getMessage();
        assertTrue(message
                .matches("off-heap memory: cannot allocate 1048576 bytes; \\d+ of \\d+ bytes are in use, and the "
                        + "address space has \\d+ bytes"),
                message);
        assertTrue(objects.size() >= 64, objects.size() + " objects");
        heap.checkInvariants();
        assertThrows(HeapExhaustedException.class, () -> heap.alloc(1L << 40, true, true));
        message = assertThrows(HeapExhaustedException.class, () -> heap.alloc(Long.MAX_VALUE, true, true)).getMessage();
        assertTrue(message.contains("cannot allocate " + Long.MAX_VALUE + " bytes"), message);
        assertThrows(IllegalArgumentException.class, () -> heap.alloc(-1, true, true));
        heap.free(objects.removeLast());
        objects.add(heap.alloc(MB, true, true));
        objects.forEach(heap::free);
        checkEmpty();
    }

    @Test
    void theLimitIsKeptAndLeavesTheHeapUsable() {
        reopen(1 << 30, 8 * MB);
        List<Long> objects = new ArrayList<>();
        String message = assertThrows(HeapExhaustedException.class, () -> {
            for (;;) {
                objects.add(heap.alloc(10_000, false, true));
            }
        }).getMessage();
        assertTrue(message.endsWith("and the limit is 8388608 bytes"), message);
        heap.checkInvariants();
        MemStats stats = heap.stats();
        assertTrue(stats.heapInuse() <= 8 * MB && stats.heapInuse() > 7 * MB, stats.toString());
        assertEquals(8 * MB, heap.setMemoryLimit(16 * MB));
        objects.add(heap.alloc(4 * MB, true, true));
        objects.forEach(heap::free);
        assertEquals(16 * MB, heap.setMemoryLimit(MemLimit.OFF));
        assertThrows(IllegalArgumentException.class, () -> heap.setMemoryLimit(-1));
        assertEquals(MemLimit.OFF, heap.memoryLimit());
        checkEmpty();
    }

    /** Nor what the caller's own cache does. */
    @Test
    void whatTheOwnCacheHoldsDoesNotCountTowardsTheLimit() {
        reopen(1 << 30, MB);
        MCache own = heap.newCache();
        Heaps.Owned.use(own);
        long first = heap.alloc(8, true, true);
        long second = heap.alloc(16, true, true);
        long large = heap.alloc(66 * SizeClasses.PAGE_SIZE, true, true); // the cache of pages has 62 of 128
        heap.free(large);
        heap.free(second);
        heap.free(first);
        checkEmpty(own);
    }

    /** What stripes hold back is given up before an allocation is refused. */
    @Test
    void whatStripesHoldDoesNotCountTowardsTheLimit() {
        reopen(1 << 30, 2 * MB);
        for (int size = 8; size <= 32_768; size *= 2) {
            heap.free(heap.alloc(size, true, true));
        }
        assertTrue(heap.stats().heapInuse() > 100_000);
        long addr = heap.alloc(2 * MB, true, true);
        heap.free(addr);
        checkEmpty();
    }

    /** What is free counts towards the limit until it is released, and is released for who needs it. */
    @Test
    void freeMemoryIsReleasedRatherThanTheLimitExceeded() {
        reopen(1 << 30, 16 * MB);
        for (int round = 0; round < 10; round++) {
            List<Long> objects = new ArrayList<>();
            long size = round % 2 == 0 ? MB - 8192 : 3 * MB; // does not fit where the others were
            while ((objects.size() + 1) * size <= 15 * MB) {
                long addr = heap.alloc(size, true, false);
                Memory.clear(addr, size);
                objects.add(addr);
                MemStats stats = heap.stats();
                assertTrue(stats.heapSys() - stats.heapReleased() <= 16 * MB, stats.toString());
            }
            objects.forEach(heap::free);
        }
        checkEmpty();
    }

    // -- random --

    @Test
    void randomWork() {
        long seed = Bounded.seed("MHeapTest");
        Random random = new Random(seed);
        MCache[] caches = {heap.newCache(), heap.newCache()};
        List<long[]> objects = new ArrayList<>();
        for (int step = 0; step < 200_000; step++) {
            if (random.nextInt(20) == 0) {
                int which = random.nextInt(3);
                Heaps.Owned.use(which == 2 ? null : caches[which]);
            }
            boolean growing = step / 10_000 % 2 == 0;
            if (random.nextInt(100) < (growing ? 60 : 40) || objects.isEmpty()) {
                long size = random.nextInt(50) == 0
                        ? random.nextInt(300_000)
                        : random.nextInt(1 << random.nextInt(4, 13));
                long addr = heap.alloc(size, random.nextBoolean(), true);
                check(addr, size, 0, seed, step);
                fill(addr, size, addr);
                objects.add(new long[]{addr, size});
            } else {
                int i = random.nextInt(objects.size());
                long[] object = objects.get(i);
                check(object[0], object[1], object[0], seed, step);
                heap.free(object[0]);
                objects.set(i, objects.getLast());
                objects.removeLast();
            }
            if (step % 20_000 == 0) {
                heap.checkInvariants(caches);
            }
        }
        assertEquals(objects.size(), heap.stats().heapObjects());
        objects.forEach(object -> heap.free(object[0]));
        checkEmpty(caches);
    }

    /** The first and the last word. */
    private static void fill(long addr, long size, long value) {
        if (size >= 8) {
            Memory.putLong(addr, value);
            Memory.putLong(addr + size - 8, value);
        }
    }

    private static void check(long addr, long size, long expected, long seed, int step) {
        if (size >= 8) {
            String at = "seed " + seed + ", step " + step + ", size " + size;
            assertEquals(expected, Memory.getLong(addr + size - 8), at);
            if (expected == 0 || size >= 16) {
                assertEquals(expected, Memory.getLong(addr), at);
            }
        }
    }

    // -- the check itself --

    @Test
    void findsDamage() {
        long addr = heap.alloc(64, true, true);
        heap.checkInvariants();
        heap.spanOf(addr).allocBits[0] |= 2; // about to be taken
        assertThrows(IllegalStateException.class, () -> heap.checkInvariants());
        heap.spanOf(addr).allocBits[0] &= ~2;
        heap.checkInvariants();
        heap.spanOf(addr).owner = heap.newCache();
        assertThrows(IllegalStateException.class, () -> heap.checkInvariants());
    }
}
