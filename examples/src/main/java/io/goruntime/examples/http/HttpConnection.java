package io.goruntime.examples.http;

import io.goruntime.net.Conn;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;

/** Serves one connection, request after request, on the goroutine that calls {@link #serve}. */
final class HttpConnection {
    /** So much of a body that the handler did not want is read, to use the connection again. */
    private static final long DISCARDED_BYTES = 256 << 10;
    /** How long, and for how much, a connection that ends is still read from. */
    private static final Duration LINGER = Duration.ofSeconds(1);
    private static final long LINGER_BYTES = 256 << 10;

    private final HttpServer server;
    private final Conn conn;
    private final Handler handler;
    private final Settings settings;

    private final Wire wire;
    private final RequestParser parser;
    private final RequestBody body;
    private final Request request;
    private final Response response;

    /** Between two requests: nobody misses anything when it is closed now. */
    private volatile boolean idle = true;

    HttpConnection(HttpServer server, Conn conn, Handler handler, Settings settings) {
        this.server = server;
        this.conn = conn;
        this.handler = handler;
        this.settings = settings;
        wire = new Wire(conn, settings.write());
        parser = new RequestParser(settings);
        body = new RequestBody(wire, settings);
        request = new Request(body);
        response = new Response(wire, request,
                () -> request.keepAlive() && !body.continueDue() && !server.draining());
    }

    void serve() {
        try (conn) {
            boolean again;
            do {
                again = readHead() && exchange();
            } while (again);
        } catch (InterruptedIOException e) {
            // The other side was too slow to read, or the runtime is closed.
        } catch (IOException e) {
            // The connection broke.
        }
    }

    /** Ends the wait for another request; called by other goroutines. */
    void expireIfIdle() {
        if (idle) {
            try {
                conn.setReadDeadline(Duration.ZERO);
            } catch (IOException e) {
                // It has ended by itself.
            }
        }
    }

    /** Ends it in the middle of whatever it does; called by other goroutines. */
    void abort() {
        conn.close();
    }

    // -- the head --

    /** False: there is no further request. */
    private boolean readHead() throws IOException {
        wire.release();
        parser.reset();
        response.reset();
        boolean begun = false;
        long by = 0;
        try {
            for (;;) {
                if (!wire.isEmpty()) {
                    if (!begun) {
                        begun = true;
                        idle = false;
                        by = System.nanoTime() + settings.head().toNanos();
                    }
                    int length = parser.parse(request, wire.in(), wire.from(), wire.to());
                    if (length != RequestParser.INCOMPLETE) {
                        wire.from(wire.from() + length);
                        wire.keep();
                        return true;
                    }
                } else {
                    idle = true;
                    by = System.nanoTime() + settings.idle().toNanos();
                }
                if (!await(by)) {
                    return false;
                }
            }
        } catch (HttpError e) {
            return refuse(e);
        }
    }

    private boolean await(long by) throws IOException {
        try {
            return wire.fill(by, !idle);
        } catch (SocketTimeoutException e) {
            if (idle) {
                return false;
            }
            throw new HttpError(408, "the head takes too long");
        }
    }

    // -- the request --

    /** False: the connection ends. */
    private boolean exchange() throws IOException {
        body.begin(request);
        try {
            handler.handle(request, response);
            if (response.finish() && body.discard(DISCARDED_BYTES)) {
                return true;
            }
            wire.linger(LINGER, LINGER_BYTES);
            return false;
        } catch (HttpError e) {
            return refuse(e);
        } catch (RuntimeException | StackOverflowError e) {
            // A mistake in the handler is no reason to stop serving others.
            server.log().warn(conn.remoteAddress(), e);
            return refuse(new HttpError(500, "the server made a mistake"));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException();
        }
    }

    /** Always false: nobody knows what the next bytes mean. */
    private boolean refuse(HttpError e) throws IOException {
        if (e.status() < 500) {
            server.log().warn(conn.remoteAddress(), e);
        }
        if (!response.begun()) {
            response.refuse(e);
        } else if (!response.finished()) {
            throw e;
        }
        wire.linger(LINGER, LINGER_BYTES);
        return false;
    }
}
