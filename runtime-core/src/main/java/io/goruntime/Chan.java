package io.goruntime;

import io.goruntime.internal.sched.Park;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.sched.Sched;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A channel, Go's {@code chan T}: a queue of fixed capacity through which goroutines, and any other threads, hand values
 * to each other.
 *
 * <p>Without a buffer a send waits for the receive that takes its value. With a buffer of C elements a send waits only
 * while it is full, a receive only while it is empty. Waiters on either side are served first come, first served.
 *
 * <p>Null may be sent. A closed channel takes no more values; receivers get what is left and then "closed", which
 * {@link #receiveOk} tells from a null that was sent.
 *
 * <p>All methods may be called from any thread. Memory effects, as in the Go memory model: a send happens before the
 * completion of the corresponding receive; a close happens before a receive that returns because of it; on an unbuffered
 * channel a receive happens before the completion of the corresponding send; the k-th receive on a channel with capacity
 * C happens before the completion of the (k + C)-th send.
 *
 * @param <T> the element type
 */
public final class Chan<T extends @Nullable Object> extends HChan implements SendChan<T>, RecvChan<T> {
    private Chan(int cap, boolean nil) {
        super(cap, nil, false);
    }

    private Chan(Sched sched) {
        super(sched);
    }

    /** The channel of a new timer. */
    static Chan<Instant> ofTimer(Sched sched) {
        return new Chan<>(sched);
    }

    /**
     * Makes an unbuffered channel, {@code make(chan T)}.
     *
     * @param <T> the element type
     * @return a new channel
     */
    public static <T extends @Nullable Object> Chan<T> make() {
        return make(0);
    }

    /**
     * Makes a channel with a buffer, {@code make(chan T, cap)}.
     *
     * @param <T> the element type
     * @param cap how many elements the buffer holds, 0 for none; the memory for it is taken at once
     * @return a new channel
     * @throws Panic {@code makechan: size out of range} if negative
     */
    public static <T extends @Nullable Object> Chan<T> make(int cap) {
        checkCap(cap);
        Mode.ensure();
        return new Chan<>(cap, false);
    }

    static void checkCap(int cap) {
        if (cap < 0) {
            throw new Panic("makechan: size out of range: " + cap);
        }
    }

    /**
     * Makes a nil channel: a send or receive blocks for ever (until interrupted, or its time is over), a plain try finds
     * nothing ready, {@link #close} panics.
     *
     * @param <T> the element type
     * @return a nil channel
     */
    public static <T extends @Nullable Object> Chan<T> nil() {
        Mode.ensure();
        return new Chan<>(0, true);
    }

    // -- send --

    @Override
    public void send(T value) throws InterruptedException {
        send0(value, 0);
    }

    @Override
    public boolean trySend(T value) {
        return trySend0(value, 0);
    }

    @Override
    public boolean trySend(T value, Duration wait) throws InterruptedException {
        long nanos = nanos(wait);
        return trySend0(value, 0) || nanos > 0 && sendSlow(value, 0, true, Park.deadline(nanos));
    }

    @Override
    public void close() {
        if (!close0()) {
            throw new Panic("close of closed channel");
        }
    }

    @Override
    public Closer closer() {
        return this::close0;
    }

    // -- receive --

    /*
     * After receive0 has returned an element nothing is called that could overflow the stack and lose it: the casts are
     * unchecked, and Received.closed() makes a Received before there is an element.
     */

    @Override
    @SuppressWarnings("unchecked")
    public @Nullable T receive() throws InterruptedException {
        Object result = receive0(null);
        return result == CLOSED ? null : (T) result;
    }

    @Override
    @SuppressWarnings("unchecked")
    public T receiveOr(T ifClosed) throws InterruptedException {
        Object result = receive0(null);
        return result == CLOSED ? ifClosed : (T) result;
    }

    @Override
    @SuppressWarnings("unchecked")
    public Received<T> receiveOk() throws InterruptedException {
        Received<T> closed = Received.closed();
        Object result = receive0(null);
        return result == CLOSED ? closed : new Received<>((T) result, true);
    }

    @Override
    @SuppressWarnings("unchecked")
    public @Nullable Received<T> tryReceive() {
        Received<T> closed = Received.closed();
        Object result = tryReceive0(null);
        if (result == EMPTY) {
            return null;
        }
        return result == CLOSED ? closed : new Received<>((T) result, true);
    }

    @Override
    @SuppressWarnings("unchecked")
    public @Nullable Received<T> tryReceive(Duration wait) throws InterruptedException {
        long nanos = nanos(wait);
        Received<T> closed = Received.closed();
        Object result = tryReceive0(null);
        if (result == EMPTY && nanos > 0) {
            result = receiveSlow(null, true, Park.deadline(nanos));
        }
        if (result == EMPTY) {
            return null;
        }
        return result == CLOSED ? closed : new Received<>((T) result, true);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <X extends Exception> void range(Body<? super T, X> body) throws X, InterruptedException {
        Objects.requireNonNull(body, "body");
        for (Object result; (result = receive0(null)) != CLOSED;) {
            body.accept((T) result);
        }
    }

    @Override
    public Iterator<T> iterator() {
        return new Receiving();
    }

    private final class Receiving implements Iterator<T> {
        /** What hasNext received and next has not returned. */
        private @Nullable Object result;
        private boolean received;

        @Override
        public boolean hasNext() {
            if (!received) {
                try {
                    result = receive0(null);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new UncheckedInterruptedException(e);
                }
                received = true;
            }
            return result != CLOSED;
        }

        @Override
        @SuppressWarnings("unchecked")
        public T next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            received = false;
            T value = (T) result;
            result = null;
            return value;
        }
    }

    // -- helpers --

    /** Saturates at half of a long's range, so that a deadline does not wrap. */
    static long nanos(Duration wait) {
        Objects.requireNonNull(wait, "wait");
        try {
            return Math.min(wait.toNanos(), Long.MAX_VALUE / 2);
        } catch (ArithmeticException e) {
            return wait.isNegative() ? 0 : Long.MAX_VALUE / 2;
        }
    }
}
