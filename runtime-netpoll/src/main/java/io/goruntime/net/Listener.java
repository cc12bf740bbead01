package io.goruntime.net;

import java.io.Closeable;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where connections arrive. Made by {@link Net#listen}. Source: net.go, Listener.
 *
 * <pre>{@code
 * try (Listener l = Net.listen("tcp", "127.0.0.1:7")) {
 *     for (;;) {
 *         Conn c = l.accept();
 *         go(() -> { try (c) { c.inputStream().transferTo(c.outputStream()); } });
 *     }
 * }
 * }</pre>
 *
 * <p>All methods may be called by any thread at any time. Several may wait in {@link #accept}; each connection goes to one.
 */
public interface Listener extends Closeable {
    /**
     * Waits for a connection. The connection belongs to the runtime of this listener.
     *
     * <p>When the process or the system is out of descriptors, this says so in the log and tries again after 5 ms, then
     * after twice as long, up to 1 s: connections wait in the system's queue meanwhile.
     *
     * @return a new connection, to be closed by the caller
     * @throws java.net.SocketTimeoutException if the deadline has passed
     * @throws java.nio.channels.AsynchronousCloseException if the listener is closed meanwhile
     * @throws java.nio.channels.ClosedChannelException if it was closed before
     * @throws java.io.InterruptedIOException if the thread must wait and is interrupted; the flag stays set, and no
     *             connection is lost
     * @throws IOException if the system reports something else
     */
    Conn accept() throws IOException;

    /**
     * Until when {@link #accept} may wait, those that wait now and those to come. It stays until it is set again.
     *
     * @param d from now; null: no deadline; zero or negative: it has passed already
     * @throws IOException if the listener is closed
     */
    void setDeadline(@Nullable Duration d) throws IOException;

    /**
     * Where it listens; {@link Net#hostPort} makes of it what {@link Net#dial(String, String)} takes.
     *
     * @return with the port that the system chose, if 0 was asked for; also when closed
     */
    SocketAddress localAddress();

    /**
     * Sets an option of the socket.
     *
     * @param <T> of its value
     * @param option one of {@link java.net.StandardSocketOptions}
     * @param value the new value
     * @throws UnsupportedOperationException if the socket has no such option
     * @throws IOException if the listener is closed, or the system refuses
     */
    <T> void setOption(SocketOption<T> option, T value) throws IOException;

    /**
     * An option of the socket.
     *
     * @param <T> of its value
     * @param option one of {@link java.net.StandardSocketOptions}
     * @return its value
     * @throws UnsupportedOperationException if the socket has no such option
     * @throws IOException if the listener is closed, or the system refuses
     */
    <T> T option(SocketOption<T> option) throws IOException;

    /**
     * Whether close has not been called.
     *
     * @return false from the moment of the close
     */
    boolean isOpen();

    /**
     * Stops listening and wakes all who wait. Connections that were accepted live on; those that were not are reset. The
     * file of a unix socket is deleted. Does not wait, does not throw; idempotent.
     */
    @Override
    void close();
}
