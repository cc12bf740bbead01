package io.goruntime.sync;

/**
 * Something that can be locked and unlocked: a {@link Mutex}, a {@link RWMutex}, or the readers' side of one. A
 * {@link Cond} waits with it. Source in Go: {@code sync/mutex.go: Locker}.
 */
public interface Locker {
    /** Locks; waits, uninterruptibly, as long as it must. */
    void lock();

    /** Unlocks. Whoever locks next sees what was done before. */
    void unlock();
}
