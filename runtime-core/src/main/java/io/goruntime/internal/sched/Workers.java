package io.goruntime.internal.sched;

import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.timer.TimerHeap;
import org.jspecify.annotations.Nullable;

/**
 * What an M does: look for a goroutine and resume it. Counterpart of proc.go: mstart, schedule, findRunnable,
 * stealWork, resetspinning, wakep, startm, stopm, handoffp, stoplockedm, startlockedm, execute.
 */
/*
 * Only code on an M's own stack (schedule, findRunnable and below) and wakeP, which runs anywhere, at the end of a
 * user's stack too, under Jdk.reserved or after Park.headroom.
 */
final class Workers {
    /** Every so many time slices the global queue comes first, so that two Gs that ready each other cannot own a P. */
    private static final int GLOBAL_EVERY = 61;

    private static final int STEAL_ROUNDS = 4;

    /**
     * Rounds that a spinning M looks at all queues, with pauses between, before it sleeps: a few microseconds, less
     * than it takes to wake a thread.
     */
    private static final int SPIN_ROUNDS = 20;
    private static final int PAUSES_PER_ROUND = 10;

    private Workers() {}

    // -- an M's life --

    /** The body of an M. Counterpart of proc.go: mstart, mstart1. */
    static void mstart(M mp) {
        try {
            mp.sched.template.started();
            adoptWork(mp);
            schedule(mp);
        } finally {
            Procs.forget(mp.sched, mp);
        }
    }

    /**
     * The body of an m0: runs the main goroutine, wired to it, before any queue, and returns when main is no longer
     * wired.
     *
     * @param mp holds a P
     * @param main has been started; its first resume is this one
     */
    static void mstart0(M mp, G main) {
        execute(mp, main, false);
        schedule(mp);
    }

    /** A new M was made because work waited and no M was idle: takes an idle P if there still is one. */
    private static void adoptWork(M mp) {
        Sched sched = mp.sched;
        if (!anyWork(sched)) {
            return;
        }
        sched.lock.lock();
        P pp = Procs.pidleGet(sched);
        boolean spare = sched.midle != null;
        sched.lock.unlock();
        if (pp != null) {
            Procs.acquire(mp, pp);
            mp.spinning = true;
            sched.addSpinning(1);
            if (!spare) {
                sched.template.request();
            }
        }
    }

    /** Resumes one goroutine after the other until the M must end. */
    private static void schedule(M mp) {
        Sched sched = mp.sched;
        for (;;) {
            if (mp.lockedExit) {
                handOff(mp);
                return;
            }
            G wiredG = mp.lockedg;
            if (wiredG != null) {
                if (!stopLockedM(mp)) {
                    return;
                }
                execute(mp, wiredG, false);
                continue;
            }
            G wasWired = mp.lockedReady;
            if (wasWired != null) {
                mp.lockedReady = null; // made runnable for this M just before it unwired itself
                sched.runq.put(wasWired);
            }
            if (mp.thread != mp) {
                // An m0 that is no longer wired to main gives its thread back: its stack is the caller's, and small.
                handOff(mp);
                return;
            }
            G gp = findRunnable(mp);
            if (gp == null) {
                return;
            }
            boolean inheritTime = mp.p.runq.inheritTime;
            mp.p.runq.inheritTime = false;
            if (mp.spinning) {
                resetSpinning(mp);
            }
            Timing.leave(sched, mp.p);
            M wired = gp.lockedm;
            if (wired != null && wired != mp) {
                if (!startLockedM(mp, wired, gp)) {
                    return;
                }
                continue;
            }
            execute(mp, gp, inheritTime);
        }
    }

    /**
     * Resumes a goroutine: returns when its thread parks, blocks, yields or ends, or at once if it is not runnable or has
     * been wired to another M.
     * Afterwards the goroutine may already run elsewhere: nothing of it is touched.
     */
    private static void execute(M mp, G gp, boolean inheritTime) {
        P pp = mp.p;
        if (!inheritTime) {
            pp.schedTick++;
        }
        pp.resumeTick++;
        if (!gp.began) {
            pp.resumes(gp.goid, mp.sched.sysmon.coarseNanos);
        }
        gp.leaveQueue();
        M wired = gp.lockedm;
        if (wired != null && wired != mp) { // since schedule looked; see G
            if (gp.tryEnterQueue()) {
                mp.sched.runq.put(gp);
                wakeP(mp.sched);
            }
            return;
        }
        mp.curg = gp;
        try {
            gp.runContinuation.run();
        } catch (Throwable e) {
            // Out of memory between the yield and the thread's new state: without repair it would be lost.
            Jdk.repair(gp.thread);
        }
        mp.curg = null;
        if (mp.inSyscall) {
            Syscalls.endedInside(mp);
        }
    }

    // -- finding work --

    /** Blocks until there is a goroutine to run; null if the M must end. */
    private static @Nullable G findRunnable(M mp) {
        Sched sched = mp.sched;
        for (;;) {
            P pp = mp.p;
            if (pp == null) {
                if (!stopM(mp)) {
                    return null;
                }
                continue;
            }
            if (sched.ended) {
                handOff(mp);
                return null;
            }
            if ((pp.compensated || sched.surplus > 0) && Procs.retire(mp)) {
                continue;
            }
            if (pp.preempt) {
                pp.preempt = false;
                pp.runq.kickRunnext(sched.runq);
            }
            if (pp.timers.earliest() != TimerHeap.NONE || sched.timers.earliest() != TimerHeap.NONE) {
                Timing.check(mp, pp);
            }
            G gp;
            if (pp.schedTick % GLOBAL_EVERY == 0 && !sched.runq.isEmpty() && (gp = globalOne(sched)) != null) {
                wakeForRest(sched);
                return gp;
            }
            if ((gp = pp.runq.get()) != null) {
                return gp;
            }
            if (!sched.runq.isEmpty() && (gp = globalBatch(sched, pp)) != null) {
                wakeForRest(sched);
                return gp;
            }
            if (!mp.spinning && onlyEvents(sched)) {
                goIdle(mp, pp);
                continue;
            }
            if ((gp = Timing.findEvents(mp, pp)) != null) {
                return gp;
            }
            // At most half of the busy Ps' Ms spin, so that a busy machine does not burn its time looking for work.
            if (mp.spinning || 2 * sched.nmspinning < sched.live - sched.npidle) {
                if (!mp.spinning) {
                    mp.spinning = true;
                    sched.addSpinning(1);
                }
                if ((gp = spin(mp, pp)) != null) {
                    return gp;
                }
            }
            goIdle(mp, pp);
        }
    }

    /**
     * Something was taken out of the global queue. While that goes on, the Gs behind it are in no queue: an M that gives
     * up its P at that moment overlooks them, and their publishers have asked already. So whoever moves Gs looks for
     * idle Ps after the move, like a publisher. An M that spins does it in resetSpinning.
     */
    private static void wakeForRest(Sched sched) {
        if (sched.npidle != 0 && (workWaits(sched) || Timing.unattendedNear(sched))) {
            wakeP(sched);
        }
    }

    /**
     * Whether the caller's M is the last one with a P, and events are all there is to wait for: nobody is left who could
     * make work while it spins, and the wait finds at once what a look would find.
     */
    private static boolean onlyEvents(Sched sched) {
        return sched.npidle == sched.live - 1 && sched.timedM == null && sched.netpoller.anyWaiters()
                && !workWaits(sched);
    }

    private static @Nullable G globalOne(Sched sched) {
        sched.lock.lock();
        G gp = sched.runq.get();
        sched.lock.unlock();
        return gp;
    }

    private static @Nullable G globalBatch(Sched sched, P pp) {
        sched.lock.lock();
        G gp = sched.runq.getBatch(pp.runq, sched.live);
        sched.lock.unlock();
        return gp;
    }

    private static @Nullable G spin(M mp, P pp) {
        Sched sched = mp.sched;
        for (int round = 0; round < SPIN_ROUNDS; round++) {
            G gp = stealWork(mp, pp);
            if (gp == null && !sched.runq.isEmpty()) {
                gp = globalBatch(sched, pp);
            }
            if (gp == null && sched.timers.earliest() != TimerHeap.NONE) {
                Timing.check(mp, pp);
                gp = pp.runq.get();
            }
            if (gp != null) {
                return gp;
            }
            if (sched.ended) {
                return null;
            }
            for (int i = 0; i < PAUSES_PER_ROUND; i++) {
                Thread.onSpinWait();
            }
        }
        return null;
    }

    /** Tries to take half of another P's queue; its runnext only in the last of four rounds. */
    private static @Nullable G stealWork(M mp, P pp) {
        P[] all = mp.sched.allp;
        int n = all.length;
        if (n < 2) {
            return null;
        }
        for (int round = 0; round < STEAL_ROUNDS; round++) {
            boolean last = round == STEAL_ROUNDS - 1;
            long now = 0;
            boolean clockRead = false;
            int at = mp.sched.seam.random(mp, n);
            int step = coprime(n, mp.sched.seam.random(mp, n));
            for (int i = 0; i < n; i++) {
                P victim = all[at];
                if (victim != pp) {
                    if (last && victim.timers.earliest() != TimerHeap.NONE) {
                        if (!clockRead) {
                            now = mp.sched.seam.nanoTime();
                            clockRead = true;
                        }
                        if (victim.timers.isDue(now)) {
                            Timing.run(mp, victim.timers, now);
                            G gp = pp.runq.get();
                            if (gp != null) {
                                return gp;
                            }
                        }
                    }
                    M holder = last && victim.status == P.RUNNING ? victim.m : null;
                    G gp = pp.runq.stealFrom(victim.runq, last, holder != null && holder.curg != null);
                    if (gp != null) {
                        return gp;
                    }
                }
                at = at + step;
                if (at >= n) {
                    at -= n;
                }
            }
        }
        return null;
    }

    /** A step of at least 1 that visits all of n places: the first coprime from a random start. */
    private static int coprime(int n, int start) {
        for (int step = start + 1; step < n; step++) {
            if (gcd(n, step) == 1) {
                return step;
            }
        }
        return 1;
    }

    private static int gcd(int a, int b) {
        while (b != 0) {
            int r = a % b;
            a = b;
            b = r;
        }
        return a;
    }

    /**
     * Gives the P up. The idler's half of the wake-up protocol (see Sched): count, fence, look again.
     */
    private static void goIdle(M mp, P pp) {
        Sched sched = mp.sched;
        sched.lock.lock();
        Procs.release(mp);
        Procs.pidlePut(sched, pp); // npidle + 1
        sched.lock.unlock();
        if (mp.spinning) {
            mp.spinning = false;
            sched.addSpinning(-1); // a full fence, after both counts
        }
        if (!workWaits(sched)) {
            if (sched.npidle == sched.live) {
                sched.seam.allIdle();
            }
            return;
        }
        sched.lock.lock();
        P again = Procs.pidleGet(sched);
        sched.lock.unlock();
        if (again != null) {
            Procs.acquire(mp, again);
            mp.spinning = true;
            sched.addSpinning(1);
        }
    }

    /** Looks into every queue for work that an M should be woken for: not a runnext, which its P will run. */
    static boolean workWaits(Sched sched) {
        if (!sched.runq.isEmpty()) {
            return true;
        }
        for (P pp : sched.allp) {
            if (pp.runq.waits()) {
                return true;
            }
        }
        return false;
    }

    /** Whether any queue holds anything. */
    static boolean anyWork(Sched sched) {
        if (!sched.runq.isEmpty()) {
            return true;
        }
        for (P pp : sched.allp) {
            if (!pp.runq.isEmpty()) {
                return true;
            }
        }
        return false;
    }

    /** The M found work: the publishers who saw it spin counted on it to find theirs too, so another takes over. */
    private static void resetSpinning(M mp) {
        mp.spinning = false;
        mp.sched.addSpinning(-1);
        wakeForRest(mp.sched);
    }

    // -- waking --

    /**
     * The publisher's half of the wake-up protocol (see Sched): wakes an M for an idle P unless one spins already. The
     * caller has put a G into a queue with a full fence after it.
     */
    static void wakeP(Sched sched) {
        if (sched.npidle != 0 && sched.nmspinning == 0 && sched.incrementSpinningFromZero()) {
            startSpinning(sched);
        }
    }

    /**
     * Wakes an M with an idle P as spinning, already counted; takes the count back if there is no P or no M. Under the lock:
     * a P that becomes idle later becomes so after that, and who sees the P does not see a spinning M that there is not.
     */
    private static void startSpinning(Sched sched) {
        M mp = null;
        P pp = null;
        sched.lock.lock();
        if (sched.pidle != null) {
            mp = mGet(sched);
            if (mp != null) {
                pp = Procs.pidleGet(sched);
            }
        }
        boolean spare = sched.midle != null;
        if (pp == null) {
            sched.addSpinning(-1);
        }
        sched.lock.unlock();
        if (mp != null && pp != null) {
            mp.spinning = true;
            mp.wakeWith(pp);
        }
        if (!spare) {
            // The new M looks at the queues before it sleeps: work that found no M now finds that one.
            sched.template.request();
        }
    }

    /** For whoever put a P on the idle list: wakes if there is work, or if nobody waits for timers and events. */
    static void wakeIfWork(Sched sched) {
        if (workWaits(sched) || Timing.unattended(sched)) {
            wakeP(sched);
        }
    }

    /**
     * Sysmon: moves the queue of a P whose M does not come back to the global queue.
     *
     * @param scratch an empty queue of the caller's
     */
    static void takeQueue(Sched sched, P pp, RunQueue scratch) {
        if (pp.runq.isEmpty()) {
            return;
        }
        G gp;
        while ((gp = scratch.stealFrom(pp.runq, true, false)) != null) {
            scratch.drainTo(sched.runq); // the older ones
            sched.runq.put(gp);
        }
        wakeP(sched);
    }

    // -- stopping --

    /** Sleeps until woken with a P, or until a timer is due if no other M waits for that; false if the scheduler ended. */
    private static boolean stopM(M mp) {
        Sched sched = mp.sched;
        if (Timing.await(mp)) {
            return true;
        }
        sched.lock.lock();
        mPut(sched, mp);
        sched.lock.unlock();
        return mp.sleep();
    }

    /** Gives the P to another M if there is work for it, else to the idle list. */
    static void handOff(M mp) {
        P pp = mp.p;
        if (mp.spinning) {
            mp.spinning = false;
            mp.sched.addSpinning(-1);
        }
        if (pp != null) {
            Procs.release(mp);
            handOff(mp.sched, pp);
        }
    }

    /** The same for a P that is nobody's but the caller's. */
    static void handOff(Sched sched, P pp) {
        pp.runq.kickRunnext(sched.runq); // nobody is about to run it now
        sched.lock.lock();
        Procs.pidlePut(sched, pp);
        sched.lock.unlock();
        wakeIfWork(sched);
    }

    /**
     * Waits until the wired goroutine is runnable and there is a P for it; false if the scheduler ended.
     */
    private static boolean stopLockedM(M mp) {
        Sched sched = mp.sched;
        sched.lock.lock();
        G ready = mp.lockedReady;
        boolean run = ready != null && mp.p != null;
        mp.lockedReady = null;
        mp.lockedAsleep = !run;
        sched.lock.unlock();
        if (run) {
            return true;
        }
        if (ready != null) { // but there is no P, after a syscall section: whoever finds it again brings one
            sched.runq.put(ready);
            wakeP(sched);
        }
        handOff(mp);
        DeadlockCheck check = mp.thread == mp ? null : sched.deadlockCheck;
        return check == null ? mp.sleep() : check.sleep(mp);
    }

    /** Unwires an M from its goroutine while both sleep; false if the M has been woken for it. */
    static boolean unwireAsleep(M mp) {
        Sched sched = mp.sched;
        sched.lock.lock();
        G gp = mp.lockedg;
        boolean asleep = mp.lockedAsleep;
        if (asleep) {
            mp.lockedAsleep = false;
            mp.lockedg = null;
            gp.lockedm = null;
            gp.lockedCount = 0;
        }
        sched.lock.unlock();
        return asleep;
    }

    /**
     * Found a goroutine that is wired to another M. If that M sleeps it gets this one's P. If not, it is on its way to
     * {@link #stopLockedM}, or runs the goroutine already and this was a repeated submission: it takes note.
     *
     * @return false if the scheduler ended
     */
    private static boolean startLockedM(M mp, M wired, G gp) {
        Sched sched = mp.sched;
        sched.lock.lock();
        boolean asleep = wired.lockedAsleep;
        wired.lockedAsleep = false;
        boolean unwired = !asleep && gp.lockedm != wired;
        if (!asleep && !unwired) {
            wired.lockedReady = gp;
        }
        sched.lock.unlock();
        if (unwired) {
            sched.runq.put(gp); // unwireAsleep, or the goroutine itself, meanwhile
        }
        if (!asleep) {
            return true;
        }
        P pp = mp.p;
        Procs.release(mp);
        wired.wakeWith(pp);
        return stopM(mp);
    }

    private static void mPut(Sched sched, M mp) {
        mp.link = sched.midle;
        sched.midle = mp;
        sched.nmidle++;
    }

    private static @Nullable M mGet(Sched sched) {
        M mp = sched.midle;
        if (mp != null) {
            sched.midle = mp.link;
            mp.link = null;
            sched.nmidle--;
        }
        return mp;
    }

    // -- the end --

    /**
     * After the end no M comes for what is in the queues: these goroutines, and each that becomes runnable later, go on
     * as virtual threads of the JDK's own scheduler. Anybody may call this.
     */
    static void drainToJdk(Sched sched) {
        RunQueue mine = new RunQueue();
        for (P pp : sched.allp) {
            G gp;
            while ((gp = mine.stealFrom(pp.runq, true, false)) != null) {
                toJdk(gp);
                while ((gp = mine.get()) != null) {
                    toJdk(gp);
                }
            }
        }
        for (G gp; (gp = globalOne(sched)) != null;) {
            toJdk(gp);
        }
    }

    private static void toJdk(G gp) {
        gp.leaveQueue();
        Jdk.defaultScheduler().execute(gp.runContinuation);
    }
}
