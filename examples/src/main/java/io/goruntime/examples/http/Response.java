package io.goruntime.examples.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/**
 * A response: status and header fields first, then one of {@link #send(byte[])}, {@link #sendFile} and {@link #stream}. For
 * HEAD, and with a status that has no body, the body is counted and not sent.
 */
public final class Response {
    private static final int LEAST_STATUS = 100;
    private static final byte[][] STATUS_LINES = new byte[500][];
    private static final byte[] CRLF = ascii("\r\n");
    private static final byte[] CONTENT_LENGTH = ascii("Content-Length: ");
    private static final byte[] CHUNKED = ascii("Transfer-Encoding: chunked\r\n");
    private static final byte[] CLOSE = ascii("Connection: close\r\n");
    private static final byte[] KEEP_ALIVE = ascii("Connection: keep-alive\r\n");
    private static final byte[] LAST_CHUNK = ascii("0\r\n\r\n");
    private static final long UNKNOWN = -1;

    static {
        for (int i = 0; i < STATUS_LINES.length; i++) {
            STATUS_LINES[i] = ascii("HTTP/1.1 " + (LEAST_STATUS + i) + " " + reason(LEAST_STATUS + i) + "\r\n");
        }
    }

    private final Wire wire;
    private final Request request;
    /** Asked as late as possible: whether the connection may serve another request. */
    private final BooleanSupplier mayKeepAlive;

    private int status;
    private byte[] fields = new byte[256];
    private int fieldsLength;

    private boolean begun;
    private boolean finished;
    private boolean refused;
    private boolean keepAlive;
    private boolean chunked;
    private boolean bodySent;
    /** Of the body; {@link #UNKNOWN}: it ends when it ends. */
    private long left;

    Response(Wire wire, Request request, BooleanSupplier mayKeepAlive) {
        this.wire = wire;
        this.request = request;
        this.mayKeepAlive = mayKeepAlive;
    }

    /** Before the next one. */
    void reset() {
        status = 200;
        fieldsLength = 0;
        begun = false;
        finished = false;
        refused = false;
        keepAlive = false;
        chunked = false;
        left = 0;
    }

    // -- for handlers --

    /** 200 if nothing is said. */
    public Response status(int newStatus) {
        if (newStatus < 200 || newStatus > 599) {
            throw new IllegalArgumentException("status " + newStatus);
        }
        checkNotBegun();
        status = newStatus;
        return this;
    }

    /**
     * Adds a header field. Not those that frame the message, Date and Connection, which are written by themselves.
     *
     * @throws IllegalArgumentException if there is a character that would begin another field
     */
    public Response header(String name, String value) {
        checkNotBegun();
        int length = name.length() + value.length() + 4;
        if (fields.length - fieldsLength < length) {
            fields = Arrays.copyOf(fields, 2 * fields.length + length);
        }
        add(name);
        fields[fieldsLength++] = ':';
        fields[fieldsLength++] = ' ';
        add(value);
        fields[fieldsLength++] = '\r';
        fields[fieldsLength++] = '\n';
        return this;
    }

    private void add(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' && c != '\t' || c > 126) {
                throw new IllegalArgumentException("a header field with the character " + (int) c);
            }
            fields[fieldsLength++] = (byte) c;
        }
    }

    /** Sends the whole body. */
    public void send(byte[] body) throws IOException {
        begin(body.length);
        left = 0;
        if (bodySent) {
            wire.write(body);
        }
    }

    /** Sends a text of one line. */
    public void send(String text) throws IOException {
        header("Content-Type", "text/plain; charset=utf-8").send((text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Sends a file from its beginning; the channel is the caller's to close. */
    public void sendFile(FileChannel file, long length) throws IOException {
        begin(length);
        if (bodySent) {
            wire.write(file, length);
        }
        left = 0;
    }

    /**
     * Begins a body that is sent in parts. Each is sent when the buffer of the connection is full, or the request's body is
     * waited for, or by flush. Closing the stream does nothing.
     *
     * @param length -1 if it is not known
     */
    public OutputStream stream(long length) throws IOException {
        begin(length < 0 ? UNKNOWN : length);
        return new Body();
    }

    private void checkNotBegun() {
        if (begun) {
            throw new IllegalStateException("the response has begun");
        }
    }

    // -- for the connection --

    boolean begun() {
        return begun;
    }

    boolean finished() {
        return finished;
    }

    /** Answers what cannot be served, instead of what the handler may have prepared. */
    void refuse(HttpError e) throws IOException {
        reset();
        refused = true;
        status(e.status()).send(e.status() + " " + reason(e.status()) + ": " + e.getMessage());
        finish();
    }

    /** Ends the response; false if the connection must end with it. */
    boolean finish() throws IOException {
        if (!begun) {
            send(new byte[0]);
        }
        if (left > 0 && bodySent) {
            // The other side waits for the rest of the body; that the connection ends tells it that there is none.
            wire.flush();
            throw new IOException("the response is shorter than was announced");
        }
        if (chunked && bodySent) {
            wire.write(LAST_CHUNK);
        }
        finished = true;
        return keepAlive;
    }

    private void begin(long length) throws IOException {
        checkNotBegun();
        begun = true;
        left = length;
        bodySent = !request.isHead() && status != 204 && status != 304;
        chunked = length == UNKNOWN && request.http11();
        keepAlive = !refused && mayKeepAlive.getAsBoolean() && (length != UNKNOWN || chunked);
        wire.write(STATUS_LINES[status - LEAST_STATUS]);
        wire.write(ResponseDate.line());
        wire.write(fields, 0, fieldsLength);
        if (chunked) {
            wire.write(CHUNKED);
        } else if (length != UNKNOWN && status != 204 && status != 304) {
            wire.write(CONTENT_LENGTH);
            wire.writeNumber(length, 10);
            wire.write(CRLF);
        }
        if (!keepAlive) {
            wire.write(CLOSE);
        } else if (!request.http11()) {
            wire.write(KEEP_ALIVE);
        }
        wire.write(CRLF);
    }

    private final class Body extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            write(new byte[]{(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] b, int off, int len) throws IOException {
            Objects.checkFromIndexSize(off, len, b.length);
            if (left != UNKNOWN) {
                if (len > left) {
                    throw new IllegalStateException("the body is longer than was announced");
                }
                left -= len;
            }
            // A chunk of no bytes would be the last.
            if (len == 0 || !bodySent) {
                return;
            }
            if (chunked) {
                wire.writeNumber(len, 16);
                wire.write(CRLF);
            }
            wire.write(b, off, len);
            if (chunked) {
                wire.write(CRLF);
            }
        }

        @Override
        public void flush() throws IOException {
            wire.flush();
        }
    }

    // -- texts --

    static String reason(int status) {
        return switch (status) {
            case 200 -> "OK";
            case 204 -> "No Content";
            case 301 -> "Moved Permanently";
            case 304 -> "Not Modified";
            case 400 -> "Bad Request";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 405 -> "Method Not Allowed";
            case 408 -> "Request Timeout";
            case 411 -> "Length Required";
            case 413 -> "Content Too Large";
            case 414 -> "URI Too Long";
            case 417 -> "Expectation Failed";
            case 431 -> "Request Header Fields Too Large";
            case 500 -> "Internal Server Error";
            case 501 -> "Not Implemented";
            case 503 -> "Service Unavailable";
            case 505 -> "HTTP Version Not Supported";
            default -> "";
        };
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
