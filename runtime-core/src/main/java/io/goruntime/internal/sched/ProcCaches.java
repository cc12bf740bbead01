package io.goruntime.internal.sched;

import io.goruntime.internal.heap.CacheSource;
import io.goruntime.internal.heap.MCache;
import io.goruntime.internal.heap.MHeap;
import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.jdk.Mode;
import org.jspecify.annotations.Nullable;

/**
 * A goroutine allocates from the cache of its P. Counterpart of malloc.go: getMCache.
 */
/*
 * No pin is needed. A goroutine leaves its M only where it parks, yields or blocks, and a P is never taken from a running
 * M; inside of a cache nothing of the kind is done.
 */
final class ProcCaches extends CacheSource {
    private final MHeap heap;

    ProcCaches(MHeap heap) {
        super(heap);
        this.heap = heap;
    }

    @Override
    protected @Nullable MCache own() {
        if (Mode.Chosen.GMP && Jdk.carrier() instanceof M mp) {
            MCache c = mp.mcache;
            if (c != null) {
                return c;
            }
        }
        return ownSlow();
    }

    private @Nullable MCache ownSlow() {
        M mp = Mode.Chosen.GMP ? M.current() : null; // m0 is no M itself
        P pp = mp == null ? null : mp.p;
        if (pp == null || !Malloc.isOpen(heap)) { // one that fails to be opened must leave nothing behind at a P
            return null;
        }
        MCache c = pp.mcache;
        if (c == null) {
            try {
                c = heap.newCache();
            } catch (OutOfMemoryError e) {
                return null; // a stripe will do
            }
            pp.mcache = c;
            mp.mcache = c;
        }
        return c;
    }
}
