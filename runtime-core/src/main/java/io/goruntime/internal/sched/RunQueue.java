package io.goruntime.internal.sched;

import static java.lang.invoke.MethodHandles.lookup;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The run queue of a P. Counterpart of proc.go: runqput, runqget, runqgrab, runqsteal, runqputslow.
 */
/*
 * A ring of 256 slots and one more place in front, runnext.
 *
 *   tail     written by the owner (the M that holds the P) only; a volatile store, see below
 *   head     moved forward by CAS: by the owner that takes, by a thief that steals, by the owner that spills
 *   ring[i]  written by the owner before it publishes tail; read by a taker before its CAS on head. A CAS that
 *            succeeds proves the slot was not overwritten, since the owner stops 256 short of head.
 *   runnext  set by the owner, taken by the owner or a thief, always by CAS or exchange: a G is in it once
 *   runs     plain, written by the owner, read by thieves: a hint
 *
 * Publishing is a store to tail or runnext followed by a full fence, because the publisher goes on to ask whether an
 * idle P must be woken (Workers.wakeP), and an M that goes idle does the reverse: counts its P as idle, fences, looks
 * into the queues. Without either fence both may miss the other and the G waits for ever with a P idle.
 *
 * A G that yields, or that its own M resubmits, never comes here but to the global queue: through runnext it would run
 * again before everybody else, for ever.
 */
final class RunQueue {
    static final int CAPACITY = 256;
    private static final int MASK = CAPACITY - 1;

    private static final VarHandle HEAD = ConstantBootstraps.fieldVarHandle(lookup(), "head", VarHandle.class,
            RunQueue.class, int.class);
    private static final VarHandle RUNNEXT = ConstantBootstraps.fieldVarHandle(lookup(), "runnext", VarHandle.class,
            RunQueue.class, G.class);
    private static final VarHandle RUNS = ConstantBootstraps.fieldVarHandle(lookup(), "runs", VarHandle.class,
            RunQueue.class, int.class);
    private static final VarHandle RING = MethodHandles.arrayElementVarHandle(G[].class);

    private final G[] ring = new G[CAPACITY];
    private volatile int head;
    private volatile int tail;
    @Nullable
    private volatile G runnext;

    /** How often the owner has taken from runnext; written by the owner only. */
    private int runs;

    /** Set by {@link #get}: the G came from runnext and goes on with the time slice of its predecessor. */
    boolean inheritTime;

    boolean isEmpty() {
        for (;;) {
            int h = head;
            int t = tail;
            G next = runnext;
            if (t == tail) { // else the owner moved runnext into the ring between our looks
                return h == t && next == null;
            }
        }
    }

    /** Whether Gs wait that the owner will not run next: those in the ring. */
    boolean waits() {
        return head != tail;
    }

    boolean hasRunnext() {
        return runnext != null;
    }

    /** Racy, for reports. */
    int size() {
        return Math.max(0, tail - head) + (runnext == null ? 0 : 1);
    }

    /**
     * Owner: adds a G, in front as runnext or at the tail, with a full fence after it.
     *
     * @param overflow takes what does not fit
     */
    void put(G gp, boolean next, GlobalQueue overflow) {
        if (next) {
            gp = (G) RUNNEXT.getAndSet(this, gp);
            if (gp == null) {
                return;
            }
        }
        for (;;) {
            int h = head;
            int t = tail;
            if (t - h < CAPACITY) {
                ring[t & MASK] = gp;
                tail = t + 1;
                return;
            }
            if (spill(gp, h, t, overflow)) {
                return;
            }
        }
    }

    /** Owner: moves half of a full ring and the G to the global queue. */
    private boolean spill(G gp, int h, int t, GlobalQueue overflow) {
        int n = (t - h) / 2;
        G first = ring[h & MASK];
        G last = first;
        for (int i = 1; i < n; i++) {
            last = ring[h + i & MASK];
        }
        if (!HEAD.compareAndSet(this, h, h + n)) {
            return false; // a thief made room
        }
        // Now these Gs are ours alone.
        G prev = first;
        for (int i = 1; i < n; i++) {
            G each = ring[h + i & MASK];
            prev.schedlink = each;
            prev = each;
        }
        last.schedlink = gp;
        gp.schedlink = null;
        overflow.putBatch(first, gp);
        return true;
    }

    /** Owner: takes the next G, null if there is none. */
    @Nullable
    G get() {
        G next = runnext;
        // Only thieves take it away from under us, and they do not put another: no loop.
        if (next != null && RUNNEXT.compareAndSet(this, next, null)) {
            inheritTime = true;
            runs++;
            return next;
        }
        inheritTime = false;
        for (;;) {
            int h = head;
            if (tail == h) {
                return null;
            }
            G gp = ring[h & MASK];
            if (HEAD.compareAndSet(this, h, h + 1)) {
                return gp;
            }
        }
    }

    /** Owner: ends the privilege of runnext, whose time slice is over, by putting it at the tail. */
    void kickRunnext(GlobalQueue overflow) {
        G next = runnext;
        if (next != null && RUNNEXT.compareAndSet(this, next, null)) {
            put(next, false, overflow);
        }
    }

    /** Owner: empties everything into the global queue, when the P is given up. */
    void drainTo(GlobalQueue global) {
        for (G gp = get(); gp != null; gp = get()) {
            global.put(gp);
        }
    }

    /**
     * Steals half of the victim's queue into this one. Called by the owner of this queue, which is empty.
     *
     * @param stealRunnext also take the victim's runnext when there is nothing else
     * @param victimRuns the victim's P runs a goroutine, which may be about to park and run its runnext itself
     * @return one of the stolen Gs, to be run now; null if there was nothing
     */
    @Nullable
    G stealFrom(RunQueue victim, boolean stealRunnext, boolean victimRuns) {
        int t = tail;
        int n = grab(victim, t, stealRunnext, victimRuns);
        if (n == 0) {
            return null;
        }
        n--;
        G gp = ring[t + n & MASK];
        if (n > 0) {
            tail = t + n;
        }
        return gp;
    }

    private int grab(RunQueue victim, int t, boolean stealRunnext, boolean victimRuns) {
        for (;;) {
            int h = victim.head;
            int vt = victim.tail;
            int n = vt - h;
            n -= n / 2;
            if (n <= 0) {
                return stealRunnext && vt == h ? grabRunnext(victim, t, victimRuns) : 0;
            }
            if (n > CAPACITY / 2) {
                continue; // head and tail are from different moments
            }
            for (int i = 0; i < n; i++) {
                ring[t + i & MASK] = (G) RING.getOpaque(victim.ring, h + i & MASK);
            }
            if (HEAD.compareAndSet(victim, h, h + n)) {
                return n;
            }
        }
    }

    private int grabRunnext(RunQueue victim, int t, boolean victimRuns) {
        G next = victim.runnext;
        if (next == null) {
            return 0;
        }
        if (victimRuns) {
            // A goroutine that readies another usually parks at once and runs it here: give it 3 us. If its P took from
            // runnext meanwhile, it does so; the same G may be back by now, as of a pair that wakes each other, and to
            // take one of them away would have both Ps pay for cache misses from then on.
            int before = (int) RUNS.getOpaque(victim);
            long until = System.nanoTime() + 3_000;
            while (System.nanoTime() < until) {
                Thread.onSpinWait();
            }
            if ((int) RUNS.getOpaque(victim) != before) {
                return 0;
            }
        }
        if (!RUNNEXT.compareAndSet(victim, next, null)) {
            return 0;
        }
        ring[t & MASK] = next;
        return 1;
    }

    void checkInvariants() {
        int n = tail - head;
        if (n < 0 || n > CAPACITY) {
            throw new IllegalStateException("run queue: tail - head = " + n);
        }
        for (int i = head; i != tail; i++) {
            if (ring[i & MASK] == null) {
                throw new IllegalStateException("run queue: empty slot " + i + " of [" + head + ", " + tail + ")");
            }
        }
    }
}
