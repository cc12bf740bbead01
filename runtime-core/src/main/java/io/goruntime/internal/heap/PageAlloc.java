package io.goruntime.internal.heap;

import static io.goruntime.internal.heap.PageBits.CHUNK_PAGES;
import static io.goruntime.internal.heap.PageBits.RELEASED;
import static io.goruntime.internal.heap.PageBits.USED;
import static io.goruntime.internal.heap.PageBits.WORDS;
import static io.goruntime.internal.heap.SizeClasses.PAGE_SHIFT;

import org.jspecify.annotations.Nullable;

/**
 * Which pages are free: the lowest address that fits is found first. Counterpart of mpagealloc.go: pageAlloc.
 *
 * <p>It knows addresses, not memory. Its caller holds a lock around every call but {@link #prepare}; nothing else allocates
 * Java objects.
 */
/*
 * Address space of 48 bits is cut into chunks of 512 pages, 4 MB. Each has a bitmap, and a summary of it in one word:
 *
 *   bits  0..20  start  free pages at its beginning
 *   bits 21..41  max    the most free pages in a row
 *   bits 42..62  end    free pages at its end
 *   bit  63      all of its pages are free, and there are 2^21 of them, which 21 bits cannot say
 *
 * Eight summaries make the one above them, five levels up to the roots, of 16 GB each. A search goes from the roots down
 * into the first summary that says that there is enough in a row, or ends where the end of some neighbours and the start
 * of the next are enough together.
 *
 *   level   pages of a summary   entries in all
 *     0          2^21                2^14
 *     1          2^18                2^17
 *     2          2^15                2^20
 *     3          2^12                2^23
 *     4          2^9                 2^26
 *
 * Go maps the summaries of all levels, sparsely. Here they are Java arrays of blocks, and blocks appear with the address
 * space they are for: access is a bounds check away from memory of our own, damage by wild writes is impossible, and
 * tests can invent addresses. A block that is missing stands for zeros: nothing is free there.
 *
 * searchAddr is a hint: no page below it is free.
 *
 * "Released" pages have no memory behind them: fresh ones, and those given back to the system. They are zero when they
 * are used next. Only free pages are marked so; the mark goes when they are allocated.
 */
final class PageAlloc {
    static final int LEVELS = 5;
    static final int ADDRESS_BITS = 48;
    static final int CHUNK_SHIFT = 22;
    static final long CHUNK_BYTES = 1L << CHUNK_SHIFT;

    private static final int[] LEVEL_BITS = {14, 3, 3, 3, 3};
    private static final int[] LEVEL_SHIFT = {34, 31, 28, 25, CHUNK_SHIFT};
    private static final int[] LOG_PAGES = {21, 18, 15, 12, 9};
    private static final int LEAF = LEVELS - 1;

    private static final int FIELD_BITS = 21;
    private static final int FIELD_MAX = 1 << FIELD_BITS;
    private static final int FIELD_MASK = FIELD_MAX - 1;
    private static final long ALL_FREE = 1L << 63;
    static final long FREE_CHUNK = pack(CHUNK_PAGES, CHUNK_PAGES, CHUNK_PAGES);

    /** No page at all is free. */
    private static final long NO_ADDR = 1L << ADDRESS_BITS;

    private static final int BLOCK_SHIFT = 12;
    private static final int BLOCK_MASK = (1 << BLOCK_SHIFT) - 1;

    /** By level, block, and place in the block. */
    private final long[][][] summaries = new long[LEVELS][][];

    /** By block and place; see {@link PageBits}. */
    private final long[][][] chunks;

    private long searchAddr = NO_ADDR;

    /** The chunks that were ever grown lie in here. */
    private int startChunk = Integer.MAX_VALUE;
    private int endChunk;

    private long mappedPages;
    private long freePages;
    private long releasedPages;

    /** Of the pages that {@link #alloc} returned last, how many were released. */
    int lastReleased;

    /** The second result of {@link #find}. */
    private long foundSearchAddr;

    PageAlloc() {
        for (int level = 0; level < LEVELS; level++) {
            summaries[level] = new long[1 << ADDRESS_BITS - LEVEL_SHIFT[level] - BLOCK_SHIFT][];
        }
        chunks = new long[1 << ADDRESS_BITS - CHUNK_SHIFT - BLOCK_SHIFT][][];
    }

    // -- summaries --

    static long pack(int start, int max, int end) {
        return max == FIELD_MAX ? ALL_FREE : start | (long) max << FIELD_BITS | (long) end << 2 * FIELD_BITS;
    }

    static int start(long summary) {
        return summary < 0 ? FIELD_MAX : (int) summary & FIELD_MASK;
    }

    static int max(long summary) {
        return summary < 0 ? FIELD_MAX : (int) (summary >>> FIELD_BITS) & FIELD_MASK;
    }

    static int end(long summary) {
        return summary < 0 ? FIELD_MAX : (int) (summary >>> 2 * FIELD_BITS) & FIELD_MASK;
    }

    long summary(int level, int index) {
        long[] block = summaries[level][index >> BLOCK_SHIFT];
        return block == null ? 0 : block[index & BLOCK_MASK];
    }

    private long[] chunk(int index) {
        return chunks[index >> BLOCK_SHIFT][index & BLOCK_MASK];
    }

    private static int chunkOf(long addr) {
        return (int) (addr >>> CHUNK_SHIFT);
    }

    private static int pageInChunk(long addr) {
        return (int) (addr >>> PAGE_SHIFT) & CHUNK_PAGES - 1;
    }

    private static long chunkAddr(int index) {
        return (long) index << CHUNK_SHIFT;
    }

    /** The summary of 8 neighbours. Counterpart of mpagealloc.go: mergeSummaries. */
    private static long merge(long @Nullable [] block, int first, int n, int logPages) {
        if (block == null) {
            return 0;
        }
        int pages = 1 << logPages;
        int start = 0;
        int max = 0;
        int run = 0;
        for (int i = 0; i < n; i++) {
            long s = block[first + i];
            if (start == i << logPages) {
                start += start(s);
            }
            max = Math.max(max, Math.max(run + start(s), max(s)));
            run = end(s) == pages ? run + pages : end(s);
        }
        return pack(start, max, run);
    }

    /** Brings the summaries of the range up to date, from its chunks to the roots. Counterpart of mpagealloc.go: update. */
    private void update(long addr, long npages, boolean alloc) {
        int first = chunkOf(addr);
        int last = chunkOf(addr + (npages << PAGE_SHIFT) - 1);
        boolean changed = setLeaf(first, PageBits.summarize(chunk(first)));
        if (first != last) {
            for (int i = first + 1; i < last; i++) {
                changed |= setLeaf(i, alloc ? 0 : FREE_CHUNK);
            }
            changed |= setLeaf(last, PageBits.summarize(chunk(last)));
        }
        for (int level = LEAF - 1; level >= 0 && changed; level--) {
            changed = false;
            int bits = LEVEL_BITS[level + 1];
            first >>= bits;
            last >>= bits;
            for (int i = first; i <= last; i++) {
                int child = i << bits;
                long merged = merge(summaries[level + 1][child >> BLOCK_SHIFT], child & BLOCK_MASK, 1 << bits,
                        LOG_PAGES[level + 1]);
                long[] block = summaries[level][i >> BLOCK_SHIFT];
                if (block[i & BLOCK_MASK] != merged) {
                    block[i & BLOCK_MASK] = merged;
                    changed = true;
                }
            }
        }
    }

    private boolean setLeaf(int index, long summary) {
        long[] block = summaries[LEAF][index >> BLOCK_SHIFT];
        boolean changed = block[index & BLOCK_MASK] != summary;
        block[index & BLOCK_MASK] = summary;
        return changed;
    }

    // -- growing --

    /**
     * Makes the Java objects for a range that is to be grown. Without the lock, by one caller at a time; those under the
     * lock see either nothing of it or zeros.
     */
    void prepare(long addr, long bytes) {
        for (int level = 0; level < LEVELS; level++) {
            int shift = LEVEL_SHIFT[level] + BLOCK_SHIFT;
            for (long i = addr >>> shift; i <= addr + bytes - 1 >>> shift; i++) {
                if (summaries[level][(int) i] == null) {
                    summaries[level][(int) i] = new long[1 << BLOCK_SHIFT];
                }
            }
        }
        for (int i = chunkOf(addr); i <= chunkOf(addr + bytes - 1); i++) {
            if (chunks[i >> BLOCK_SHIFT] == null) {
                chunks[i >> BLOCK_SHIFT] = new long[1 << BLOCK_SHIFT][];
            }
            if (chunk(i) == null) {
                chunks[i >> BLOCK_SHIFT][i & BLOCK_MASK] = PageBits.newChunk();
            }
        }
    }

    /**
     * Adds a range of whole chunks, free and released. Counterpart of mpagealloc.go: grow.
     *
     * @param addr prepared
     */
    void grow(long addr, long bytes) {
        long npages = bytes >>> PAGE_SHIFT;
        int first = chunkOf(addr);
        int last = chunkOf(addr + bytes - 1);
        for (int i = first; i <= last; i++) {
            PageBits.set(chunk(i), RELEASED, 0, CHUNK_PAGES);
        }
        startChunk = Math.min(startChunk, first);
        endChunk = Math.max(endChunk, last + 1);
        mappedPages += npages;
        freePages += npages;
        releasedPages += npages;
        searchAddr = Math.min(searchAddr, addr);
        update(addr, npages, false);
    }

    // -- allocating --

    /**
     * Takes pages: the lowest that are free, so many in a row. Counterpart of mpagealloc.go: alloc.
     *
     * @return their address, or 0
     */
    long alloc(long npages) {
        if (searchAddr >= chunkAddr(endChunk)) {
            return 0;
        }
        int hint = chunkOf(searchAddr);
        long addr = 0;
        if (npages <= CHUNK_PAGES && max(summary(LEAF, hint)) >= npages) {
            long[] chunk = chunk(hint);
            int page = PageBits.find(chunk, (int) npages, pageInChunk(searchAddr));
            addr = chunkAddr(hint) + ((long) page << PAGE_SHIFT);
            foundSearchAddr = chunkAddr(hint)
                    + ((long) PageBits.firstFree(chunk, pageInChunk(searchAddr)) << PAGE_SHIFT);
        } else {
            addr = find(npages);
            if (addr == 0) {
                if (npages == 1) {
                    searchAddr = NO_ADDR;
                }
                return 0;
            }
        }
        lastReleased = take(addr, npages);
        // What was free below the pages is free; if nothing was, nothing is up to their end.
        searchAddr = Math.max(searchAddr, foundSearchAddr);
        return addr;
    }

    /** Marks pages, says how many had been released. Counterpart of mpagealloc.go: allocRange. */
    private int take(long addr, long npages) {
        int released = 0;
        long end = addr + (npages << PAGE_SHIFT);
        for (long at = addr; at < end;) {
            int page = pageInChunk(at);
            int n = (int) Math.min(end - at >>> PAGE_SHIFT, CHUNK_PAGES - page);
            long[] chunk = chunk(chunkOf(at));
            released += PageBits.count(chunk, RELEASED, page, n);
            PageBits.clear(chunk, RELEASED, page, n);
            PageBits.set(chunk, USED, page, n);
            at += (long) n << PAGE_SHIFT;
        }
        freePages -= npages;
        releasedPages -= released;
        update(addr, npages, true);
        return released;
    }

    /**
     * The first so many free pages in a row, or 0. Leaves in foundSearchAddr an address below which no page is free.
     * Counterpart of mpagealloc.go: find.
     */
    private long find(long npages) {
        // The first free page of all lies in here. Each level narrows it, unless the search has gone past it.
        long low = 0;
        long high = NO_ADDR;
        int index = 0;
        for (int level = 0; level < LEVELS; level++) {
            int logPages = LOG_PAGES[level];
            int shift = LEVEL_SHIFT[level];
            int entries = 1 << LEVEL_BITS[level];
            index <<= LEVEL_BITS[level];
            int stop = level == 0 ? (int) (chunkAddr(endChunk) - 1 >>> shift) + 1 : entries;
            int hint = (int) (searchAddr >>> shift);
            long base = 0;
            long size = 0;
            int enough = -1;
            for (int i = (hint & -entries) == index ? hint & entries - 1 : 0; i < stop; i++) {
                long s = summary(level, index + i);
                if (s == 0) {
                    size = 0;
                    continue;
                }
                long at = (long) (index + i) << shift;
                if (low <= at && at + (1L << shift) <= high) {
                    low = at;
                    high = at + (1L << shift);
                }
                int start = start(s);
                if (size + start >= npages) {
                    if (size == 0) {
                        base = (long) i << logPages;
                    }
                    size += start;
                    break;
                }
                if (max(s) >= npages) {
                    enough = i;
                    break;
                }
                if (size == 0 || start < 1 << logPages) {
                    size = end(s);
                    base = (i + 1L << logPages) - size;
                } else {
                    size += 1L << logPages;
                }
            }
            if (enough >= 0) {
                index += enough;
            } else if (size >= npages) {
                foundSearchAddr = low;
                return ((long) index << shift) + (base << PAGE_SHIFT);
            } else if (level == 0) {
                return 0;
            } else {
                throw new IllegalStateException("page allocator: a summary promises more than those below it");
            }
        }
        long[] chunk = chunk(index);
        int page = PageBits.find(chunk, (int) npages, 0);
        long first = chunkAddr(index) + ((long) PageBits.firstFree(chunk, 0) << PAGE_SHIFT);
        foundSearchAddr = low <= first && first < high ? first : low;
        return chunkAddr(index) + ((long) page << PAGE_SHIFT);
    }

    // -- freeing --

    /**
     * Gives pages back. Counterpart of mpagealloc.go: free.
     *
     * @param released whether they have no memory any more
     */
    void free(long addr, long npages, boolean released) {
        long end = addr + (npages << PAGE_SHIFT);
        for (long at = addr; at < end;) {
            int page = pageInChunk(at);
            int n = (int) Math.min(end - at >>> PAGE_SHIFT, CHUNK_PAGES - page);
            long[] chunk = chunk(chunkOf(at));
            PageBits.clear(chunk, USED, page, n);
            if (released) {
                PageBits.set(chunk, RELEASED, page, n);
            }
            at += (long) n << PAGE_SHIFT;
        }
        freePages += npages;
        if (released) {
            releasedPages += npages;
        }
        searchAddr = Math.min(searchAddr, addr);
        update(addr, npages, false);
    }

    // -- page caches --

    /**
     * Takes all free pages of the first 64 that have any. Counterpart of mpagecache.go: allocToCache.
     *
     * @param to empty; stays so if no page is free
     */
    void allocToCache(PageCache to) {
        if (searchAddr >= chunkAddr(endChunk)) {
            return;
        }
        int index = chunkOf(searchAddr);
        int page;
        if (summary(LEAF, index) != 0) {
            page = PageBits.firstFree(chunk(index), pageInChunk(searchAddr));
        } else {
            long addr = find(1);
            if (addr == 0) {
                searchAddr = NO_ADDR;
                return;
            }
            index = chunkOf(addr);
            page = pageInChunk(addr);
        }
        long[] chunk = chunk(index);
        int word = page >> 6;
        to.baseAddr = chunkAddr(index) + ((long) word << 6 + PAGE_SHIFT);
        to.free = ~chunk[USED + word];
        to.released = chunk[RELEASED + word] & to.free;
        chunk[USED + word] = -1L;
        chunk[RELEASED + word] = 0;
        freePages -= Long.bitCount(to.free);
        releasedPages -= Long.bitCount(to.released);
        update(to.baseAddr, 64, true);
        searchAddr = to.baseAddr + (63L << PAGE_SHIFT);
    }

    /** Takes back what is left in a cache, and empties it. Counterpart of mpagecache.go: flush. */
    void flush(PageCache from) {
        if (from.isEmpty()) {
            return;
        }
        long[] chunk = chunk(chunkOf(from.baseAddr));
        int word = pageInChunk(from.baseAddr) >> 6;
        chunk[USED + word] &= ~from.free;
        chunk[RELEASED + word] |= from.released;
        freePages += Long.bitCount(from.free);
        releasedPages += Long.bitCount(from.released);
        searchAddr = Math.min(searchAddr,
                from.baseAddr + ((long) Long.numberOfTrailingZeros(from.free) << PAGE_SHIFT));
        from.free = 0;
        from.released = 0;
        update(from.baseAddr, 64, false);
    }

    // -- for the scavenger --

    /**
     * Takes free pages that have memory out of one chunk, the highest ones. They come back by {@link #free}.
     *
     * @param index of the chunk, from {@link #startChunk} to {@link #endChunk}
     * @param endPage only pages of the chunk below this one
     * @return page << 16 | number, or -1 if the chunk has none
     */
    int takeUnreleased(int index, int endPage, int unit, int most) {
        if (chunks[index >> BLOCK_SHIFT] == null || chunk(index) == null) {
            return -1;
        }
        int found = PageBits.findUnreleased(chunk(index), endPage, unit, most);
        if (found >= 0) {
            take(chunkAddr(index) + ((long) (found >> 16) << PAGE_SHIFT), found & 0xFFFF);
        }
        return found;
    }

    int startChunk() {
        return startChunk;
    }

    int endChunk() {
        return endChunk;
    }

    // -- figures --

    /** Pages that were ever grown. */
    long mappedPages() {
        return mappedPages;
    }

    /** Pages that can be allocated. Those in page caches are not among them. */
    long freePages() {
        return freePages;
    }

    /** Pages without memory; all of them are free. */
    long releasedPages() {
        return releasedPages;
    }

    // -- checking --

    /** Whether the page is marked as not free. */
    boolean isUsed(long addr) {
        int index = chunkOf(addr);
        return chunks[index >> BLOCK_SHIFT] != null && chunk(index) != null
                && PageBits.count(chunk(index), USED, pageInChunk(addr), 1) == 1;
    }

    /** Fails if summaries, counts or the hint disagree with the bitmaps. */
    void checkInvariants() {
        long mapped = 0;
        long free = 0;
        long released = 0;
        long firstFree = NO_ADDR;
        for (int block = 0; block < chunks.length; block++) {
            for (int i = 0; chunks[block] != null && i <= BLOCK_MASK; i++) {
                long[] chunk = chunks[block][i];
                int index = (block << BLOCK_SHIFT) + i;
                if (chunk == null || PageBits.count(chunk, USED, 0, CHUNK_PAGES) == 0 && summary(LEAF, index) == 0) {
                    check(summary(LEAF, index) == 0, "a missing chunk has a summary");
                    continue; // prepared at most
                }
                mapped += CHUNK_PAGES;
                int used = PageBits.count(chunk, USED, 0, CHUNK_PAGES);
                free += CHUNK_PAGES - used;
                released += PageBits.count(chunk, RELEASED, 0, CHUNK_PAGES);
                for (int w = 0; w < WORDS; w++) {
                    check((chunk[USED + w] & chunk[RELEASED + w]) == 0, "a used page is released");
                }
                check(summary(LEAF, index) == PageBits.summarize(chunk), "the summary of a chunk is wrong");
                if (used < CHUNK_PAGES && firstFree == NO_ADDR) {
                    firstFree = chunkAddr(index) + ((long) PageBits.firstFree(chunk, 0) << PAGE_SHIFT);
                }
            }
        }
        check(mapped == mappedPages, "mappedPages");
        check(free == freePages, "freePages");
        check(released == releasedPages, "releasedPages");
        check(searchAddr <= firstFree, "a page below searchAddr is free");
        for (int level = 0; level < LEAF; level++) {
            int bits = LEVEL_BITS[level + 1];
            for (int block = 0; block < summaries[level].length; block++) {
                for (int i = 0; summaries[level][block] != null && i <= BLOCK_MASK; i++) {
                    int child = (block << BLOCK_SHIFT) + i << bits;
                    check(summaries[level][block][i] == merge(summaries[level + 1][child >> BLOCK_SHIFT],
                            child & BLOCK_MASK, 1 << bits, LOG_PAGES[level + 1]), "a summary of summaries is wrong");
                }
            }
        }
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException("page allocator: " + what);
        }
    }
}
