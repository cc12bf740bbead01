package io.goruntime.internal.heap;

/**
 * The bitmaps of one chunk, 512 pages. Counterpart of mpallocbits.go: pallocBits, pallocData.
 *
 * <p>A chunk is an array of two bitmaps of 8 words: pages that are not free, and pages without memory, free or not yet
 * used (Go says scavenged).
 */
final class PageBits {
    static final int CHUNK_PAGES = 512;
    static final int WORDS = CHUNK_PAGES / 64;

    /** Where the bitmaps begin. */
    static final int USED = 0;
    static final int RELEASED = WORDS;

    private PageBits() {}

    static long[] newChunk() {
        return new long[2 * WORDS];
    }

    /** The mask of n bits from the given one; n from 1 to 64. */
    static long mask(int from, int n) {
        return -1L >>> 64 - n << from;
    }

    static void set(long[] chunk, int bitmap, int page, int npages) {
        for (int end = page + npages; page < end;) {
            int n = Math.min(end - page, 64 - (page & 63));
            chunk[bitmap + (page >> 6)] |= mask(page & 63, n);
            page += n;
        }
    }

    static void clear(long[] chunk, int bitmap, int page, int npages) {
        for (int end = page + npages; page < end;) {
            int n = Math.min(end - page, 64 - (page & 63));
            chunk[bitmap + (page >> 6)] &= ~mask(page & 63, n);
            page += n;
        }
    }

    /** How many of the pages are in the bitmap. Counterpart of mpallocbits.go: popcntRange. */
    static int count(long[] chunk, int bitmap, int page, int npages) {
        int sum = 0;
        for (int end = page + npages; page < end;) {
            int n = Math.min(end - page, 64 - (page & 63));
            sum += Long.bitCount(chunk[bitmap + (page >> 6)] & mask(page & 63, n));
            page += n;
        }
        return sum;
    }

    /**
     * The first of n consecutive free pages, or -1. Pages before {@code from} are not free. Counterpart of
     * mpallocbits.go: find.
     */
    static int find(long[] chunk, int n, int from) {
        int run = 0;
        for (int w = from >> 6; w < WORDS; w++) {
            long free = ~chunk[USED + w];
            if (run + Long.numberOfTrailingZeros(~free) >= n) {
                return (w << 6) - run;
            }
            if (n <= 64) {
                int i = findBitRange64(free, n);
                if (i < 64) {
                    return (w << 6) + i;
                }
            }
            run = free == -1L ? run + 64 : Long.numberOfLeadingZeros(~free);
        }
        return -1;
    }

    /** The first free page from the given one, or {@link #CHUNK_PAGES}. */
    static int firstFree(long[] chunk, int from) {
        for (int w = from >> 6; w < WORDS; w++) {
            long free = ~chunk[USED + w];
            if (free != 0) {
                return (w << 6) + Long.numberOfTrailingZeros(free);
            }
        }
        return CHUNK_PAGES;
    }

    /**
     * Where n ones in a row begin, the lowest place, or 64 if nowhere; n from 1 to 64. Counterpart of mpallocbits.go:
     * findBitRange64.
     */
    static int findBitRange64(long bits, int n) {
        return Long.numberOfTrailingZeros(runs(bits, n));
    }

    /** Each bit at which n ones in a row begin. Doubles the length that is known until it is n. */
    private static long runs(long bits, int n) {
        int known = 1;
        while (known < n && bits != 0) {
            int more = Math.min(known, n - known);
            bits &= bits >>> more;
            known += more;
        }
        return bits;
    }

    /** The free pages at the start, most in a row, and at the end. Counterpart of mpallocbits.go: summarize. */
    static long summarize(long[] chunk) {
        int start = -1;
        int max = 0;
        int run = 0;
        for (int w = 0; w < WORDS; w++) {
            long free = ~chunk[USED + w];
            if (free == -1L) {
                run += 64;
                continue;
            }
            run += Long.numberOfTrailingZeros(~free);
            if (start < 0) {
                start = run;
            }
            max = Math.max(max, run);
            if (max < 64 && Long.bitCount(free) > max) {
                for (long longer = runs(free, max + 1); longer != 0; longer &= free >>> max) {
                    max++;
                }
            }
            run = Long.numberOfLeadingZeros(~free);
        }
        if (start < 0) {
            return PageAlloc.FREE_CHUNK;
        }
        return PageAlloc.pack(start, Math.max(max, run), run);
    }

    /**
     * The free pages with memory that are next below the given end: as many in a row as there are, at most {@code most},
     * of which the first page and the number are multiples of {@code unit}, a power of two. Counterpart of
     * mgcscavenge.go: findScavengeCandidate.
     *
     * @return page << 16 | number, or -1
     */
    static int findUnreleased(long[] chunk, int end, int unit, int most) {
        for (int page = end & -unit; page > 0;) {
            int stop = page;
            while (page > 0 && stop - page < most && count(chunk, USED, page - unit, unit) == 0
                    && count(chunk, RELEASED, page - unit, unit) < unit) {
                page -= unit;
            }
            if (page < stop) {
                return page << 16 | stop - page;
            }
            page -= unit;
        }
        return -1;
    }
}
