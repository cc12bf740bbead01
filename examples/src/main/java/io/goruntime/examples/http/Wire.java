package io.goruntime.examples.http;

import io.goruntime.net.Conn;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.Arrays;

/** A connection's two buffers, and when its patience ends. One goroutine uses it. */
/*
 * Output is kept until the buffer is full or the input is waited for: then the other side may be waiting for it. So
 * requests that came together are answered together.
 *
 * Deadlines are moved seldom. Each operation says by when it wants to be done, and the timer of the connection is only set
 * anew when it would go off later than that, or in less than half of the time from now. A read whose timer goes off early
 * is begun again.
 */
final class Wire {
    private static final int INPUT_BYTES = 4 << 10;
    private static final int OUTPUT_BYTES = 4 << 10;
    /** What the input has room for besides the head of a request, which must stay until it was answered. */
    private static final int LEAST_ROOM = 1 << 10;
    /** So long a part of a file takes even a slow client no longer than a write may last. */
    private static final long FILE_PART = 128 << 10;

    private final Conn conn;
    private final long writeNanos;

    /** Received and not used: from {@link #from} to {@link #to}. */
    private byte[] in = new byte[INPUT_BYTES];
    private int from;
    private int to;
    /** Before it are bytes that somebody still looks at. */
    private int kept;

    private final byte[] out = new byte[OUTPUT_BYTES];
    private int count;

    private boolean readTimer;
    private long readTimerAt;
    private boolean writeTimer;
    private long writeTimerAt;

    Wire(Conn conn, Duration write) {
        this.conn = conn;
        this.writeNanos = write.toNanos();
    }

    // -- input --

    byte[] in() {
        return in;
    }

    int from() {
        return from;
    }

    int to() {
        return to;
    }

    boolean isEmpty() {
        return from == to;
    }

    /** Everything before is used. */
    void from(int newFrom) {
        from = newFrom;
    }

    /** Bytes before the present place are not overwritten until {@link #release}. */
    void keep() {
        kept = from;
    }

    void release() {
        kept = 0;
    }

    /**
     * Waits for more input, and puts it behind what there is; false at the end of the stream.
     *
     * @param patient false: half of the time may be enough, and anybody may end it by setting another deadline
     */
    boolean fill(long by, boolean patient) throws IOException {
        makeRoom();
        int n = read(in, to, in.length - to, by, patient);
        if (n > 0) {
            to += n;
        }
        return n >= 0;
    }

    private void makeRoom() {
        if (from == to) {
            from = kept;
            to = kept;
        }
        if (in.length - to >= (kept == 0 ? 1 : LEAST_ROOM)) {
            return;
        }
        if (kept == 0 && from > 0) {
            System.arraycopy(in, from, in, 0, to - from);
        } else {
            // What is kept stays in the old one, for those who look at it. A larger one is needed for a long head only,
            // and how long a head may be is limited.
            in = Arrays.copyOfRange(in, from, from + (kept == 0 ? 2 : 1) * in.length);
        }
        to -= from;
        from = 0;
        kept = 0;
    }

    /** Waits for input, past the buffer. */
    int read(byte[] b, int off, int len, long by, boolean patient) throws IOException {
        flush();
        for (;;) {
            setReadTimer(by);
            try {
                return conn.read(b, off, len);
            } catch (SocketTimeoutException e) {
                readTimer = false;
                if (!patient || by - System.nanoTime() <= 0) {
                    throw e;
                }
            }
        }
    }

    private void setReadTimer(long by) throws IOException {
        long left = by - System.nanoTime();
        if (!readTimer || readTimerAt - by > 0 || by - readTimerAt > left / 2) {
            conn.setReadDeadline(Duration.ofNanos(left));
            readTimer = true;
            readTimerAt = by;
        }
    }

    // -- output --

    void write(byte b) throws IOException {
        if (count == out.length) {
            flush();
        }
        out[count++] = b;
    }

    void write(byte[] b, int off, int len) throws IOException {
        if (len > out.length - count) {
            flush();
        }
        if (len > out.length) {
            setWriteTimer();
            conn.write(b, off, len);
            return;
        }
        System.arraycopy(b, off, out, count, len);
        count += len;
    }

    void write(byte[] b) throws IOException {
        write(b, 0, b.length);
    }

    void writeNumber(long n, int radix) throws IOException {
        if (n >= radix) {
            writeNumber(n / radix, radix);
        }
        write((byte) Character.forDigit((int) (n % radix), radix));
    }

    /** Sends a file from its beginning, without a copy where the system can do that; it may have become shorter. */
    void write(FileChannel file, long length) throws IOException {
        flush();
        for (long position = 0; position < length;) {
            setWriteTimer();
            long n = conn.sendFile(file, position, Math.min(FILE_PART, length - position));
            if (n <= 0) {
                throw new IOException("the file has become shorter");
            }
            position += n;
        }
    }

    void flush() throws IOException {
        if (count > 0) {
            int n = count;
            // Before, not after: what failed once is not tried again.
            count = 0;
            setWriteTimer();
            conn.write(out, 0, n);
        }
    }

    /**
     * Unlike a read, a write that has begun cannot be begun again, so its timer is never early: a client has at least the
     * time that was set, and at most twice that.
     */
    private void setWriteTimer() throws IOException {
        long now = System.nanoTime();
        if (!writeTimer || writeTimerAt - now < writeNanos) {
            conn.setWriteDeadline(Duration.ofNanos(2 * writeNanos));
            writeTimer = true;
            writeTimerAt = now + 2 * writeNanos;
        }
    }

    /** Ends the stream to the other side, and lets it read what was sent: closing with input unread would discard that. */
    void linger(Duration wait, long bytes) throws IOException {
        flush();
        conn.closeWrite();
        long by = System.nanoTime() + wait.toNanos();
        int n;
        for (long left = bytes; left > 0 && (n = read(in, 0, in.length, by, true)) >= 0;) {
            left -= n;
        }
    }
}
