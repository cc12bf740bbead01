package io.goruntime.internal.heap;

/** What a collector wants to know of the heap while it marks or sweeps. */
public interface AllocHooks {
    /**
     * An object is about to be freed by the program. A collector that marks, or has not swept the object's span, keeps it:
     * nothing is given back then.
     *
     * @return true if the collector takes it over
     */
    boolean keep(long addr);
}
