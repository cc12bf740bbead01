package io.goruntime.internal.sched;

import io.goruntime.internal.jdk.Jdk;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/**
 * Watches the Ms that hold a P. Counterpart of proc.go: sysmon, retake, preemptone.
 */
/*
 * A goroutine that uses the runtime gives way by itself: operations on channels and locks look at the preempt flag that
 * is set here when a time slice is over. Java code that does neither cannot be interrupted. If its M has not come back
 * to the scheduler and work waits that nobody else will do, one more P comes to life (Procs.compensate):
 *
 *   blocked  the carrier is BLOCKED or WAITING (a pinned monitor, a class being initialised), seen at two looks; or it
 *            used no processor for 10 ms (a read in native code): at once
 *   hog      it uses the processor: the k-th after 10 ms * 2^k, at most max(4, 2 * GOMAXPROCS) at a time, so that
 *            10,000 goroutines that compute for a second do not become 10,000 threads
 *
 * What waits in the local queue of such an M goes to the global queue, at this and every later look. To leave it to
 * thieves is not enough: an M steals only when it has nothing else to do, and while the others are kept busy by each
 * other that may be never.
 *
 * Its timers go to the shared heap at the same time; a timer that is due counts as work that waits. If Ps are idle and
 * nobody waits for the timers, which is so when the goroutine that set the first one did not give its M back, an M is
 * woken for that.
 *
 * Looks for events of the netpoller when nobody has for 10 ms.
 *
 * The P of a goroutine in a syscall section is simply taken: see Syscalls.
 *
 * Sleeps 20 us between looks, after 50 looks without a finding twice as long each time, up to 5 ms (Go: 10 ms; a hog
 * is to be noticed within 20 ms); without limit when every P is idle and was so for a whole sleep: the M that takes the
 * first P wakes it, and one whose goroutines wait a little every few microseconds shall not have to.
 */
final class Sysmon implements Runnable {
    private static final long MIN_SLEEP_NANOS = 20_000;
    private static final long MAX_SLEEP_NANOS = 5_000_000;
    private static final int LOOKS_AT_MIN = 50;
    static final long SLICE_NANOS = 10_000_000;

    /** A thread that used less than this part of the time it was watched waits for something. */
    private static final int BLOCKED_DIVISOR = 100;

    private final Sched sched;
    final Thread thread;

    /** Every P was idle and the thread sleeps, or is about to look once more before it does. */
    volatile boolean asleep;

    /** The time at the last look: what goroutines take down when they begin to wait. */
    volatile long coarseNanos = System.nanoTime();

    /** Empty except while a queue is being moved. */
    private final RunQueue taken = new RunQueue();

    private ThreadMXBean threads;
    private boolean requested;
    private Netpoller.Events events;

    Sysmon(Sched sched) {
        this.sched = sched;
        thread = new Thread(Jdk.rootThreadGroup(), this, sched.threadPrefix.concat("sysmon"), 0, false);
        thread.setDaemon(true);
        thread.setContextClassLoader(null);
    }

    void wake() {
        Jdk.unpark(thread);
    }

    @Override
    public void run() {
        try {
            ThreadMXBean bean = ManagementFactory.getThreadMXBean();
            if (bean.isThreadCpuTimeSupported() && bean.isThreadCpuTimeEnabled()) {
                bean.getThreadCpuTime(thread.threadId()); // loads what it needs now
                threads = bean;
            }
        } catch (OutOfMemoryError | LinkageError e) {
            // Of a heap that is full at this moment, perhaps in an initialiser: goes on without the times of threads.
        }
        while (!sched.ended) {
            try {
                watch();
            } catch (OutOfMemoryError e) {
                // A P to stand in, or an answer of the JVM, found no room: memory may come back, this thread would not.
                Jdk.parkCarrier(MAX_SLEEP_NANOS);
            }
        }
        request(false);
    }

    private void watch() {
        int quiet = 0;
        long sleepNanos = MIN_SLEEP_NANOS;
        int seen = 0;
        while (!sched.ended) {
            int resumes = resumes();
            if (allIdle() && resumes == seen) {
                sleepWhileIdle();
                quiet = 0;
            }
            seen = resumes;
            if (quiet == 0) {
                sleepNanos = MIN_SLEEP_NANOS;
            } else if (quiet > LOOKS_AT_MIN) {
                sleepNanos = Math.min(2 * sleepNanos, MAX_SLEEP_NANOS);
            }
            Jdk.parkCarrier(sleepNanos);
            Thread.interrupted();
            long now = sched.seam.nanoTime();
            coarseNanos = now;
            try {
                quiet = look(now) ? 0 : quiet + 1;
            } catch (OutOfMemoryError e) {
                quiet = 0; // what could not be made now is made at a later look
            }
            if (sched.endWhenEmpty && sched.allgs.size() == 0) {
                Lifecycle.end(sched);
            }
        }
    }

    /** How many goroutines were resumed until now; wraps around. */
    private int resumes() {
        int sum = 0;
        for (P pp : sched.allp) {
            sum += pp.resumeTick;
        }
        return sum;
    }

    private boolean allIdle() {
        return sched.npidle == sched.live;
    }

    /** Pairs with Procs.acquire: it takes the P off the idle list first and reads `asleep` then. */
    private void sleepWhileIdle() {
        request(false);
        asleep = true;
        while (allIdle() && !sched.ended && !(sched.endWhenEmpty && sched.allgs.size() == 0)) {
            DeadlockCheck check = sched.deadlockCheck;
            if (check != null) {
                check.allIdle();
            }
            Jdk.parkCarrier(0);
            Thread.interrupted();
        }
        asleep = false;
    }

    /** Looks at each P once; true if something was done. */
    private boolean look(long now) {
        boolean acted = false;
        boolean preempting = false;
        int hogs = 0;
        P[] all = sched.allp;
        for (P pp : all) {
            if (pp.compensated && pp.hog) {
                hogs++;
            }
        }
        for (P pp : all) {
            if (pp.status == P.DEAD) {
                Timing.handOver(sched, pp);
            }
            if (pp.status == P.SYSCALL) {
                acted |= retake(pp, now);
                continue;
            }
            M mp = pp.m;
            if (mp == null || pp.status != P.RUNNING) {
                continue;
            }
            if (pp.schedTick != pp.seenSchedTick) {
                pp.seenSchedTick = pp.schedTick;
                pp.seenSchedWhen = now;
            } else if (now - pp.seenSchedWhen >= SLICE_NANOS && !mp.spinning) {
                if (!pp.preempt) {
                    pp.preempt = true;
                    acted = true;
                }
                preempting = true;
            }
            if (pp.resumeTick != pp.seenResumeTick) {
                pp.seenResumeTick = pp.resumeTick;
                pp.seenResumeWhen = now;
                pp.seenCpuNanos = -1;
                continue;
            }
            if (now - pp.seenResumeWhen >= SLICE_NANOS && !mp.spinning) {
                Workers.takeQueue(sched, pp, taken);
                Timing.handOver(sched, pp);
            }
            if (sched.npidle != 0 && sched.nmspinning == 0 && Workers.anyWork(sched)) {
                // Its goroutine goes on instead of parking: let another P take the one in runnext, or one that yielded
                // to it.
                Workers.wakeP(sched);
                acted = true;
                continue;
            }
            if (pp.compensated || mp.spinning || sched.npidle != 0 || sched.nmspinning != 0
                    || !Workers.anyWork(sched) && !sched.timers.isDue(now) && !pp.timers.isDue(now)) {
                continue;
            }
            if (stuck(mp, pp, now, hogs) && Procs.compensate(sched, pp, pp.seenResumeTick)) {
                if (pp.hog) {
                    hogs++;
                }
                Workers.wakeP(sched);
                acted = true;
            }
        }
        if (sched.nmspinning == 0 && Timing.unattendedNear(sched)) {
            Workers.wakeP(sched);
        }
        pollNetwork(now);
        request(preempting);
        return acted;
    }

    /** A P beside a syscall section is taken at the second look if somebody can use it, else after a time slice. */
    private boolean retake(P pp, long now) {
        if (pp.syscallTick != pp.seenSyscallTick) {
            pp.seenSyscallTick = pp.syscallTick;
            pp.seenSyscallWhen = now;
            pp.seenSchedWhen = now;
            pp.seenResumeWhen = now;
            pp.seenCpuNanos = -1;
            return false;
        }
        if (pp.runq.isEmpty() && !pp.timers.isDue(now) && sched.npidle + sched.nmspinning > 0
                && now - pp.seenSyscallWhen < SLICE_NANOS) {
            return false;
        }
        return Syscalls.retake(sched, pp);
    }

    /** Looks for events when no M waits for them and none has looked for a time slice. */
    private void pollNetwork(long now) {
        Netpoller np = sched.netpoller;
        if (!np.anyWaiters() || sched.timedM != null || now - sched.lastPoll < SLICE_NANOS) {
            return;
        }
        if (events == null) {
            events = np.newEvents();
        }
        sched.lastPoll = now;
        if (events.poll(0) != 0) {
            events.ready();
        }
    }

    private boolean stuck(M mp, P pp, long now, int hogs) {
        if (mp.thread.getState() != Thread.State.RUNNABLE) {
            pp.hog = false;
            return true;
        }
        long since = now - pp.seenResumeWhen;
        if (pp.seenCpuNanos < 0) {
            pp.seenCpuNanos = cpuNanos(mp);
            pp.seenCpuWhen = now;
        }
        if (since < SLICE_NANOS) {
            return false;
        }
        long used = cpuNanos(mp) - pp.seenCpuNanos;
        if (threads != null && now - pp.seenCpuWhen >= SLICE_NANOS / 2
                && used < (now - pp.seenCpuWhen) / BLOCKED_DIVISOR) {
            pp.hog = false;
            return true;
        }
        pp.hog = true;
        return hogs < Math.max(4, 2 * sched.gomaxprocs) && since >= SLICE_NANOS << hogs;
    }

    private long cpuNanos(M mp) {
        return threads == null ? 0 : threads.getThreadCpuTime(mp.thread.threadId());
    }

    /** Tells goroutines everywhere that some P of this runtime wants its goroutine to yield, or that none does. */
    private void request(boolean wanted) {
        if (wanted != requested) {
            requested = wanted;
            Sched.addPreemptRequests(wanted ? 1 : -1);
        }
    }
}
