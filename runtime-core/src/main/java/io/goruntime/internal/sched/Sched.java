package io.goruntime.internal.sched;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.base.SpinLock;
import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.timer.TimerHeap;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The scheduler of one runtime: its state and the ways in from other packages. Counterpart of runtime2.go: schedt, and
 * of proc.go: schedinit, newproc, ready, gosched.
 */
/*
 * G, M and P as in Go: a G is a goroutine, an M a platform thread that runs Gs, a P the right to do so, and there are
 * GOMAXPROCS of them. The stack of a G is a virtual thread whose scheduler is the G itself (see G).
 *
 *   a G becomes runnable   the JDK calls G.execute; ready() puts it into the queue of the current P (runnext first), or
 *                          into the global queue, and wakes an idle P if nobody looks for work already
 *   an M looks for work    Workers: own queue, global queue, other Ps' queues; then it gives its P up and sleeps
 *   a G waits              Park: in a channel's queue first, then LockSupport.park
 *   an M does not return   Sysmon: one more P stands in for it
 *   Ps come and go         Procs
 *   Ms come                Template, the only thread that starts threads
 *
 * Start order, as in Go (asm_amd64.s: rt0_go; proc.go: main):
 *
 *   1. osinit      Procs.osinit: how many processors
 *   2. schedinit   the constructor: Ps, queues; then the template thread, sysmon's thread
 *   3. newproc     the main goroutine, wired to m0
 *   4. mstart      m0 runs it
 *   5. main        sysmon begins to watch; the init tasks in order of registration, still on m0; then main itself
 *
 * Without a main goroutine (a runtime that is only spawned into) steps 3 to 5 fall away, and sysmon starts in step 2.
 *
 * Idle and awake. Two counters say who could take new work: npidle, Ps without an M, and nmspinning, Ms that hold a P
 * and look for work. The rule that no wake-up is lost:
 *
 *   publisher   1. puts the G into a queue         idler   1. counts itself: npidle + 1, or nmspinning - 1
 *               2. full fence                              2. full fence
 *               3. npidle > 0 and nmspinning = 0:          3. looks into every queue once more;
 *                  wake one M as spinning                     work: takes an idle P again and goes back to it
 *
 * Either the publisher sees the idler's count or the idler sees the work. An M that found work and was the last one
 * spinning looks again after it has taken back its count, and wakes another if there is more, because publishers trusted
 * it to look (Workers.resetSpinning).
 *
 * A G alone in the runnext of a running P is not part of this: its P is about to run it. If the P does not get to it,
 * sysmon, which is awake while any P is in use, wakes an M that takes it away.
 */
public final class Sched {
    private static final VarHandle GOID = ConstantBootstraps.fieldVarHandle(lookup(), "goidGen", VarHandle.class,
            Sched.class, long.class);
    private static final VarHandle NMSPINNING = ConstantBootstraps.fieldVarHandle(lookup(), "nmspinning",
            VarHandle.class, Sched.class, int.class);
    private static final VarHandle PREEMPT_REQUESTS = ConstantBootstraps.staticFieldVarHandle(lookup(),
            "preemptRequests", VarHandle.class, Sched.class, int.class);

    /** As many goids as a P takes at a time. */
    private static final int GOID_CACHE_BATCH = 16;

    /**
     * Not 0 while some P of some runtime has its preempt flag set: what operations on channels and locks look at first.
     * Written by sysmons only; a late look is no harm.
     */
    private static volatile int preemptRequests;

    public final String name;
    final String threadPrefix;
    final GoroutineHooks hooks;
    final Seam seam;

    /** Whether goroutines inherit the thread-locals of their creators. */
    final boolean inheritThreadLocals;

    /** The same for the bridge. */
    final int characteristics;

    final int maxMs;

    // -- the global queue and all goroutines --

    final GlobalQueue runq = new GlobalQueue();
    final AllGs allgs = new AllGs();
    private volatile long goidGen;

    // -- Ms and Ps; lock protects what is not volatile, and all writes but those to nmspinning --

    final SpinLock lock = new SpinLock();
    @Nullable
    M midle;
    int nmidle;
    @Nullable
    P pidle;
    volatile int npidle;
    volatile int nmspinning;
    /** Every P that ever was, by id. Grows by copying. */
    volatile P[] allp = new P[0];
    /** Every M that lives. Replaced by copying. */
    volatile M[] allm = new M[0];
    int nextMid;
    /** GOMAXPROCS. */
    volatile int gomaxprocs;
    /** Compensated Ps: live may exceed gomaxprocs by so many. */
    int ncompensated;
    /** Ps that are not dead. */
    volatile int live;
    /** live - (gomaxprocs + ncompensated): positive when a P must go. */
    volatile int surplus;

    // -- timers; see Timing --

    /** Those set by threads without a P, and those handed over by Ps that are given up. */
    final TimerHeap timers = new TimerHeap();
    /** The one idle M that sleeps until the first timer is due; written by CAS from null, and back by that M. */
    @Nullable
    volatile M timedM;
    /** Until when it sleeps; written by it. */
    volatile long timedUntil;
    /** Without our scheduler: runs the timers. */
    final TimerThread timerThread = new TimerThread(this);

    // -- the netpoller --

    volatile Netpoller netpoller = Netpoller.NONE;
    /** When somebody last looked for events, on the runtime's clock; plain, a late value costs one look. */
    long lastPoll;

    // -- life --

    /** The caller of run was interrupted while it was m0. */
    volatile boolean callerInterrupted;
    /** No more goroutines are taken. */
    volatile boolean closing;
    /** No goroutine is left, or nobody waits for them any longer: Ms end, what becomes runnable goes to the JDK. */
    volatile boolean ended;
    /** Whoever waits for all goroutines to end, in close or after main's goexit. Told of each. */
    final Set<Thread> closers = ConcurrentHashMap.newKeySet();
    /**
     * Close was called by a goroutine of this runtime: sysmon makes the end when that one has returned. Where there is no
     * sysmon, the goroutine itself does, as the last it does.
     */
    volatile boolean endWhenEmpty;

    /** Of a run; null if there is none, or it was turned off. */
    @Nullable
    volatile DeadlockCheck deadlockCheck;

    /** How much stack to reserve for each M. Halved, by the template thread, when the system refuses. */
    long mStackBytes;

    final Jdk.@Nullable Container container;
    final Template template;
    final Sysmon sysmon;

    /**
     * Makes a scheduler and its first threads.
     *
     * @param name for thread names
     * @param procs GOMAXPROCS
     * @param maxMs how many Ms there may be
     * @param mStackBytes how much stack to reserve for each M
     */
    public Sched(String name, int procs, int maxMs, long mStackBytes, boolean inheritThreadLocals,
            GoroutineHooks hooks, Seam seam) {
        this.name = name;
        this.threadPrefix = "goruntime-" + name + "-";
        this.hooks = hooks;
        this.seam = seam;
        this.maxMs = maxMs;
        this.mStackBytes = mStackBytes;
        this.inheritThreadLocals = inheritThreadLocals;
        this.characteristics = inheritThreadLocals || !Mode.Chosen.GMP ? 0 : Jdk.noInheritThreadLocals();
        this.gomaxprocs = procs;
        Preload.all();
        template = new Template(this);
        sysmon = new Sysmon(this);
        if (Mode.Chosen.GMP) {
            container = new Jdk.Container("goruntime-" + name,
                    () -> allgs.snapshot().stream().filter(gp -> !gp.startedElsewhere).map(gp -> gp.thread));
            Linked.ensure(this);
            Procs.resize(this, procs);
            template.thread.start();
        } else {
            container = null;
        }
    }

    /** For a run: looks for deadlocks from now on. Called by the thread that will wait for main. */
    public void watchForDeadlock() {
        if (DeadlockCheck.possible()) {
            deadlockCheck = new DeadlockCheck(this);
        }
    }

    /** Begins to watch; called once, by main or by the maker of a runtime without main. */
    public void startSysmon() {
        if (Mode.Chosen.GMP) {
            sysmon.thread.start();
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Goroutines
    // ------------------------------------------------------------------------------------------------------------

    /**
     * Makes a goroutine and makes it runnable. Counterpart of proc.go: newproc. What the caller did before happens
     * before what the goroutine does.
     *
     * @param threadName the name of its thread, null for none
     * @param fn given to {@link GoroutineHooks#run} in the goroutine
     * @param fnClass the class to name in dumps
     * @throws RejectedExecutionException if the runtime is closed
     */
    public G newproc(@Nullable String threadName, Object fn, Class<?> fnClass) {
        return newproc(threadName, fn, fnClass, Thread.currentThread().getContextClassLoader());
    }

    /** The same for who starts it on behalf of another, whose context class loader this is. */
    G newproc(@Nullable String threadName, Object fn, Class<?> fnClass, @Nullable ClassLoader loader) {
        M mp = Mode.Chosen.GMP ? M.current() : null;
        P pp = mp != null && mp.sched == this ? mp.p : null;
        G gp = newG(pp, threadName, fn, fnClass, loader);
        // Listed first, then asked: either close finds it in the list or we find the runtime closed.
        allgs.add(gp, pp == null ? (int) gp.goid : pp.id);
        if (closing) {
            exited(gp);
            throw closed();
        }
        startThread(gp);
        return gp;
    }

    /** The main goroutine, started and wired to the m0 that will resume it first. */
    G newmain(Object fn, Class<?> fnClass, M m0) {
        G main = newG(null, "main", fn, fnClass, Thread.currentThread().getContextClassLoader());
        main.lockedCount = 1;
        main.lockedm = m0;
        m0.lockedg = main;
        main.enterQueue();
        allgs.add(main, 0);
        startThread(main);
        return main;
    }

    /**
     * Makes a goroutine whose thread somebody else starts.
     *
     * @throws RejectedExecutionException if the runtime is closed
     */
    public G newUnstarted(@Nullable String threadName, Object fn, Class<?> fnClass) {
        if (closing) {
            throw closed();
        }
        G gp = newG(null, threadName, fn, fnClass, Thread.currentThread().getContextClassLoader());
        gp.startedElsewhere = true;
        return gp;
    }

    private G newG(@Nullable P pp, @Nullable String threadName, Object fn, Class<?> fnClass,
            @Nullable ClassLoader loader) {
        long goid;
        if (pp != null) {
            if (pp.goidCache == pp.goidCacheEnd) {
                pp.goidCache = (long) GOID.getAndAdd(this, (long) GOID_CACHE_BATCH) + 1;
                pp.goidCacheEnd = pp.goidCache + GOID_CACHE_BATCH;
            }
            goid = pp.goidCache++;
        } else {
            goid = (long) GOID.getAndAdd(this, 1L) + 1;
        }
        G parent = G.current();
        G gp = new G(this, goid, parent == null || parent.sched != this ? 0 : parent.goid, threadName, fn, fnClass);
        // The JDK leaves it out together with the inheritable thread-locals. In an application server, or a jar of jars,
        // the system class loader that is left sees nothing of the application.
        if (loader != null) {
            gp.thread.setContextClassLoader(loader);
        }
        return gp;
    }

    /** Starts the thread of a goroutine that is listed; if that fails, it no longer is. */
    private void startThread(G gp) {
        try {
            if (container != null) {
                container.start(gp.thread);
            } else {
                gp.thread.start();
            }
        } catch (Throwable e) {
            // At the end of the stack the JVM may throw its StackOverflowError after the start was made.
            if (gp.thread.getState() == Thread.State.NEW
                    || gp.thread.getState() == Thread.State.TERMINATED && !gp.began) {
                exited(gp);
                throw e;
            }
        }
    }

    /** Lists a goroutine whose thread is being started by somebody else; false if the runtime is closed. */
    boolean admit(G gp) {
        allgs.add(gp, (int) gp.goid);
        if (closing) {
            exited(gp);
            return false;
        }
        return true;
    }

    RejectedExecutionException closed() {
        return new RejectedExecutionException("runtime ".concat(name).concat(" is closed")); // an M may come here
    }

    /** A goroutine is over. */
    void exited(G gp) {
        allgs.remove(gp);
        if (!closers.isEmpty()) {
            for (Thread closer : closers) {
                Jdk.unpark(closer);
            }
        }
        Thread caller = gp.joiner;
        if (caller != null) {
            Jdk.unpark(caller);
        }
        if (endWhenEmpty) {
            if (Mode.Chosen.GMP) {
                sysmon.wake();
            } else if (allgs.size() == 0) {
                Lifecycle.end(this);
            }
        }
    }

    /**
     * Ends the calling goroutine. Counterpart of panic.go: Goexit.
     *
     * @throws IllegalStateException outside a goroutine
     */
    public static void goexit() {
        if (G.current() == null) {
            throw new IllegalStateException("goexit outside a goroutine");
        }
        throw new GoexitError();
    }

    /** Whether this is the unwinding of goexit. */
    public static boolean isGoexit(Throwable e) {
        return e instanceof GoexitError;
    }

    /** Whether close has been called. */
    public boolean isClosing() {
        return closing;
    }

    // ------------------------------------------------------------------------------------------------------------
    // Becoming runnable
    // ------------------------------------------------------------------------------------------------------------

    /**
     * Puts a G that has just become runnable into a queue. Counterpart of proc.go: ready, goschedImpl.
     */
    void ready(G gp) {
        M mp = M.current();
        P pp = mp == null || mp.sched != this ? null : mp.p;
        if (pp == null) {
            DeadlockCheck check = deadlockCheck;
            if (check != null && (mp == null || mp.sched != this)) {
                check.used(Thread.currentThread());
            }
            runq.put(gp);
            Workers.wakeP(this);
        } else if (Thread.currentThread() == mp.thread) {
            if (mp.firing) {
                pp.runq.put(gp, false, runq); // for this M, after those that were ready before; see Timing.run
            } else {
                // The M's own resubmission: its goroutine yields, or was unparked on its way to park.
                runq.put(gp);
                // Alone it is this M's next; not so behind another, be it in runnext.
                if (!pp.runq.isEmpty()) {
                    Workers.wakeP(this);
                }
            }
        } else {
            pp.runq.put(gp, true, runq);
            // A goroutine that readies one other is about to park, as a rule, and leaves it the P. To wake an M for
            // that one costs more than it gains; if the rule fails, sysmon wakes one. A new goroutine is another matter,
            // unless experience says that it is not.
            if (pp.runq.waits() || !gp.began && !pp.parentParks(gp.goid, sysmon.coarseNanos)) {
                Workers.wakeP(this);
            }
        }
        if (ended) {
            Workers.drainToJdk(this);
        }
    }

    /** The current goroutine, if it is one, wakes a thread that is none, and that may answer. */
    static void met(Thread plain) {
        M mp = Mode.Chosen.GMP ? M.current() : null;
        DeadlockCheck check = mp == null ? null : mp.sched.deadlockCheck;
        if (check != null) {
            check.used(plain);
        }
    }

    boolean incrementSpinningFromZero() {
        return NMSPINNING.compareAndSet(this, 0, 1);
    }

    /** Returns the new value; a full fence. */
    int addSpinning(int delta) {
        return (int) NMSPINNING.getAndAdd(this, delta) + delta;
    }

    // ------------------------------------------------------------------------------------------------------------
    // Giving up the processor
    // ------------------------------------------------------------------------------------------------------------

    /**
     * Lets other goroutines run; outside a goroutine, Thread.yield. Counterpart of proc.go: Gosched.
     *
     * @return false if there was no stack to yield on, or too much of it for the collector (see Park); a yield is only
     *         a hint, so the goroutine just goes on
     */
    public static boolean gosched() {
        if (Mode.Chosen.GMP && nobodyWaits()) {
            return true;
        }
        try {
            Thread.yield();
            return true;
        } catch (StackOverflowError e) {
            return false;
        }
    }

    /**
     * Whether a pass through schedule would resume the same goroutine: nothing waits for this P, and nothing is asked of
     * it. A goroutine that yields for a whole time slice is asked for one all the same, and so never looks like a hog.
     */
    private static boolean nobodyWaits() {
        M mp = M.current();
        P pp = mp == null || mp.curg == null ? null : mp.p;
        if (pp == null || pp.preempt || pp.compensated || !pp.runq.isEmpty()) {
            return false;
        }
        Sched sched = mp.sched;
        return sched.runq.isEmpty() && sched.surplus == 0 && !sched.ended && pp.timers.earliest() == TimerHeap.NONE
                && sched.timers.earliest() == TimerHeap.NONE;
    }

    /** What operations that could go on for ever call when they do not wait: yields if the time slice is over. */
    public static void checkPreempt() {
        if (preemptRequests != 0) {
            preemptSlow();
        }
    }

    private static void preemptSlow() {
        M mp = M.current();
        if (mp != null && mp.curg != null) {
            P pp = mp.p;
            // schedule clears the flag; where the goroutine cannot yield, not every operation is to try it again
            if (pp != null && pp.preempt && !gosched()) {
                pp.preempt = false;
            }
        }
    }

    /** Lets the goroutine run that was just made runnable; nothing outside a goroutine. Counterpart of proc.go: goyield. */
    public static void yieldTo() {
        if (G.current() != null) {
            gosched();
        }
    }

    /**
     * Whether somebody who waits for a lock should spin a little: if there are several processors, the holder may be
     * running on another P, and no other goroutine wants this one. Counterpart of proc.go: sync_runtime_canSpin.
     */
    public static boolean canSpin() {
        if (NCPU == 1) {
            return false;
        }
        M mp = Mode.Chosen.GMP ? M.current() : null;
        if (mp == null) {
            return true;
        }
        Sched sched = mp.sched;
        P pp = mp.p;
        return pp != null && sched.live - sched.npidle - sched.nmspinning > 1 && pp.runq.isEmpty();
    }

    private static final int NCPU = Runtime.getRuntime().availableProcessors();

    /**
     * A number for what is kept a P: the id of the current P, which may be another one a moment later; for other threads
     * something that differs between them. Not negative.
     */
    public static int currentPid() {
        M mp = Mode.Chosen.GMP ? M.current() : null;
        P pp = mp == null ? null : mp.p;
        return pp != null ? pp.id : (int) Thread.currentThread().threadId() & Integer.MAX_VALUE;
    }

    static void addPreemptRequests(int delta) {
        PREEMPT_REQUESTS.getAndAdd(delta);
    }

    // ------------------------------------------------------------------------------------------------------------
    // Wiring a goroutine to its thread; counterpart of proc.go: LockOSThread, UnlockOSThread
    // ------------------------------------------------------------------------------------------------------------

    /** Wires the calling goroutine to its M; calls nest. Nothing to do on a plain thread. */
    public static void lockOSThread() {
        if (!Mode.Chosen.GMP) {
            if (G.current() != null) {
                throw new UnsupportedOperationException("lockOSThread: " + Mode.reason());
            }
            return;
        }
        M mp = M.current();
        G gp = mp == null ? null : mp.curg;
        if (gp != null) {
            if (gp.lockedCount == Integer.MAX_VALUE) {
                throw new IllegalStateException("lockOSThread nesting overflow");
            }
            gp.lockedCount++;
            gp.lockedm = mp;
            mp.lockedg = gp;
        }
    }

    /** Undoes one lockOSThread; nothing to do if there was none. */
    public static void unlockOSThread() {
        M mp = Mode.Chosen.GMP ? M.current() : null;
        G gp = mp == null ? null : mp.curg;
        if (gp != null && gp.lockedCount > 0 && --gp.lockedCount == 0) {
            gp.lockedm = null;
            mp.lockedg = null;
        }
    }

    /** The wired goroutine ends, and its M with it. */
    void exitLocked(G gp) {
        M mp = gp.lockedm;
        gp.lockedm = null;
        mp.lockedg = null;
        mp.lockedExit = true;
    }

    // ------------------------------------------------------------------------------------------------------------
    // The netpoller
    // ------------------------------------------------------------------------------------------------------------

    /**
     * The netpoller of this scheduler, made if there is none yet.
     *
     * @param <N> its class
     * @param type its class
     * @param maker makes one that is ready to be used by Ms; under a lock
     * @throws RejectedExecutionException if the runtime is closed
     */
    public <N extends Netpoller, X extends Exception> N netpoller(Class<N> type, NetpollerMaker<N, X> maker) throws X {
        synchronized (allgs) {
            Netpoller present = netpoller;
            if (present == Netpoller.NONE) {
                if (closing) {
                    throw closed();
                }
                netpoller = present = maker.make(this);
                if (ended) { // and who made the end may have found none to close
                    present.close();
                    throw closed();
                }
                Timing.netpollerInstalled(this);
            }
            return type.cast(present);
        }
    }

    /** See {@link Sched#netpoller(Class, NetpollerMaker)}. */
    @FunctionalInterface
    public interface NetpollerMaker<N extends Netpoller, X extends Exception> {
        /** Makes one. */
        N make(Sched sched) throws X;
    }

    /** The runtime's clock, for deadlines. */
    public long nanoTime() {
        return seam.nanoTime();
    }

    // ------------------------------------------------------------------------------------------------------------
    // Figures
    // ------------------------------------------------------------------------------------------------------------

    public int maxProcs() {
        return gomaxprocs;
    }

    /** Publishes a new GOMAXPROCS; returns the one before. */
    public int maxProcs(int n) {
        Park.headroom(); // for the lock, and for waking Ms
        int old = Procs.resize(this, n);
        for (int i = old; i < n; i++) {
            Workers.wakeIfWork(this);
        }
        return old;
    }

    public int numGoroutine() {
        return allgs.size();
    }

    /** All live goroutines, by id. */
    public List<G> goroutines() {
        return allgs.snapshot();
    }

    /** The platform threads of this runtime that are alive. */
    public List<Thread> threads() {
        List<Thread> all = new ArrayList<>();
        for (M mp : allm) {
            all.add(mp.thread);
        }
        all.add(template.thread);
        all.add(sysmon.thread);
        Thread timerRunner = timerThread.thread;
        if (timerRunner != null) {
            all.add(timerRunner);
        }
        all.removeIf(t -> !t.isAlive());
        return all;
    }

    @Override
    public String toString() {
        return "runtime " + name;
    }
}
