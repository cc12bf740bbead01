package io.goruntime;

import java.time.Duration;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * The receiving side of a channel, Go's {@code <-chan T}. May be used from any thread, goroutine or not.
 *
 * <p>As an {@link Iterable} it can be ranged over once by each loop: iterating takes elements out of the channel.
 *
 * @param <T> the element type
 */
public interface RecvChan<T extends @Nullable Object> extends Iterable<T> {
    /**
     * Receives a value, {@code <-c}. Blocks until there is one or the channel is closed. Waiting receivers are served
     * in the order in which they came.
     *
     * @return the element; null when the channel is closed and drained (or null was sent: see {@link #receiveOk})
     * @throws InterruptedException if the operation is not ready and the thread is interrupted before or while it
     *             waits: nothing was received and the flag is cleared. A receive that completed returns normally,
     *             with the flag set.
     */
    @Nullable
    T receive() throws InterruptedException;

    /**
     * Receives a value, or a given one when the channel is closed and drained.
     *
     * @param ifClosed returned when there is no element left
     * @return the element (null if null was sent), or {@code ifClosed}
     * @throws InterruptedException as {@link #receive}
     */
    T receiveOr(T ifClosed) throws InterruptedException;

    /**
     * Receives a value and tells whether there was one, {@code v, ok := <-c}.
     *
     * @return the element, or a {@link Received} whose {@code ok} is false when the channel is closed and drained
     * @throws InterruptedException as {@link #receive}
     */
    Received<T> receiveOk() throws InterruptedException;

    /**
     * Receives a value if there is one at once. Ignores the interrupt flag and leaves it.
     *
     * @return null if nothing is ready; {@code ok} false if the channel is closed and drained
     */
    @Nullable
    Received<T> tryReceive();

    /**
     * Receives a value, waiting at most the given time.
     *
     * @param wait how long to wait; zero or negative is a plain try, a huge one saturates at 146 years
     * @return null if nothing came in that time; {@code ok} false if the channel is closed and drained
     * @throws InterruptedException as {@link #receive}; never for a zero or negative time
     */
    @Nullable
    Received<T> tryReceive(Duration wait) throws InterruptedException;

    /**
     * Gives each element to the body until the channel is closed and drained, {@code for v := range c}.
     *
     * @param <X> the exception the body may throw
     * @param body takes each element; an exception from it ends the range
     * @throws X from the body
     * @throws InterruptedException as {@link #receive}, or from the body
     */
    <X extends Exception> void range(Body<? super T, X> body) throws X, InterruptedException;

    /**
     * Returns an iterator that receives. {@code hasNext} blocks until there is an element or the channel is closed and
     * drained.
     *
     * <p>When interrupted it throws {@link UncheckedInterruptedException}, with the interrupt flag set.
     *
     * @return a new iterator, for use by one thread
     */
    @Override
    Iterator<T> iterator();

    /**
     * Tells how many elements are in the buffer at this moment.
     *
     * @return 0 for an unbuffered or nil channel
     */
    int len();

    /**
     * Tells how many elements the buffer has room for.
     *
     * @return the capacity in elements, 0 for an unbuffered or nil channel
     */
    int cap();
}
