package io.goruntime.internal.sched;

import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.jdk.Mode;

/**
 * The beginning and the end of a scheduler. Counterpart of proc.go: main.
 */
/*
 * The end, in order:
 *
 *   closing   newproc refuses. It lists a G before it asks, close sets the flag before it looks at the list, so a G
 *             that was accepted is seen by close.
 *   wait      every goroutine is interrupted; each that ends wakes the closer.
 *   ended     Ms end at their next pass, the template and sysmon too. A goroutine that is left, or becomes runnable
 *             after this, goes on as a virtual thread of the JDK's scheduler: its finally blocks run, and what it holds
 *             is not lost.
 */
public final class Lifecycle {
    /** How long close waits for threads that have been told to end and have nothing to do. */
    private static final long THREADS_END_NANOS = 1_000_000_000;

    private Lifecycle() {}

    /**
     * Refuses new goroutines, interrupts those that live, and waits for them.
     *
     * @param waitNanos at most so long; zero or less: does not wait
     * @return true if every goroutine has ended, the caller's own not counted
     * @throws InterruptedException if interrupted while waiting; the runtime ends all the same, without waiting longer
     */
    public static boolean close(Sched sched, long waitNanos) throws InterruptedException {
        G self = G.current();
        boolean inside = self != null && self.sched == sched;
        sched.closing = true;
        boolean wasInterrupted = false;
        for (G gp : sched.goroutines()) {
            if (gp != self) {
                gp.thread.interrupt();
            }
        }
        int left = inside ? 1 : 0;
        long deadline = System.nanoTime() + waitNanos;
        Thread me = Thread.currentThread();
        sched.closers.add(me);
        try {
            long nanos;
            while (sched.numGoroutine() > left && (nanos = deadline - System.nanoTime()) > 0) {
                Jdk.park(nanos);
                if (Thread.interrupted()) {
                    wasInterrupted = true;
                    break;
                }
            }
        } finally {
            sched.closers.remove(me);
        }
        boolean all = sched.numGoroutine() <= left;
        if (inside && all) {
            sched.endWhenEmpty = true; // the caller needs its M until it returns
            sched.sysmon.wake();
        } else {
            end(sched);
            if (!inside) {
                joinThreads(sched, all);
            }
        }
        if (wasInterrupted) {
            throw new InterruptedException();
        }
        return all;
    }

    /** Ends all threads of the scheduler; idempotent. */
    static void end(Sched sched) {
        sched.closing = true;
        sched.ended = true;
        Timing.end(sched);
        sched.netpoller.close();
        if (!Mode.Chosen.GMP) {
            return;
        }
        for (M mp : sched.allm) {
            Jdk.unpark(mp.thread);
        }
        Jdk.unpark(sched.template.thread);
        Jdk.unpark(sched.sysmon.thread);
        Workers.drainToJdk(sched);
        sched.container.deregister();
    }

    /**
     * Waits for the scheduler's threads. An M that is inside a goroutine which is left may stay there for ever: it is not
     * waited for. When all have ended, whatever an M is still inside of is past the user's code and about to return.
     */
    private static void joinThreads(Sched sched, boolean allEnded) {
        long deadline = System.nanoTime() + THREADS_END_NANOS;
        try {
            join(sched.template.thread, deadline); // after that all Ms there will be are listed and started
            for (Thread t : sched.threads()) {
                if (t != Thread.currentThread() && (allEnded || !busy(t))) {
                    join(t, deadline);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void join(Thread t, long deadline) throws InterruptedException {
        t.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
    }

    private static boolean busy(Thread t) {
        return t instanceof M mp && mp.curg != null;
    }

    /** A part of what the main goroutine does. */
    public interface Task {
        /**
         * Does it.
         *
         * @throws Throwable to give up starting
         */
        void run() throws Throwable;
    }

    /**
     * Runs the init tasks, on m0, and main in the calling, main goroutine. Counterpart of proc.go: main.
     */
    public static void runMain(Task init, Task main) throws Throwable {
        if (Mode.Chosen.GMP) {
            G self = G.current();
            if (self.lockedCount == 0) {
                Sched.lockOSThread(); // no m0
            }
            self.sched.startSysmon();
        }
        try {
            init.run();
        } finally {
            if (Mode.Chosen.GMP) {
                Sched.unlockOSThread();
                Thread.yield(); // off m0, unless a task wired the goroutine to stay there
            }
        }
        main.run();
    }

    /**
     * Starts the main goroutine, with the calling platform thread as m0, and returns when main is no longer wired to it.
     * Elsewhere (a virtual thread, an M of another runtime, no bridge) it just starts it.
     */
    public static G startMain(Sched sched, Object fn, Class<?> fnClass) {
        Thread caller = Thread.currentThread();
        if (!Mode.Chosen.GMP || caller.isVirtual() || M.current() != null) {
            return sched.newproc("main", fn, fnClass);
        }
        M m0 = new M(sched, caller);
        M.registerM0(m0);
        try {
            sched.lock.lock();
            P pp = Procs.pidleGet(sched);
            sched.lock.unlock();
            Procs.acquire(m0, pp);
            G main = sched.newmain(fn, fnClass, m0);
            CallerInterrupts interrupts = new CallerInterrupts(sched, main);
            interrupts.start();
            try {
                Workers.mstart0(m0, main);
            } finally {
                interrupts.stop();
            }
            return main;
        } finally {
            M.unregisterM0(m0);
            if (sched.ended) {
                Procs.flushCaches(sched, true);
            }
        }
    }
}
