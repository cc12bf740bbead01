package io.goruntime.internal.poll;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.util.Locale;
import java.util.Objects;

/** The exceptions of {@link NetFD}. */
final class Failures {
    private Failures() {}

    /** After {@link Side#prepare} or {@link Side#await}. */
    static void check(int state) throws IOException {
        if (state != Side.OK) {
            throw of(state);
        }
    }

    private static IOException of(int state) {
        return switch (state) {
            case Side.CLOSING -> new AsynchronousCloseException();
            case Side.TIMED_OUT -> new SocketTimeoutException("i/o timeout");
            case Side.INTERRUPTED -> new InterruptedIOException("interrupted");
            default -> throw new IllegalStateException("state " + state);
        };
    }

    /** The lock of a descriptor was refused. */
    static ClosedChannelException closed(boolean before) {
        return before ? new ClosedChannelException() : new AsynchronousCloseException();
    }

    /** Interrupted while waiting for the lock of a descriptor. */
    static InterruptedIOException interrupted() {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("interrupted");
    }

    /** Before a call that closes a file when the thread is interrupted. */
    static void checkInterrupt() throws InterruptedIOException {
        if (Thread.currentThread().isInterrupted()) {
            throw interrupted();
        }
    }

    /**
     * What a transfer throws that was cut off after so many bytes: a timeout or an interrupt as it is, an interrupt that has
     * closed the file like any other.
     */
    static InterruptedIOException cut(IOException e, long done) {
        InterruptedIOException failure;
        if (e instanceof InterruptedIOException i) {
            failure = i;
        } else {
            failure = interrupted();
            failure.initCause(e);
        }
        failure.bytesTransferred = (int) Math.min(done, Integer.MAX_VALUE);
        return failure;
    }

    /** What the system refuses. */
    static IOException errno(int errno) {
        String text = Libc.text(errno);
        if (errno == Libc.ECONNREFUSED || errno == Libc.ETIMEDOUT) {
            return new ConnectException(text);
        }
        if (errno == Libc.EHOSTUNREACH || errno == Libc.ENETUNREACH) {
            return new NoRouteToHostException(text);
        }
        if (errno == Libc.EADDRINUSE || errno == Libc.EADDRNOTAVAIL) {
            return new BindException(text);
        }
        if (errno == Libc.EMFILE || errno == Libc.ENFILE || errno == Libc.ENOBUFS || errno == Libc.ENOMEM) {
            return new NetFD.OutOfDescriptorsException(text);
        }
        return new SocketException(text);
    }

    /** The same for what the JDK throws. */
    static IOException ofJdk(IOException e) {
        String text = lower(Objects.requireNonNullElse(e.getMessage(), e.toString()));
        IOException failure;
        if (text.startsWith("too many open files")) {
            failure = new NetFD.OutOfDescriptorsException(text);
        } else if (e instanceof ConnectException) {
            failure = new ConnectException(text);
        } else if (e instanceof NoRouteToHostException) {
            failure = new NoRouteToHostException(text);
        } else if (e instanceof BindException) {
            failure = new BindException(text);
        } else if (e instanceof PortUnreachableException) {
            failure = new PortUnreachableException("connection refused"); // the JDK's has no text
        } else if (e instanceof ClosedChannelException || e instanceof InterruptedIOException
                || e instanceof NetFD.OutOfDescriptorsException) {
            return e;
        } else {
            failure = new SocketException(text);
        }
        failure.initCause(e);
        return failure;
    }

    /** As Go writes errors. */
    static String lower(String text) {
        boolean acronym = text.length() > 1 && Character.isUpperCase(text.charAt(1));
        return text.isEmpty() || acronym
                ? text
                : text.substring(0, 1).toLowerCase(Locale.ROOT).concat(text.substring(1));
    }
}
