package io.goruntime.time;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.RecvChan;
import io.goruntime.internal.sched.Access;
import io.goruntime.internal.sched.ChanTimer;
import io.goruntime.internal.sched.FuncTimer;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Fires once, after a while: Go's {@code time.Timer}. One that is made with {@link #make} sends the time on its channel;
 * one made with {@link Timers#afterFunc} starts a goroutine. It may be set again after it has fired or was stopped.
 *
 * <p>A timer that is no longer used need not be stopped. All methods may be called from any thread.
 */
public final class Timer {
    private final RecvChan<Instant> channel;
    private final @Nullable ChanTimer sender;
    private final @Nullable FuncTimer starter;

    @SuppressWarnings("unchecked")
    private Timer(Access.TimerChan made) {
        channel = (RecvChan<Instant>) made.channel();
        sender = made.timer();
        starter = null;
    }

    Timer(FuncTimer starter) {
        channel = Chan.nil();
        sender = null;
        this.starter = starter;
    }

    /**
     * Makes a timer that sends the time on its channel, {@code time.NewTimer(d)}.
     *
     * @param d how long from now; zero or negative: at once
     * @return a new timer, set
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    public static Timer make(Duration d) {
        long nanos = Timers.nanos(d);
        GoRuntime.current();
        Access access = Access.get();
        Timer timer = new Timer(access.newTimerChan(access.current()));
        timer.reset(nanos);
        return timer;
    }

    /**
     * The channel on which the time is sent: that at which the timer was due.
     *
     * @return always the same; {@code len} and {@code cap} are 0. Of a timer that starts a goroutine, a nil channel.
     */
    public RecvChan<Instant> channel() {
        return channel;
    }

    /**
     * Keeps the timer from firing. After that nothing can be received from its channel until it is set again. Of a timer
     * that starts a goroutine: if it returns false, the goroutine may have been started; it is not waited for.
     *
     * @return true if this call stopped it (or took back the value that nobody had received); false if it had fired, or
     *         was stopped before
     */
    public boolean stop() {
        return sender != null ? sender.stop() : starter.stop();
    }

    /**
     * Sets the timer again, whatever it was set to before. Nothing from before can be received after that. Of a timer that
     * starts a goroutine: the new one may run at the same time as one started before.
     *
     * @param d how long from now; zero or negative: at once
     * @return true if it was set (or had sent a value that nobody had received); false if it had fired or was stopped
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    public boolean reset(Duration d) {
        return reset(Timers.nanos(d));
    }

    private boolean reset(long nanos) {
        return sender != null ? sender.reset(nanos, 0) : starter.reset(nanos);
    }
}
