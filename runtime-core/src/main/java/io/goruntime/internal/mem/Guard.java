package io.goruntime.internal.mem;

/** Who knows which addresses may be accessed, in checked mode. Called without locks, on any thread. */
public interface Guard {
    /** Whether the address lies in the guard's memory, live or not. */
    boolean owns(long addr);

    /**
     * Fails if an access is not inside of one live object.
     *
     * @param addr owned
     * @param sizeBytes at least 1
     * @throws IllegalStateException names the address, the span and its class
     */
    void check(long addr, long sizeBytes);
}
