package io.goruntime.context;

import org.jspecify.annotations.Nullable;

/**
 * A context that its owner can end. Whoever makes one ends it, at the latest when its work is done: until then the context
 * that it was derived from knows it.
 *
 * <pre>{@code
 * try (var ctx = Context.withCancel(parent)) {
 *     go(() -> work(ctx));
 *     ...
 * }
 * }</pre>
 */
public interface CancelContext extends Context, AutoCloseable {
    /**
     * Ends the context, and every one derived from it, with a {@link CancelledException}. When this returns,
     * {@link #done()} is closed. Does nothing if it has ended already. While another thread ends the context, this may return
     * before all that were derived from it have ended.
     *
     * <p>Functions given to {@link #afterFunc} are started, not waited for.
     */
    void cancel();

    /**
     * Ends the context with a cause. See {@link #cancel()}.
     *
     * @param cause what {@link #cause()} returns from now on; null: the {@link CancelledException} itself
     */
    void cancel(@Nullable Throwable cause);

    /** Ends the context; the same as {@link #cancel()}. */
    @Override
    void close();
}
