package io.goruntime.interop;

import io.goruntime.Chan;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;

/**
 * Channels for code that wants a queue.
 */
public final class Queues {
    private Queues() {}

    /**
     * Makes a view of a channel as a blocking queue: {@code put} sends, {@code take} receives. The queue has no state of its
     * own, so both may be used side by side, by any number of threads; memory effects are those of the channel.
     *
     * <ul>
     * <li>An unbuffered channel is like a {@link java.util.concurrent.SynchronousQueue}: {@code offer} succeeds when
     * somebody waits to receive, {@code size} and {@code remainingCapacity} are 0.
     * <li>{@code put}, {@code take}, and {@code offer} and {@code poll} with a time are interruptible as the operations of
     * the channel. A time of zero or less is a plain try.
     * <li>To put or offer null is a NullPointerException, and so is to take a null that somebody sent to the channel; that
     * null is gone then.
     * <li>Closed: {@code put}, {@code offer} and {@code add} are the panic {@code send on closed channel}. What is in the
     * buffer can be taken; after that {@code poll} is null at once, whatever its time, {@code drainTo} is 0, and
     * {@code take}, which has nothing to return and nothing to wait for, is an IllegalStateException.
     * <li>A channel shows no element without giving it away, and gives no element but the first. So {@code peek},
     * {@code element}, {@code iterator}, {@code contains}, {@code remove(Object)} and what is made of them are an
     * UnsupportedOperationException. {@code clear} and {@code drainTo} receive until nothing is ready.
     * </ul>
     *
     * @param <T> the element type
     * @param c the channel
     * @return a new view
     */
    public static <T> BlockingQueue<T> of(Chan<T> c) {
        return new ChanQueue<>(Objects.requireNonNull(c, "c"));
    }
}
