package io.goruntime.internal.sched;

import io.goruntime.internal.heap.MCache;
import io.goruntime.internal.jdk.Jdk;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A machine: a platform thread that runs goroutines. Counterpart of runtime2.go: m.
 *
 * <p>Except for m0, the thread that called run, an M is its own Thread, so that a goroutine finds its M with one load
 * from its carrier.
 */
final class M extends Thread {
    private static final M[] NONE = new M[0];

    /** The m0 of each run in progress, found by thread. Replaced as a whole, under the class's lock. */
    private static volatile M[] m0s = NONE;

    final Sched sched;
    final int id;

    /** The thread that carries goroutines: this object, or the caller of run for an m0. */
    final Thread thread;

    // -- own thread only --

    /** The P it holds, null while idle or blocked. */
    @Nullable
    P p;

    /** The cache of that P, null without one or if it has none yet: one load less on the way to it. */
    @Nullable
    MCache mcache;

    /** The G it resumes now; read by the G itself while it runs here. */
    @Nullable
    G curg;

    /** Looks for work on behalf of others: counted in sched.nmspinning. */
    boolean spinning;

    /** Its goroutine is in a syscall section: there is no P. */
    boolean inSyscall;

    /** The P it had when the section began, null if it has been handed off. */
    @Nullable
    P oldp;

    /** What it finds in the netpoller; made when it first looks. */
    Netpoller.@Nullable Events events;

    /** See {@link Syscalls#callState}. */
    @Nullable
    MemorySegment callState;

    /** See {@link CallBuffer}. */
    @Nullable
    CallBuffer callBuffer;

    /** Runs timers: what becomes runnable meanwhile is no resubmission. */
    boolean firing;

    /** The generator of its random choices; never 0. */
    long random;

    /** The G wired to it. Written by that G while it runs here. */
    @Nullable
    G lockedg;

    /** The wired G ended: the thread, whose state it may have changed, ends too. */
    boolean lockedExit;

    // -- the wired goroutine; under sched.lock --

    /** Waits in stopLockedM. */
    boolean lockedAsleep;

    /** Found runnable while this M was not asleep: to be run by this M next. */
    @Nullable
    G lockedReady;

    // -- hand-over --

    /** The P given by whoever woke this M; taken when it wakes. Also the signal itself: see {@link #sleep}. */
    @Nullable
    volatile P nextp;

    /** Next in the idle list; under sched.lock. */
    @Nullable
    M link;

    M(Sched sched, int id, long stackBytes) {
        super(Jdk.rootThreadGroup(), null, sched.threadPrefix.concat("M").concat(Integer.toString(id)), stackBytes,
                false);
        this.sched = sched;
        this.id = id;
        this.thread = this;
        this.random = seed(id);
        setDaemon(true);
        setContextClassLoader(null);
    }

    /** An m0. */
    M(Sched sched, Thread caller) {
        super(Jdk.rootThreadGroup(), null, sched.threadPrefix.concat("m0"), 0, false);
        this.sched = sched;
        this.id = 0;
        this.thread = caller;
        this.random = seed(0);
    }

    private static long seed(int id) {
        return (System.nanoTime() * 31 + id) * 0x9E3779B97F4A7C15L | 1;
    }

    @Override
    public void run() {
        Workers.mstart(this);
    }

    /** The M under the calling thread, null if its carrier is none of ours. Counterpart of getg().m. */
    static @Nullable M current() {
        Thread carrier = Jdk.carrier();
        return carrier instanceof M mp ? mp : m0Of(carrier);
    }

    private static @Nullable M m0Of(Thread carrier) {
        for (M mp : m0s) {
            if (mp.thread == carrier) {
                return mp;
            }
        }
        return null;
    }

    static synchronized void registerM0(M mp) {
        M[] old = m0s;
        M[] all = new M[old.length + 1];
        System.arraycopy(old, 0, all, 0, old.length);
        all[old.length] = mp;
        m0s = all;
    }

    static synchronized void unregisterM0(M mp) {
        M[] old = m0s;
        M[] all = new M[old.length - 1];
        int n = 0;
        for (M each : old) {
            if (each != mp) {
                all[n++] = each;
            }
        }
        m0s = all.length == 0 ? NONE : all;
    }

    // -- sleeping; counterpart of lock_futex.go: notesleep, notewakeup --

    /**
     * Sleeps until {@link #wakeWith} gave a P, and takes it; or until the scheduler ends.
     *
     * @return false if the scheduler ended and there is no P
     */
    boolean sleep() {
        P next;
        while ((next = nextp) == null) {
            if (sched.ended) {
                return false;
            }
            Jdk.parkCarrier(0);
            // Interrupts mean nothing to an M (for m0 see CallerInterrupts); a set flag would make park return at once.
            Thread.interrupted();
        }
        nextp = null;
        Procs.acquire(this, next);
        return true;
    }

    /** Gives the sleeping M a P and wakes it. The store and sleep's load of nextp pair up; the park permit is kept. */
    void wakeWith(P next) {
        nextp = next;
        Jdk.unpark(thread);
    }
}
