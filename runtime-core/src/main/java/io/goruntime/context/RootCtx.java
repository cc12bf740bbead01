package io.goruntime.context;

import io.goruntime.Chan;
import io.goruntime.GoFn;
import io.goruntime.RecvChan;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A context that never ends. Counterpart of context.go: backgroundCtx, todoCtx, withoutCancelCtx.
 */
final class RootCtx implements Context {
    static final RootCtx BACKGROUND = new RootCtx(null, "context.Background");
    static final RootCtx TODO = new RootCtx(null, "context.TODO");

    /** Made on first use, because a channel sets up the library. */
    private static final class Never {
        static final Chan<Void> DONE = Chan.nil();
    }

    /** Has the values; null for none. */
    final @Nullable Context values;
    /** The name, or what follows that of the parent. */
    final String name;

    RootCtx(@Nullable Context values, String name) {
        this.values = values;
        this.name = name;
    }

    @Override
    public RecvChan<Void> done() {
        return Never.DONE;
    }

    @Override
    public @Nullable ContextException err() {
        return null;
    }

    @Override
    public @Nullable Instant deadline() {
        return null;
    }

    @Override
    public <T> @Nullable T value(Key<T> key) {
        return ValueCtx.find(this, key);
    }

    /** Nothing will happen; but the function can be stopped, once. */
    @Override
    public Stop afterFunc(GoFn fn) {
        Objects.requireNonNull(fn, "fn");
        AtomicBoolean stopped = new AtomicBoolean();
        return () -> stopped.compareAndSet(false, true);
    }

    @Override
    public <T extends @Nullable Object> T call(Callable<T> task) throws Exception {
        return task.call();
    }

    @Override
    public <T extends @Nullable Object> CompletableFuture<T> bind(CompletableFuture<T> future) {
        return Objects.requireNonNull(future, "future");
    }

    @Override
    public String toString() {
        return ValueCtx.describe(this);
    }
}
