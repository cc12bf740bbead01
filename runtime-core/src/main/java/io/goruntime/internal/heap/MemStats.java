package io.goruntime.internal.heap;

/**
 * Figures of a heap. Counterpart of mstats.go: MemStats; the names are Go's, sizes are bytes.
 *
 * <p>Exact when nobody uses the heap meanwhile. Else each is a figure of about now, and they need not fit together.
 *
 * @param heapAlloc objects in use, as large as their classes
 * @param totalAlloc the same, ever allocated
 * @param mallocs objects ever allocated
 * @param frees objects ever freed
 * @param heapSys address space that became memory
 * @param heapInuse in spans
 * @param heapIdle free, or in a cache of pages
 * @param heapReleased part of heapIdle: not used yet, or given back to the system
 * @param spansInuse spans
 */
public record MemStats(long heapAlloc, long totalAlloc, long mallocs, long frees, long heapSys, long heapInuse,
        long heapIdle, long heapReleased, long spansInuse) {
    /** Objects in use. */
    public long heapObjects() {
        return mallocs - frees;
    }
}
