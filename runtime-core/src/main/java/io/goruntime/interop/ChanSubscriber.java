package io.goruntime.interop;

import io.goruntime.Chan;
import io.goruntime.Received;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Subscribes a channel to a publisher. Numbers in comments are rules of the Reactive Streams specification.
 */
/*
 * The publisher's threads put what they publish into a buffer. That never blocks them (2.2), as there is room for all
 * that is requested. A goroutine, the pump, sends it on to the feed's channel, and requests more as the receivers take
 * it. The pump makes all calls of the subscription, so they are serial (2.7).
 */
final class ChanSubscriber<T> implements Flow.Subscriber<T> {
    private final int size;
    private final Feed<T> feed = new Feed<>(0);

    /** The subscription on its way to the pump. */
    private final Chan<Flow.Subscription> subscribed = Chan.make(1);
    private final AtomicBoolean hasSubscription = new AtomicBoolean();

    /** Closed when nothing more comes. */
    private final Chan<T> buffer;

    /** Why nothing more comes; written before the buffer is closed, read by the pump after that. */
    private @Nullable Throwable error;

    /** The publisher has completed or failed, and wants no more calls (2.4). */
    private volatile boolean publisherEnded;

    /** The pump has ended, and takes no subscription any more. */
    private volatile boolean pumpEnded;

    ChanSubscriber(int size) {
        this.size = size;
        buffer = Chan.make(size);
    }

    Feed<T> start(Flow.Publisher<? extends T> publisher) {
        feed.start(this::pump);
        try {
            publisher.subscribe(this);
        } catch (Throwable e) {
            feed.close();
            throw e;
        }
        return feed;
    }

    // -- the publisher's side --

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        Objects.requireNonNull(subscription, "subscription");
        if (publisherEnded || !hasSubscription.compareAndSet(false, true)) {
            subscription.cancel(); // 2.5
            return;
        }
        subscribed.trySend(subscription);
        if (pumpEnded) {
            cancelUnused();
        }
    }

    @Override
    public void onNext(T item) {
        Objects.requireNonNull(item, "item");
        if (publisherEnded || error != null) {
            return;
        }
        if (!buffer.trySend(item)) {
            error = new IllegalStateException("1.1: the publisher sent more than was requested");
            buffer.close();
        }
    }

    @Override
    public void onError(Throwable throwable) {
        end(Objects.requireNonNull(throwable, "throwable"));
    }

    @Override
    public void onComplete() {
        end(null);
    }

    private void end(@Nullable Throwable e) {
        if (publisherEnded) {
            return;
        }
        publisherEnded = true;
        if (error == null) {
            error = e;
            buffer.close();
        }
        if (hasSubscription.compareAndSet(false, true)) {
            subscribed.close(); // there will be none
        }
    }

    // -- the pump --

    private void pump() throws InterruptedException {
        Flow.Subscription subscription = null;
        try {
            subscription = subscribed.receive();
            request(subscription, size);
            // Half of the buffer at a time: fewer calls, and the publisher need not wait for them.
            int batch = size - size / 2;
            int taken = 0;
            for (T item; (item = buffer.receive()) != null;) {
                feed.send(item);
                if (++taken == batch) {
                    taken = 0;
                    request(subscription, batch);
                }
            }
            if (error != null) {
                feed.failed(error);
            }
        } finally {
            pumpEnded = true;
            if (subscription != null && !publisherEnded) {
                subscription.cancel();
            }
            cancelUnused();
        }
    }

    private void request(Flow.@Nullable Subscription subscription, int n) {
        if (subscription != null && !publisherEnded) {
            subscription.request(n);
        }
    }

    /** A subscription that the pump does not take any more: called by both sides after what would make it so. */
    private void cancelUnused() {
        Received<Flow.Subscription> unused = subscribed.tryReceive();
        if (unused != null && unused.value() != null) {
            unused.value().cancel();
        }
    }
}
