package io.goruntime.internal.sched;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.timer.RuntimeTimer;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A goroutine: a virtual thread and its scheduler in one object. Counterpart of runtime2.go: g.
 */
/*
 * The JDK calls execute(runContinuation) whenever the thread of this goroutine becomes runnable: started, unparked,
 * unblocked from a monitor, woken by a timer, after a yield. The JDK's thread state is the truth about it; what we keep
 * is only whether it stands in one of our queues:
 *
 *   queued 0 -> 1   execute, by CAS; the winner puts the G into a queue, a loser returns
 *   queued 1 -> 0   the M that took it from the queue, before it resumes it
 *
 * The store of 0 is a full fence and comes before resume reads the thread's state. So an execute that lost the CAS
 * made its change of state before that store, and the resume that follows sees the change: no wake-up is lost. The
 * reverse, a resume that finds nothing to do, is normal: getStackTrace resubmits a runnable thread, for one. While an M
 * resumes this G another M may take it from a queue too; the JDK lets one of them run it and turns the other away.
 *
 * The M that took it looks at lockedm again after the store of 0, and puts a G that has been wired to another M into a
 * queue again. A goroutine that wires itself in order to wait in place (Syscalls.awaitPInPlace) writes lockedm before it
 * tries to enter a queue: if it finds that it stands in one, whoever takes it out finds it wired.
 *
 * A G schedules exactly one virtual thread, for ever, and is never used again: virtual threads started by the goroutine
 * inherit this object as their scheduler and may outlive it. Their Runnables go to the JDK's default scheduler.
 *
 * execute runs on our Ms, on foreign threads, on goroutines deep in their stack and on the JDK's unparker and
 * unblocker threads. It never blocks, allocates, loads a class or starts a thread, and it throws only for a goroutine
 * that has not started.
 */
public final class G implements Executor, Runnable {
    private static final VarHandle QUEUED = ConstantBootstraps.fieldVarHandle(lookup(), "queued", VarHandle.class,
            G.class, int.class);

    /** The current G of a thread where there is no bridge: a virtual thread of the JDK's scheduler. */
    private static final ThreadLocal<G> JDK_CURRENT = new ThreadLocal<>();

    public final long goid;
    public final long parentGoid;
    public final Sched sched;
    public final Thread thread;

    /** The Runnable that the JDK hands to execute for this goroutine; null where there is no bridge. */
    final @Nullable Runnable runContinuation;

    /** The user's function; cleared at the end so that a retained handle retains nothing else. */
    private @Nullable Object fn;

    /** The class of the user's function, for dumps. */
    final Class<?> fnClass;

    // -- queues --

    /** 1 while in a run queue; see above. */
    private volatile int queued;

    /** Next in the global queue or in a list on its way there; written by whoever owns the G's place in a queue. */
    @Nullable
    G schedlink;

    // -- the list of all goroutines, under the lock of their stripe --

    @Nullable
    G allPrev;
    @Nullable
    G allNext;
    volatile int allStripe = AllGs.UNLISTED;

    /** Somebody else starts the thread, perhaps in a container of the JDK, which lists it in the JDK's dumps then. */
    boolean startedElsewhere;

    // -- state of its own thread --

    /** Its body has begun to run. */
    volatile boolean began;
    /** Its body has ended by goexit. */
    volatile boolean goexited;

    /** The M it is wired to, null if none. Written by the goroutine itself while it runs on that M. */
    @Nullable
    volatile M lockedm;
    int lockedCount;

    /** For all waits on channels, one after the other. */
    @Nullable
    Sudog sudog;

    /** For the deadlines of all its waits; see Park. */
    @Nullable
    RuntimeTimer alarm;

    /** Callbacks on its stack: while there are native frames it cannot leave its M. See CgoCalls. */
    int callbacks;

    /** Its calls of native functions. */
    @Nullable
    CgoCalls cgo;

    /**
     * Why it waits in the runtime, null when it does not. This and what follows is plain: dumps may be late, and the
     * deadlock check looks at the thread's state too.
     */
    @Nullable
    String waitReason;
    /** When it began to wait, on sysmon's coarse clock. */
    long waitSince;
    /** True if that wait ends by itself at a deadline. */
    boolean timedWait;

    G(Sched sched, long goid, long parentGoid, @Nullable String name, Object fn, Class<?> fnClass) {
        this.sched = sched;
        this.goid = goid;
        this.parentGoid = parentGoid;
        this.fn = fn;
        this.fnClass = fnClass;
        if (Mode.Chosen.GMP) {
            thread = Jdk.newVirtualThread(this, name, sched.characteristics, this);
            runContinuation = Jdk.continuationOf(thread);
        } else {
            Thread.Builder.OfVirtual builder = Thread.ofVirtual()
                    .inheritInheritableThreadLocals(sched.inheritThreadLocals);
            thread = (name == null ? builder : builder.name(name)).unstarted(this);
            runContinuation = null;
        }
    }

    /**
     * The goroutine of the calling thread. Counterpart of stubs.go: getg.
     *
     * @return null outside a goroutine
     */
    public static @Nullable G current() {
        if (Mode.Chosen.GMP) {
            M mp = M.current();
            return mp == null ? null : mp.curg;
        }
        return JDK_CURRENT.get();
    }

    // -- becoming runnable --

    /** For the JDK only: this goroutine's thread, or one it started, can run. */
    @Override
    public void execute(Runnable runnable) {
        if (runnable != runContinuation) {
            Jdk.defaultScheduler().execute(runnable);
        } else {
            Jdk.reserved(READY, this);
        }
    }

    /** Runs with reserved stack, so that an overflow cannot leave a G between two queues. */
    private static final Executor READY = new Ready();

    private static final class Ready implements Executor {
        @Override
        public void execute(Runnable g) {
            G gp = (G) g;
            if (gp.allStripe == AllGs.UNLISTED) {
                gp.admit();
            }
            if (gp.queued == 0 && QUEUED.compareAndSet(gp, 0, 1)) {
                gp.sched.ready(gp);
            }
        }
    }

    /** The first execute of a thread that somebody else starts, as the JDK's executors do. */
    private void admit() {
        if (!sched.admit(this)) {
            throw sched.closed();
        }
    }

    /**
     * Takes the G out of the queue's sight; the M that calls this resumes it next, unless it finds it wired to another. A
     * full fence.
     */
    void leaveQueue() {
        queued = 0;
    }

    /** For a G that its M resumes first without a queue: executes until then are answered by that resume. */
    void enterQueue() {
        queued = 1;
    }

    /** For a goroutine that waits on its M, or that another M must run; false if it is in a queue already. */
    boolean tryEnterQueue() {
        return QUEUED.compareAndSet(this, 0, 1);
    }

    boolean isQueued() {
        return queued != 0;
    }

    // -- running --

    /** The body of the goroutine's thread. Counterpart of proc.go: goexit0 for what follows the user's function. */
    @Override
    public void run() {
        began = true;
        if (!Mode.Chosen.GMP) {
            if (allStripe == AllGs.UNLISTED && !sched.admit(this)) {
                // Too late to refuse: the thread has started, and somebody may wait for what its task does.
                thread.interrupt();
            }
            JDK_CURRENT.set(this);
        }
        try {
            sched.hooks.run(fn);
        } catch (GoexitError e) {
            goexited = true;
        } catch (Throwable failure) {
            sched.hooks.panicked(this, failure);
        } finally {
            fn = null;
            goexit0();
        }
    }

    private void goexit0() {
        if (lockedm != null) {
            sched.exitLocked(this);
        }
        if (!Mode.Chosen.GMP) {
            JDK_CURRENT.remove();
        }
        sched.exited(this);
    }

    /** Who waits for this very goroutine: the caller of run, for main. Set before it looks at isOver. */
    @Nullable
    volatile Thread joiner;

    /** It has left the list of all goroutines. */
    boolean isOver() {
        return allStripe == AllGs.GONE;
    }

    /** What it runs, as given to newproc; null once it has ended. Another thread may see it a little longer. */
    public @Nullable Object fn() {
        return fn;
    }

    /** The runtime object above the scheduler. */
    public GoroutineHooks hooks() {
        return sched.hooks;
    }

    @Override
    public String toString() {
        return "goroutine " + goid;
    }
}
