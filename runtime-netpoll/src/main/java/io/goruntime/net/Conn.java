package io.goruntime.net;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ScatteringByteChannel;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A connection. Made by {@link Net#dial(String, String)}, {@link Listener#accept}, {@link Net#pipe}, and
 * {@link TlsConn} over another one. Source: net.go, Conn.
 *
 * <p><b>Blocking.</b> Reads wait until there is at least one byte, writes until everything is written. A goroutine
 * that waits occupies no thread.
 *
 * <p><b>Thread safety.</b> All methods may be called by any thread at any time. Reads exclude each other and so do
 * writes, so that what one write writes stays together; a read and a write go on at the same time. What a thread did
 * before a write is not thereby visible to whoever reads the bytes, except in the case of {@link Net#pipe}.
 *
 * <p><b>Errors</b>, of every method that reads or writes. The message says what was tried with whom, for example
 * {@code read tcp 127.0.0.1:4711->127.0.0.1:80: connection reset by peer}.
 * <ul>
 * <li>The deadline has passed: {@link java.net.SocketTimeoutException}.
 * <li>This side closed the connection, while the method waited: {@link java.nio.channels.AsynchronousCloseException};
 * before: {@link java.nio.channels.ClosedChannelException}.
 * <li>The thread is interrupted and the method would have to wait: {@link java.io.InterruptedIOException}, with the
 * interrupt flag still set.
 * <li>Whatever the system reports: an IOException, mostly a {@link java.net.SocketException}.
 * </ul>
 * After a deadline or an interrupt the connection can be used as before. How much a write that failed so had written is
 * in {@link java.io.InterruptedIOException#bytesTransferred}, and in the position of the buffer.
 *
 * <p>Bytes that arrived before the other side reset the connection can still be read.
 */
public interface Conn extends ByteChannel, ScatteringByteChannel, GatheringByteChannel {
    // -- reading --

    /**
     * Reads what there is, at least one byte.
     *
     * @param b where to put it
     * @param off where to begin
     * @param len how many bytes at most
     * @return how many; -1 at the end of the stream; 0 only if len is 0
     * @throws IOException see {@link Conn}
     * @throws IndexOutOfBoundsException if there is no such part of the array
     */
    default int read(byte[] b, int off, int len) throws IOException {
        return read(ByteBuffer.wrap(b, off, len));
    }

    /**
     * Reads what there is, at least one byte.
     *
     * @param b where to put it
     * @return how many; -1 at the end of the stream; 0 only if there is no room
     * @throws IOException see {@link Conn}
     */
    default int read(byte[] b) throws IOException {
        return read(b, 0, b.length);
    }

    /**
     * Reads what there is, at least one byte.
     *
     * @param dst gets it at its position, which advances
     * @return how many; -1 at the end of the stream; 0 only if there is no room
     * @throws IOException see {@link Conn}
     */
    @Override
    int read(ByteBuffer dst) throws IOException;

    /**
     * Reads what there is, at least one byte, into several buffers, one after the other. May leave some empty though
     * there is more to read.
     *
     * @param dsts get it
     * @param off the first
     * @param len how many buffers
     * @return how many bytes; -1 at the end of the stream; 0 only if there is no room
     * @throws IOException see {@link Conn}
     */
    @Override
    default long read(ByteBuffer[] dsts, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, dsts.length);
        for (int i = off; i < off + len; i++) {
            if (dsts[i].hasRemaining()) {
                return read(dsts[i]);
            }
        }
        return 0;
    }

    @Override
    default long read(ByteBuffer[] dsts) throws IOException {
        return read(dsts, 0, dsts.length);
    }

    /**
     * Reads until the buffer is full. Source: io.go, ReadFull.
     *
     * @param dst gets the bytes; when this throws, its position tells how many there were
     * @throws EOFException if the stream ends before
     * @throws IOException see {@link Conn}
     */
    default void readFully(ByteBuffer dst) throws IOException {
        while (dst.hasRemaining()) {
            if (read(dst) < 0) {
                throw new EOFException("unexpected end of stream, " + dst.remaining() + " bytes missing");
            }
        }
    }

    /**
     * Reads exactly so many bytes.
     *
     * @param b where to put them
     * @param off where to begin
     * @param len how many
     * @throws EOFException if the stream ends before
     * @throws IOException see {@link Conn}
     * @throws IndexOutOfBoundsException if there is no such part of the array
     */
    default void readFully(byte[] b, int off, int len) throws IOException {
        readFully(ByteBuffer.wrap(b, off, len));
    }

    /**
     * Reads until the array is full.
     *
     * @param b where to put the bytes
     * @throws EOFException if the stream ends before
     * @throws IOException see {@link Conn}
     */
    default void readFully(byte[] b) throws IOException {
        readFully(ByteBuffer.wrap(b));
    }

    /**
     * The reading side as a stream; its close closes the connection.
     *
     * @return a new stream, without a buffer
     */
    default InputStream inputStream() {
        return new ConnInputStream(this);
    }

    // -- writing --

    /**
     * Writes all.
     *
     * @param b what to write
     * @param off where it begins
     * @param len how many bytes
     * @throws IOException see {@link Conn}
     * @throws IndexOutOfBoundsException if there is no such part of the array
     */
    default void write(byte[] b, int off, int len) throws IOException {
        write(ByteBuffer.wrap(b, off, len));
    }

    /**
     * Writes all.
     *
     * @param b what to write
     * @throws IOException see {@link Conn}
     */
    default void write(byte[] b) throws IOException {
        write(b, 0, b.length);
    }

    /**
     * Writes all that remains in a buffer.
     *
     * @param src what to write; when this throws, its position tells how much has been written
     * @return how many bytes remained
     * @throws IOException see {@link Conn}
     */
    @Override
    int write(ByteBuffer src) throws IOException;

    /**
     * Writes all that remains in several buffers, on a socket by as few system calls as possible.
     *
     * @param srcs what to write; when this throws, their positions tell how much has been written
     * @param off the first
     * @param len how many buffers
     * @return how many bytes remained
     * @throws IOException see {@link Conn}
     */
    @Override
    default long write(ByteBuffer[] srcs, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, srcs.length);
        long n = 0;
        try {
            for (int i = off; i < off + len; i++) {
                n += write(srcs[i]);
            }
        } catch (InterruptedIOException e) {
            e.bytesTransferred += (int) n; // what the buffers before have contributed
            throw e;
        }
        return n;
    }

    @Override
    default long write(ByteBuffer[] srcs) throws IOException {
        return write(srcs, 0, srcs.length);
    }

    /**
     * Writes a part of a file, over a socket without a copy through this process where the system can do that. To read
     * the file counts as waiting: an interrupted thread does not begin it. An interrupt that comes in the middle of it closes
     * the file, as that of every {@link FileChannel}; then, with the poller {@code nio}, more may have been written than the
     * exception says.
     *
     * @param file where it comes from; its own position is neither used nor changed
     * @param position where in the file to begin
     * @param count how many bytes
     * @return how many there were; fewer than asked for only at the end of the file
     * @throws IOException see {@link Conn}; or the file cannot be read
     */
    default long sendFile(FileChannel file, long position, long count) throws IOException {
        return FileCopy.copy(file, position, count, this);
    }

    /**
     * Ends the stream: the other side reads what was written, then its end. Reading goes on.
     *
     * @throws IOException see {@link Conn}; or this kind of connection cannot do that
     */
    void closeWrite() throws IOException;

    /**
     * The writing side as a stream; its close closes the connection, flush does nothing.
     *
     * @return a new stream, without a buffer
     */
    default OutputStream outputStream() {
        return new ConnOutputStream(this);
    }

    // -- deadlines --

    /**
     * Until when reads and writes may wait, those that wait now and those to come. It stays until it is set again.
     *
     * @param d from now; null: no deadline; zero or negative: it has passed already
     * @throws IOException if the connection is closed
     */
    default void setDeadline(@Nullable Duration d) throws IOException {
        setReadDeadline(d);
        setWriteDeadline(d);
    }

    /**
     * Until when reads may wait, those that wait now and those to come. It stays until it is set again.
     *
     * @param d from now; null: no deadline; zero or negative: it has passed already
     * @throws IOException if the connection is closed
     */
    void setReadDeadline(@Nullable Duration d) throws IOException;

    /**
     * Until when writes may wait, those that wait now and those to come. It stays until it is set again. A write that
     * runs into it may have written a part.
     *
     * @param d from now; null: no deadline; zero or negative: it has passed already
     * @throws IOException if the connection is closed
     */
    void setWriteDeadline(@Nullable Duration d) throws IOException;

    // -- all else --

    /**
     * The address on this side.
     *
     * @return also when the connection is closed
     */
    SocketAddress localAddress();

    /**
     * The address on the other side.
     *
     * @return also when the connection is closed
     */
    SocketAddress remoteAddress();

    /**
     * Sets an option of the socket. {@code TCP_NODELAY} and {@code SO_KEEPALIVE} are on from the beginning, as in Go.
     *
     * @param <T> of its value
     * @param option one of {@link java.net.StandardSocketOptions}
     * @param value the new value
     * @throws UnsupportedOperationException if this is no socket, or the socket has no such option
     * @throws IOException if the connection is closed, or the system refuses
     */
    default <T> void setOption(SocketOption<T> option, T value) throws IOException {
        throw new UnsupportedOperationException(option.name());
    }

    /**
     * An option of the socket.
     *
     * @param <T> of its value
     * @param option one of {@link java.net.StandardSocketOptions}
     * @return its value
     * @throws UnsupportedOperationException if this is no socket, or the socket has no such option
     * @throws IOException if the connection is closed, or the system refuses
     */
    default <T> T option(SocketOption<T> option) throws IOException {
        throw new UnsupportedOperationException(option.name());
    }

    /**
     * Whether close has not been called.
     *
     * @return says nothing about the other side
     */
    @Override
    boolean isOpen();

    /**
     * Closes the connection and wakes all who wait in it. Does not wait, does not throw; idempotent. What has been
     * written is still sent.
     */
    @Override
    void close();
}
