package io.goruntime.internal.sched;

import io.goruntime.internal.base.SpinLock;
import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.timer.RuntimeTimer;
import io.goruntime.internal.timer.TimerFn;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A timer that starts a goroutine. Counterpart of sleep.go: goFunc.
 */
public sealed class FuncTimer implements TimerFn permits DeadlineTimer {
    static final long RETRY_NANOS = 1_000_000;

    final Sched sched;
    final Object fn;
    private final Class<?> fnClass;
    final @Nullable ClassLoader loader = Thread.currentThread().getContextClassLoader();
    private final SpinLock lock = new SpinLock();

    /** Set and stopped under the lock. */
    private final RuntimeTimer raw = new RuntimeTimer(this, null);

    /**
     * Makes a timer that is not set.
     *
     * @param sched whose timer, and whose goroutine
     * @param fn what the goroutine runs; decorated now, on the calling thread, whose context class loader it will have
     */
    public FuncTimer(Sched sched, Object fn) {
        this.sched = sched;
        this.fn = sched.hooks.decorate(fn);
        this.fnClass = fn.getClass();
    }

    /**
     * Sets it, whatever it was set to before.
     *
     * @param nanos from now; zero or negative: now
     * @return whether it was set
     * @throws RejectedExecutionException if the runtime is closed
     */
    public boolean reset(long nanos) {
        if (sched.closing) {
            throw sched.closed();
        }
        long when = Timing.deadline(sched, Math.max(0, nanos));
        Park.headroom();
        boolean first;
        lock.lock();
        boolean pending = Timing.stop(raw);
        try {
            first = Timing.add(sched, raw, when);
        } finally {
            lock.unlock();
        }
        if (sched.ended && Timing.stop(raw)) {
            throw sched.closed();
        }
        if (first) {
            Timing.wake(sched, when, false);
        }
        return pending;
    }

    /** Stops it; returns whether it was set. */
    public boolean stop() {
        Park.headroom();
        lock.lock();
        boolean pending = Timing.stop(raw);
        lock.unlock();
        return pending;
    }

    @Override
    public void fired(RuntimeTimer t) {
        while (!sched.closing) {
            try {
                sched.newproc(null, fn, fnClass, loader);
                return;
            } catch (OutOfMemoryError e) {
                Jdk.parkCarrier(RETRY_NANOS); // a call that was promised is not left out
            } catch (RejectedExecutionException e) {
                break; // closed meanwhile
            }
        }
        refused();
    }

    /** It was due, but its runtime takes no more goroutines. On the thread that found it due. */
    void refused() {}
}
