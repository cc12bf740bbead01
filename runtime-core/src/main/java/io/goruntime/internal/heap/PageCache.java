package io.goruntime.internal.heap;

/**
 * Up to 64 free pages that belong to one cache. Counterpart of mpagecache.go: pageCache.
 */
final class PageCache {
    /** Spans of up to so many pages come from here. */
    static final int MAX_PAGES = 15;

    /** The address of bit 0. */
    long baseAddr;
    /** Ones are free pages. */
    long free;
    /** Those of them that have no memory. */
    long released;

    /** Of the pages that {@link #alloc} returned last, how many had no memory: these are zero. */
    int lastReleased;

    /** Counterpart of mpagecache.go: alloc. Returns 0 if there are not so many in a row. */
    long alloc(int npages) {
        int i = PageBits.findBitRange64(free, npages);
        if (i >= 64) {
            return 0;
        }
        long mask = PageBits.mask(i, npages);
        lastReleased = Long.bitCount(released & mask);
        free &= ~mask;
        released &= ~mask;
        return baseAddr + ((long) i << SizeClasses.PAGE_SHIFT);
    }

    boolean isEmpty() {
        return free == 0;
    }
}
