package io.goruntime.examples.http;

import static io.goruntime.GoRuntime.go;

import io.goruntime.net.Conn;
import io.goruntime.net.Listener;
import io.goruntime.sync.Semaphore;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** An HTTP/1.1 server: a goroutine for each connection. */
public final class HttpServer {
    private static final byte[] FULL = ("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
            + "Connection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
    /** When it ends, a request that is on its way may still arrive within this time. */
    private static final Duration GRACE = Duration.ofMillis(200);

    private final Handler handler;
    private final Settings settings;

    private final Semaphore slots;
    private final Set<HttpConnection> connections = ConcurrentHashMap.newKeySet();
    private final QuietLog log = new QuietLog();
    private final Set<Listener> listeners = ConcurrentHashMap.newKeySet();
    private volatile boolean draining;

    /** A server that does not listen yet. */
    public HttpServer(Handler handler, Settings settings) {
        this.handler = handler;
        this.settings = settings;
        slots = new Semaphore(settings.connections());
    }

    /** Serves connections until {@link #shutdown} begins, which closes the listener; those that there are then go on. */
    public void serve(Listener listener) throws IOException {
        listeners.add(listener);
        try (listener) {
            // Whoever shuts down meanwhile sees the listener, or is seen here.
            while (!draining) {
                Conn conn = listener.accept();
                if (slots.tryAcquire(1)) {
                    go(() -> serve(conn));
                } else {
                    refuse(conn);
                }
            }
        } catch (ClosedChannelException e) {
            if (!draining) {
                throw e;
            }
        } finally {
            listeners.remove(listener);
        }
    }

    private void serve(Conn conn) {
        try {
            serveOne(conn);
        } finally {
            slots.release(1);
        }
    }

    /** Serves a connection that came in another way, on the thread that calls; it does not count for the limit. */
    public void serveOne(Conn conn) {
        HttpConnection connection = new HttpConnection(this, conn, handler, settings);
        connections.add(connection);
        try {
            connection.serve();
        } finally {
            connections.remove(connection);
        }
    }

    private static void refuse(Conn conn) {
        try (conn) {
            conn.setWriteDeadline(GRACE);
            conn.write(FULL, 0, FULL.length);
        } catch (IOException e) {
            // It would not have been served anyway.
        }
    }

    /**
     * Accepts nothing more, lets requests finish whose first byte has arrived, and closes the rest.
     *
     * @param wait for requests to finish; then their connections are closed
     * @return whether all have finished
     */
    public boolean shutdown(Duration wait) throws InterruptedException {
        draining = true;
        listeners.forEach(Listener::close);
        long end = System.nanoTime() + wait.toNanos();
        int all = settings.connections();
        while (!slots.tryAcquire(all, GRACE)) {
            if (System.nanoTime() - end >= 0) {
                connections.forEach(HttpConnection::abort);
                return false;
            }
            // Again and again: a connection may become idle, or set its own deadline, at any moment.
            connections.forEach(HttpConnection::expireIfIdle);
        }
        slots.release(all);
        return true;
    }

    boolean draining() {
        return draining;
    }

    QuietLog log() {
        return log;
    }
}
