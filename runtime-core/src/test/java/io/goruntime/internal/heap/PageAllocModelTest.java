package io.goruntime.internal.heap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.Bounded;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * The page allocator, on invented addresses far apart, against a sorted map of free ranges: the lowest range that fits is
 * what it must find, in whatever state random allocations, page caches and releases have brought it.
 */
class PageAllocModelTest {
    private static final int PAGE = SizeClasses.PAGE_SIZE;
    private static final int SHIFT = SizeClasses.PAGE_SHIFT;

    /** First page to number of pages; neighbours are merged. */
    private final TreeMap<Long, Long> free = new TreeMap<>();
    private final TreeMap<Long, Long> used = new TreeMap<>();
    private final PageAlloc pages = new PageAlloc();
    private final List<PageCache> caches = new ArrayList<>();

    @Test
    void findsTheLowestRangeThatFits() {
        long seed = Bounded.seed("PageAllocModelTest");
        Random random = new Random(seed);
        long[] bases = {1L << 32, (1L << 34) - 3 * PageAlloc.CHUNK_BYTES, 0xC0_0000_0000L, (1L << 47) - (64L << 20)};
        long[] next = bases.clone();
        for (int step = 0; step < 60_000 * Bounded.scale(); step++) {
            String at = "seed " + seed + ", step " + step;
            int what = random.nextInt(100);
            if (step == 0 || what == 0 && step % 3 == 0) {
                int i = random.nextInt(bases.length);
                long bytes = PageAlloc.CHUNK_BYTES * (1 + random.nextInt(3));
                if (next[i] - bases[i] < 24 * PageAlloc.CHUNK_BYTES && next[i] + bytes <= 1L << 47) {
                    grow(next[i], bytes);
                    next[i] += bytes;
                }
            } else if (what < 55) {
                alloc(size(random), at);
            } else if (what < 92) {
                freeOne(random);
            } else if (what < 96) {
                toCache(at);
            } else if (what < 98 && !caches.isEmpty()) {
                PageCache c = caches.remove(random.nextInt(caches.size()));
                long expected = c.free == 0 ? 0 : Long.bitCount(c.free);
                long before = pages.freePages();
                forEachBit(c, page -> addFree(page, 1));
                pages.flush(c);
                assertEquals(before + expected, pages.freePages(), at);
            } else {
                release(random, at);
            }
            assertEquals(free.values().stream().mapToLong(n -> n).sum(), pages.freePages(), at);
            if (step % 1_000 == 0) {
                check(at);
            }
        }
        while (!used.isEmpty()) {
            freeOne(random);
        }
        for (PageCache c : caches) {
            forEachBit(c, page -> addFree(page, 1));
            pages.flush(c);
        }
        check("seed " + seed + ", at the end");
        assertEquals(pages.mappedPages(), pages.freePages());
    }

    private void check(String at) {
        try {
            pages.checkInvariants();
        } catch (IllegalStateException e) {
            throw new AssertionError(at, e);
        }
    }

    private static long size(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> 1 + random.nextInt(3_000);
            case 1 -> 1 + random.nextInt(600);
            case 2, 3 -> 1 + random.nextInt(70);
            default -> 1 + random.nextInt(8);
        };
    }

    private void grow(long addr, long bytes) {
        pages.prepare(addr, bytes);
        pages.grow(addr, bytes);
        addFree(addr >>> SHIFT, bytes >>> SHIFT);
    }

    private void alloc(long npages, String at) {
        long expected = 0;
        for (Map.Entry<Long, Long> range : free.entrySet()) {
            if (range.getValue() >= npages) {
                expected = range.getKey();
                break;
            }
        }
        assertEquals(expected << SHIFT, pages.alloc(npages), at + ": " + npages + " pages");
        if (expected != 0) {
            take(expected, npages);
            used.put(expected, npages);
        }
    }

    private void freeOne(Random random) {
        Map.Entry<Long, Long> first = used.isEmpty()
                ? null
                : used.ceilingEntry(
                        used.firstKey() + Math.floorMod(random.nextLong(), used.lastKey() - used.firstKey() + 1));
        if (first == null) {
            return;
        }
        used.remove(first.getKey());
        long n = first.getValue();
        if (n > 1 && random.nextInt(4) == 0) { // only a part of it
            long rest = n / 2;
            used.put(first.getKey() + n - rest, rest);
            n -= rest;
        }
        pages.free(first.getKey() << SHIFT, n, random.nextInt(5) == 0);
        addFree(first.getKey(), n);
    }

    private void toCache(String at) {
        PageCache c = new PageCache();
        pages.allocToCache(c);
        if (free.isEmpty()) {
            assertTrue(c.isEmpty(), at);
            return;
        }
        long first = free.firstKey();
        assertEquals(first & -64, c.baseAddr >>> SHIFT, at);
        long bits = 0;
        for (long page = first & -64; page < (first & -64) + 64; page++) {
            Map.Entry<Long, Long> range = free.floorEntry(page);
            if (range != null && page < range.getKey() + range.getValue()) {
                bits |= 1L << page;
            }
        }
        assertEquals(bits, c.free, at);
        forEachBit(c, page -> take(page, 1));
        caches.add(c);
        while (c.free != 0 && bits % 3 != 0) { // use some of it up
            long addr = c.alloc(1);
            used.put(addr >>> SHIFT, 1L);
            bits /= 2;
        }
    }

    private void release(Random random, String at) {
        int index = pages.startChunk() + random.nextInt(pages.endChunk() - pages.startChunk());
        long before = pages.releasedPages();
        int found = pages.takeUnreleased(index, PageBits.CHUNK_PAGES, 1, 64);
        if (found >= 0) {
            int n = found & 0xFFFF;
            assertTrue(n >= 1 && n <= 64, at);
            long addr = ((long) index << PageAlloc.CHUNK_SHIFT) + ((long) (found >> 16) * PAGE);
            assertTrue(pages.isUsed(addr) && pages.isUsed(addr + (n - 1L) * PAGE), at);
            pages.free(addr, n, true);
            assertEquals(before + n, pages.releasedPages(), at);
        }
    }

    private interface PageFn {
        void apply(long page);
    }

    private static void forEachBit(PageCache c, PageFn fn) {
        for (long bits = c.free; bits != 0; bits &= bits - 1) {
            fn.apply((c.baseAddr >>> SHIFT) + Long.numberOfTrailingZeros(bits));
        }
    }

    // -- the model --

    private void take(long page, long n) {
        Map.Entry<Long, Long> range = free.floorEntry(page);
        long start = range.getKey();
        long end = start + range.getValue();
        free.remove(start);
        if (start < page) {
            free.put(start, page - start);
        }
        if (page + n < end) {
            free.put(page + n, end - page - n);
        }
    }

    private void addFree(long page, long n) {
        Map.Entry<Long, Long> before = free.floorEntry(page);
        if (before != null && before.getKey() + before.getValue() == page) {
            page = before.getKey();
            n += before.getValue();
        }
        Long after = free.remove(page + n);
        free.put(page, after == null ? n : n + after);
    }
}
