package io.goruntime.internal.heap;

import static io.goruntime.internal.heap.SizeClasses.PAGE_SHIFT;
import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.base.SpinLock;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Pages in a row, cut into objects of one size, or one large object. Counterpart of mheap.go: mspan.
 */
/*
 * Who may touch what. A span is always in one of these places:
 *
 *   cached     owner != null   allocBits, freeBits, word and what goes with them belong to the owning cache, that is, to the
 *                              one thread that is inside of it. It uses them without a lock.
 *   central    owner == null   they belong to who holds the span's lock. list says in which set of MCentral the span is;
 *                              it changes under the central's lock too.
 *   in transit owner == null   taken from MCentral's set (list == NONE) by somebody who is about to become the owner.
 *   dead       state == DEAD   its pages are in the page heap again. Terminal: a new span is a new object.
 *
 *   central -> in transit   MCentral.cacheSpan takes it out of the partial set
 *   in transit -> cached    the same thread sets the owner, under the span's lock
 *   (new) -> cached         MCache.install
 *   cached -> central       MCache.uncache, under the span's lock
 *   cached, central -> dead an uncache, or a free, that finds no object left
 *
 * Freeing from elsewhere. A thread that frees an object without owning its span takes the span's lock. If the span has
 * an owner, it only notes the object in freedBits: the bit in allocBits is the owner's. The owner takes the notes over,
 * under the lock, when it has no free object left, and when it gives the span up. If there is no owner, the thread
 * clears the bit itself. Thus an object is given out again only after its free has been seen, and no free is lost: at
 * the moment the owner goes, it holds the lock, and what comes later sees that there is none.
 *
 * The owner looks at the number of notes without the lock first. What it misses it finds next time.
 *
 * Lock order: a span, then its central. Nothing is called while a span is locked that allocates, parks or waits.
 *
 * An owner goes round its span: it takes the objects that are free in one word of the bitmap, then those of the next. An
 * object that it frees comes back when the round gets there again. To take the one freed last would keep fewer lines
 * of memory warm, but then each allocation waits for what the free before it computes, from an address, by way of the
 * tables; a pair of the two took twice as long.
 *
 * For the collector: it will mark in markBits, sweep when sweepgen says so, and its sweep is a free of many objects: it
 * takes the lock as other threads do.
 */
final class MSpan {
    private static final VarHandle LOCK = ConstantBootstraps.fieldVarHandle(lookup(), "lock", VarHandle.class,
            MSpan.class, int.class);
    private static final VarHandle FREED = ConstantBootstraps.fieldVarHandle(lookup(), "freedCount", VarHandle.class,
            MSpan.class, int.class);

    static final int IN_USE = 1;
    static final int DEAD = 2;

    static final int NONE = 0;
    static final int PARTIAL = 1;
    static final int FULL = 2;

    /** Stands for "no span" in a cache: it has no object to give. */
    static final MSpan EMPTY = new MSpan();

    final long startAddr;
    final int npages;
    /** The class, times 2, plus 1 if its objects have no pointers; 0 and 1 for large objects. */
    final int spanClass;
    final long elemSize;
    final int nelems;
    /** 2^32 / elemSize, rounded up, to divide by it; see {@link #indexOf}. 0 for large objects. */
    private final long divMagic;

    /** Null for large objects. */
    final @Nullable MCentral central;

    /** A SpinLock's word. */
    private volatile int lock;

    // -- the owner's, or under the lock --

    /** Ones are objects in use. What is behind the last object is always 1. */
    final long[] allocBits;
    /** The word from which objects are being taken, and those of it that were free and are not taken yet. */
    private int word;
    private long freeBits;
    /** Objects that were ever in freeBits. Those that are not there any more were allocated. */
    private long offered;
    /** The round has begun at word 0. */
    private boolean begun;
    /** An object in freeBits may have content: of the pages, or because it is not the first round. */
    boolean needZero;

    // -- under the lock --

    /** Written by an owner for itself, so that it may compare without the lock. */
    @Nullable
    MCache owner;
    private final long[] freedBits;
    private int freedCount;
    /** Objects in use; only while there is no owner. */
    int allocCount;
    int state = IN_USE;

    // -- under the central's lock --

    int list;
    /** With list, says in which of the sets. */
    int generation;
    @Nullable
    MSpan next;
    @Nullable
    MSpan prev;

    // -- the collector's; see GC --

    /** As in Go: equal to the heap's, swept; one less, being swept; two less, to be swept. */
    volatile int sweepgen;

    private MSpan() {
        startAddr = 0;
        npages = 0;
        spanClass = 0;
        elemSize = 0;
        nelems = 0;
        divMagic = 0;
        central = null;
        allocBits = new long[]{-1};
        freedBits = allocBits;
    }

    MSpan(long startAddr, int npages, int spanClass, @Nullable MCentral central, boolean needZero, int sweepgen) {
        this.startAddr = startAddr;
        this.npages = npages;
        this.spanClass = spanClass;
        this.central = central;
        this.needZero = needZero;
        this.sweepgen = sweepgen;
        long bytes = (long) npages << PAGE_SHIFT;
        int sizeClass = spanClass >> 1;
        elemSize = sizeClass == 0 ? bytes : SizeClasses.size(sizeClass);
        nelems = (int) (bytes / elemSize);
        divMagic = sizeClass == 0 ? 0 : 0xFFFF_FFFFL / elemSize + 1;
        allocBits = new long[nelems + 63 >> 6];
        freedBits = new long[allocBits.length];
        word = allocBits.length - 1; // so that the first round begins at 0
        if ((nelems & 63) != 0) {
            allocBits[allocBits.length - 1] = -1L << nelems;
        }
    }

    void lock() {
        if (!LOCK.compareAndSet(this, 0, 1)) {
            SpinLock.lockSlow(LOCK, this);
        }
    }

    void unlock() {
        LOCK.setRelease(this, 0);
    }

    // -- addresses --

    long endAddr() {
        return startAddr + ((long) npages << PAGE_SHIFT);
    }

    /** The number of the object around the address. Exact for every offset into a span: a test tries all of them. */
    int indexOf(long addr) {
        return (int) ((addr - startAddr) * divMagic >>> 32);
    }

    long addrOf(int index) {
        return startAddr + index * elemSize;
    }

    boolean isAllocated(int index) {
        return (allocBits[index >> 6] >>> index & 1) != 0;
    }

    boolean isNoscan() {
        return (spanClass & 1) != 0;
    }

    boolean isLarge() {
        return spanClass < 2;
    }

    // -- for the owner --

    /** A free object's number, -1 if there is none; it stays free. Counterpart of malloc.go: nextFreeFast. */
    int nextFree() {
        long bits = freeBits;
        if (bits == 0) {
            bits = nextFreeSlow();
            if (bits == 0) {
                return -1;
            }
        }
        return (word << 6) + Long.numberOfTrailingZeros(bits);
    }

    /** Goes on to the next word in which something is free, perhaps the same. Counterpart of mbitmap.go: nextFreeIndex. */
    private long nextFreeSlow() {
        int w = word;
        for (int i = 0; i < allocBits.length; i++) {
            w++;
            if (w == allocBits.length) {
                w = 0;
                needZero |= begun;
                begun = true;
            }
            long bits = ~allocBits[w];
            if (bits != 0) {
                int n = Long.bitCount(bits); // first: a call may fail at the end of the stack
                word = w;
                freeBits = bits;
                offered += n;
                return bits;
            }
        }
        return 0;
    }

    /** Takes the object that {@link #nextFree} returned last. */
    void take(int index) {
        freeBits &= freeBits - 1;
        allocBits[index >> 6] |= 1L << index;
    }

    /** Frees an object. False if it is free already. */
    boolean free(int index) {
        int w = index >> 6;
        long used = allocBits[w];
        long bit = 1L << index;
        if ((used & bit) == 0) {
            return false;
        }
        allocBits[w] = used & ~bit;
        return true;
    }

    /** Takes over what others have freed. True if that was something. */
    boolean takeOverFreed() {
        if ((int) FREED.getOpaque(this) == 0) {
            return false;
        }
        lock();
        takeOverFreedLocked();
        unlock();
        return true;
    }

    /** Caller is the owner and holds the lock. */
    void takeOverFreedLocked() {
        if (freedCount == 0) {
            return;
        }
        for (int w = 0; w < allocBits.length; w++) {
            allocBits[w] &= ~freedBits[w];
            freedBits[w] = 0;
        }
        FREED.setOpaque(this, 0);
    }

    /** Objects in use, whether or not the owner knows of their free. */
    int count() {
        int n = nelems - allocBits.length * 64;
        for (long bits : allocBits) {
            n += Long.bitCount(bits);
        }
        return n;
    }

    /** Objects ever allocated. */
    long mallocs() {
        return offered - Long.bitCount(freeBits);
    }

    // -- for others --

    /** Notes for the owner that an object is free. False if it is free already. Caller holds the lock. */
    boolean noteFreed(int index) {
        int w = index >> 6;
        long bit = 1L << index;
        // The owner may be changing other bits of the word. It set this one before the caller got the object.
        if ((allocBits[w] & bit) == 0 || (freedBits[w] & bit) != 0) {
            return false;
        }
        freedBits[w] |= bit;
        FREED.setOpaque(this, freedCount + 1);
        return true;
    }

    // -- checking --

    /** Whether the object is in use; one that is freed is not, whether or not the owner knows. */
    boolean isLive(int index) {
        return isAllocated(index) && (freedBits[index >> 6] >>> index & 1) == 0;
    }

    /** Fails if the fields of the span disagree. For a span that nobody uses meanwhile. */
    void checkInvariants() {
        int freed = 0;
        for (int w = 0; w < allocBits.length; w++) {
            freed += Long.bitCount(freedBits[w]);
            check((freedBits[w] & ~allocBits[w]) == 0, "an object is freed that was not allocated");
        }
        check((freeBits & allocBits[word]) == 0, "an object is in use and about to be taken");
        check(owner != null || isLarge() || allocCount == count(), "allocCount");
        check(freed == freedCount, "freedCount");
        check(owner != null || freedCount == 0, "freedCount without an owner");
        check(owner == null || list == NONE, "cached and in a set");
        check(list != PARTIAL || count() < nelems, "full, in the partial set");
        check(list != FULL || count() == nelems, "not full, in the full set");
        check(lock == 0, "locked");
    }

    private void check(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException(this + ": " + what);
        }
    }

    int freedCount() {
        return (int) FREED.getOpaque(this);
    }

    @Override
    public String toString() {
        return "span 0x" + Long.toHexString(startAddr) + " of " + npages + " pages, "
                + (isLarge() ? "large" : "class " + (spanClass >> 1) + " (" + elemSize + " bytes)")
                + (isNoscan() ? ", no pointers" : "") + (state == DEAD ? ", freed" : "");
    }
}
