package io.goruntime.internal.timer;

import io.goruntime.internal.base.SpinLock;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The timers of a P: a heap with four children a node, under a lock of its own. Counterpart of time.go: timers.
 */
/*
 * Four children a node make the heap half as high as two, and the times of four children lie side by side: fewer lines
 * of memory are touched on the way down. The times are in an array of their own, beside that of the timers.
 *
 * Go leaves a stopped timer in the heap and takes it out later, because it does not know its place. Here a timer knows
 * its index, and stop takes it out at once: stopping one that was set lately, the common case, is a matter of the last
 * leaves; nothing is left behind that would keep it in memory; and the first entry is always a real one.
 *
 * Times are those of System.nanoTime and may wrap, so they are compared by their difference: no two of them may be more
 * than 292 years apart, which whoever sets a timer sees to. 0 stands for "no timer"; it is never the time of one.
 *
 * `earliest` is written under the lock and read without. A volatile store: whoever adds a timer goes on to ask whether
 * some M sleeps too long for it, and an M that goes to sleep does the reverse (see Timing).
 *
 * Locking. Nothing is allocated under the lock, and no section calls out. add, remove and moveTo may be called at the
 * end of a user's stack by a caller who has made sure of 8 KB (Park.headroom). Two heaps are locked at a time only by
 * moveTo, always in the direction from a P to its scheduler's shared heap.
 */
public final class TimerHeap {
    /** The time of no timer. */
    public static final long NONE = 0;

    private static final int CHILDREN = 4;
    private static final int FIRST_CAPACITY = 16;
    private static final RuntimeTimer[] NO_TIMERS = new RuntimeTimer[0];
    private static final long[] NO_TIMES = new long[0];

    private final SpinLock lock = new SpinLock();

    /** The time of the first timer, or NONE. */
    private volatile long earliest;

    // -- under the lock --

    private @Nullable RuntimeTimer[] timers = NO_TIMERS;
    /** The time of each, at the same index; as long as the other. */
    private long[] whens = NO_TIMES;
    private int size;

    /** The time of the timer that is due first, or {@link #NONE}. */
    public long earliest() {
        return earliest;
    }

    /** Whether there is a timer that is due. */
    public boolean isDue(long now) {
        long first = earliest;
        return first != NONE && first - now <= 0;
    }

    /** How many timers there are at this moment. */
    public int size() {
        lock.lock();
        int n = size;
        lock.unlock();
        return n;
    }

    /**
     * Puts a timer into the heap.
     *
     * @param t in no heap, and nobody else sets it now
     * @param when on the clock of {@link System#nanoTime}
     * @return true if it is now the one that is due first
     * @throws OutOfMemoryError if the heap must grow and cannot: the timer is not set
     * @throws IllegalStateException if it is in a heap
     */
    public boolean add(RuntimeTimer t, long when) {
        if (t.heap != null) {
            throw new IllegalStateException("the timer is set already");
        }
        long time = when == NONE ? 1 : when;
        for (;;) {
            lock.lock();
            int n = size;
            int capacity = timers.length;
            if (n < capacity) {
                size = n + 1;
                t.heap = this;
                siftUp(n, t, time);
                boolean first = t.index == 0;
                if (first) {
                    earliest = time;
                }
                lock.unlock();
                return first;
            }
            lock.unlock();
            grow(capacity, capacity == 0 ? FIRST_CAPACITY : 2 * capacity);
        }
    }

    /** Makes room unless somebody else has; allocates without the lock. */
    private void grow(int from, int to) {
        RuntimeTimer[] moreTimers = new RuntimeTimer[to];
        long[] moreWhens = new long[to];
        lock.lock();
        if (timers.length == from) {
            System.arraycopy(timers, 0, moreTimers, 0, size);
            System.arraycopy(whens, 0, moreWhens, 0, size);
            timers = moreTimers;
            whens = moreWhens;
        }
        lock.unlock();
    }

    /**
     * Takes a timer out of the heap it is in.
     *
     * @return true if it was set and will not fire; false if it was found due before, or was not set
     */
    public static boolean remove(RuntimeTimer t) {
        for (TimerHeap h; (h = t.heap) != null;) {
            h.lock.lock();
            boolean here = t.heap == h; // else it has been moved, or is due
            if (here) {
                h.removeAt(t.index);
            }
            h.lock.unlock();
            if (here) {
                return true;
            }
        }
        return false;
    }

    /**
     * Takes the first timer out if it is due. The caller then calls its {@link RuntimeTimer#fire}.
     *
     * @return null if none is
     */
    public @Nullable RuntimeTimer takeDue(long now) {
        if (!isDue(now)) {
            return null;
        }
        RuntimeTimer t = null;
        lock.lock();
        if (size > 0 && whens[0] - now <= 0) {
            t = timers[0];
            removeAt(0);
        }
        lock.unlock();
        return t;
    }

    /** Takes any timer out, null if there is none: at the end of the runtime. */
    public @Nullable RuntimeTimer takeAny() {
        RuntimeTimer t = null;
        lock.lock();
        if (size > 0) {
            t = timers[size - 1];
            removeAt(size - 1);
        }
        lock.unlock();
        return t;
    }

    /**
     * Moves all timers to another heap.
     *
     * @return whether the first timer of the other is now one of these
     * @throws OutOfMemoryError if the other must grow and cannot: nothing is moved
     */
    public boolean moveTo(TimerHeap to) {
        for (;;) {
            lock.lock();
            to.lock.lock();
            int total = size + to.size;
            int capacity = to.timers.length;
            if (total <= capacity) {
                boolean first = size > 0 && (to.size == 0 || whens[0] - to.whens[0] < 0);
                for (int i = 0; i < size; i++) {
                    RuntimeTimer t = timers[i];
                    timers[i] = null;
                    t.heap = to;
                    to.siftUp(to.size++, t, whens[i]);
                }
                size = 0;
                earliest = NONE;
                if (first) {
                    to.earliest = to.whens[0];
                }
                to.lock.unlock();
                lock.unlock();
                return first;
            }
            to.lock.unlock();
            lock.unlock();
            to.grow(capacity, Math.max(FIRST_CAPACITY, Math.max(2 * capacity, total)));
        }
    }

    // -- the heap; all under the lock --

    private void removeAt(int at) {
        timers[at].heap = null;
        int last = --size;
        RuntimeTimer moved = timers[last];
        timers[last] = null;
        if (at != last) {
            long when = whens[last];
            if (at > 0 && when - whens[(at - 1) / CHILDREN] < 0) {
                siftUp(at, moved, when);
            } else {
                siftDown(at, moved, when);
            }
        }
        if (at == 0) {
            earliest = last == 0 ? NONE : whens[0];
        }
        if (last == 0 && timers.length > KEPT_CAPACITY) {
            timers = NO_TIMERS; // a burst is over; what it took is given back
            whens = NO_TIMES;
        }
    }

    /** An empty heap keeps room for so many timers. */
    private static final int KEPT_CAPACITY = 1 << 16;

    /** Puts t at the hole or above. */
    private void siftUp(int hole, RuntimeTimer t, long when) {
        RuntimeTimer[] all = timers;
        long[] times = whens;
        int at = hole;
        while (at > 0) {
            int parent = (at - 1) / CHILDREN;
            if (times[parent] - when <= 0) {
                break;
            }
            RuntimeTimer above = all[parent];
            all[at] = above;
            times[at] = times[parent];
            above.index = at;
            at = parent;
        }
        all[at] = t;
        times[at] = when;
        t.index = at;
    }

    /** Puts t at the hole or below. */
    private void siftDown(int hole, RuntimeTimer t, long when) {
        RuntimeTimer[] all = timers;
        long[] times = whens;
        int n = size;
        int at = hole;
        for (;;) {
            int child = CHILDREN * at + 1;
            if (child >= n) {
                break;
            }
            int end = Math.min(child + CHILDREN, n);
            int least = child;
            for (int i = child + 1; i < end; i++) {
                if (times[i] - times[least] < 0) {
                    least = i;
                }
            }
            if (when - times[least] <= 0) {
                break;
            }
            RuntimeTimer below = all[least];
            all[at] = below;
            times[at] = times[least];
            below.index = at;
            at = least;
        }
        all[at] = t;
        times[at] = when;
        t.index = at;
    }

    void checkInvariants() {
        lock.lock();
        try {
            check(earliest == (size == 0 ? NONE : whens[0]), "earliest");
            for (int i = 0; i < timers.length; i++) {
                RuntimeTimer t = timers[i];
                check((t != null) == (i < size), "a hole at " + i + " of " + size);
                if (t != null) {
                    check(t.heap == this && t.index == i, "the place of timer " + i);
                    check(i == 0 || whens[(i - 1) / CHILDREN] - whens[i] <= 0, "order at " + i);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException("timer heap: " + what);
        }
    }

    @Override
    public String toString() {
        lock.lock();
        int n = size;
        long[] times = whens;
        lock.unlock();
        return "TimerHeap" + Arrays.toString(Arrays.copyOf(times, Math.min(n, CHILDREN + 1)));
    }
}
