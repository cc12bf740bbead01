package io.goruntime.internal.heap;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.base.SpinLock;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The spans of one class that are in no cache. Counterpart of mcentral.go: mcentral.
 */
/*
 * Two sets of spans, those with free objects and those without, each twice: swept and unswept. Which is which follows
 * from the heap's sweepgen: when the collector raises it by 2, the swept ones are the unswept ones. Without a collector it
 * never does, and the unswept sets are empty.
 *
 * Go's sets are lock-free stacks, from which a span in the middle cannot be taken. Here objects are freed one by one, and
 * a span whose last object is freed must leave its set wherever it stands: so these are linked lists under a lock. It is
 * taken once in the life of a full cache, and by a free only when a span was full, or becomes empty.
 */
final class MCentral {
    private static final VarHandle LOCK = ConstantBootstraps.fieldVarHandle(lookup(), "lock", VarHandle.class,
            MCentral.class, int.class);

    final int spanClass;
    private final MHeap heap;

    /** A SpinLock's word. */
    private volatile int lock;

    /** By MSpan.list - 1, and 2 times the generation. */
    private final @Nullable MSpan[] heads = new MSpan[4];

    MCentral(MHeap heap, int spanClass) {
        this.heap = heap;
        this.spanClass = spanClass;
    }

    void lock() {
        if (!LOCK.compareAndSet(this, 0, 1)) {
            SpinLock.lockSlow(LOCK, this);
        }
    }

    void unlock() {
        LOCK.setRelease(this, 0);
    }

    /** Puts a span into a set. Caller holds the lock of the span and of this. */
    void link(MSpan s, int list) {
        s.list = list;
        s.generation = heap.sweepgen & 2;
        int head = list - 1 | s.generation;
        MSpan next = heads[head];
        s.prev = null;
        s.next = next;
        if (next != null) {
            next.prev = s;
        }
        heads[head] = s;
    }

    /** Takes a span out of its set. Caller holds the lock of this. */
    void unlink(MSpan s) {
        MSpan next = s.next;
        MSpan prev = s.prev;
        if (next != null) {
            next.prev = prev;
        }
        if (prev != null) {
            prev.next = next;
        } else {
            heads[s.list - 1 | s.generation] = next;
        }
        s.list = MSpan.NONE;
        s.next = null;
        s.prev = null;
    }

    /** Gives a cache a span with a free object, or null if there is none here. Counterpart of mcentral.go: cacheSpan. */
    @Nullable
    MSpan cacheSpan(MCache owner) {
        lock();
        MSpan s = heads[MSpan.PARTIAL - 1 | heap.sweepgen & 2];
        if (s != null) {
            unlink(s);
        }
        unlock();
        if (s != null) {
            // In transit: a free may come first, and then there is one more free object.
            s.lock();
            s.owner = owner;
            s.unlock();
        }
        return s;
    }

    /** How many spans are in a set: PARTIAL or FULL. Fails if the list is damaged. At rest. */
    int checkInvariants(int list) {
        int n = 0;
        for (int generation = 0; generation < 4; generation += 2) {
            MSpan prev = null;
            for (MSpan s = heads[list - 1 | generation]; s != null; s = s.next) {
                if (s.prev != prev || s.list != list || s.central != this || s.state != MSpan.IN_USE
                        || generation != (heap.sweepgen & 2)) {
                    throw new IllegalStateException(s + ": in the wrong set of its central");
                }
                prev = s;
                n++;
            }
        }
        return n;
    }
}
