package io.goruntime.interop;

import io.goruntime.Chan;
import io.goruntime.Received;
import java.time.Duration;
import java.util.AbstractQueue;
import java.util.Collection;
import java.util.Iterator;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A channel as a blocking queue; see Queues.of. */
final class ChanQueue<T> extends AbstractQueue<T> implements BlockingQueue<T> {
    private final Chan<T> chan;

    ChanQueue(Chan<T> chan) {
        this.chan = chan;
    }

    // -- send --

    @Override
    public void put(T value) throws InterruptedException {
        chan.send(Objects.requireNonNull(value, "value"));
    }

    @Override
    public boolean offer(T value) {
        return chan.trySend(Objects.requireNonNull(value, "value"));
    }

    @Override
    public boolean offer(T value, long timeout, TimeUnit unit) throws InterruptedException {
        return chan.trySend(Objects.requireNonNull(value, "value"), duration(timeout, unit));
    }

    // -- receive --

    @Override
    public T take() throws InterruptedException {
        Received<T> received = chan.receiveOk();
        if (!received.ok()) {
            throw new IllegalStateException("the channel is closed and drained");
        }
        return valueOf(received);
    }

    @Override
    public @Nullable T poll() {
        return valueOrNull(chan.tryReceive());
    }

    @Override
    public @Nullable T poll(long timeout, TimeUnit unit) throws InterruptedException {
        return valueOrNull(chan.tryReceive(duration(timeout, unit)));
    }

    private @Nullable T valueOrNull(@Nullable Received<T> received) {
        return received == null || !received.ok() ? null : valueOf(received);
    }

    private T valueOf(Received<T> received) {
        T value = received.value();
        if (value == null) {
            throw new NullPointerException("null was sent to the channel");
        }
        return value;
    }

    /** The unit's own conversion saturates; the channel treats what is not positive as a plain try. */
    private static Duration duration(long timeout, TimeUnit unit) {
        return Duration.ofNanos(unit.toNanos(timeout));
    }

    @Override
    public int drainTo(Collection<? super T> target) {
        return drainTo(target, Integer.MAX_VALUE);
    }

    @Override
    public int drainTo(Collection<? super T> target, int maxElements) {
        Objects.requireNonNull(target, "target");
        if (target instanceof ChanQueue<?> other && other.chan == chan) {
            throw new IllegalArgumentException("to itself");
        }
        int n = 0;
        for (T value; n < maxElements && (value = poll()) != null; n++) {
            target.add(value);
        }
        return n;
    }

    // -- figures --

    @Override
    public int size() {
        return chan.len();
    }

    @Override
    public int remainingCapacity() {
        return chan.cap() - chan.len();
    }

    // -- what a channel cannot do --

    @Override
    public T peek() {
        throw unsupported();
    }

    @Override
    public Iterator<T> iterator() {
        throw unsupported();
    }

    @Override
    public boolean contains(Object o) {
        throw unsupported();
    }

    @Override
    public boolean remove(Object o) {
        throw unsupported();
    }

    private static UnsupportedOperationException unsupported() {
        return new UnsupportedOperationException("a channel shows no element without giving it away");
    }

    @Override
    public String toString() {
        return "queue of " + chan;
    }
}
