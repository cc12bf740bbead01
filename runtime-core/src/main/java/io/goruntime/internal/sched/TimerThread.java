package io.goruntime.internal.sched;

import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.timer.RuntimeTimer;
import io.goruntime.internal.timer.TimerHeap;
import org.jspecify.annotations.Nullable;

/**
 * Runs the timers of a runtime where goroutines are scheduled by the JDK: one thread, started with the first timer.
 */
/*
 * The thread publishes until when it sleeps and then looks at the heap again; a setter adds its timer and then looks at
 * that time, as in Timing.
 */
final class TimerThread implements Runnable {
    private final Sched sched;

    @Nullable
    volatile Thread thread;

    /** When it will look at the heap again by itself; with `forever`, never. */
    private volatile long until;
    private volatile boolean forever;

    TimerThread(Sched sched) {
        this.sched = sched;
    }

    /** The time of the first timer is new. */
    void wake(long when) {
        Thread waiter = thread;
        if (waiter == null) {
            start();
        } else if (forever || when - until < 0) {
            Jdk.unpark(waiter);
        }
    }

    /** For the end. */
    synchronized void wake() {
        Thread waiter = thread;
        if (waiter != null) {
            Jdk.unpark(waiter);
        }
    }

    private synchronized void start() {
        Thread started = thread;
        if (started != null) {
            Jdk.unpark(started); // it was being started, and may have looked before the timer was there
        } else if (!sched.ended) {
            Thread t = new Thread(Jdk.rootThreadGroup(), this, sched.threadPrefix.concat("timers"), 0, false);
            t.setDaemon(true);
            t.setContextClassLoader(null);
            t.start();
            thread = t;
        }
    }

    @Override
    public void run() {
        TimerHeap heap = sched.timers;
        while (!sched.ended) {
            long now = sched.seam.nanoTime();
            for (RuntimeTimer t; !sched.ended && (t = heap.takeDue(now)) != null;) {
                t.fire();
            }
            long next = heap.earliest();
            until = next;
            forever = next == TimerHeap.NONE;
            if (heap.earliest() == next && !sched.ended) {
                long nanos = next - sched.seam.nanoTime();
                if (forever) {
                    Jdk.park(0);
                } else if (nanos > 0) {
                    Jdk.park(nanos);
                }
                Thread.interrupted();
            }
        }
    }
}
