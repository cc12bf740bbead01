package io.goruntime.examples.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A request. It is a view of the bytes that were received, and belongs to its connection, which uses it again for the next one:
 * strings are made for those who ask for them.
 */
public final class Request {
    private static final int PLACES = 4;

    // Of the head, all as offsets from its first byte, which is at `base`.
    private byte[] bytes = {};
    private int base;
    private int[] fields = new int[16 * PLACES];
    private int fieldCount;
    private int pathFrom;
    private int pathTo;

    private String method = "";
    private boolean http11;
    private boolean chunked;
    private long contentLength;
    private boolean keepAlive;
    private boolean expectsContinue;
    private final RequestBody body;

    Request(RequestBody body) {
        this.body = body;
    }

    // -- for handlers --

    /** In upper case, as sent. */
    public String method() {
        return method;
    }

    /** Whether a response has a body at all. */
    public boolean isHead() {
        return method.equals("HEAD");
    }

    /** The path and the query, as sent, still encoded; begins with a slash, or is {@code *}. */
    public String target() {
        return pathFrom == pathTo ? "/" : string(pathFrom, pathTo);
    }

    /** Whether the target is this one; makes no string. */
    public boolean targetIs(String ascii) {
        return pathFrom == pathTo ? ascii.equals("/") : matches(pathFrom, pathTo, ascii, false);
    }

    /** The value of the first header field of this name, in any case of letters; null if there is none. */
    public String header(String name) {
        for (int i = 0; i < fieldCount * PLACES; i += PLACES) {
            if (matches(fields[i], fields[i + 1], name, true)) {
                return string(fields[i + 2], fields[i + 3]);
            }
        }
        return null;
    }

    /**
     * The body, decoded; empty if there is none. Reading waits for the client, who has only so long. To be called before
     * the response begins: a client that asked first whether the body is wanted is told now.
     */
    public InputStream body() throws IOException {
        body.allow();
        return body;
    }

    /** How long the body is; -1 if that is not known before it has been read. */
    public long contentLength() {
        return chunked ? -1 : Math.max(contentLength, 0);
    }

    // -- for the connection --

    boolean http11() {
        return http11;
    }

    boolean chunked() {
        return chunked;
    }

    boolean hasBody() {
        return chunked || contentLength > 0;
    }

    boolean keepAlive() {
        return keepAlive;
    }

    boolean expectsContinue() {
        return expectsContinue;
    }

    // -- for the parser --

    void clear() {
        fieldCount = 0;
        method = "";
        pathFrom = 0;
        pathTo = 0;
    }

    void requestLine(String newMethod, int newPathFrom, int newPathTo, boolean newHttp11) {
        method = newMethod;
        pathFrom = newPathFrom;
        pathTo = newPathTo;
        http11 = newHttp11;
    }

    void framing(boolean newChunked, long newContentLength, boolean newKeepAlive, boolean newExpectsContinue) {
        chunked = newChunked;
        contentLength = newContentLength;
        keepAlive = newKeepAlive;
        expectsContinue = newExpectsContinue;
    }

    void field(int nameFrom, int nameTo, int valueFrom, int valueTo) {
        int i = fieldCount++ * PLACES;
        if (i == fields.length) {
            fields = Arrays.copyOf(fields, 2 * i);
        }
        fields[i] = nameFrom;
        fields[i + 1] = nameTo;
        fields[i + 2] = valueFrom;
        fields[i + 3] = valueTo;
    }

    int fieldCount() {
        return fieldCount;
    }

    /** Where the head is; it may have been moved since the last call. */
    void at(byte[] newBytes, int newBase) {
        bytes = newBytes;
        base = newBase;
    }

    private String string(int from, int to) {
        return new String(bytes, base + from, to - from, StandardCharsets.ISO_8859_1);
    }

    private boolean matches(int from, int to, String ascii, boolean ignoreCase) {
        if (to - from != ascii.length()) {
            return false;
        }
        for (int i = 0; i < ascii.length(); i++) {
            int a = bytes[base + from + i];
            int b = ascii.charAt(i);
            if (a != b && !(ignoreCase && (a | 0x20) == (b | 0x20) && (a | 0x20) >= 'a' && (a | 0x20) <= 'z')) {
                return false;
            }
        }
        return true;
    }
}
