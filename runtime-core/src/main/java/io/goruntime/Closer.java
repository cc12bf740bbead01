package io.goruntime;

/**
 * Closes a channel at the end of a try-with-resources statement. Made by {@link SendChan#closer()}.
 */
@FunctionalInterface
public interface Closer extends AutoCloseable {
    /** Closes the channel if it is still open; does nothing if somebody closed it already. */
    @Override
    void close();
}
