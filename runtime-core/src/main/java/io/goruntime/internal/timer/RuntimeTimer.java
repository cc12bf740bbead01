package io.goruntime.internal.timer;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.base.SpinLock;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A timer that can stand in a {@link TimerHeap}, and its place there. Counterpart of time.go: timer.
 */
/*
 * Made once, set and stopped any number of times without allocation. Setting and stopping are the owner's: he makes
 * sure that they do not run into each other (a goroutine its sleep, others a lock). Against them runs the thread that
 * finds the timer due:
 *
 *   owner    add       heap = h, under h's lock
 *   owner    remove    heap = null, under the lock of the heap that it is in; true: it will not fire
 *   anybody  takeDue   heap = null and firing + 1, under the lock; then, without a lock, fn.fired; then firing - 1
 *
 * A remove that returns false came too late, or the timer was not set. In the first case fired may not have been called
 * yet. An owner who cannot bear that it is called late, after he has gone on to use its object for something else,
 * calls awaitFired; one who can does without.
 */
public final class RuntimeTimer {
    private static final VarHandle FIRING = ConstantBootstraps.fieldVarHandle(lookup(), "firing", VarHandle.class,
            RuntimeTimer.class, int.class);

    final TimerFn fn;

    /** For fn. */
    public final @Nullable Object arg;

    /** The heap that it is in, null if in none; written under the lock of that heap. */
    @Nullable
    volatile TimerHeap heap;

    /** Where in the heap; under its lock. */
    int index;

    /** Threads that have taken it out of a heap because it was due, and have not come back from fn. */
    private volatile int firing;

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

    /** Waits for threads that are about to call fn, or inside of it. Not for use in fn, nor under a lock that fn takes. */
    public void awaitFired() {
        for (int round = 0; firing != 0; round++) {
            SpinLock.pause(round);
        }
    }

    /** Under the heap's lock. */
    void beginFiring() {
        FIRING.getAndAdd(this, 1);
    }

    /** Calls what is to be done at the time that was set. After {@link TimerHeap#takeDue} only. */
    public void fire() {
        try {
            fn.fired(this);
        } finally {
            FIRING.getAndAdd(this, -1);
        }
    }

    /** After {@link TimerHeap#takeAny} only. */
    public void abandon() {
        fn.abandoned(this);
    }
}
