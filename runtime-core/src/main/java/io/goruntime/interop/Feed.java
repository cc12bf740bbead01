package io.goruntime.interop;

import io.goruntime.Chan;
import io.goruntime.GoFn;
import io.goruntime.GoRuntime;
import io.goruntime.Goroutine;
import io.goruntime.RecvChan;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A channel that a goroutine fills from a source, a stream or a publisher. The channel is closed when the source has
 * ended, well or not; {@link #check} tells which. Whoever does not receive to the end must {@link #close} the feed: else
 * the goroutine waits for a receiver for ever.
 *
 * <p>Thread-safe. What the source did to make an element happens before it is received.
 *
 * @param <T> the element type
 */
public final class Feed<T extends @Nullable Object> implements AutoCloseable {
    private final Chan<T> chan;

    /** Set once, before any other thread knows this object. */
    private @Nullable Goroutine goroutine;

    /** By the user. Written before the goroutine is interrupted, which looks here for the reason. */
    private volatile boolean closed;

    /** Written by the goroutine, before it closes the channel. */
    private volatile @Nullable Throwable cause;

    Feed(int cap) {
        chan = Chan.make(cap);
    }

    /** Starts the goroutine; the channel is closed when the body has ended. */
    void start(GoFn body) {
        goroutine = GoRuntime.current().spawn(() -> {
            try {
                body.run();
            } catch (Exception e) {
                failed(e);
            } catch (Error e) {
                failed(e);
                throw e;
            } finally {
                chan.close();
            }
        });
    }

    /** The source ended early; for the body, or for what leaves it. */
    void failed(Throwable e) {
        if (!closed) {
            cause = e;
        }
    }

    /** For the body. A source that swallowed the interrupt of close is stopped here. */
    void send(T value) throws InterruptedException {
        if (closed) {
            throw new InterruptedException();
        }
        chan.send(value);
    }

    /**
     * The channel.
     *
     * @return the same each time
     */
    public RecvChan<T> chan() {
        return chan;
    }

    /**
     * Why the source ended early. To be asked when the channel is closed and drained: before, there may not be an answer
     * yet.
     *
     * @return what the stream threw, or what the publisher gave to {@code onError}; InterruptedException if the goroutine
     *         was interrupted, as it is when its runtime is closed; null if the source ended well, has not ended, or was
     *         stopped by {@link #close}
     */
    public @Nullable Throwable cause() {
        return cause;
    }

    /**
     * Throws if the source ended early; otherwise does nothing. To be called when the channel is closed and drained.
     *
     * @throws ExecutionException with the {@link #cause}, if there is one
     */
    public void check() throws ExecutionException {
        Throwable e = cause;
        if (e != null) {
            throw new ExecutionException(e);
        }
    }

    /**
     * Stops the source: nothing more is asked of it, and the channel will be closed. Elements in the buffer can still be
     * received. Does not wait for the end, which the close of the channel tells. Idempotent; does nothing if the source has
     * ended.
     */
    @Override
    public void close() {
        closed = true;
        Goroutine running = goroutine;
        if (running != null) {
            running.interrupt();
        }
    }
}
