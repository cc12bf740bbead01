package io.goruntime.net;

import java.io.Closeable;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A socket for datagrams to and from anybody. Made by {@link Net#listenPacket}. Source: net.go, PacketConn.
 *
 * <p>All methods may be called by any thread at any time. Errors are those of {@link Conn}.
 */
public interface PacketConn extends Closeable {
    /**
     * Waits for a datagram.
     *
     * @param dst gets it at its position, which advances; what does not fit is lost
     * @return where it comes from
     * @throws IOException see {@link Conn}
     */
    SocketAddress receive(ByteBuffer dst) throws IOException;

    /**
     * Sends a datagram.
     *
     * @param src all that remains of it; may be nothing
     * @param to where to
     * @throws IOException see {@link Conn}; or it is too long
     */
    void send(ByteBuffer src, SocketAddress to) throws IOException;

    /**
     * Until when both directions may wait, those who wait now and those to come. It stays until it is set again.
     *
     * @param d from now; null: no deadline; zero or negative: it has passed already
     * @throws IOException if the socket is closed
     */
    default void setDeadline(@Nullable Duration d) throws IOException {
        setReadDeadline(d);
        setWriteDeadline(d);
    }

    /**
     * Until when {@link #receive} may wait. See {@link #setDeadline}.
     *
     * @param d from now; null: no deadline; zero or negative: it has passed already
     * @throws IOException if the socket is closed
     */
    void setReadDeadline(@Nullable Duration d) throws IOException;

    /**
     * Until when {@link #send} may wait. See {@link #setDeadline}.
     *
     * @param d from now; null: no deadline; zero or negative: it has passed already
     * @throws IOException if the socket is closed
     */
    void setWriteDeadline(@Nullable Duration d) throws IOException;

    /**
     * The address of this socket.
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
     * @throws IOException if it is closed, or the system refuses
     */
    <T> void setOption(SocketOption<T> option, T value) throws IOException;

    /**
     * An option of the socket.
     *
     * @param <T> of its value
     * @param option one of {@link java.net.StandardSocketOptions}
     * @return its value
     * @throws UnsupportedOperationException if the socket has no such option
     * @throws IOException if it is closed, or the system refuses
     */
    <T> T option(SocketOption<T> option) throws IOException;

    /**
     * Whether close has not been called.
     *
     * @return false from the moment of the close
     */
    boolean isOpen();

    /** Closes the socket and wakes all who wait in it. Does not wait, does not throw; idempotent. */
    @Override
    void close();
}
