package io.goruntime.internal.heap;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.base.SpinLock;
import io.goruntime.internal.mem.Memory;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Spans to allocate small objects from, one of each class, and some free pages. Counterpart of mcache.go: mcache.
 *
 * <p>It belongs to a P, or is a stripe that threads without a P share. Whoever is inside, between
 * {@link CacheSource#enter} and {@link CacheSource#exit}, has it to himself: the thread that runs on the P, or holds the
 * lock of the stripe.
 */
/*
 * Inside of a cache nothing parks, runs user code, loads a class, calls into the system or allocates a Java object:
 * that is what makes a P's cache safe without pinning, and what a collector will rely on, which closes its gate
 * at enter and waits for those inside. So a new span, which needs all that, is made outside (MHeap.allocSlow).
 */
public final class MCache {
    private static final VarHandle LOCK = ConstantBootstraps.fieldVarHandle(lookup(), "lock", VarHandle.class,
            MCache.class, int.class);

    private final MHeap heap;

    /** Whether threads share it. */
    final boolean striped;

    /** A SpinLock's word; for a stripe. */
    private volatile int lock;

    /** By span class; MSpan.EMPTY for none. */
    private final MSpan[] alloc = new MSpan[2 * SizeClasses.COUNT];

    private final PageCache pages = new PageCache();

    MCache(MHeap heap, boolean striped) {
        this.heap = heap;
        this.striped = striped;
        Arrays.fill(alloc, MSpan.EMPTY);
    }

    boolean tryLock() {
        return lock == 0 && LOCK.compareAndSet(this, 0, 1);
    }

    void lock() {
        if (!LOCK.compareAndSet(this, 0, 1)) {
            SpinLock.lockSlow(LOCK, this);
        }
    }

    void unlock() {
        LOCK.setRelease(this, 0);
    }

    // -- inside --

    /**
     * Takes an object from the current span; 0 if it has none. What can fail at the end of a stack, which is not made sure
     * of here, comes before the object is taken.
     */
    long allocFast(int spanClass, boolean zero) {
        MSpan s = alloc[spanClass];
        int index = s.nextFree();
        if (index < 0) {
            return 0;
        }
        long addr = s.addrOf(index);
        if (zero && s.needZero) {
            Memory.clearUnchecked(addr, s.elemSize);
        }
        s.take(index);
        return addr;
    }

    /**
     * The same with another span: one whose objects others have freed, or one of the central's. Counterpart of mcache.go:
     * refill. 0 if there is none.
     */
    long allocRefill(int spanClass, boolean zero) {
        MSpan s = alloc[spanClass];
        if (!s.takeOverFreed()) {
            MSpan other = heap.centrals[spanClass].cacheSpan(this);
            if (other == null) {
                return 0;
            }
            uncache(s);
            alloc[spanClass] = other;
        }
        return allocFast(spanClass, zero);
    }

    /** Pages for a new span, from the cache of pages; 0 if there are none. See {@link MHeap#allocPages}. */
    long allocPages(int npages) {
        if (npages > PageCache.MAX_PAGES) {
            return 0;
        }
        long addr = pages.alloc(npages);
        if (addr == 0 && pages.isEmpty()) {
            heap.fill(pages);
            addr = pages.alloc(npages);
        }
        return addr == 0 ? 0 : pages.lastReleased == npages ? addr : addr | MHeap.NEED_ZERO;
    }

    /** Allocates from a new span from now on. */
    void install(MSpan s) {
        uncache(alloc[s.spanClass]);
        s.owner = this; // nobody else knows the span yet
        alloc[s.spanClass] = s;
    }

    /** Gives a span to its central, or to the page heap if it has no object. Counterpart of mcentral.go: uncacheSpan. */
    private void uncache(MSpan s) {
        if (s == MSpan.EMPTY) {
            return;
        }
        MCentral central = s.central;
        s.lock();
        s.takeOverFreedLocked();
        s.owner = null;
        s.allocCount = s.count();
        boolean dead = s.allocCount == 0;
        if (dead) {
            s.state = MSpan.DEAD;
        } else {
            central.lock();
            central.link(s, s.allocCount == s.nelems ? MSpan.FULL : MSpan.PARTIAL);
            central.unlock();
        }
        s.unlock();
        if (dead) {
            heap.freeSpan(s);
        }
    }

    /** Gives everything back. Counterpart of mcache.go: releaseAll. The caller has the cache to itself, and the stack for it. */
    public void flush() {
        for (int i = 0; i < alloc.length; i++) {
            MSpan s = alloc[i];
            alloc[i] = MSpan.EMPTY;
            uncache(s);
        }
        heap.flush(pages);
    }

    // -- checking, at rest --

    int cachedPages() {
        return Long.bitCount(pages.free);
    }

    /** Fails if a span does not know its owner; returns how many spans there are. */
    int checkInvariants() {
        int n = 0;
        for (MSpan s : alloc) {
            if (s != MSpan.EMPTY) {
                n++;
                if (s.owner != this || s.state != MSpan.IN_USE) {
                    throw new IllegalStateException(s + ": cached by who is not its owner");
                }
            }
        }
        return n;
    }
}
