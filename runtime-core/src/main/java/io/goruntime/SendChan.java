package io.goruntime;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The sending side of a channel, Go's {@code chan<- T}. May be used from any thread, goroutine or not.
 *
 * @param <T> the element type; null may be sent
 */
public interface SendChan<T extends @Nullable Object> {
    /**
     * Sends a value, {@code c <- v}. Blocks until a receiver takes it or the buffer has room. Waiting senders are
     * served in the order in which they came.
     *
     * <p>The send happens before the completion of the receive that gets the value.
     *
     * @param value the element, may be null
     * @throws InterruptedException if the operation is not ready and the thread is interrupted before or while it
     *             waits: the value was not sent and the flag is cleared. A send that completed returns normally, with
     *             the flag set.
     * @throws Panic {@code send on closed channel}, also if it is closed while the send waits
     */
    void send(T value) throws InterruptedException;

    /**
     * Sends a value if that is possible at once. Ignores the interrupt flag and leaves it.
     *
     * @param value the element, may be null
     * @return false if nobody waits for it and the buffer is full
     * @throws Panic {@code send on closed channel}
     */
    boolean trySend(T value);

    /**
     * Sends a value, waiting at most the given time.
     *
     * @param value the element, may be null
     * @param wait how long to wait; zero or negative is a plain try, a huge one saturates at 146 years
     * @return false if nobody took it in that time
     * @throws InterruptedException as {@link #send}; never for a zero or negative time
     * @throws Panic {@code send on closed channel}, also if it is closed while the send waits
     */
    boolean trySend(T value, Duration wait) throws InterruptedException;

    /**
     * Closes the channel: nothing more may be sent; receivers get what is left in the buffer and then the end. All
     * waiting receivers and senders wake. Never blocks. The close happens before a receive that returns because the
     * channel is closed.
     *
     * @throws Panic {@code close of closed channel}, or {@code close of nil channel}
     */
    void close();

    /**
     * Makes a {@link Closer} for a try-with-resources statement: it closes the channel once and is silent if it is
     * closed already.
     *
     * @return a new closer
     */
    Closer closer();

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
