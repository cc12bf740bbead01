package io.goruntime.internal.sched;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.base.Errors;
import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.timer.RuntimeTimer;
import io.goruntime.internal.timer.TimerFn;
import io.goruntime.internal.timer.TimerHeap;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Timers and the scheduler: who runs those that are due, and who sleeps until the next. Counterpart of time.go:
 * timeSleep, goroutineReady, and of proc.go: wakeNetPoller.
 */
/*
 * Each P has a heap, and the scheduler a shared one. A goroutine sets a timer in the heap of its P; a thread without a P
 * in the shared one. A P that is given up for good hands its timers to the shared heap, and sysmon does the same with
 * those of a P whose M does not come back.
 *
 * Due timers are run by Ms between two goroutines: those of their own P and the shared ones at each pass through
 * findRunnable, those of other Ps when they look for work to steal.
 *
 * While Ps are idle, one idle M, not more, sleeps with a limit: until the first timer of all (sched.timedM, which is not
 * in the list of idle Ms, and sched.timedUntil). When it wakes it takes an idle P and goes on as an M that looks for
 * work. If it finds no idle P it becomes an ordinary idle M: all Ps are in use, and the first M that gives one up will
 * take the role. That no timer is forgotten:
 *
 *   setter   1. puts the timer into a heap      idler   1. takes the role: timedM, timedUntil
 *            2. full fence                              2. full fence
 *            3. timedM sleeps too long: unpark          3. looks at the first timer of each heap once more; an
 *               nobody has the role, and Ps                earlier one: timedUntil, and again from 2
 *               are idle: wakeP                         4. sleeps
 *
 *   An M that gives the role up looks at all heaps after it has done so, as in 3. An M that comes from goIdle has counted
 *   its P as idle before it looks who has the role.
 *
 * The M with that role waits for the events of the netpoller too, if there is one (see Netpoller); the role is then needed
 * while anybody waits for an event, timers or not.
 *
 * While a P is in use sysmon is awake, and it is enough to have somebody in the role for timers that are due before its
 * next look: those that are near. So an M that runs a goroutine wakes another for near timers only. For events it wakes
 * none, as in Go: to hand the role over would cost two system calls for each event, and mostly the M is back sooner. If
 * it is not, sysmon looks.
 *
 * A goroutine that sets a timer in order to park at once (sleep) leaves wakeP out: its own M passes through schedule,
 * which sees to it if there is another goroutine to run, and goes idle if there is none. So does one that sets a timer
 * for a time far enough away: sysmon, which is awake while a P is in use, wakes an M for a timer that nobody waits for.
 * Most timers are limits, set and stopped soon; to wake an M for each would cost more than all the rest. Neither holds for
 * a goroutine that has given its P up and keeps its M, in a callback: its M sees to nothing, and sysmon may sleep.
 *
 * Where there is no scheduler of ours (mode jdk), all timers are in the shared heap and a thread waits for them.
 *
 * After the end of the scheduler no timer fires. Those that are set are taken out (end); whoever sets one later finds
 * out: it adds the timer and then looks at sched.ended, end does the reverse.
 */
public final class Timing {
    static final VarHandle TIMED_M = ConstantBootstraps.fieldVarHandle(lookup(), "timedM", VarHandle.class, Sched.class,
            M.class);

    /** Due timers run by an M before it asks for help with what they made runnable. */
    private static final int WAKE_EVERY = 32;

    /** Between two tries where the memory for a look at the netpoller is missing. */
    private static final long NO_MEMORY_PAUSE_NANOS = 1_000_000;

    /** Later than sysmon's next look, by its clock, which may be one look late. */
    private static final long FAR_NANOS = 20_000_000;

    private Timing() {}

    // -- setting and stopping --

    /**
     * A time that far in the future, on the runtime's clock.
     *
     * @param nanos zero or more; saturates at 146 years, so that two times are always comparable
     */
    public static long deadline(Sched sched, long nanos) {
        return sched.seam.nanoTime() + Math.min(nanos, Long.MAX_VALUE / 2);
    }

    /**
     * Sets a timer. Without allocation, unless the heap must grow. The caller has made sure of the stack
     * ({@link Park#headroom}) and that nobody else sets the timer now.
     *
     * @param t is not set; may be about to fire for the time before
     * @param when on the runtime's clock; see {@link #deadline}
     * @return false if the runtime has ended: the timer is not set
     */
    public static boolean set(Sched sched, RuntimeTimer t, long when) {
        return set(sched, t, when, false);
    }

    private static boolean set(Sched sched, RuntimeTimer t, long when, boolean parks) {
        boolean first = add(sched, t, when);
        if (sched.ended && TimerHeap.remove(t)) {
            return false;
        }
        if (first) {
            wake(sched, when, parks);
        }
        return true;
    }

    /**
     * Stops a timer. The caller has made sure of the stack.
     *
     * @return true if it was set and will not fire; false if it was not set, or fires now, or has done so
     */
    public static boolean stop(RuntimeTimer t) {
        return TimerHeap.remove(t);
    }

    /** The half of {@link #set} that may be done under a lock: returns whether {@link #wake} must follow. */
    static boolean add(Sched sched, RuntimeTimer t, long when) {
        M mp = Mode.Chosen.GMP ? M.current() : null;
        P pp = mp != null && mp.sched == sched ? mp.p : null;
        return (pp == null ? sched.timers : pp.timers).add(t, when);
    }

    /** The setter's half of the protocol above: a timer has become the first of its heap. */
    static void wake(Sched sched, long when, boolean parks) {
        if (!Mode.Chosen.GMP) {
            sched.timerThread.wake(when);
            return;
        }
        M timed = sched.timedM;
        if (timed != null) {
            if (when - sched.timedUntil < 0) {
                kick(sched, timed);
            }
        } else if (!inUse(sched) || !parks && isNear(sched, when)) {
            Workers.wakeP(sched);
        }
    }

    /** Ends the sleep of the M that has the role. */
    private static void kick(Sched sched, M timed) {
        Jdk.unpark(timed.thread);
        sched.netpoller.wake();
    }

    /** A thread is about to wait for an event, and has counted itself. See Netpoller. */
    public static void waits(Sched sched) {
        if (Mode.Chosen.GMP && sched.timedM == null && !inUse(sched)) {
            Workers.wakeP(sched);
        }
    }

    /** Who sleeps until the first timer waits for events from now on. */
    static void netpollerInstalled(Sched sched) {
        M timed = sched.timedM;
        if (timed != null) {
            kick(sched, timed);
        }
    }

    /** Whether the caller runs on a P. */
    private static boolean inUse(Sched sched) {
        M mp = M.current();
        return mp != null && mp.sched == sched && mp.p != null;
    }

    // -- waiting goroutines --

    /** Unparks the goroutine that is the timer's argument; it looks at the clock, or for another way to wait, itself. */
    private static final TimerFn ALARM = new AlarmFn();

    private static final class AlarmFn implements TimerFn {
        @Override
        public void fired(RuntimeTimer t) {
            Jdk.unpark(((G) t.arg).thread);
        }

        @Override
        public void abandoned(RuntimeTimer t) {
            fired(t);
        }
    }

    /**
     * Sees to it that the calling goroutine, which is about to park, is unparked at a time, unless it is already.
     *
     * @return false if it must see to that itself: there is no scheduler of ours, or it has ended
     */
    static boolean setAlarm(G gp, long when) {
        if (!Mode.Chosen.GMP) {
            return false;
        }
        RuntimeTimer t = gp.alarm;
        if (t == null) {
            gp.alarm = t = new RuntimeTimer(ALARM, gp);
        } else if (t.isSet()) {
            return true;
        }
        Park.headroom();
        return set(gp.sched, t, when, true);
    }

    /** The goroutine waits no longer. */
    static void stopAlarm(G gp) {
        RuntimeTimer t = gp.alarm;
        if (t != null && t.isSet()) {
            stop(t);
        }
    }

    /**
     * Lets the calling thread sleep; a goroutine gives up its P meanwhile. Counterpart of time.go: timeSleep.
     *
     * @param nanos zero or negative: yields only
     * @throws InterruptedException if interrupted before or while it sleeps; the flag is cleared
     */
    public static void sleep(long nanos) throws InterruptedException {
        if (nanos <= 0) {
            Sched.gosched();
        } else if (Thread.interrupted()
                || Park.goPark(Sudog.acquire(), WaitReason.SLEEP, true, Park.deadline(nanos)) == Park.INTERRUPTED) {
            throw new InterruptedException();
        }
    }

    // -- running those that are due; Ms only --

    /** Runs what is due of the M's own P and of the shared heap. Counterpart of proc.go: checkTimers. */
    static void check(M mp, P pp) {
        long now = mp.sched.seam.nanoTime();
        if (pp.timers.isDue(now)) {
            run(mp, pp.timers, now);
        }
        if (mp.sched.timers.isDue(now)) {
            run(mp, mp.sched.timers, now);
        }
        if (mp.sched.npidle != 0 && pp.runq.size() > 1) {
            Workers.wakeP(mp.sched); // one is for this M
        }
    }

    /** Runs the due timers of a heap; what they make runnable goes to the tail of the M's own queue. */
    static void run(M mp, TimerHeap heap, long now) {
        int n = 0;
        mp.firing = true;
        try {
            for (RuntimeTimer t; (t = heap.takeDue(now)) != null;) {
                t.fire();
                if (++n % WAKE_EVERY == 2) {
                    Workers.wakeP(mp.sched); // the first one is for this M
                }
            }
        } finally {
            mp.firing = false;
        }
    }

    // -- events; Ms only --

    /** Looks for events, or waits for them; the number of them, to be made {@link #ready}. */
    private static int poll(M mp, Netpoller np, long nanos) {
        try {
            Netpoller.Events events = mp.events;
            if (events == null) {
                mp.events = events = np.newEvents();
            }
            int n = events.poll(nanos);
            mp.sched.lastPoll = mp.sched.seam.nanoTime();
            return n;
        } catch (OutOfMemoryError e) {
            Jdk.parkCarrier(NO_MEMORY_PAUSE_NANOS);
            return 0;
        }
    }

    /** Makes runnable who waits for what {@link #poll} found; with a P they go to the tail of its queue. */
    private static void ready(M mp) {
        mp.firing = true;
        try {
            mp.events.ready();
        } finally {
            mp.firing = false;
        }
        P pp = mp.p;
        if (pp != null && mp.sched.npidle != 0 && pp.runq.size() > 1) {
            Workers.wakeP(mp.sched); // one is for this M
        }
    }

    /** An M with a P and nothing to run: looks for events, unless another M waits for them. */
    static @Nullable G findEvents(M mp, P pp) {
        Sched sched = mp.sched;
        Netpoller np = sched.netpoller;
        if (!np.anyWaiters() || sched.timedM != null || poll(mp, np, 0) == 0) {
            return null;
        }
        ready(mp);
        return pp.runq.get();
    }

    // -- waiting for the next --

    /** The time of the first timer of all, or NONE. */
    static long earliest(Sched sched) {
        long least = sched.timers.earliest();
        for (P pp : sched.allp) {
            long first = pp.timers.earliest();
            if (first != TimerHeap.NONE && (least == TimerHeap.NONE || first - least < 0)) {
                least = first;
            }
        }
        return least;
    }

    /** Whether any timer is set. */
    static boolean pending(Sched sched) {
        return earliest(sched) != TimerHeap.NONE;
    }

    /** Whether there is something to wait for, timers or events, Ps are idle, and no M waits. */
    static boolean unattended(Sched sched) {
        return sched.npidle != 0 && sched.timedM == null && (sched.netpoller.anyWaiters() || pending(sched));
    }

    /** The same for what sysmon would be too late for. */
    static boolean unattendedNear(Sched sched) {
        return sched.npidle != 0 && sched.timedM == null && isNear(sched, earliest(sched));
    }

    private static boolean isNear(Sched sched, long first) {
        return first != TimerHeap.NONE && first - sched.sysmon.coarseNanos < FAR_NANOS;
    }

    /** An M found a goroutine to run: until it is back, somebody else must wait for the near timers that it can see. */
    static void leave(Sched sched, P pp) {
        if (sched.npidle != 0 && sched.timedM == null
                && (isNear(sched, pp.timers.earliest()) || isNear(sched, sched.timers.earliest()))) {
            Workers.wakeP(sched);
        }
    }

    /**
     * An M without a P: sleeps until the first timer of all is due or there are events, unless another M does.
     *
     * @return true if it has a P now, and is spinning unless it brings events only; false if there is nothing to wait for, or somebody else does, or no
     *         P is idle
     */
    static boolean await(M mp) {
        Sched sched = mp.sched;
        for (;;) {
            long until = earliest(sched);
            if (until == TimerHeap.NONE && !sched.netpoller.anyWaiters() || sched.ended
                    || !TIMED_M.compareAndSet(sched, (M) null, mp)) {
                return false;
            }
            int found = sleepUntil(mp, until);
            sched.timedM = null;
            if (found == NOTHING) {
                continue; // what there was is gone; what came while we had the role must not be overlooked
            }
            sched.lock.lock();
            P pp = Procs.pidleGet(sched);
            sched.lock.unlock();
            if (pp != null) {
                Procs.acquire(mp, pp);
                if (found == DUE || isNear(sched, earliest(sched))) {
                    mp.spinning = true;
                    sched.addSpinning(1);
                }
            }
            if (found == EVENTS) {
                ready(mp);
            }
            return pp != null;
        }
    }

    private static final int NOTHING = 0;
    private static final int DUE = 1;
    private static final int EVENTS = 2;

    /** With the role taken: what ended the sleep; nothing if nothing is waited for any more, or the end has come. */
    private static int sleepUntil(M mp, long first) {
        Sched sched = mp.sched;
        long until = first;
        for (;;) {
            long now = sched.seam.nanoTime();
            sched.timedUntil = until == TimerHeap.NONE ? now + Long.MAX_VALUE / 2 : until;
            long again = earliest(sched);
            Netpoller np = sched.netpoller;
            if (again == TimerHeap.NONE && !np.anyWaiters() || sched.ended) {
                return NOTHING;
            }
            if (again != until) {
                until = again;
                continue;
            }
            long nanos = until == TimerHeap.NONE ? -1 : until - now;
            if (until != TimerHeap.NONE && nanos <= 0) {
                return DUE;
            }
            if (np == Netpoller.NONE) {
                sched.seam.park(nanos);
            } else if (poll(mp, np, nanos) != 0) {
                return EVENTS;
            }
            Thread.interrupted();
            // The timer may have been stopped, and a later one be the first: no reason to wake up for good.
        }
    }

    /** The clock is not the system's and has been set: whoever waits for a time looks again. */
    static void clockChanged(Sched sched) {
        M timed = sched.timedM;
        if (timed != null) {
            kick(sched, timed);
        } else if (pending(sched)) {
            Workers.wakeP(sched);
        }
    }

    // -- moving --

    /** Moves the timers of a P that nobody will look after to the shared heap. Counterpart of time.go: take. */
    static void handOver(Sched sched, P pp) {
        if (pp.timers.earliest() == TimerHeap.NONE) {
            return;
        }
        try {
            if (pp.timers.moveTo(sched.timers)) {
                wake(sched, sched.timers.earliest(), false);
            }
        } catch (OutOfMemoryError e) {
            // They stay where they are: found by Ms that steal or go idle, and moved at sysmon's next look.
        }
    }

    /** The end of the scheduler, which is marked as ended: no timer fires any more. */
    static void end(Sched sched) {
        for (P pp : sched.allp) {
            abandonAll(pp.timers);
        }
        abandonAll(sched.timers); // last: timers move from a P to here, and never back
        if (!Mode.Chosen.GMP) {
            sched.timerThread.wake();
        }
    }

    private static void abandonAll(TimerHeap heap) {
        for (RuntimeTimer t; (t = heap.takeAny()) != null;) {
            t.abandon();
        }
    }

    /** See {@link Linked}. */
    static void link(Sched sched) {
        TimerHeap heap = new TimerHeap();
        TimerHeap other = new TimerHeap();
        RuntimeTimer t = new RuntimeTimer(new TimerFn() {
            @Override
            public void fired(RuntimeTimer same) {}
        }, null);
        heap.add(t, 1);
        heap.moveTo(other);
        TimerHeap.remove(t);
        heap.add(t, 1);
        heap.takeDue(1).fire();
        heap.takeAny();
        TIMED_M.compareAndSet(sched, (M) null, (M) null);
    }
}
