package io.goruntime.internal.sched;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.heap.MCache;
import io.goruntime.internal.timer.TimerHeap;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A processor: the right to run goroutines, and what goes with it. Counterpart of runtime2.go: p.
 */
/*
 * Transitions, all under sched.lock except the first two, which the M that takes or gives makes for itself, and those of
 * SYSCALL (see Syscalls):
 *
 *   IDLE    -> RUNNING   an M took it from the idle list, or was given it as nextp
 *   RUNNING -> IDLE      its M found nothing to do, or a locked M gave it away
 *   RUNNING -> DEAD      its M's next pass through schedule found one P too many (Procs)
 *   IDLE    -> DEAD      GOMAXPROCS shrank, or a compensated M came back
 *   DEAD    -> IDLE      GOMAXPROCS grew, or an M is compensated
 *   RUNNING -> SYSCALL   its goroutine needs no P for a while
 *   SYSCALL -> RUNNING   it needs it again
 *   SYSCALL -> IDLE      sysmon took it away meanwhile
 *
 * A P never moves away from a running M. An M that does not come back, because the Java code under it blocks or spins,
 * keeps its P; sysmon sets `compensated` and brings one more P to life in its place.
 */
final class P {
    private static final VarHandle STATUS = ConstantBootstraps.fieldVarHandle(lookup(), "status", VarHandle.class,
            P.class, int.class);

    static final int IDLE = 0;
    static final int RUNNING = 1;
    static final int DEAD = 2;
    static final int SYSCALL = 3;

    /** How many right guesses make a habit. */
    private static final int EXPERIENCE = 8;

    final int id;
    final RunQueue runq = new RunQueue();
    final TimerHeap timers = new TimerHeap();

    volatile int status = DEAD;

    /** The M that holds it, or left it for a syscall section; null when idle or dead. */
    @Nullable
    volatile M m;

    /** Next in the idle list; under sched.lock. */
    @Nullable
    P link;

    /** A P more than GOMAXPROCS stands in for this one. Set by sysmon, cleared by its M, both under sched.lock. */
    volatile boolean compensated;

    /** The time slice is over: sysmon asks, the P's own M or goroutine answers by clearing it. */
    volatile boolean preempt;

    // -- written by the holder, watched by sysmon; plain, since a late value only delays a decision --

    /** Time slices begun. A G from runnext shares its predecessor's. */
    int schedTick;

    /** Resumes, each of them. Unchanged means that the M is inside one of them, or stuck in the scheduler. */
    int resumeTick;

    /** Syscall sections that are over. */
    int syscallTick;

    // -- holder only --

    /** Where its goroutines allocate; made when the first of them does. Taken away from an idle or dead P under sched.lock. */
    @Nullable
    MCache mcache;

    long goidCache;
    long goidCacheEnd;

    /** The new goroutine that was put into runnext last, by its id; 0 once it has been resumed here. */
    private long newborn;
    private long newbornWhen;
    /** How many new goroutines in a row were resumed here and soon; see parentParks. */
    private int ranHere;

    // -- sysmon only --

    int seenSchedTick;
    long seenSchedWhen;
    int seenResumeTick;
    long seenResumeWhen;
    int seenSyscallTick = -1;
    long seenSyscallWhen;
    /** Processor time of its M at seenCpuWhen; -1 when not taken yet. */
    long seenCpuNanos;
    long seenCpuWhen;
    /** The compensation is for Java code that uses the processor, not for a blocked M. */
    boolean hog;

    P(int id) {
        this.id = id;
    }

    // -- syscall sections; see Syscalls --

    /** Its M wants it back; false if it has been taken away. */
    boolean returnFromSyscall() {
        return STATUS.compareAndSet(this, SYSCALL, RUNNING);
    }

    /** Sysmon takes it; false if its M has it back. */
    boolean takeFromSyscall() {
        return STATUS.compareAndSet(this, SYSCALL, IDLE);
    }

    /**
     * Holder: a new goroutine is in runnext, alone. Whether its parent is about to park and leave it the P, judging by
     * those before: whoever starts a goroutine to wait for its result does so again and again. Then an M that is woken
     * finds nothing, and costs more than the rest of it all. If the guess is wrong sysmon wakes one, and the next guess is
     * the other.
     *
     * @param goid of the new goroutine
     * @param now on sysmon's coarse clock
     */
    boolean parentParks(long goid, long now) {
        if (newborn != 0) {
            ranHere = 0; // the one before was taken by another P, or its parent has gone on
        }
        newborn = goid;
        newbornWhen = now;
        return ranHere >= EXPERIENCE;
    }

    /** Holder: resumes a goroutine. */
    void resumes(long goid, long now) {
        if (goid == newborn) {
            newborn = 0;
            ranHere = now == newbornWhen ? Math.min(ranHere + 1, 2 * EXPERIENCE) : ranHere / 2;
        }
    }

    @Override
    public String toString() {
        return "P" + id;
    }
}
