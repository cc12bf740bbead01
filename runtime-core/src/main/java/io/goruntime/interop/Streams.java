package io.goruntime.interop;

import io.goruntime.Chan;
import io.goruntime.RecvChan;
import java.util.Iterator;
import java.util.Objects;
import java.util.Spliterator;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Streams of channels and channels of streams.
 *
 * <p>{@snippet lang="java" :
 * List<String> firstTen = Streams.of(words).filter(w -> w.length() > 3).limit(10).toList();
 *
 * try (Feed<String> lines = Streams.feed(Files.lines(path), 16)) {
 *     lines.chan().range(line -> process(line));
 *     lines.check();
 * }
 * }
 */
public final class Streams {
    private Streams() {}

    /**
     * Makes a stream of what a channel gives until it is closed and drained.
     *
     * <p>The stream is lazy and sequential. It receives an element only when it needs one: after {@code limit(n)} has
     * given n elements, the next one is still in the channel. It never splits, so {@code parallel()} gains nothing. Its
     * terminal operation blocks as {@link RecvChan#receive} does; when interrupted it throws
     * {@link io.goruntime.UncheckedInterruptedException}, with the interrupt flag set. An exception from a stage of the
     * stream ends it, and the element that the stage was given is gone.
     *
     * <p>To close the stream does nothing to the channel, which belongs to those who send; a handler can tell them to stop:
     * {@code Streams.of(c).onClose(context::cancel)}.
     *
     * @param <T> the element type
     * @param c where to receive; several streams, and other receivers, may share it
     * @return a new stream, for use by one thread
     */
    public static <T extends @Nullable Object> Stream<T> of(RecvChan<T> c) {
        return StreamSupport.stream(new Receiving<>(c.iterator()), false);
    }

    /**
     * Starts a goroutine that sends the elements of a stream to a channel, in the stream's order, and closes the channel
     * at the end. The terminal operation runs in that goroutine, in the runtime of the caller
     * ({@link io.goruntime.GoRuntime#current()}); so do the stream's close handlers, when it has ended in any way.
     *
     * <p>To {@link Feed#close} the feed interrupts the goroutine: a stream that blocks ends if it heeds interruption,
     * any other before its next element.
     *
     * @param <T> the element type
     * @param stream where the elements come from; a parallel one is made sequential; it must not be used any more
     * @param cap the capacity of the channel, in elements
     * @return a new feed
     * @throws io.goruntime.Panic {@code makechan: size out of range} if cap is negative
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed; the stream is not closed then
     */
    public static <T extends @Nullable Object> Feed<T> feed(Stream<T> stream, int cap) {
        Objects.requireNonNull(stream, "stream");
        Feed<T> feed = new Feed<>(cap);
        feed.start(() -> {
            try (stream) {
                // Not by iterator(): that of a flatMap takes all of an inner stream before it gives the first element.
                stream.sequential().forEachOrdered(value -> sendTo(feed, value));
            } catch (Stopped e) {
                throw e.getCause();
            }
        });
        return feed;
    }

    private static <T extends @Nullable Object> void sendTo(Feed<T> feed, T value) {
        try {
            feed.send(value);
        } catch (InterruptedException e) {
            throw new Stopped(e);
        }
    }

    /** Carries an interruption through the stages of a stream. */
    private static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1;

        Stopped(InterruptedException cause) {
            super(null, cause, false, false);
        }

        @Override
        public synchronized InterruptedException getCause() {
            return (InterruptedException) super.getCause();
        }
    }

    private static final class Receiving<T extends @Nullable Object> implements Spliterator<T> {
        private final Iterator<T> elements;

        Receiving(Iterator<T> elements) {
            this.elements = elements;
        }

        @Override
        public boolean tryAdvance(Consumer<? super T> action) {
            Objects.requireNonNull(action, "action");
            if (!elements.hasNext()) {
                return false;
            }
            action.accept(elements.next());
            return true;
        }

        @Override
        public @Nullable Spliterator<T> trySplit() {
            return null;
        }

        @Override
        public long estimateSize() {
            return Long.MAX_VALUE;
        }

        @Override
        public int characteristics() {
            return ORDERED;
        }
    }
}
