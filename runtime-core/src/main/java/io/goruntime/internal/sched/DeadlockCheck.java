package io.goruntime.internal.sched;

import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.jdk.Mode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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
 *   - no other thread could still send: no live platform thread of the application that is not a daemon, or has
 *     started since run began, or has ever readied a goroutine of this runtime; no live virtual thread that is not a
 *     goroutine of this runtime. The caller of run does not count: it waits here.
 *
 * The caller of run does the looking. The M that makes the last P idle wakes it, at most once in MIN_PAUSE: it arms
 * `armed` and looks at the idle count afterwards, the M counts first and then reads `armed`. While only other threads
 * stand in the way it looks again by itself, in growing steps, because their end makes no P idle.
 */
public final class DeadlockCheck {
    private static final long MIN_PAUSE_NANOS = 20_000_000;
    private static final long MAX_PAUSE_NANOS = 10_000_000_000L;

    private static final int NO = 0;
    private static final int ONLY_FOR_OTHER_THREADS = 1;
    private static final int YES = 2;

    /** Foreign platform threads that are remembered; more than that: never a deadlock. */
    private static final int REMEMBERED = 64;

    private final Sched sched;
    private final Thread watcher = Thread.currentThread();
    private final Set<Thread> before;

    /** Threads that readied a goroutine, written without a lock: a lost write costs one entry, made again next time. */
    private final @Nullable Thread[] users = new Thread[REMEMBERED];
    private volatile boolean tooManyUsers;

    private volatile boolean armed;

    DeadlockCheck(Sched sched) {
        this.sched = sched;
        before = new HashSet<>(List.of(Jdk.liveThreads()));
    }

    // -- called by the scheduler --

    /** An M has made the last P idle. */
    void allIdle() {
        if (armed) {
            armed = false;
            Jdk.unpark(watcher);
        }
    }

    /** A thread that is none of the runtime's readies a goroutine. Runs inside execute. */
    void used(Thread thread) {
        if (thread.isVirtual()) {
            return;
        }
        for (int i = 0; i < users.length; i++) {
            Thread user = users[i];
            if (user == thread) {
                return;
            }
            if (user == null) {
                users[i] = thread;
                return;
            }
        }
        tooManyUsers = true;
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
        long pause = MIN_PAUSE_NANOS;
        main.joiner = Thread.currentThread();
        try {
            for (;;) {
                if (main.isOver() && main.goexited) {
                    sched.closers.add(Thread.currentThread());
                }
                if (main.isOver() && (!main.goexited || sched.numGoroutine() == 0)) {
                    return new Outcome(interrupted || sched.callerInterrupted, main.goexited
                            ? "no goroutines (main called runtime.Goexit) - deadlock!"
                            : null);
                }
                if (Thread.interrupted()) {
                    interrupted = true;
                    main.thread.interrupt();
                }
                if (check == null) {
                    Jdk.park(0);
                    continue;
                }
                check.armed = true;
                int verdict = check.look();
                if (verdict == NO) {
                    pause = MIN_PAUSE_NANOS;
                    Jdk.park(0);
                    check.armed = false;
                    // Not more often than this, however often the Ps go idle.
                    if (!main.isOver()) {
                        Jdk.park(MIN_PAUSE_NANOS);
                    }
                    continue;
                }
                check.armed = false;
                long ticks = check.ticks();
                Jdk.park(pause);
                if (verdict == YES && check.look() == YES && check.ticks() == ticks) {
                    return new Outcome(interrupted || sched.callerInterrupted,
                            "all goroutines are asleep - deadlock!\n\n".concat(Dump.of(sched)));
                }
                pause = Math.min(2 * pause, MAX_PAUSE_NANOS);
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
        for (G gp : sched.goroutines()) {
            if (gp.waitReason == null || gp.timedWait || gp.isQueued()
                    || gp.thread.getState() != Thread.State.WAITING) {
                return NO;
            }
        }
        return othersMaySend() ? ONLY_FOR_OTHER_THREADS : YES;
    }

    private boolean othersMaySend() {
        if (tooManyUsers || !Jdk.tracksAllThreads()) {
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
