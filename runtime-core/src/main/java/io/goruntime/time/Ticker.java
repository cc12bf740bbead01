package io.goruntime.time;

import io.goruntime.GoRuntime;
import io.goruntime.Panic;
import io.goruntime.RecvChan;
import io.goruntime.internal.sched.Access;
import io.goruntime.internal.sched.ChanTimer;
import java.time.Duration;
import java.time.Instant;

/**
 * Sends the time on a channel again and again: Go's {@code time.Ticker}. For a slow receiver it leaves ticks out.
 *
 * <p>A ticker that is no longer used need not be stopped. All methods may be called from any thread.
 *
 * <pre>{@code
 * try (Ticker ticker = Ticker.make(Duration.ofMillis(100))) {
 *     for (int i = 0; i < 10; i++) {
 *         System.out.println(ticker.channel().receive());
 *     }
 * }
 * }</pre>
 */
public final class Ticker implements AutoCloseable {
    private final RecvChan<Instant> channel;
    private final ChanTimer timer;

    @SuppressWarnings("unchecked")
    private Ticker(Access.TimerChan made) {
        channel = (RecvChan<Instant>) made.channel();
        timer = made.timer();
    }

    /**
     * Makes a ticker, {@code time.NewTicker(d)}. Its first tick comes after one period.
     *
     * @param d the period
     * @return a new ticker, set
     * @throws Panic {@code non-positive interval for NewTicker}
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    public static Ticker make(Duration d) {
        long nanos = Timers.nanos(d);
        if (nanos <= 0) {
            throw new Panic("non-positive interval for NewTicker: " + d);
        }
        GoRuntime.current();
        Access access = Access.get();
        Ticker ticker = new Ticker(access.newTimerChan(access.current()));
        ticker.timer.reset(nanos, period(nanos));
        return ticker;
    }

    /** So that the next time does not wrap. */
    private static long period(long nanos) {
        return Math.min(nanos, Long.MAX_VALUE / 2);
    }

    /**
     * The channel on which the time is sent: that at which the tick was due.
     *
     * @return always the same; {@code len} and {@code cap} are 0. It is never closed, also not by {@link #stop}, so that a
     *         receiver does not take the end for a tick.
     */
    public RecvChan<Instant> channel() {
        return channel;
    }

    /** Ends the ticks. After that nothing can be received from the channel until the ticker is set again. */
    public void stop() {
        timer.stop();
    }

    /**
     * Starts anew with this period; the next tick comes after one of it. Nothing from before can be received after that.
     *
     * @param d the period
     * @throws Panic {@code non-positive interval for Ticker.Reset}
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    public void reset(Duration d) {
        long nanos = Timers.nanos(d);
        if (nanos <= 0) {
            throw new Panic("non-positive interval for Ticker.Reset: " + d);
        }
        timer.reset(nanos, period(nanos));
    }

    /** As {@link #stop}. */
    @Override
    public void close() {
        stop();
    }
}
