package io.goruntime.time;

import io.goruntime.Chan;
import io.goruntime.GoFn;
import io.goruntime.GoRuntime;
import io.goruntime.Panic;
import io.goruntime.RecvChan;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.sched.Access;
import io.goruntime.internal.sched.FuncTimer;
import io.goruntime.internal.sched.Timing;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/**
 * The functions of Go's package time that have to do with waiting.
 *
 * <pre>{@code
 * Timers.sleep(Duration.ofMillis(10));
 * Timer watchdog = Timers.afterFunc(Duration.ofSeconds(5), () -> System.err.println("still not done"));
 * for (Instant tick : Timers.tick(Duration.ofSeconds(1))) {
 *     System.out.println(tick);
 * }
 * }</pre>
 */
public final class Timers {
    private Timers() {}

    /**
     * Lets the calling goroutine, or any other thread, sleep. A goroutine occupies no thread meanwhile.
     *
     * @param d how long at least; zero or negative: lets other goroutines run and returns, and ignores the interrupt flag
     * @throws InterruptedException if the thread is interrupted before or while it sleeps; the flag is cleared
     */
    public static void sleep(Duration d) throws InterruptedException {
        long nanos = nanos(d);
        Mode.ensure();
        Timing.sleep(nanos);
    }

    /**
     * A channel on which the time is sent once, after a while: {@code Timer.make(d).channel()}.
     *
     * @param d how long; zero or negative: at once
     * @return a new channel
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    public static RecvChan<Instant> after(Duration d) {
        return Timer.make(d).channel();
    }

    /**
     * Runs a function in a new goroutine after a while. Until then there is no goroutine. What the caller did before
     * happens before what the function does.
     *
     * @param d how long; zero or negative: at once
     * @param fn what the goroutine does
     * @return the timer, to stop it or to set it again; its channel is a nil channel
     * @throws Panic {@code go of nil func value} if fn is null
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    public static Timer afterFunc(Duration d, GoFn fn) {
        long nanos = nanos(d);
        if (fn == null) {
            throw new Panic("go of nil func value");
        }
        GoRuntime.current();
        FuncTimer timer = new FuncTimer(Access.get().current(), fn);
        timer.reset(nanos);
        return new Timer(timer);
    }

    /**
     * A channel on which the time is sent again and again: {@code Ticker.make(d).channel()}. The ticker cannot be stopped;
     * it goes with the garbage when the channel is no longer used.
     *
     * @param d the period; zero or negative: a nil channel is returned
     * @return a channel that is never closed
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    public static RecvChan<Instant> tick(Duration d) {
        return nanos(d) <= 0 ? Chan.nil() : Ticker.make(d).channel();
    }

    /** Saturates. */
    static long nanos(Duration d) {
        Objects.requireNonNull(d, "d");
        try {
            return d.toNanos();
        } catch (ArithmeticException e) {
            return d.isNegative() ? -1 : Long.MAX_VALUE;
        }
    }
}
