package io.goruntime.net;

import io.goruntime.internal.poll.NetFD.OutOfDescriptorsException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/**
 * Says in an exception what was tried, on which network and with whom. Its class stays what it is. Counterpart of
 * net.go: OpError.
 */
final class OpError {
    static final String CLOSED = "use of closed network connection";

    private OpError() {}

    /** The exception that says more; its cause is that of the given one, whose stack trace has nothing to add. */
    static IOException of(String op, String network, @Nullable SocketAddress source, @Nullable SocketAddress target,
            IOException e) {
        StringBuilder text = new StringBuilder(op).append(' ').append(network);
        if (source != null) {
            text.append(' ').append(Addresses.format(source));
        }
        if (target != null) {
            text.append(source == null ? " " : "->").append(Addresses.format(target));
        }
        return of(text.append(": ").toString(), e);
    }

    private static IOException of(String prefix, IOException e) {
        String message = prefix + e.getMessage();
        IOException said = switch (e) {
            case SocketTimeoutException t -> transferred(new SocketTimeoutException(prefix + "i/o timeout"), t);
            case InterruptedIOException i -> transferred(new InterruptedIOException(prefix + "interrupted"), i);
            case AsynchronousCloseException _ -> new ClosedMeanwhile(prefix + CLOSED);
            case ClosedChannelException _ -> new Closed(prefix + CLOSED);
            case ConnectException _ -> new ConnectException(message);
            case BindException _ -> new BindException(message);
            case NoRouteToHostException _ -> new NoRouteToHostException(message);
            case PortUnreachableException _ -> new PortUnreachableException(message);
            case SocketException _ -> new SocketException(message);
            case UnknownHostException _ -> new UnknownHostException(message);
            case AddressException _ -> new AddressException(message);
            case OutOfDescriptorsException _ -> new OutOfDescriptorsException(message);
            default -> new IOException(message, e.getClass() == IOException.class ? e.getCause() : e);
        };
        if (said.getCause() == null && e.getCause() != null) {
            said.initCause(e.getCause());
        }
        for (Throwable suppressed : e.getSuppressed()) {
            said.addSuppressed(suppressed);
        }
        return said;
    }

    private static InterruptedIOException transferred(InterruptedIOException said, InterruptedIOException e) {
        said.bytesTransferred = e.bytesTransferred;
        return said;
    }

    /** A ClosedChannelException takes no message. */
    private static final class Closed extends ClosedChannelException {
        private static final long serialVersionUID = 1;
        private final String message;

        Closed(String message) {
            this.message = message;
        }

        @Override
        public String getMessage() {
            return message;
        }
    }

    /** The same of an AsynchronousCloseException. */
    private static final class ClosedMeanwhile extends AsynchronousCloseException {
        private static final long serialVersionUID = 1;
        private final String message;

        ClosedMeanwhile(String message) {
            this.message = message;
        }

        @Override
        public String getMessage() {
            return message;
        }
    }
}
