package io.goruntime.internal.sched;

import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.jdk.Mode;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import org.jspecify.annotations.Nullable;

/**
 * Waits for the main goroutine of a run, and tells a deadlock from a wait. Counterpart of proc.go: checkdead.
 */
/*
 * Go counts Ms. Here other threads of the process may send on a channel too, so a deadlock is only what cannot be
 * anything else; a false alarm is worse than none. All of these, twice in a row with no goroutine resumed in between:
 *
 *   - every P is idle, every queue empty, no timer set and nobody waiting for the network;
 *   - every goroutine waits in an operation of the runtime without a deadline (not in the JDK: a sleep, a socket or a
 *     lock may end by itself);
 *   - no signal is relayed to a channel;
 *   - no other thread could still send: no live platform thread of the application that is not a daemon, or has
 *     started since run began, or has ever readied a goroutine of this runtime or been woken by one; no live virtual
 *     thread that is not a goroutine of this runtime; no work in the JDK's common pool, whose threads are daemons and
 *     may be older than the run. The caller of run does not count: it waits here.
 *
 * The caller of run does the looking. sysmon, which notices every time that the last P has become idle, however that
 * came, wakes it, at most once in MIN_PAUSE: it arms `armed` and looks at the idle count afterwards; sysmon reads `armed`
 * after the count. While only other threads stand in the way it looks again by itself, in growing steps, because their
 * end makes no P idle.
 *
 * As long as main is wired to it, the caller is m0 and has nothing to do but to wait for main. It looks from there, and
 * when it has found a deadlock it unwires main, so that main can end on another M, and goes back to run.
 */
public final class DeadlockCheck {
    private static final long MIN_PAUSE_NANOS = 20_000_000;
    private static final long MAX_PAUSE_NANOS = 10_000_000_000L;

    private static final int NO = 0;
    private static final int ONLY_FOR_OTHER_THREADS = 1;
    private static final int YES = 2;

    /** Foreign platform threads that are remembered; more than that: never a deadlock. */
    private static final int REMEMBERED = 64;

    private static final VarHandle USERS = MethodHandles.arrayElementVarHandle(Thread[].class);

    /** Whether signals of the process are relayed to channels. Any of them may wake anybody. */
    private static volatile boolean signalsRelayed;

    private final Sched sched;
    private final Thread watcher = Thread.currentThread();
    private final Set<Thread> before;

    /** Threads that have met a goroutine; by CAS. The place of one that has ended is used again. */
    private final @Nullable Thread[] users = new Thread[REMEMBERED];
    private volatile boolean tooManyUsers;

    private volatile boolean armed;

    // of the watcher

    private long pause = MIN_PAUSE_NANOS;
    /** What it found while it was m0. */
    private @Nullable String found;

    DeadlockCheck(Sched sched) {
        this.sched = sched;
        before = new HashSet<>(List.of(Jdk.liveThreads()));
    }

    // -- called by the scheduler --

    /** Sysmon has seen that every P is idle. */
    void allIdle() {
        if (armed) {
            armed = false;
            Jdk.unpark(watcher);
        }
    }

    /** A thread that is none of the runtime's readies a goroutine, or is woken by one. Runs inside execute. */
    void used(Thread thread) {
        if (thread.isVirtual()) {
            return;
        }
        for (int i = 0; i < users.length;) {
            Thread user = (Thread) USERS.getVolatile(users, i);
            if (user == thread) {
                return;
            }
            if (user != null && user.isAlive()) {
                i++;
            } else if (USERS.compareAndSet(users, i, user, thread)) {
                return;
            }
        }
        tooManyUsers = true;
    }

    /**
     * The calling thread, m0, waits for main, which is wired to it, or for the next P: {@link M#sleep}, and looks.
     *
     * @return false if the scheduler ended, or this is a deadlock: main is no longer wired then
     */
    boolean sleep(M m0) {
        Jdk.park(MIN_PAUSE_NANOS); // most waits are over by then
        G main = m0.lockedg;
        while (!woken(m0, main)) {
            Thread.interrupted(); // see CallerInterrupts
            String deadlock = look(m0, main);
            if (deadlock != null && Workers.unwireAsleep(m0)) {
                found = deadlock;
                return false;
            }
        }
        return m0.sleep();
    }

    // -- called by run --

    /**
     * Waits until the goroutines that run waits for have ended. An interrupt of the caller is passed on to main.
     *
     * @param main the main goroutine
     * @return how it went
     */
    public static Outcome await(Sched sched, G main) {
        boolean interrupted = false;
        DeadlockCheck check = sched.deadlockCheck;
        main.joiner = Thread.currentThread();
        try {
            for (;;) {
                // Before the find is looked at: what was seen asleep after main had returned is no deadlock.
                boolean over = main.isOver();
                if (over && !main.goexited) {
                    return new Outcome(interrupted || sched.callerInterrupted, null);
                }
                if (over) {
                    sched.closers.add(Thread.currentThread());
                }
                String deadlock = check == null ? null : check.found;
                if (deadlock == null && over && sched.numGoroutine() == 0) {
                    deadlock = "no goroutines (main called runtime.Goexit) - deadlock!";
                }
                if (deadlock != null) {
                    return new Outcome(interrupted || sched.callerInterrupted, deadlock);
                }
                if (Thread.interrupted()) {
                    interrupted = true;
                    main.thread.interrupt();
                }
                if (check == null) {
                    Jdk.park(0);
                } else {
                    check.found = check.look(null, main);
                }
            }
        } finally {
            sched.closers.remove(Thread.currentThread());
        }
    }

    /**
     * How the wait for main ended.
     *
     * @param interrupted the caller was interrupted
     * @param deadlock Go's text and a dump, null if there was none
     */
    public record Outcome(boolean interrupted, @Nullable String deadlock) {
    }

    // -- called by the module's signals --

    /** Whether there are signals, from now on, that are relayed to channels. */
    public static void signalsRelayed(boolean relayed) {
        signalsRelayed = relayed;
    }

    // -- looking --

    /** Whether what the watcher waits for, besides a deadlock, has come. */
    private boolean woken(@Nullable M m0, G main) {
        return m0 == null ? main.isOver() : m0.nextp != null || sched.ended;
    }

    /** Looks, and parks until it is worth while to look again. The text of a deadlock, else null. */
    private @Nullable String look(@Nullable M m0, G main) {
        try {
            return lookAndPark(m0, main);
        } catch (OutOfMemoryError e) {
            Jdk.park(MIN_PAUSE_NANOS); // whoever looks must outlive that; there may be memory at the next look
            return null;
        }
    }

    private @Nullable String lookAndPark(@Nullable M m0, G main) {
        armed = true;
        int verdict = look();
        if (verdict == NO) {
            pause = MIN_PAUSE_NANOS;
            Jdk.park(0);
            armed = false;
            // Not more often than this, however often the Ps go idle.
            if (!woken(m0, main)) {
                Jdk.park(MIN_PAUSE_NANOS);
            }
            return null;
        }
        armed = false;
        long ticks = ticks();
        Jdk.park(pause);
        if (verdict == YES && look() == YES && ticks() == ticks) {
            return "all goroutines are asleep - deadlock!\n\n".concat(Dump.of(sched));
        }
        pause = Math.min(2 * pause, MAX_PAUSE_NANOS);
        return null;
    }

    private long ticks() {
        long sum = 0;
        for (P pp : sched.allp) {
            sum += pp.resumeTick;
        }
        return sum;
    }

    private int look() {
        if (sched.npidle != sched.live || Workers.anyWork(sched) || Timing.pending(sched)
                || sched.netpoller.anyWaiters()) {
            return NO;
        }
        List<G> all = sched.goroutines();
        if (all.isEmpty()) {
            return NO; // main has ended: await says what that means
        }
        for (G gp : all) {
            if (gp.waitReason == null || gp.timedWait || gp.isQueued()
                    || gp.thread.getState() != Thread.State.WAITING) {
                return NO;
            }
        }
        return othersMaySend() ? ONLY_FOR_OTHER_THREADS : YES;
    }

    private boolean othersMaySend() {
        ForkJoinPool common = ForkJoinPool.commonPool();
        if (signalsRelayed || tooManyUsers || !Jdk.tracksAllThreads() || !common.isQuiescent()
                || common.getDelayedTaskCount() > 0) {
            return true;
        }
        Set<Thread> ours = new HashSet<>(sched.threads());
        for (G gp : sched.goroutines()) {
            ours.add(gp.thread);
        }
        ours.add(watcher);
        for (Thread thread : Jdk.liveThreads()) {
            if (!ours.contains(thread) && (thread.isVirtual() || !thread.isDaemon() || !before.contains(thread))) {
                return true;
            }
        }
        for (Thread user : users) {
            if (user != null && user.isAlive() && !ours.contains(user) && !Jdk.isJdkThread(user)) {
                return true;
            }
        }
        return false;
    }

    /** Whether there can be a check: without the scheduler nobody knows what goroutines do. */
    static boolean possible() {
        return Mode.Chosen.GMP;
    }
}
