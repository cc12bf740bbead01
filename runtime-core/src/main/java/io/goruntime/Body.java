package io.goruntime;

import org.jspecify.annotations.Nullable;

/**
 * The body of a {@link RecvChan#range(Body) range} over a channel.
 *
 * @param <T> the element type
 * @param <X> the checked exception that the body may throw; inferred as {@link RuntimeException} when there is none
 */
@FunctionalInterface
public interface Body<T extends @Nullable Object, X extends Exception> {
    /**
     * Takes one element.
     *
     * @param value the element received, null if null was sent
     * @throws X to end the range and leave it with this exception
     * @throws InterruptedException to end the range and leave it with this exception
     */
    void accept(T value) throws X, InterruptedException;
}
