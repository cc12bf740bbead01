package io.goruntime.interop;

import io.goruntime.GoRuntime;
import io.goruntime.RecvChan;
import io.goruntime.Select;
import java.util.Objects;
import java.util.concurrent.Flow;

/**
 * Publishers of channels and channels of publishers, by the rules of
 * <a href="https://www.reactive-streams.org/">Reactive Streams</a>.
 *
 * <p>{@snippet lang="java" :
 * Flow.Publisher<Event> publisher = Flows.publisher(events);
 *
 * try (Feed<Event> feed = Flows.feed(publisher, 64)) {
 *     feed.chan().range(event -> process(event));
 *     feed.check();
 * }
 * }
 */
public final class Flows {
    private Flows() {}

    /**
     * Makes a publisher of what a channel gives. Each subscription has a goroutine, in the runtime of whoever subscribes
     * ({@link GoRuntime#current()}), that makes all calls of the subscriber.
     *
     * <p>An element goes to one subscriber, as it goes to one receiver. It is taken from the channel only when that
     * subscriber has asked for one, so a cancelled subscription loses none: a cancel that comes when the element has been
     * taken already does not stop its delivery.
     *
     * <p>{@code onComplete} says that the channel is closed and drained; a subscriber learns it with its next request, since
     * a channel can only be asked by receiving. {@code onError} says that the goroutine was interrupted (its runtime is
     * closed), that null was received, which may be sent to a channel but not to a subscriber, or that the subscriber
     * requested a number that is not positive. A subscription to a closed runtime ends with a
     * {@link java.util.concurrent.RejectedExecutionException}. What the subscriber throws cancels the subscription and is
     * the goroutine's panic.
     *
     * @param <T> the element type
     * @param c where to receive; several subscribers, and other receivers, may share it
     * @return a new publisher, thread-safe
     * @throws IllegalArgumentException if c is no channel of this library
     */
    public static <T> Flow.Publisher<T> publisher(RecvChan<T> c) {
        new Select().recv(Objects.requireNonNull(c, "c")); // refuses what a subscription could not wait for
        return subscriber -> ChanSubscription.start(c, Objects.requireNonNull(subscriber, "subscriber"));
    }

    /**
     * Subscribes to a publisher and starts a goroutine that sends what it publishes to an unbuffered channel, in the
     * runtime of the caller ({@link GoRuntime#current()}). The channel is closed when the publisher has completed or
     * failed and all elements before that were received.
     *
     * <p>At most {@code buffer} elements are requested and not received at any time. A publisher that sends more than was
     * requested is cancelled, and {@link Feed#cause} says so.
     *
     * @param <T> the element type
     * @param publisher where the elements come from
     * @param buffer how many elements may be on their way, at least 1
     * @return a new feed; closing it cancels the subscription
     * @throws IllegalArgumentException if buffer is less than 1
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed; nothing was subscribed then
     */
    public static <T> Feed<T> feed(Flow.Publisher<? extends T> publisher, int buffer) {
        Objects.requireNonNull(publisher, "publisher");
        if (buffer < 1) {
            throw new IllegalArgumentException("buffer " + buffer + " is less than 1");
        }
        return new ChanSubscriber<T>(buffer).start(publisher);
    }
}
