package io.goruntime.examples.http;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The body of the present request, from the wire, decoded. */
final class RequestBody extends InputStream {
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    /** What somebody wants to read at once goes past the buffer if it is more than this. */
    private static final int LARGE = 1 << 10;
    /** A second more for each KB. */
    private static final long NANOS_PER_BYTE = 1_000_000_000 / 1024;

    private final Wire wire;
    private final Settings settings;
    private final ChunkDecoder chunks;

    private boolean chunked;
    private long left;
    private boolean continueDue;
    private boolean begun;
    private long beginNanos;
    private long received;

    RequestBody(Wire wire, Settings settings) {
        this.wire = wire;
        this.settings = settings;
        this.chunks = new ChunkDecoder(settings.bodyBytes(), settings.headerBytes());
    }

    void begin(Request request) {
        chunked = request.chunked();
        left = chunked ? 0 : request.contentLength();
        continueDue = request.expectsContinue() && request.hasBody();
        begun = false;
        received = 0;
        chunks.reset();
    }

    /** Whether the client waits for the permission to send it, and nobody gave that. */
    boolean continueDue() {
        return continueDue;
    }

    /** Gives that permission. */
    void allow() throws IOException {
        if (continueDue) {
            continueDue = false;
            wire.write(CONTINUE);
        }
    }

    @Override
    public int read() throws IOException {
        if (!await()) {
            return -1;
        }
        if (wire.isEmpty()) {
            fill();
        }
        int b = wire.in()[wire.from()] & 0xff;
        wire.from(wire.from() + 1);
        took(1);
        return b;
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, b.length);
        if (len == 0) {
            return 0;
        }
        if (!await()) {
            return -1;
        }
        int n = (int) Math.min(len, left());
        if (wire.isEmpty()) {
            if (n >= LARGE) {
                n = receive(b, off, n);
                took(n);
                return n;
            }
            fill();
        }
        n = Math.min(n, wire.to() - wire.from());
        System.arraycopy(wire.in(), wire.from(), b, off, n);
        wire.from(wire.from() + n);
        took(n);
        return n;
    }

    /** Reads what nobody wants; false if it is more than this, and the connection cannot be used again. */
    boolean discard(long bytes) throws IOException {
        long most = received + bytes;
        while (await()) {
            if (received >= most) {
                return false;
            }
            if (wire.isEmpty()) {
                fill();
            }
            int n = (int) Math.min(left(), wire.to() - wire.from());
            wire.from(wire.from() + n);
            took(n);
        }
        return true;
    }

    /** Waits until it is known whether there is more. */
    private boolean await() throws IOException {
        if (!chunked) {
            return left > 0;
        }
        for (;;) {
            wire.from(chunks.skip(wire.in(), wire.from(), wire.to()));
            if (chunks.done()) {
                return false;
            }
            if (chunks.available() > 0) {
                return true;
            }
            fill();
        }
    }

    private long left() {
        return chunked ? chunks.available() : left;
    }

    private void took(int n) {
        received += n;
        if (chunked) {
            chunks.take(n);
        } else {
            left -= n;
        }
    }

    private void fill() throws IOException {
        try {
            if (!wire.fill(by(), true)) {
                throw ended();
            }
        } catch (SocketTimeoutException e) {
            throw late();
        }
    }

    private int receive(byte[] b, int off, int len) throws IOException {
        try {
            int n = wire.read(b, off, len, by(), true);
            if (n < 0) {
                throw ended();
            }
            return n;
        } catch (SocketTimeoutException e) {
            throw late();
        }
    }

    private long by() {
        if (!begun) {
            begun = true;
            beginNanos = System.nanoTime();
        }
        return beginNanos + settings.body().toNanos() + received * NANOS_PER_BYTE;
    }

    private static EOFException ended() {
        return new EOFException("the client has gone in the middle of a request");
    }

    private static HttpError late() {
        return new HttpError(408, "the body takes too long");
    }
}
