package io.goruntime;

import org.jspecify.annotations.Nullable;

/**
 * What {@code v, ok := <-c} gives.
 *
 * @param <T> the element type
 * @param value the element; null when {@code ok} is false, or when null was sent
 * @param ok false if the channel is closed and drained
 */
public record Received<T extends @Nullable Object>(@Nullable T value, boolean ok) {
    /**
     * A value for "closed and drained". It is made anew: a receive that is about to make one for its element asks for
     * this first, and so knows that the constructor fits on the stack. The JIT compiler drops the one not used.
     */
    static <T extends @Nullable Object> Received<T> closed() {
        return new Received<>(null, false);
    }
}
