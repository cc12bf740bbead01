package io.goruntime.internal.heap;

import static io.goruntime.internal.heap.SizeClasses.MAX_SMALL_SIZE;
import static io.goruntime.internal.heap.SizeClasses.PAGE_SHIFT;
import static io.goruntime.internal.heap.SizeClasses.PAGE_SIZE;

import io.goruntime.internal.base.SpinLock;
import io.goruntime.internal.base.Stack;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.mem.Guard;
import io.goruntime.internal.mem.Memory;
import io.goruntime.internal.mem.OsMemory;
import io.goruntime.mem.HeapExhaustedException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A heap outside the Java heap. Counterpart of mheap.go: mheap, and of malloc.go: mallocgc.
 *
 * <p>Any thread may allocate and free, also what another thread allocated. Whoever uses an object after its free, or frees
 * it twice, is wrong; the heap notices the second where that costs nothing.
 */
/*
 * Memory in three layers, as in Go:
 *
 *   MCache     each P has one: a span of each class, objects are taken and put back without a lock
 *   MCentral   each class has one: the spans that are in no cache
 *   MHeap      pages: PageAlloc says which are free; a span is made of some, and dissolved into them
 *
 * and below them, address space of the system. One range is reserved at the start, far more than there is memory; it grows
 * into memory from its lower end, 4 MB or more at a time. As all addresses are in one range, the span of an address is
 * found by two loads: the arena (64 MB), and the span of the page.
 *
 *   alloc, small   own span has a free object                                   a few ns, no lock
 *                  else others have freed objects of it                         the span's lock
 *                  else another span of the class                               the central's lock
 *                  else pages, for a new span: the cache's, then the heap's     the heap's lock
 *                  else the heap grows                                          growLock, system calls
 *   alloc, large   pages, for a span of its own
 *   free           own span: a bit. Others: see MSpan
 *
 * Who may wait for whom. Spin locks, in the order in which they may be taken while another is held: the stripe of a thread
 * without a P, a span, a central, the heap's. Under them nothing allocates Java objects, parks or calls the system.
 * growLock is an ordinary lock, around system calls and Java allocation: it is taken outside of any cache and any spin
 * lock; a goroutine that waits for it gives its P away, and comes back with another cache perhaps. It guards next, the
 * arenas and PageAlloc.prepare. The end of the stack is made sure of (Stack.headroom) before the first of these locks.
 *
 * Zero. An object is zero when it is allocated, unless the caller says that it will write all of it. Pages that the system
 * has just given, or will give anew because they were released, are zero already. So a span needs clearing only if
 * some of its pages were used before, or an object of it was freed.
 *
 * Memory limit. Pages in use must stay within it: more is refused (there is no collector yet that could help). Memory
 * that is free but not released counts towards it too, and is released before the limit is exceeded.
 *
 * For the collector: what is done inside of a cache is one operation in the sense of its rules, and enter, own and exit
 * are where its gate will stand; all that is slow comes outside. `hooks` decides about explicit frees while it works.
 */
public final class MHeap implements Guard {
    static final int ARENA_SHIFT = 26;
    static final long ARENA_BYTES = 1L << ARENA_SHIFT;
    private static final int ARENA_PAGES_MASK = (1 << ARENA_SHIFT - PAGE_SHIFT) - 1;

    /** Address space asked for; halved until the system grants it. */
    private static final long RESERVE_BYTES = 1L << 40;

    /** In an address of pages: they are not all zero. */
    static final int NEED_ZERO = 1;

    /** Instead of an address of pages: the limit forbids. */
    private static final long OVER_LIMIT = 2;

    // -- constant --

    private final long mapAddr;
    private final long mapBytes;
    private final long baseAddr;
    private final CacheSource caches;
    final MCentral[] centrals = new MCentral[2 * SizeClasses.COUNT];
    private final Scavenger scavenger;

    /** By page of an arena; the arenas themselves appear as the heap grows. Written before the span's first address is known. */
    private final @Nullable MSpan[][] arenas;

    // -- under lock --

    final SpinLock lock = new SpinLock();
    final PageAlloc pages = new PageAlloc();
    /** Free pages that the scavenger has taken to release them. */
    long releasingPages;
    /** Of spans that are dead, by class. */
    private final long[] deadMallocs = new long[SizeClasses.COUNT];
    private long deadLargeBytes;

    // -- under growLock --

    private final ReentrantLock growLock = new ReentrantLock();
    /** Where the heap grows next. */
    private long nextAddr;

    /** In pages. */
    private volatile long limitPages;

    /** See {@link MSpan#sweepgen}. */
    volatile int sweepgen;

    /** Set by a collector once, before it first works. */
    private volatile @Nullable AllocHooks hooks;

    private volatile boolean closed;

    private MHeap(long mapAddr, long mapBytes, long limitBytes, Function<MHeap, CacheSource> caches) {
        this.mapAddr = mapAddr;
        this.mapBytes = mapBytes;
        baseAddr = mapAddr + ARENA_BYTES - 1 & -ARENA_BYTES;
        nextAddr = baseAddr;
        arenas = new MSpan[(int) (mapAddr + mapBytes - baseAddr >> ARENA_SHIFT)][];
        for (int i = 2; i < centrals.length; i++) {
            centrals[i] = new MCentral(this, i);
        }
        limitPages = limitBytes >>> PAGE_SHIFT;
        this.caches = caches.apply(this);
        scavenger = new Scavenger(this, OsMemory.pageSize());
        Memory.add(this);
    }

    /**
     * Makes a heap with the limit of the settings.
     *
     * @param caches makes its {@link CacheSource}
     * @throws UnsupportedOperationException on other systems than Linux and macOS
     * @throws HeapExhaustedException if there is no address space, or the limit allows nothing
     * @throws IllegalArgumentException if the limit is not one
     */
    public static MHeap open(Function<MHeap, CacheSource> caches) {
        MHeap heap = open(RESERVE_BYTES, MemLimit.fromSettings(), caches);
        try {
            heap.warmUp();
        } catch (RuntimeException | Error e) {
            heap.close();
            throw e;
        }
        return heap;
    }

    /** The same with an upper bound for its address space, and a limit in bytes. */
    static MHeap open(long reserveBytes, long limitBytes, Function<MHeap, CacheSource> caches) {
        Mode.ensure();
        for (long bytes = reserveBytes; bytes >= ARENA_BYTES; bytes >>= 1) {
            long withSpare = bytes + ARENA_BYTES; // to align it
            long addr = OsMemory.reserve(withSpare);
            if (addr != 0) {
                try {
                    return new MHeap(addr, withSpare, limitBytes, caches);
                } catch (Throwable e) {
                    OsMemory.unmap(addr, withSpare);
                    throw e;
                }
            }
        }
        throw new HeapExhaustedException("cannot reserve address space for off-heap memory: the system refuses even "
                + ARENA_BYTES + " bytes");
    }

    // -- spans of addresses --

    /** The span around the address, perhaps a dead one; null if there never was one. Counterpart of mheap.go: spanOf. */
    @Nullable
    MSpan spanOf(long addr) {
        long offset = addr - baseAddr;
        long arena = offset >>> ARENA_SHIFT;
        if (arena >= arenas.length) {
            return null;
        }
        MSpan[] spans = arenas[(int) arena];
        return spans == null ? null : spans[(int) (offset >>> PAGE_SHIFT) & ARENA_PAGES_MASK];
    }

    private void setSpans(MSpan s) {
        long page = s.startAddr - baseAddr >>> PAGE_SHIFT;
        for (long end = page + s.npages; page < end; page++) {
            arenas[(int) (page >>> ARENA_SHIFT - PAGE_SHIFT)][(int) page & ARENA_PAGES_MASK] = s;
        }
    }

    // -- allocating --

    /**
     * Allocates an object. Counterpart of malloc.go: mallocgc.
     *
     * @param sizeBytes 0 or more; an object without content has an address of its own
     * @param noscan it will have no pointers
     * @param zero it must be zero; an object with pointers always is
     * @return its address, a multiple of 8, and of 16 if the size is one of 16
     * @throws HeapExhaustedException if there is not so much memory
     * @throws IllegalArgumentException if the size is negative
     */
    public long alloc(long sizeBytes, boolean noscan, boolean zero) {
        if (sizeBytes < 0 || sizeBytes > MAX_SMALL_SIZE) {
            return allocLarge(sizeBytes, noscan, zero);
        }
        int spanClass = SizeClasses.classOf((int) sizeBytes) << 1 | (noscan ? 1 : 0);
        boolean clear = zero | !noscan;
        MCache own = caches.own();
        if (own != null) {
            long addr = own.allocFast(spanClass, clear);
            if (addr != 0) {
                return addr;
            }
        }
        return allocSlow(spanClass, clear);
    }

    private long allocSlow(int spanClass, boolean zero) {
        Stack.headroom();
        int npages = SizeClasses.pages(spanClass >> 1);
        long addr;
        long pagesAddr = 0;
        MCache c = caches.enter();
        try {
            addr = c.allocFast(spanClass, zero);
            if (addr == 0) {
                addr = c.allocRefill(spanClass, zero);
                if (addr == 0) {
                    pagesAddr = c.allocPages(npages);
                }
            }
        } finally {
            caches.exit(c);
        }
        if (addr != 0) {
            return addr;
        }
        if (pagesAddr == 0) {
            pagesAddr = allocPages(npages);
        } else {
            keepLimit();
        }
        MSpan s = newSpan(pagesAddr, npages, spanClass);
        c = caches.enter(); // perhaps another one
        try {
            c.install(s);
            return c.allocFast(spanClass, zero);
        } finally {
            caches.exit(c);
        }
    }

    private long allocLarge(long sizeBytes, boolean noscan, boolean zero) {
        if (sizeBytes < 0) {
            throw new IllegalArgumentException("an object of " + sizeBytes + " bytes");
        }
        Stack.headroom();
        long npages = sizeBytes + PAGE_SIZE - 1 >>> PAGE_SHIFT;
        if (npages > Integer.MAX_VALUE) {
            throw exhausted(sizeBytes, "the address space has " + mapBytes + " bytes");
        }
        MSpan s = newSpan(allocPages(npages), (int) npages, noscan ? 1 : 0);
        s.take(s.nextFree());
        if (s.needZero && (zero || !noscan)) {
            Memory.clearUnchecked(s.startAddr, s.endAddr() - s.startAddr);
        }
        return s.startAddr;
    }

    MSpan newSpan(long pagesAddr, int npages, int spanClass) {
        long addr = pagesAddr & -PAGE_SIZE;
        try {
            MSpan s = new MSpan(addr, npages, spanClass, centrals[spanClass], pagesAddr != addr, sweepgen);
            setSpans(s);
            return s;
        } catch (OutOfMemoryError e) {
            lock.lock();
            pages.free(addr, npages, false);
            lock.unlock();
            throw e;
        }
    }

    // -- freeing --

    /**
     * Frees an object.
     *
     * @param addr what alloc returned
     * @throws IllegalArgumentException if there is no object, or it is free already and this is noticed
     */
    public void free(long addr) {
        MSpan s = spanOf(addr);
        if (s == null) {
            throw new IllegalArgumentException("free of 0x" + Long.toHexString(addr) + ": not in this heap");
        }
        int index = s.indexOf(addr);
        if (index >= s.nelems || s.addrOf(index) != addr) {
            throw new IllegalArgumentException(
                    "free of 0x" + Long.toHexString(addr) + ": not the beginning of an object of " + s);
        }
        AllocHooks collector = hooks;
        if (collector != null && collector.keep(addr)) {
            return;
        }
        MCache own = caches.own();
        if (own != null && s.owner == own) {
            if (!s.free(index)) {
                throw alreadyFree(s, addr);
            }
        } else {
            freeSlow(s, index);
        }
    }

    /** Frees an object of a span that the caller does not own; see MSpan. */
    void freeSlow(MSpan s, int index) {
        Stack.headroom();
        MCentral central = s.central;
        boolean dead = false;
        s.lock();
        boolean done = s.state == MSpan.IN_USE;
        if (done && s.owner != null) {
            done = s.noteFreed(index);
        } else if (done && (done = s.free(index))) {
            s.allocCount--;
            if (central == null) {
                dead = true;
            } else if (s.allocCount == 0 || s.list == MSpan.FULL) {
                central.lock();
                dead = s.allocCount == 0 && s.list != MSpan.NONE;
                if (s.list != MSpan.NONE) {
                    central.unlink(s);
                    if (!dead) {
                        central.link(s, MSpan.PARTIAL);
                    }
                }
                central.unlock();
            }
            if (dead) {
                s.state = MSpan.DEAD;
            }
        }
        s.unlock();
        if (!done) {
            throw alreadyFree(s, s.addrOf(index));
        }
        if (dead) {
            freeSpan(s);
            scavenger.wakeIfNeeded();
        }
    }

    private static IllegalArgumentException alreadyFree(MSpan s, long addr) {
        return new IllegalArgumentException("free of 0x" + Long.toHexString(addr) + ": already free, in " + s);
    }

    /** Gives the pages of a dead span back. Counterpart of mheap.go: freeSpan. */
    void freeSpan(MSpan s) {
        lock.lock();
        pages.free(s.startAddr, s.npages, false);
        deadMallocs[s.spanClass >> 1] += s.mallocs();
        if (s.isLarge()) {
            deadLargeBytes += s.elemSize;
        }
        lock.unlock();
    }

    // -- pages --

    /** Fills an empty cache of pages, if the limit allows. */
    void fill(PageCache cache) {
        lock.lock();
        if (usedPages() + 64 <= limitPages) {
            pages.allocToCache(cache);
        }
        lock.unlock();
    }

    /** Takes back what is left in a cache of pages. */
    void flush(PageCache cache) {
        lock.lock();
        pages.flush(cache);
        lock.unlock();
    }

    /** Pages that are not free. Under the lock. */
    long usedPages() {
        return pages.mappedPages() - pages.freePages() - releasingPages;
    }

    /** Pages, with NEED_ZERO; 0 if the heap must grow; OVER_LIMIT. Counterpart of mheap.go: allocSpan. */
    private long tryAllocPages(long npages) {
        lock.lock();
        long addr = takePages(npages);
        lock.unlock();
        return addr;
    }

    /** The same under the lock. */
    private long takePages(long npages) {
        if (usedPages() + npages > limitPages) {
            return OVER_LIMIT;
        }
        long addr = pages.alloc(npages);
        return addr != 0 && pages.lastReleased < npages ? addr | NEED_ZERO : addr;
    }

    /** Pages, with NEED_ZERO, from a heap that grows if it must. Outside of any cache. */
    long allocPages(long npages) {
        long addr = tryAllocPages(npages);
        if (addr == OVER_LIMIT) {
            flushStripes(); // they may hold enough, or the caller's own cache
            flushOwn();
            addr = tryAllocPages(npages);
        }
        if (addr == 0) {
            addr = grow(npages);
        }
        if (addr == OVER_LIMIT) {
            throw exhausted(npages << PAGE_SHIFT, "the limit is " + (limitPages << PAGE_SHIFT) + " bytes");
        }
        keepLimit();
        return addr;
    }

    /** Releases what is free and resident beyond the limit. Outside of any cache. */
    private void keepLimit() {
        long over = overLimitPages();
        if (over > 0) {
            try {
                scavenger.scavenge(over);
            } catch (StackOverflowError | OutOfMemoryError e) {
                // The caller has its memory; the next one releases.
            }
        }
    }

    /** By how many pages what may be resident exceeds the limit. */
    private long overLimitPages() {
        long limit = limitPages;
        if (limit == MemLimit.OFF >>> PAGE_SHIFT) {
            return 0;
        }
        lock.lock();
        long over = pages.mappedPages() - pages.releasedPages() - limit;
        lock.unlock();
        return over;
    }

    /** Makes the heap larger and takes pages. Counterpart of mheap.go: grow. */
    private long grow(long npages) {
        growLock.lock();
        try {
            long addr = tryAllocPages(npages); // somebody else may have grown it
            if (addr != 0) {
                return addr;
            }
            long bytes = (npages << PAGE_SHIFT) + PageAlloc.CHUNK_BYTES - 1 & -PageAlloc.CHUNK_BYTES;
            if (closed || bytes > baseAddr + ((long) arenas.length << ARENA_SHIFT) - nextAddr) {
                throw exhausted(npages << PAGE_SHIFT,
                        closed ? "it is closed" : "the address space has " + mapBytes + " bytes");
            }
            int arenasEnd = (int) (nextAddr + bytes - 1 - baseAddr >> ARENA_SHIFT);
            for (int i = (int) (nextAddr - baseAddr >> ARENA_SHIFT); i <= arenasEnd; i++) {
                if (arenas[i] == null) {
                    arenas[i] = new MSpan[ARENA_PAGES_MASK + 1];
                }
            }
            pages.prepare(nextAddr, bytes);
            int errno = OsMemory.commit(nextAddr, bytes);
            if (errno != 0) {
                throw exhausted(npages << PAGE_SHIFT, "the system refuses " + bytes + " bytes (errno " + errno + ")");
            }
            lock.lock();
            pages.grow(nextAddr, bytes);
            addr = takePages(npages); // at once: others may take what is there as soon as the lock is free
            lock.unlock();
            nextAddr += bytes;
            return addr;
        } finally {
            growLock.unlock();
        }
    }

    private HeapExhaustedException exhausted(long bytes, String why) {
        lock.lock();
        long used = usedPages();
        long mapped = pages.mappedPages();
        lock.unlock();
        return new HeapExhaustedException("off-heap memory: cannot allocate " + bytes + " bytes; "
                + (used << PAGE_SHIFT) + " of " + (mapped << PAGE_SHIFT) + " bytes are in use, and " + why);
    }

    // -- caches --

    /**
     * Does everything once that happens inside of a cache, so that all of it is loaded and linked: what does that may
     * wait for other threads. In a stripe, also if the caller has a P: this heap may yet fail to be opened.
     */
    private void warmUp() {
        free(alloc(1, true, true));
        flushStripes();
        SpinLock.lockSlow(new SpinLock());
    }

    /** A cache for a P. */
    public MCache newCache() {
        return new MCache(this, false);
    }

    /** Gives everything in the stripes back: what threads without a P have freed can then be used by everybody. */
    public void flushStripes() {
        Stack.headroom();
        for (MCache c : caches.stripes()) {
            c.lock();
            try {
                c.flush();
            } finally {
                c.unlock();
            }
        }
    }

    private void flushOwn() {
        MCache c = caches.enter();
        try {
            c.flush();
        } finally {
            caches.exit(c);
        }
    }

    // -- the limit and the scavenger --

    /**
     * Sets the memory limit; OFF for none. What is free beyond it is released at once. Returns the one before.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public long setMemoryLimit(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("a memory limit of " + bytes + " bytes");
        }
        long before = limitPages;
        limitPages = bytes >>> PAGE_SHIFT;
        keepLimit();
        return before == MemLimit.OFF >>> PAGE_SHIFT ? MemLimit.OFF : before << PAGE_SHIFT;
    }

    long memoryLimit() {
        return limitPages == MemLimit.OFF >>> PAGE_SHIFT ? MemLimit.OFF : limitPages << PAGE_SHIFT;
    }

    /**
     * Gives all free memory back to the system. Counterpart of debug.go: FreeOSMemory. Collects nothing.
     *
     * @return how many bytes
     */
    public long freeOsMemory() {
        return scavenger.scavenge(Long.MAX_VALUE) << PAGE_SHIFT;
    }

    /** Makes a collector decide about explicit frees. */
    public void setHooks(AllocHooks collector) {
        hooks = collector;
    }

    /**
     * Gives the address space back. Who uses the heap or an object of it afterwards ends the JVM; so this is for who knows
     * that nobody does.
     */
    void close() {
        closed = true;
        scavenger.close();
        Memory.remove(this);
        OsMemory.unmap(mapAddr, mapBytes);
    }

    long baseAddr() {
        return baseAddr;
    }

    Scavenger scavenger() {
        return scavenger;
    }

    // -- figures --

    private interface SpanVisitor {
        void visit(MSpan s);
    }

    /** Every span in use, by address. */
    private void forEachSpan(SpanVisitor visitor) {
        for (MSpan[] spans : arenas) {
            if (spans == null) {
                break;
            }
            MSpan last = null;
            for (MSpan s : spans) {
                if (s != null && s != last && s.state == MSpan.IN_USE && inArena(s, spans)) {
                    visitor.visit(s);
                }
                last = s;
            }
        }
    }

    /** Whether the span begins in this arena: one that goes on into the next is to be visited once. */
    private boolean inArena(MSpan s, MSpan[] spans) {
        return arenas[(int) (s.startAddr - baseAddr >>> ARENA_SHIFT)] == spans;
    }

    /** Adds up the figures, span by span. Counterpart of mstats.go: readmemstats. */
    public MemStats stats() {
        long[] sums = new long[6];
        lock.lock();
        for (int i = 0; i < deadMallocs.length; i++) {
            sums[0] += deadMallocs[i];
            sums[1] += deadMallocs[i] * SizeClasses.size(i);
        }
        sums[1] += deadLargeBytes;
        long mapped = pages.mappedPages();
        long released = pages.releasedPages();
        lock.unlock();
        forEachSpan(s -> {
            sums[0] += s.mallocs();
            sums[1] += s.mallocs() * s.elemSize;
            sums[2] += s.count() - s.freedCount();
            sums[3] += (s.count() - s.freedCount()) * s.elemSize;
            sums[4] += s.npages;
            sums[5]++;
        });
        return new MemStats(sums[3], sums[1], sums[0], sums[0] - sums[2], mapped << PAGE_SHIFT,
                sums[4] << PAGE_SHIFT, mapped - sums[4] << PAGE_SHIFT, released << PAGE_SHIFT, sums[5]);
    }

    // -- checking --

    @Override
    public boolean owns(long addr) {
        return addr - mapAddr >= 0 && addr - mapAddr < mapBytes;
    }

    @Override
    public void check(long addr, long sizeBytes) {
        MSpan s = spanOf(addr);
        String what = null;
        if (s == null) {
            what = "no span was ever there";
        } else if (s.state != MSpan.IN_USE) {
            what = "its span is free: " + s;
        } else {
            int index = s.indexOf(addr);
            if (index >= s.nelems || !s.isLive(index)) {
                what = "no live object, in " + s;
            } else if (sizeBytes > s.addrOf(index) + s.elemSize - addr) {
                what = "beyond object " + index + " of " + s;
            }
        }
        if (what != null) {
            throw new IllegalStateException(
                    "access to " + sizeBytes + " bytes at 0x" + Long.toHexString(addr) + ": " + what);
        }
    }

    /**
     * Fails if anything disagrees with anything else. While nobody uses the heap.
     *
     * @param procCaches the caches of Ps in use
     */
    public void checkInvariants(MCache... procCaches) {
        scavenger.working.lock();
        try {
            checkAll(procCaches);
        } finally {
            scavenger.working.unlock();
        }
    }

    private void checkAll(MCache... procCaches) {
        pages.checkInvariants();
        int[] found = new int[2]; // spans with an owner, and in a central
        long[] usedPages = new long[1];
        forEachSpan(s -> {
            s.checkInvariants();
            usedPages[0] += s.npages;
            for (long at = s.startAddr; at < s.endAddr(); at += PAGE_SIZE) {
                check(pages.isUsed(at), s + ": a page of it is free");
                check(spanOf(at) == s, s + ": a page of it belongs to another span");
            }
            if (s.owner != null) {
                found[0]++;
            } else if (s.central != null) {
                check(s.list != MSpan.NONE, s + ": neither in a cache nor in a central");
                found[1]++;
            }
        });
        int cached = 0;
        long cachedPages = 0;
        for (MCache c : procCaches) {
            cached += c.checkInvariants();
            cachedPages += c.cachedPages();
        }
        for (MCache c : caches.stripes()) {
            cached += c.checkInvariants();
            cachedPages += c.cachedPages();
        }
        int listed = 0;
        for (int i = 2; i < centrals.length; i++) {
            listed += centrals[i].checkInvariants(MSpan.PARTIAL) + centrals[i].checkInvariants(MSpan.FULL);
        }
        check(cached == found[0], cached + " spans in caches, but " + found[0] + " have an owner");
        check(listed == found[1], listed + " spans in centrals, but " + found[1] + " should be");
        check(usedPages[0] + cachedPages == usedPages(), usedPages() + " pages in use, but " + usedPages[0]
                + " in spans and " + cachedPages + " in caches");
        check(lock.word == 0, "locked");
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException("heap: " + what);
        }
    }
}
