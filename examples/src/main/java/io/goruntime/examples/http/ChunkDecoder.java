package io.goruntime.examples.http;

/** Tells the content of a chunked body from its framing, RFC 9112 7.1. It sees bytes and nothing else. */
/*
 * The states, and what leads from each:
 *
 *   SIZE        a digit: SIZE    CR: SIZE_LF    ; or blank: EXTENSION
 *   EXTENSION   CR: SIZE_LF
 *   SIZE_LF     LF: DATA, or after the last chunk (size 0) TRAILER_START
 *   DATA        all of the chunk was taken: DATA_CR
 *   DATA_CR     CR: DATA_LF
 *   DATA_LF     LF: SIZE
 *   TRAILER_START  CR: END_LF    else: TRAILER
 *   TRAILER     CR: TRAILER_LF
 *   TRAILER_LF  LF: TRAILER_START
 *   END_LF      LF: DONE
 *
 * Extensions and trailer fields mean nothing here. They are counted, or one could send them for ever.
 */
final class ChunkDecoder {
    private enum State {
        SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILER_START, TRAILER, TRAILER_LF, END_LF, DONE
    }

    /** A size that no limit allows; one more digit does not overflow. */
    private static final long TOO_LARGE = Long.MAX_VALUE >> 8;

    private final long maxBytes;
    private final int maxOverhead;

    private State state;
    private long size;
    private boolean digits;
    private long total;
    private long overhead;

    /**
     * @param maxBytes of content
     * @param maxOverhead of extensions and trailer fields
     */
    ChunkDecoder(long maxBytes, int maxOverhead) {
        this.maxBytes = maxBytes;
        this.maxOverhead = maxOverhead;
        reset();
    }

    /** Before the next body. */
    void reset() {
        state = State.SIZE;
        size = 0;
        digits = false;
        total = 0;
        overhead = 0;
    }

    /** Whether the end of the body has been seen. */
    boolean done() {
        return state == State.DONE;
    }

    /** How many bytes of content come next, without framing between them. */
    long available() {
        return state == State.DATA ? size : 0;
    }

    /** So many bytes of content were taken, at most what is available. */
    void take(long n) {
        size -= n;
        if (size == 0) {
            state = State.DATA_CR;
        }
    }

    /** Reads framing, up to content, the end of the body, or the end of these bytes; returns where it stopped. */
    int skip(byte[] b, int from, int to) throws HttpError {
        int i = from;
        while (i < to && state != State.DATA && state != State.DONE) {
            step(b[i++]);
        }
        return i;
    }

    private void step(byte b) throws HttpError {
        switch (state) {
            case SIZE -> size(b);
            case EXTENSION -> state = text(b) ? State.EXTENSION : State.SIZE_LF;
            case SIZE_LF -> {
                expect(b, '\n');
                begin();
            }
            case DATA_CR -> {
                expect(b, '\r');
                state = State.DATA_LF;
            }
            case DATA_LF -> {
                expect(b, '\n');
                state = State.SIZE;
                digits = false;
            }
            case TRAILER_START -> state = text(b) ? State.TRAILER : State.END_LF;
            case TRAILER -> state = text(b) ? State.TRAILER : State.TRAILER_LF;
            case TRAILER_LF -> {
                expect(b, '\n');
                state = State.TRAILER_START;
            }
            case END_LF -> {
                expect(b, '\n');
                state = State.DONE;
            }
            case DATA, DONE -> throw new IllegalStateException(state.toString());
        }
    }

    private void size(byte b) throws HttpError {
        int digit = b < 0 ? -1 : Character.digit(b, 16);
        if (digit >= 0) {
            digits = true;
            size = Math.min(size * 16 + digit, TOO_LARGE);
            // Zeros in front add nothing but length.
            count();
        } else if (!digits) {
            throw new HttpError(400, "a chunk without a size");
        } else if (b == '\r') {
            state = State.SIZE_LF;
        } else if (b == ';' || b == ' ' || b == '\t') {
            state = State.EXTENSION;
        } else {
            throw new HttpError(400, "a chunk without a size");
        }
    }

    private void begin() throws HttpError {
        if (size == 0) {
            state = State.TRAILER_START;
            return;
        }
        total += size;
        if (total > maxBytes) {
            throw new HttpError(413, "the body is too long");
        }
        state = State.DATA;
    }

    /** False for the CR that ends a text. */
    private boolean text(byte b) throws HttpError {
        if (b == '\r') {
            return false;
        }
        if (b >= 0 && b < ' ' && b != '\t' || b == 127) {
            throw new HttpError(400, "a control character between chunks");
        }
        count();
        return true;
    }

    private void count() throws HttpError {
        // A body in chunks of one byte has a digit for each.
        if (++overhead > maxOverhead + total) {
            throw new HttpError(431, "too much between chunks");
        }
    }

    private static void expect(byte b, char wanted) throws HttpError {
        if (b != wanted) {
            throw new HttpError(400, "a chunk ends in the wrong place");
        }
    }
}
