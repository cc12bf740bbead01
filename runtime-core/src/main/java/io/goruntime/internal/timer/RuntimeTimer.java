package io.goruntime.internal.timer;

import org.jspecify.annotations.Nullable;

/**
 * A timer that can stand in a {@link TimerHeap}, and its place there. Counterpart of time.go: timer.
 */
/*
 * Made once, set and stopped any number of times without allocation. Setting and stopping are the owner's: he makes
 * sure that they do not run into each other (a goroutine its waits, others a lock). Against them runs the thread that
 * finds the timer due:
 *
 *   owner    add       heap = h, under h's lock
 *   owner    remove    heap = null, under the lock of the heap that it is in; true: it will not fire
 *   anybody  takeDue   heap = null, under the lock; then, without a lock, fn.fired
 *
 * A remove that returns false came too late, or the timer was not set. In the first case fired may not have been called
 * yet, and may be called when the timer has been set again: fn looks at the clock, or at what its owner wants now.
 */
public final class RuntimeTimer {
    final TimerFn fn;

    /** For fn. */
    public final @Nullable Object arg;

    /** The heap that it is in, null if in none; written under the lock of that heap. */
    @Nullable
    volatile TimerHeap heap;

    /** Where in the heap; under its lock. */
    int index;

    /**
     * Makes a timer that is not set.
     *
     * @param fn called when it fires
     * @param arg for fn
     */
    public RuntimeTimer(TimerFn fn, @Nullable Object arg) {
        this.fn = fn;
        this.arg = arg;
    }

    /** Whether it is set and has not been found due. A figure of the moment for anybody but the owner. */
    public boolean isSet() {
        return heap != null;
    }

    /** Calls what is to be done at the time that was set. After {@link TimerHeap#takeDue} only. */
    public void fire() {
        fn.fired(this);
    }

    /** After {@link TimerHeap#takeAny} only. */
    public void abandon() {
        fn.abandoned(this);
    }
}
