package io.goruntime.net;

import io.goruntime.sync.Mutex;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * TLS over another connection, by the JDK's {@link SSLEngine}. Source: crypto/tls, Conn.
 *
 * <pre>{@code
 * Conn c = TlsConn.client(Net.dial("tcp", "example.org:443"), SSLContext.getDefault(), "example.org");
 * }</pre>
 *
 * <p>The handshake happens in the first read or write, or in {@link #handshake}. After a deadline or an interrupt the
 * connection can be used as before, as every {@link Conn}: what was encrypted and not yet sent goes first.
 *
 * <p>The end of the stream is the other side's close_notify, or the end of the connection underneath between two records.
 * A protocol whose messages do not tell their own end cannot tell the latter from an attack.
 */
/*
 * Locks: `shaking` until the handshake is done, then `reading` for what comes in and `writing` for what goes out, in this
 * order: a reader takes the second one when the protocol wants an answer (a key update). The handshake needs neither of
 * the two, since nobody takes them before it is done; and if it did, a writer could wait for a lock that a reader takes
 * again right after the handshake, to wait for an answer to what the writer wants to write.
 *
 * Buffers are ready to be read from, between operations: position to limit is what they hold.
 */
public final class TlsConn implements Conn {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** How long close tries to say goodbye, as Go's. */
    private static final Duration GOODBYE = Duration.ofSeconds(5);

    private final Conn conn;
    private final SSLEngine engine;
    private final Mutex shaking = new Mutex();
    private final Mutex reading = new Mutex();
    private final Mutex writing = new Mutex();

    /** Received and still encrypted; under reading. */
    private ByteBuffer netIn;
    /** Decrypted and not yet read; under reading. */
    private ByteBuffer appIn;
    /** Encrypted and not yet sent; under writing. */
    private ByteBuffer netOut;

    /** The other side has said that nothing more comes; under reading. */
    private boolean ended;
    /** Under shaking. */
    private boolean begun;
    private volatile boolean ready;
    /** The protocol was violated: nothing that follows can be trusted. */
    private volatile @Nullable SSLException failure;

    /**
     * TLS with an engine that is set up already and used for nothing else.
     *
     * @param conn what it goes over; closed with this
     * @param engine knows whether it is the client
     */
    public TlsConn(Conn conn, SSLEngine engine) {
        this.conn = conn;
        this.engine = engine;
        int packetBytes = engine.getSession().getPacketBufferSize();
        netIn = ByteBuffer.allocate(packetBytes).limit(0);
        netOut = ByteBuffer.allocate(packetBytes).limit(0);
        appIn = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize()).limit(0);
    }

    /**
     * The client's side. Checks that the certificate is one of the host, as HTTPS does.
     *
     * @param conn what it goes over; closed with this
     * @param context whom to trust
     * @param host the name of the other side
     * @return a new connection; nothing has been sent yet
     */
    public static TlsConn client(Conn conn, SSLContext context, String host) {
        SSLEngine engine = context.createSSLEngine(host, -1);
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        engine.setSSLParameters(parameters);
        return new TlsConn(conn, engine);
    }

    /**
     * The server's side.
     *
     * @param conn what it goes over; closed with this
     * @param context has the certificate
     * @return a new connection; nothing has been sent yet
     */
    public static TlsConn server(Conn conn, SSLContext context) {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        return new TlsConn(conn, engine);
    }

    /**
     * The engine, for the session, the protocol that was negotiated, and the like.
     *
     * @return not to be used to encrypt or decrypt
     */
    public SSLEngine engine() {
        return engine;
    }

    // ------------------------------------------------------------------------------------------------------------
    // Handshake
    // ------------------------------------------------------------------------------------------------------------

    /**
     * Agrees with the other side; nothing if that is done.
     *
     * @throws SSLException if they do not agree; the connection is of no more use
     * @throws IOException see {@link Conn}; may be tried again after a deadline or an interrupt
     */
    public void handshake() throws IOException {
        if (ready) {
            return;
        }
        shaking.lock();
        try {
            checkFailure();
            if (!ready) {
                shake();
                ready = true;
            }
        } finally {
            shaking.unlock();
        }
    }

    private void shake() throws IOException {
        try {
            if (!begun) {
                engine.beginHandshake();
                begun = true;
            }
            for (;;) {
                flush();
                switch (engine.getHandshakeStatus()) {
                    case NEED_TASK -> runTasks();
                    case NEED_WRAP -> wrap(NOTHING);
                    case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                        if (!unwrap()) {
                            throw new EOFException("tls: the other side left in the handshake");
                        }
                    }
                    default -> {
                        return;
                    }
                }
            }
        } catch (SSLException e) {
            throw failed(e);
        }
    }

    private void runTasks() {
        for (Runnable task; (task = engine.getDelegatedTask()) != null;) {
            task.run();
        }
    }

    /** Tells the other side why, if that can be done, and remembers it; under shaking or writing. */
    private SSLException failed(SSLException e) {
        failure = e;
        try {
            flush();
            while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                wrap(NOTHING);
                flush();
            }
        } catch (IOException alert) {
            e.addSuppressed(alert);
        }
        return e;
    }

    private void checkFailure() throws SSLException {
        SSLException e = failure;
        if (e != null) {
            throw new SSLException(e.getMessage(), e);
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Reading
    // ------------------------------------------------------------------------------------------------------------

    @Override
    public int read(ByteBuffer dst) throws IOException {
        handshake();
        if (!dst.hasRemaining()) {
            return 0;
        }
        reading.lock();
        try {
            while (!appIn.hasRemaining()) {
                checkFailure();
                if (ended) {
                    return -1;
                }
                readRecord();
            }
            int n = Math.min(appIn.remaining(), dst.remaining());
            dst.put(dst.position(), appIn, appIn.position(), n);
            dst.position(dst.position() + n);
            appIn.position(appIn.position() + n);
            return n;
        } finally {
            reading.unlock();
        }
    }

    private void readRecord() throws IOException {
        try {
            ended = !unwrap();
            if (ended || engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING) {
                return;
            }
        } catch (SSLException e) {
            writing.lock();
            try {
                throw failed(e);
            } finally {
                writing.unlock();
            }
        }
        writing.lock();
        try {
            runTasks();
            while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                flush();
                wrap(NOTHING);
            }
            flush();
        } finally {
            writing.unlock();
        }
    }

    /** Decrypts a record into appIn, which is empty; false at the end of the stream; under reading. */
    private boolean unwrap() throws IOException {
        for (;;) {
            appIn.clear();
            SSLEngineResult result;
            try {
                result = engine.unwrap(netIn, appIn);
            } finally {
                appIn.flip();
            }
            switch (result.getStatus()) {
                case OK -> {
                    return true;
                }
                case CLOSED -> {
                    return false;
                }
                case BUFFER_OVERFLOW -> appIn = ByteBuffer.allocate(Math.max(2 * appIn.capacity(),
                        engine.getSession().getApplicationBufferSize())).limit(0);
                case BUFFER_UNDERFLOW -> {
                    if (!receive()) {
                        if (netIn.hasRemaining()) {
                            throw new EOFException("tls: the stream ends within a record");
                        }
                        return false;
                    }
                }
            }
        }
    }

    /** Adds to netIn; false at the end of the stream. */
    private boolean receive() throws IOException {
        int have = netIn.remaining();
        if (have == netIn.capacity()) {
            netIn = ByteBuffer.allocate(Math.max(2 * have, engine.getSession().getPacketBufferSize())).put(netIn);
        } else {
            netIn.compact();
        }
        try {
            return conn.read(netIn) >= 0;
        } finally {
            netIn.flip();
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Writing
    // ------------------------------------------------------------------------------------------------------------

    @Override
    public int write(ByteBuffer src) throws IOException {
        handshake();
        int total = src.remaining();
        writing.lock();
        try {
            checkFailure();
            flush();
            while (src.hasRemaining()) {
                if (engine.isOutboundDone()) {
                    throw OpError.of("write", "tls", null, remoteAddress(), new ClosedChannelException());
                }
                SSLEngineResult result = wrap(src);
                if (result.bytesConsumed() == 0 && result.bytesProduced() == 0) {
                    throw new SSLException("tls: the other side wants another handshake");
                }
                flush();
            }
            return total;
        } catch (InterruptedIOException e) {
            e.bytesTransferred = total - src.remaining(); // the rest of the record goes with the next one
            throw e;
        } finally {
            writing.unlock();
        }
    }

    /** Encrypts a record into netOut, which is empty; under writing. */
    private SSLEngineResult wrap(ByteBuffer src) throws SSLException {
        for (;;) {
            netOut.clear();
            SSLEngineResult result;
            try {
                result = engine.wrap(src, netOut);
            } finally {
                netOut.flip();
            }
            if (result.getStatus() != Status.BUFFER_OVERFLOW) {
                return result;
            }
            netOut = ByteBuffer.allocate(Math.max(2 * netOut.capacity(), engine.getSession().getPacketBufferSize()))
                    .limit(0);
        }
    }

    private void flush() throws IOException {
        if (netOut.hasRemaining()) {
            conn.write(netOut);
        }
    }

    /** {@inheritDoc} The connection underneath stays as it is: what is sent is a close_notify. */
    @Override
    public void closeWrite() throws IOException {
        handshake();
        writing.lock();
        try {
            sayGoodbye();
        } finally {
            writing.unlock();
        }
    }

    private void sayGoodbye() throws IOException {
        flush();
        engine.closeOutbound();
        while (!engine.isOutboundDone()) {
            SSLEngineResult result = wrap(NOTHING);
            flush();
            if (result.bytesProduced() == 0) {
                break;
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // All else
    // ------------------------------------------------------------------------------------------------------------

    /** {@inheritDoc} The other side is told, if it listens; that may take 5 s. */
    @Override
    public void close() {
        // If somebody writes, there is no room for a farewell: a record must not be cut in two.
        if (ready && failure == null && conn.isOpen() && writing.tryLock()) {
            try {
                conn.setWriteDeadline(GOODBYE);
                sayGoodbye();
            } catch (IOException e) {
                // The connection goes, whether the other side hears of it or not.
            } finally {
                writing.unlock();
            }
        }
        conn.close();
    }

    @Override
    public boolean isOpen() {
        return conn.isOpen();
    }

    @Override
    public void setReadDeadline(@Nullable Duration d) throws IOException {
        conn.setReadDeadline(d);
    }

    @Override
    public void setWriteDeadline(@Nullable Duration d) throws IOException {
        conn.setWriteDeadline(d);
    }

    @Override
    public SocketAddress localAddress() {
        return conn.localAddress();
    }

    @Override
    public SocketAddress remoteAddress() {
        return conn.remoteAddress();
    }

    @Override
    public <T> void setOption(SocketOption<T> option, T value) throws IOException {
        conn.setOption(option, value);
    }

    @Override
    public <T> T option(SocketOption<T> option) throws IOException {
        return conn.option(option);
    }

    @Override
    public String toString() {
        return "tls over " + conn;
    }
}
