package io.goruntime.net;

import io.goruntime.Chan;
import io.goruntime.internal.poll.NetFD;
import io.goruntime.internal.poll.NetFD.OutOfDescriptorsException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A listening socket. Counterpart of tcpsock.go: TCPListener, and of unixsock.go: UnixListener. */
final class SocketListener extends Endpoint implements Listener {
    private static final Logger LOG = LoggerFactory.getLogger(SocketListener.class);

    /** As net/http's Serve: short enough not to be noticed, and then no busy loop. */
    private static final long MIN_DELAY_NANOS = 5_000_000;
    private static final long MAX_DELAY_NANOS = 1_000_000_000;

    /** Closed when the deadline is set, with another in its place, and with the listener: ends a back-off. */
    private final AtomicReference<Chan<Void>> change = new AtomicReference<>(Chan.make());
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Whether the new sockets have the options of a TCP connection already, or are none. */
    private final boolean inherited;

    /** The same as in the socket, for the back-off. */
    private volatile long deadline = NetFD.NO_DEADLINE;

    SocketListener(NetFD fd, Network network, boolean inherited) {
        super(fd, network);
        this.inherited = inherited;
    }

    @Override
    public Conn accept() throws IOException {
        for (long delay = MIN_DELAY_NANOS;; delay = Math.min(2 * delay, MAX_DELAY_NANOS)) {
            try {
                return accepted(fd.accept());
            } catch (OutOfDescriptorsException e) {
                LOG.warn("accept {}: {}; next try in {} ms", this, e.getMessage(), delay / 1_000_000);
                backOff(delay);
            } catch (IOException e) {
                throw error("accept", e);
            }
        }
    }

    private Conn accepted(NetFD accepted) {
        if (!inherited) {
            try {
                Dial.setTcpOptions(accepted);
            } catch (IOException e) {
                LOG.debug("options of {}", accepted, e); // it may be gone already: the reader will hear of it
            }
        }
        return new StreamConn(accepted, network);
    }

    /** Waits, but not beyond the deadline, nor any longer when that is set or the listener closed. */
    void backOff(long delay) throws IOException {
        Chan<Void> end = change.get(); // before the look at what it announces
        if (!isOpen()) {
            return;
        }
        long until = deadline;
        long wait = until == NetFD.NO_DEADLINE ? delay : Math.min(delay, until - fd.now());
        try {
            end.tryReceive(Duration.ofNanos(wait));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw error("accept", new InterruptedIOException());
        }
    }

    @Override
    public void setDeadline(@Nullable Duration d) throws IOException {
        long when = when(d);
        try {
            fd.setReadDeadline(when);
        } catch (IOException e) {
            throw error("set", e);
        }
        deadline = when;
        change.getAndSet(Chan.make()).close();
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        if (localAddress() instanceof UnixDomainSocketAddress unix) {
            try {
                Files.deleteIfExists(unix.getPath());
            } catch (IOException e) {
                LOG.debug("{} stays", unix, e);
            }
        }
        fd.close();
        change.getAndSet(Chan.make()).close();
    }
}
