package io.goruntime.internal.heap;

import static io.goruntime.internal.heap.PageBits.CHUNK_PAGES;
import static io.goruntime.internal.heap.PageBits.RELEASED;
import static io.goruntime.internal.heap.PageBits.USED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.Bounded;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The cases of Go's mpallocbits_test.go, mpagealloc_test.go and mpagecache_test.go: chunks in given states, at given
 * places, and what an allocation, a free or a page cache makes of them. No memory is touched.
 */
class PageAllocTest {
    /** Places are relative to this chunk, the first of a root's 16 GB. */
    private static final int BASE = 48 << 12;

    private static final int N = CHUNK_PAGES;
    private static final long FAIL = -1;

    private record Range(int page, int n) {
    }

    private static Range r(int page, int n) {
        return new Range(page, n);
    }

    private static final Range[] ALL = {r(0, N)};

    private record Chunk(int place, Range... used) {
    }

    private static Chunk chunk(int place, Range... used) {
        return new Chunk(place, used);
    }

    private static long addr(int place, int page) {
        return ((long) (BASE + place) << PageAlloc.CHUNK_SHIFT) + (long) page * SizeClasses.PAGE_SIZE;
    }

    /** Chunks in which exactly these pages are used. */
    private static PageAlloc with(Chunk... chunks) {
        PageAlloc pages = new PageAlloc();
        for (Chunk c : chunks) {
            pages.prepare(addr(c.place, 0), PageAlloc.CHUNK_BYTES);
            pages.grow(addr(c.place, 0), PageAlloc.CHUNK_BYTES);
        }
        while (pages.alloc(N) != 0) {
            continue;
        }
        for (Chunk c : chunks) {
            boolean[] used = new boolean[N];
            for (Range range : c.used) {
                Arrays.fill(used, range.page, range.page + range.n, true);
            }
            for (int page = 0; page < N; page++) {
                if (!used[page]) {
                    pages.free(addr(c.place, page), 1, false);
                }
            }
        }
        pages.checkInvariants();
        return pages;
    }

    /** Allocates: pairs of a number of pages and the address that is expected. */
    private static void expect(PageAlloc pages, long... sizesAndAddrs) {
        for (int i = 0; i < sizesAndAddrs.length; i += 2) {
            long wanted = sizesAndAddrs[i + 1] == FAIL ? 0 : sizesAndAddrs[i + 1];
            assertEquals(wanted, pages.alloc(sizesAndAddrs[i]),
                    "allocation " + i / 2 + ", " + sizesAndAddrs[i] + " pages");
            pages.checkInvariants();
        }
    }

    // -- mpagealloc_test.go: TestPageAllocAlloc --

    @Test
    void allFree() {
        expect(with(chunk(0)), 1, addr(0, 0), 1, addr(0, 1), 1, addr(0, 2), 1, addr(0, 3));
        expect(with(chunk(0)), 2, addr(0, 0), 2, addr(0, 2), 2, addr(0, 4), 2, addr(0, 6));
        expect(with(chunk(0)), 5, addr(0, 0), 5, addr(0, 5), 5, addr(0, 10));
        expect(with(chunk(0)), 64, addr(0, 0), 64, addr(0, 64), 64, addr(0, 128));
        expect(with(chunk(0)), 65, addr(0, 0), 65, addr(0, 65), 65, addr(0, 130));
    }

    @Test
    void manyArenas() {
        expect(with(chunk(0, ALL), chunk(1, ALL), chunk(2, r(0, N - 1))), 1, addr(2, N - 1), 1, FAIL);
        expect(with(chunk(0, ALL), chunk(1, ALL), chunk(2, r(0, N - 64))), 64, addr(2, N - 64), 64, FAIL);
    }

    @Test
    void notContiguous() {
        expect(with(chunk(0, ALL), chunk(0xFF)), 1, addr(0xFF, 0), 1, addr(0xFF, 1), 1, addr(0xFF, 2));
        expect(with(chunk(0), chunk(0x40), chunk(0x41)), 2 * N, addr(0x40, 0), 21, addr(0, 0), 1, addr(0, 21));
    }

    @Test
    void straddle() {
        expect(with(chunk(0, r(0, N - 1)), chunk(1, r(1, N - 1))), 2, addr(0, N - 1), 2, FAIL);
        expect(with(chunk(0, r(0, N - 5)), chunk(1, r(5, N - 5))), 5, addr(0, N - 5), 5, addr(1, 0), 5, FAIL);
        expect(with(chunk(0, r(0, N - 32)), chunk(1, r(32, N - 32))), 64, addr(0, N - 32), 64, FAIL);
        expect(with(chunk(0, r(0, N / 2)), chunk(1, r(N / 2, N / 2))), N, addr(0, N / 2), N, FAIL, 1, FAIL);
        expect(with(chunk(0, r(0, N / 2)), chunk(1)), N + 1, addr(0, N / 2), N, FAIL, 1, addr(1, N / 2 + 1));
        expect(with(chunk(0, r(0, N / 2)), chunk(1), chunk(2, r(N / 2, N / 2))), 2 * N, addr(0, N / 2), 2 * N, FAIL, 1,
                FAIL);
        expect(with(chunk(0, ALL), chunk(1, r(0, N * 3 / 4)), chunk(2, r(0, N * 3 / 4)), chunk(3)), 2 * N, FAIL,
                N * 5 / 4, addr(2, N * 3 / 4), N * 5 / 4, FAIL, 1, addr(1, N * 3 / 4));
    }

    @Test
    void exhaustOneChunk() {
        expect(with(chunk(0)), N - 3, addr(0, 0), N - 3, FAIL, 1, addr(0, N - 3), 2, addr(0, N - 2), 1, FAIL, N - 3,
                FAIL);
        expect(with(chunk(0)), N, addr(0, 0), N, FAIL, 1, FAIL);
        expect(with(chunk(0), chunk(1)), 2 * N, addr(0, 0), 2 * N, FAIL, 1, FAIL);
        expect(with(chunk(0), chunk(1), chunk(2), chunk(3), chunk(4), chunk(5), chunk(6), chunk(7)), 7 * N + 5,
                addr(0, 0), 7 * N + 5, FAIL, 1, addr(7, 5));
    }

    @Test
    void acrossTheEndOfARoot() {
        expect(with(chunk(-1, r(0, N - 3)), chunk(0, r(4, N - 4))), 8, FAIL, 7, addr(-1, N - 3), 1, FAIL);
        expect(with(chunk(-2), chunk(-1), chunk(0), chunk(1)), 4 * N, addr(-2, 0), 1, FAIL);
    }

    /** A whole root is free: the number of its pages is what a summary has no bits for. */
    @Test
    void aWholeRoot() {
        PageAlloc pages = new PageAlloc();
        long bytes = 1L << 34;
        pages.prepare(addr(-1, 0), bytes + 2 * PageAlloc.CHUNK_BYTES);
        pages.grow(addr(-1, 0), bytes + 2 * PageAlloc.CHUNK_BYTES);
        pages.checkInvariants();
        expect(pages, (1L << 21) + 2 * N + 1, FAIL, (1L << 21) + N, addr(-1, 0), N + 1, FAIL, N, addr((1 << 12) + 0, 0),
                1,
                FAIL);
        pages.free(addr(-1, 0), (1L << 21) + N, false);
        expect(pages, 1L << 21, addr(-1, 0), N, addr((1 << 12) - 1, 0));
    }

    // -- TestPageAllocExhaust --

    @Test
    void exhaust() {
        for (int npages : new int[]{1, 2, 3, 4, 5, 8, 16, 64, 1024, 1025, 2048, 2049}) {
            Chunk[] chunks = new Chunk[64];
            for (int i = 0; i < chunks.length; i++) {
                chunks[i] = chunk(i);
            }
            PageAlloc pages = with(chunks);
            int most = N * chunks.length / npages;
            for (int i = 0; i < most; i++) {
                assertEquals(addr(0, 0) + (long) i * npages * SizeClasses.PAGE_SIZE, pages.alloc(npages));
            }
            assertEquals(0, pages.alloc(npages));
            pages.checkInvariants();
            for (int i = 0; i < most; i++) {
                pages.free(addr(0, 0) + (long) i * npages * SizeClasses.PAGE_SIZE, npages, false);
            }
            pages.checkInvariants();
            assertEquals(pages.mappedPages(), pages.freePages());
        }
    }

    // -- TestPageAllocFree, TestPageAllocAllocAndFree --

    @Test
    void freeMakesRoomWhereItWas() {
        PageAlloc pages = with(chunk(0, ALL));
        for (int i = 0; i < 5; i++) {
            pages.free(addr(0, i), 1, false);
        }
        expect(pages, 5, addr(0, 0), 1, FAIL);
        pages.free(addr(0, N - 1), 1, false);
        pages.free(addr(0, 7), 1, false);
        expect(pages, 1, addr(0, 7), 1, addr(0, N - 1), 1, FAIL);
        pages = with(chunk(0, ALL), chunk(1, ALL));
        pages.free(addr(0, N - 32), 64, false);
        expect(pages, 64, addr(0, N - 32), 1, FAIL);
        pages = with(chunk(0, ALL), chunk(1, ALL), chunk(2, ALL), chunk(3, ALL));
        pages.free(addr(0, N / 2), 3 * N, true);
        assertEquals(3 * N, pages.releasedPages());
        expect(pages, 3 * N, addr(0, N / 2), 1, FAIL);
        assertEquals(3 * N, pages.lastReleased);
        assertEquals(0, pages.releasedPages());
    }

    @Test
    void allocAndFree() {
        PageAlloc pages = with(chunk(0), chunk(1), chunk(2), chunk(3), chunk(4), chunk(5), chunk(6), chunk(7));
        for (int i = 0; i < 3; i++) {
            expect(pages, 8 * N, addr(0, 0), 1, FAIL);
            pages.free(addr(0, 0), 8 * N, false);
        }
        expect(pages, 1, addr(0, 0), 1, addr(0, 1));
        pages.free(addr(0, 0), 1, false);
        expect(pages, 2, addr(0, 2), 1, addr(0, 0));
        pages.free(addr(0, 1), 1, false);
        expect(pages, 1, addr(0, 1), 1, addr(0, 4));
    }

    // -- mpagecache_test.go: TestPageAllocAllocToCache, TestPageCacheAlloc --

    private static void expectCache(PageAlloc pages, long baseAddr, long free, long released) {
        PageCache c = new PageCache();
        pages.allocToCache(c);
        pages.checkInvariants();
        assertEquals(Long.toHexString(free), Long.toHexString(c.free));
        assertEquals(Long.toHexString(released), Long.toHexString(c.released));
        if (free != 0) {
            assertEquals(baseAddr, c.baseAddr);
        }
    }

    private static PageAlloc release(PageAlloc pages, int place, Range... ranges) {
        for (Range range : ranges) {
            for (int i = 0; i < range.n; i++) {
                // A page that is used keeps its memory, as in Go: there the mark is ignored, here it is not made.
                if (!pages.isUsed(addr(place, range.page + i))) {
                    int found = pages.takeUnreleased(BASE + place, range.page + i + 1, 1, 1);
                    assertEquals(range.page + i << 16 | 1, found);
                    pages.free(addr(place, range.page + i), 1, true);
                }
            }
        }
        return pages;
    }

    @Test
    void allocToCache() {
        PageAlloc pages = with(chunk(0));
        for (int i = 0; i < N; i += 64) {
            expectCache(pages, addr(0, i), -1L, 0);
        }
        expectCache(pages, 0, 0, 0);
        pages = with(chunk(0, ALL), chunk(1, ALL), chunk(2, r(0, N - 64)));
        expectCache(pages, addr(2, N - 64), -1L, 0);
        pages = with(chunk(0, ALL), chunk(0xFF));
        expectCache(pages, addr(0xFF, 0), -1L, 0);
        expectCache(pages, addr(0xFF, 64), -1L, 0);
        pages = release(with(chunk(0, r(0, 32), r(33, 31), r(96, 32))), 0, r(32, 1), r(66, 2));
        expectCache(pages, addr(0, 0), 1L << 32, 1L << 32);
        expectCache(pages, addr(0, 64), (1L << 32) - 1, 3L << 2);
        pages = with(chunk(0, ALL));
        expectCache(pages, 0, 0, 0);
        expectCache(pages, 0, 0, 0);
        pages = release(with(chunk(0, r(0, 1), r(10, 2))), 0, r(0, 4), r(11, 1));
        expectCache(pages, addr(0, 0), ~(1L | 3L << 10), 7L << 1);
    }

    @Test
    void pageCacheAlloc() {
        PageCache c = new PageCache();
        assertEquals(0, c.alloc(1));
        c.baseAddr = addr(0, 0);
        c.free = -1L;
        c.released = 0xFF00;
        assertEquals(addr(0, 0), c.alloc(1));
        assertEquals(0, c.lastReleased);
        assertEquals(addr(0, 1), c.alloc(10));
        assertEquals(3, c.lastReleased);
        assertEquals(0xF800, c.released);
        assertEquals(0, c.alloc(64));
        assertEquals(addr(0, 11), c.alloc(53));
        assertTrue(c.isEmpty());
        c.free = 1L | 1L << 2 | 3L << 5 | 1L << 63;
        assertEquals(addr(0, 5), c.alloc(2));
        assertEquals(0, c.alloc(2));
        assertEquals(addr(0, 0), c.alloc(1));
        assertEquals(addr(0, 2), c.alloc(1));
        assertEquals(addr(0, 63), c.alloc(1));
        assertTrue(c.isEmpty());
    }

    // -- mpallocbits_test.go: against the slow way --

    @Test
    void bitmapsAgainstTheSlowWay() {
        long seed = Bounded.seed("PageAllocTest");
        Random random = new Random(seed);
        for (int round = 0; round < 3_000 * Bounded.scale(); round++) {
            String at = "seed " + seed + ", round " + round;
            long[] chunk = PageBits.newChunk();
            boolean[] used = new boolean[N];
            for (int i = random.nextInt(60); i > 0; i--) {
                int page = random.nextInt(N);
                int n = 1 + random.nextInt(Math.min(random.nextBoolean() ? 10 : 200, N - page));
                boolean set = random.nextInt(3) != 0;
                if (set) {
                    PageBits.set(chunk, USED, page, n);
                } else {
                    PageBits.clear(chunk, USED, page, n);
                }
                Arrays.fill(used, page, page + n, set);
            }
            int start = run(used, 0);
            int max = 0;
            for (int i = 0; i < N; i++) {
                max = Math.max(max, run(used, i));
            }
            int end = 0;
            while (end < N && !used[N - 1 - end]) {
                end++;
            }
            assertEquals(PageAlloc.pack(start, max, end), PageBits.summarize(chunk), at);
            int first = start > 0 ? 0 : PageBits.firstFree(chunk, 0);
            assertTrue(first == N || !used[first], at);
            for (int i = 0; i < 5; i++) {
                int n = 1 + random.nextInt(random.nextBoolean() ? 10 : N);
                int expected = 0;
                while (expected < N && run(used, expected) < n) {
                    expected++;
                }
                assertEquals(expected == N ? -1 : expected, PageBits.find(chunk, n, first < N ? first : 0), at);
                int from = random.nextInt(N);
                int many = random.nextInt(N - from);
                int count = 0;
                for (int k = from; k < from + many; k++) {
                    count += used[k] ? 1 : 0;
                }
                assertEquals(count, PageBits.count(chunk, USED, from, many), at);
            }
            int below = 1 + random.nextInt(N);
            int found = PageBits.findUnreleased(chunk, below, 1, 64);
            int highest = below - 1;
            while (highest >= 0 && used[highest]) {
                highest--;
            }
            if (highest < 0) {
                assertEquals(-1, found, at);
            } else {
                int n = 1;
                while (n < 64 && highest - n >= 0 && !used[highest - n]) {
                    n++;
                }
                assertEquals(highest - n + 1 << 16 | n, found, at);
            }
        }
    }

    private static int run(boolean[] used, int from) {
        int n = 0;
        while (from + n < N && !used[from + n]) {
            n++;
        }
        return n;
    }

    @Test
    void findBitRange() {
        Random random = new Random(1);
        for (int round = 0; round < 20_000; round++) {
            long bits = random.nextLong() | (round % 3 == 0 ? random.nextLong() | random.nextLong() : 0);
            int n = 1 + random.nextInt(round % 2 == 0 ? 8 : 64);
            int expected = 0;
            while (expected < 64
                    && (expected + n > 64 || (bits >>> expected & PageBits.mask(0, n)) != PageBits.mask(0, n))) {
                expected++;
            }
            assertEquals(expected, PageBits.findBitRange64(bits, n));
        }
        for (int n = 1; n <= 64; n++) {
            assertEquals(0, PageBits.findBitRange64(-1L, n));
            assertEquals(64, PageBits.findBitRange64(0, n));
        }
    }

    /** Pieces are multiples of the system's page where that is the larger one. */
    @Test
    void releasesWholePagesOfTheSystem() {
        long[] chunk = PageBits.newChunk();
        PageBits.set(chunk, USED, 0, N);
        PageBits.clear(chunk, USED, 17, 30); // 17 to 46: whole units of 8 are 24 to 39
        assertEquals(24 << 16 | 16, PageBits.findUnreleased(chunk, N, 8, 64));
        PageBits.set(chunk, RELEASED, 32, 8);
        assertEquals(24 << 16 | 8, PageBits.findUnreleased(chunk, N, 8, 64));
        PageBits.clear(chunk, RELEASED, 35, 1);
        assertEquals(32 << 16 | 8, PageBits.findUnreleased(chunk, N, 8, 8));
        assertEquals(-1, PageBits.findUnreleased(chunk, 24, 8, 64));
    }

    // -- the check itself --

    @Test
    void findsDamage() {
        PageAlloc pages = with(chunk(0));
        PageCache c = new PageCache();
        pages.allocToCache(c);
        c.free = 1;
        c.baseAddr = addr(0, 64); // free already
        pages.flush(c);
        assertThrows(IllegalStateException.class, pages::checkInvariants);
    }
}
