package io.goruntime.internal.sched;

import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.jdk.Mode;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Sections in which a goroutine needs no P. Counterpart of proc.go: entersyscall, entersyscallblock, exitsyscall,
 * exitsyscallfast, exitsyscall0, and of the part of retake for them.
 */
/*
 * In a section mp.inSyscall is set and mp.p is null, so that whatever the goroutine does in it (readying others, say)
 * is done as by a thread without a P. Its P stays beside it, free to be taken:
 *
 *   enter           M       RUNNING -> SYSCALL   a volatile store; mp.oldp remembers the P. Before it the M owns the P's
 *                                                queue, after it nobody does.
 *   exit            M       SYSCALL -> RUNNING   CAS
 *   retake          sysmon  SYSCALL -> IDLE      CAS; sysmon owns the P, and hands it off like an M that has no use for
 *                                                it
 *
 * One of the two compare-and-sets wins. The M that loses takes an idle P, or goes without: its goroutine yields, which
 * puts it into the global queue, and the M sleeps. A goroutine that cannot leave its M, because a callback is on its
 * stack, is wired to the M for that time: whoever finds it in the queue gives the M a P (Workers.startLockedM).
 *
 * A section ends early if the goroutine waits or yields, in the runtime or in the JDK: its M, back in schedule, does what
 * exit does (endedInside). Then inSyscall is off, on that M and on whichever carries the goroutine later, and the exit
 * at the end of the section finds nothing to do.
 *
 * enter makes no call after its first store, and exit makes sure of the stack before it takes a lock. If there is none,
 * the section stays open: that goroutine runs without a P until it waits.
 */
public final class Syscalls {
    private Syscalls() {}

    // -- by the goroutine --

    /**
     * The calling goroutine needs its P no longer, but it is not handed on yet.
     *
     * @return false if there is nothing to {@link #exit}: no goroutine of our scheduler, or in a section already
     */
    public static boolean enter() {
        M mp = Mode.Chosen.GMP ? M.current() : null;
        if (mp == null || mp.curg == null || mp.inSyscall) {
            return false;
        }
        P pp = mp.p;
        mp.inSyscall = true;
        mp.oldp = pp;
        mp.p = null;
        mp.mcache = null; // whoever takes the P takes that too
        if (pp != null) {
            pp.status = P.SYSCALL;
        }
        return true;
    }

    /** As {@link #enter}; the P is handed on at once. */
    public static boolean enterBlocking() {
        M mp = Mode.Chosen.GMP ? M.current() : null;
        if (mp == null || mp.curg == null || mp.inSyscall) {
            return false;
        }
        Park.headroom();
        mp.inSyscall = true;
        Workers.handOff(mp);
        return true;
    }

    /** The end of a section: returns with a P, unless there is no stack left to get one. */
    public static void exit() {
        M mp = M.current();
        if (mp == null || !mp.inSyscall) {
            return;
        }
        if (regain(mp)) {
            Sched.checkPreempt();
        } else {
            exitSlow(mp);
        }
    }

    /** Takes the old P if it has not been taken away. Counterpart of proc.go: exitsyscallfast. */
    private static boolean regain(M mp) {
        P pp = mp.oldp;
        if (pp == null || !pp.returnFromSyscall()) {
            return false;
        }
        mp.oldp = null;
        mp.p = pp;
        mp.mcache = pp.mcache;
        mp.inSyscall = false;
        pp.syscallTick++;
        return true;
    }

    private static void exitSlow(M mp) {
        try {
            Park.headroom();
        } catch (StackOverflowError e) {
            return;
        }
        G gp = mp.curg;
        mp.oldp = null;
        mp.inSyscall = false;
        if (!takeIdle(mp)) {
            awaitP(mp, gp);
        }
    }

    private static boolean takeIdle(M mp) {
        Sched sched = mp.sched;
        if (sched.npidle == 0) {
            return false;
        }
        sched.lock.lock();
        P pp = Procs.pidleGet(sched);
        sched.lock.unlock();
        if (pp == null) {
            return false;
        }
        Procs.acquire(mp, pp);
        return true;
    }

    /** No P for the goroutine: it waits in the global queue. Counterpart of proc.go: exitsyscall0. */
    private static void awaitP(M mp, G gp) {
        if (gp.callbacks == 0) {
            Sched.gosched();
            M now = M.current();
            if (now != mp || mp.p != null || mp.sched.ended) {
                return;
            }
        }
        awaitPInPlace(mp, gp);
    }

    /**
     * Waits for a P with the goroutine on its M: it stands in the global queue as one that is wired. Keeps the interrupt
     * flag.
     */
    private static void awaitPInPlace(M mp, G gp) {
        Sched sched = mp.sched;
        boolean wired = gp.lockedm != null;
        if (!wired) {
            gp.lockedm = mp;
            mp.lockedg = gp;
        }
        boolean interrupted = Thread.interrupted(); // a carrier does not park while it is set
        sched.lock.lock();
        boolean taken = mp.lockedReady != null; // out of a queue for an earlier reason: it is in none
        mp.lockedReady = null;
        mp.lockedAsleep = true;
        sched.lock.unlock();
        if (gp.tryEnterQueue() || taken) {
            sched.runq.put(gp);
            Workers.wakeP(sched);
        }
        while (mp.nextp == null && !sched.ended) {
            Jdk.parkCarrier(0);
            interrupted |= Thread.interrupted();
        }
        P pp = mp.nextp;
        if (pp != null) {
            mp.nextp = null;
            Procs.acquire(mp, pp);
        }
        gp.leaveQueue();
        if (!wired) {
            gp.lockedm = null;
            mp.lockedg = null;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** A goroutine with a callback on its stack is about to wait: its M will, and does not need the P for that. */
    static void beforeWait() {
        M mp = M.current();
        if (mp != null && mp.p != null) {
            Park.headroom();
            mp.inSyscall = true;
            Workers.handOff(mp);
        }
    }

    /** After the wait. */
    static void afterWait() {
        exit();
    }

    // -- by the scheduler --

    /** The goroutine has left its M in a section, or has ended in it. */
    static void endedInside(M mp) {
        if (!regain(mp)) {
            mp.oldp = null;
            mp.inSyscall = false;
        }
    }

    /** Sysmon: takes the P from a section that has lasted. False if it has just ended. */
    static boolean retake(Sched sched, P pp) {
        if (!pp.takeFromSyscall()) {
            return false;
        }
        pp.m = null;
        pp.syscallTick++;
        Workers.handOff(sched, pp);
        return true;
    }

    // -- the error number of the C library --

    /**
     * Where a downcall of the calling goroutine may put the state that it captures, until the goroutine waits: memory of
     * its M.
     *
     * @return null outside a goroutine of our scheduler
     */
    public static @Nullable MemorySegment callState() {
        M mp = Mode.Chosen.GMP ? M.current() : null;
        if (mp == null || mp.curg == null) {
            return null;
        }
        MemorySegment state = mp.callState;
        if (state == null) {
            mp.callState = state = Arena.global().allocate(Linker.Option.captureStateLayout());
        }
        return state;
    }

    /** See {@link Linked}. */
    static void link() {
        P pp = new P(0);
        pp.returnFromSyscall();
        pp.takeFromSyscall();
    }
}
