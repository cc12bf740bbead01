package io.goruntime.internal.sched;

import io.goruntime.internal.base.Errors;
import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.timer.RuntimeTimer;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The timer of a context's deadline: it fires also when its runtime has ended.
 */
/*
 * A context may be in the hands of threads and of goroutines of other runtimes, which wait for its end when the runtime
 * in which it was made is gone. A runtime that closes refuses the goroutine, one that ends abandons the timer: both times
 * a plain virtual thread takes over. It waits for the deadline or for stop, and nothing is kept longer than that.
 *
 *   stop       stopped = true, then looks for the thread     thread     looks at stopped, then parks
 *   take over  publishes the thread, then starts it
 *
 * So a thread that stop does not find has yet to look at stopped.
 */
public final class DeadlineTimer extends FuncTimer implements Runnable {
    /** Made when the class is loaded: a timer may be refused on an M, which is to load nothing. */
    private static final ThreadFactory PLAIN = Thread.ofVirtual().inheritInheritableThreadLocals(false).factory();

    /** On the clock of System.nanoTime, since the runtime's own may end with it. */
    private long deadline;

    private volatile boolean stopped;

    /** Who waits for the deadline when the runtime no longer does. */
    @Nullable
    volatile Thread heir;

    /**
     * Makes a timer that is not set. See {@link FuncTimer}.
     *
     * @param sched whose timer
     * @param fn what is run
     */
    public DeadlineTimer(Sched sched, Object fn) {
        super(sched, fn);
    }

    /** Sets it, once. */
    @Override
    public boolean reset(long nanos) {
        deadline = System.nanoTime() + Math.min(nanos, Long.MAX_VALUE / 2);
        return super.reset(nanos);
    }

    @Override
    public boolean stop() {
        stopped = true;
        boolean pending = super.stop();
        Jdk.unpark(heir);
        return pending;
    }

    @Override
    void refused() {
        deadline = System.nanoTime();
        takeOver();
    }

    @Override
    public void abandoned(RuntimeTimer t) {
        takeOver();
    }

    private void takeOver() {
        while (!stopped) {
            try {
                Thread thread = PLAIN.newThread(this);
                if (loader != null) {
                    thread.setContextClassLoader(loader);
                }
                heir = thread;
                thread.start();
                return;
            } catch (OutOfMemoryError e) {
                Jdk.parkCarrier(RETRY_NANOS); // as in fired: others wait for it
            }
        }
    }

    /** The body of the plain thread. */
    @Override
    public void run() {
        for (long nanos; !stopped && (nanos = deadline - System.nanoTime()) > 0;) {
            LockSupport.parkNanos(this, nanos);
        }
        if (!stopped) {
            try {
                sched.hooks.run(fn);
            } catch (Throwable e) {
                Errors.rethrow(e); // to the handler of uncaught exceptions
            }
        }
    }
}
