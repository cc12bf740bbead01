package io.goruntime.internal.sched;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What the exported packages beside io.goruntime need of it and users do not. Its one instance is put here by it. */
public abstract class Access {
    private static volatile @Nullable Access instance;

    /** For io.goruntime. */
    protected Access() {}

    /** Called when io.goruntime.GoRuntime is initialised. */
    public static void set(Access access) {
        instance = access;
    }

    /** After a use of io.goruntime.GoRuntime. */
    public static Access get() {
        return Objects.requireNonNull(instance);
    }

    /** The scheduler of the calling goroutine's runtime, else of the default one. */
    public abstract Sched current();

    /** Closes a channel, for a caller that has made sure of the headroom, and for whom it is too late to fail. */
    public abstract void closeWithHeadroom(Object channel);

    /** A new channel with a timer. */
    public abstract TimerChan newTimerChan(Sched sched);

    /**
     * A channel and its timer.
     *
     * @param channel an {@code io.goruntime.RecvChan<java.time.Instant>}
     * @param timer what sends on it
     */
    public record TimerChan(Object channel, ChanTimer timer) {
    }
}
