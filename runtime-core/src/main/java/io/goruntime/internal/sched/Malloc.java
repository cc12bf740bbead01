package io.goruntime.internal.sched;

import io.goruntime.internal.heap.MHeap;
import org.jspecify.annotations.Nullable;

/**
 * The off-heap memory of this copy of the library, shared by its runtimes. Counterpart of malloc.go: mallocinit.
 */
public final class Malloc {
    private static volatile @Nullable MHeap heap;

    private Malloc() {}

    /**
     * The heap; made on first use, which takes a fraction of a second.
     *
     * @throws UnsupportedOperationException where there is none; the message says why
     */
    public static MHeap heap() {
        MHeap h = heap;
        return h != null ? h : open();
    }

    /** Whether {@link #heap} returns this one. */
    static boolean isOpen(MHeap h) {
        return heap == h;
    }

    private static synchronized MHeap open() {
        MHeap h = heap;
        if (h == null) {
            h = MHeap.open(ProcCaches::new);
            heap = h;
        }
        return h;
    }
}
