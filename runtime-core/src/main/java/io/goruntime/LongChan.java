package io.goruntime;

import io.goruntime.internal.sched.Park;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.sched.Sudog;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A channel of {@code long}, Go's {@code chan int64}: as {@link Chan}, without boxing. Sends and receives in goroutines
 * allocate nothing.
 *
 * <p>All methods may be called from any thread; blocking, order, interruption and memory effects are those of
 * {@link Chan}.
 */
public final class LongChan extends HChan {
    private LongChan(int cap, boolean nil) {
        super(cap, nil, true);
    }

    /**
     * What {@code v, ok := <-c} gives.
     *
     * @param value the element; 0 when {@code ok} is false
     * @param ok false if the channel is closed and drained
     */
    public record ReceivedLong(long value, boolean ok) {
    }

    /**
     * The body of a {@link #range} over a channel.
     *
     * @param <X> the checked exception that the body may throw; inferred as {@link RuntimeException} when there is none
     */
    @FunctionalInterface
    public interface LongBody<X extends Exception> {
        /**
         * Takes one element.
         *
         * @param value the element received
         * @throws X to end the range and leave it with this exception
         * @throws InterruptedException to end the range and leave it with this exception
         */
        void accept(long value) throws X, InterruptedException;
    }

    /**
     * Makes an unbuffered channel.
     *
     * @return a new channel
     */
    public static LongChan make() {
        return make(0);
    }

    /**
     * Makes a channel with a buffer.
     *
     * @param cap how many elements the buffer holds, 0 for none; 8 bytes each, taken at once
     * @return a new channel
     * @throws Panic {@code makechan: size out of range} if negative
     */
    public static LongChan make(int cap) {
        Chan.checkCap(cap);
        Mode.ensure();
        return new LongChan(cap, false);
    }

    /**
     * Makes a nil channel: a send or receive blocks for ever (until interrupted, or its time is over), a plain try finds
     * nothing ready, {@link #close} panics.
     *
     * @return a nil channel
     */
    public static LongChan nil() {
        Mode.ensure();
        return new LongChan(0, true);
    }

    // -- send --

    /**
     * Sends a value; see {@link SendChan#send}.
     *
     * @param value the element
     * @throws InterruptedException if the operation is not ready and the thread is interrupted before or while it waits
     * @throws Panic {@code send on closed channel}
     */
    public void send(long value) throws InterruptedException {
        send0(null, value);
    }

    /**
     * Sends a value if that is possible at once; see {@link SendChan#trySend(Object)}.
     *
     * @param value the element
     * @return false if nobody waits for it and the buffer is full
     * @throws Panic {@code send on closed channel}
     */
    public boolean trySend(long value) {
        return trySend0(null, value);
    }

    /**
     * Sends a value, waiting at most the given time; see {@link SendChan#trySend(Object, Duration)}.
     *
     * @param value the element
     * @param wait how long to wait; zero or negative is a plain try, a huge one saturates at 146 years
     * @return false if nobody took it in that time
     * @throws InterruptedException as {@link #send}; never for a zero or negative time
     * @throws Panic {@code send on closed channel}
     */
    public boolean trySend(long value, Duration wait) throws InterruptedException {
        long nanos = Chan.nanos(wait);
        return trySend0(null, value) || nanos > 0 && sendSlow(null, value, true, Park.deadline(nanos));
    }

    /**
     * Closes the channel; see {@link SendChan#close}.
     *
     * @throws Panic {@code close of closed channel}, or {@code close of nil channel}
     */
    public void close() {
        if (!close0()) {
            throw new Panic("close of closed channel");
        }
    }

    /**
     * Makes a {@link Closer} for a try-with-resources statement.
     *
     * @return a new closer
     */
    public Closer closer() {
        return this::close0;
    }

    // -- receive; as in Chan, nothing that could overflow the stack comes after an element --

    /**
     * Receives a value; see {@link RecvChan#receive}.
     *
     * @return the element; 0 when the channel is closed and drained
     * @throws InterruptedException if the operation is not ready and the thread is interrupted before or while it waits
     */
    public long receive() throws InterruptedException {
        return receiveOr(0);
    }

    /**
     * Receives a value, or a given one when the channel is closed and drained.
     *
     * @param ifClosed returned when there is no element left
     * @return the element, or {@code ifClosed}
     * @throws InterruptedException as {@link #receive}
     */
    public long receiveOr(long ifClosed) throws InterruptedException {
        Sudog out = Sudog.acquire();
        return receive0(out) == CLOSED ? ifClosed : out.bits;
    }

    /**
     * Receives a value and tells whether there was one.
     *
     * @return the element, or a {@link ReceivedLong} whose {@code ok} is false when the channel is closed and drained
     * @throws InterruptedException as {@link #receive}
     */
    public ReceivedLong receiveOk() throws InterruptedException {
        Sudog out = Sudog.acquire();
        ReceivedLong closed = new ReceivedLong(0, false);
        return receive0(out) == CLOSED ? closed : new ReceivedLong(out.bits, true);
    }

    /**
     * Receives a value if there is one at once. Ignores the interrupt flag and leaves it.
     *
     * @return null if nothing is ready; {@code ok} false if the channel is closed and drained
     */
    public @Nullable ReceivedLong tryReceive() {
        Sudog out = Sudog.acquire();
        ReceivedLong closed = new ReceivedLong(0, false);
        Object result = tryReceive0(out);
        if (result == EMPTY) {
            return null;
        }
        return result == CLOSED ? closed : new ReceivedLong(out.bits, true);
    }

    /**
     * Receives a value, waiting at most the given time.
     *
     * @param wait how long to wait; zero or negative is a plain try, a huge one saturates at 146 years
     * @return null if nothing came in that time; {@code ok} false if the channel is closed and drained
     * @throws InterruptedException as {@link #receive}; never for a zero or negative time
     */
    public @Nullable ReceivedLong tryReceive(Duration wait) throws InterruptedException {
        long nanos = Chan.nanos(wait);
        Sudog out = Sudog.acquire();
        ReceivedLong closed = new ReceivedLong(0, false);
        Object result = tryReceive0(out);
        if (result == EMPTY && nanos > 0) {
            result = receiveSlow(out, true, Park.deadline(nanos));
        }
        if (result == EMPTY) {
            return null;
        }
        return result == CLOSED ? closed : new ReceivedLong(out.bits, true);
    }

    /**
     * Gives each element to the body until the channel is closed and drained, {@code for v := range c}.
     *
     * @param <X> the exception the body may throw
     * @param body takes each element; an exception from it ends the range
     * @throws X from the body
     * @throws InterruptedException as {@link #receive}, or from the body
     */
    public <X extends Exception> void range(LongBody<X> body) throws X, InterruptedException {
        Objects.requireNonNull(body, "body");
        for (Sudog out; receive0(out = Sudog.acquire()) != CLOSED;) {
            body.accept(out.bits);
        }
    }
}
