package io.goruntime.net;

import io.goruntime.Chan;
import io.goruntime.RecvChan;
import io.goruntime.Select;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** A connection inside the process. Counterpart of pipe.go: pipe. */
/*
 * Each direction is a Half. One writer at a time, the one that has put a token into `turn`, offers what is left of its
 * bytes; a reader takes the offer, copies what it has room for, which advances the buffer it was given, and says so in
 * `taken`, also when the copying fails, of which the reader hears. Between taking and saying it does not wait, so the
 * writer's wait for `taken` is short and need not end early. Ends are channels that get closed.
 *
 * A buffer that only the writer's thread may touch is copied before it is offered.
 *
 * Differently from Go: a write of nothing returns at once, since a read in Java must not return nothing; and there is
 * closeWrite.
 */
final class Pipe implements Conn {
    private static final SocketAddress ADDRESS = new PipeAddress();

    /** Stands for any thread but the writer's; never started. */
    private static final Thread OTHER = Thread.ofVirtual().inheritInheritableThreadLocals(false).unstarted(() -> {
    });

    private final Half in;
    private final Half out;

    private static final class Half {
        final Chan<Boolean> turn = Chan.make(1);
        final Chan<ByteBuffer> offers = Chan.make();
        final Chan<Boolean> taken = Chan.make(1);
        final Chan<Void> writerDone = Chan.make();
        final Chan<Void> readerDone = Chan.make();
        final PipeDeadline readDeadline = new PipeDeadline();
        final PipeDeadline writeDeadline = new PipeDeadline();
    }

    private static final class PipeAddress extends SocketAddress {
        private static final long serialVersionUID = 1;

        @Override
        public String toString() {
            return "pipe";
        }
    }

    private Pipe(Half in, Half out) {
        this.in = in;
        this.out = out;
    }

    static List<Conn> make() {
        Half a = new Half();
        Half b = new Half();
        return List.of(new Pipe(a, b), new Pipe(b, a));
    }

    @Override
    public int read(ByteBuffer dst) throws IOException {
        if (dst.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
        if (isClosed(in.readerDone)) {
            throw error("read", new ClosedChannelException());
        }
        if (!dst.hasRemaining()) {
            return 0;
        }
        RecvChan<Void> late = in.readDeadline.channel();
        if (!isClosed(in.writerDone) && isClosed(late)) {
            throw error("read", new SocketTimeoutException());
        }
        Select select = new Select();
        Select.Recv<ByteBuffer> offer = select.recv(in.offers);
        Select.Recv<Void> end = select.recv(in.writerDone);
        Select.Recv<Void> closed = select.recv(in.readerDone);
        select.recv(late);
        Select.Case first = await("read", select, 0);
        if (first == offer) {
            return take(Objects.requireNonNull(offer.value()), dst);
        }
        if (first == end) {
            return -1;
        }
        throw error("read", first == closed ? new AsynchronousCloseException() : new SocketTimeoutException());
    }

    private int take(ByteBuffer offer, ByteBuffer dst) {
        try {
            int n = Math.min(offer.remaining(), dst.remaining());
            dst.put(dst.position(), offer, offer.position(), n);
            dst.position(dst.position() + n);
            offer.position(offer.position() + n);
            return n;
        } finally {
            in.taken.trySend(true); // in any case: the writer waits for it
        }
    }

    @Override
    public int write(ByteBuffer src) throws IOException {
        if (isClosed(out.writerDone)) {
            throw error("write", new ClosedChannelException());
        }
        int total = src.remaining();
        if (total == 0) {
            return 0;
        }
        RecvChan<Void> late = out.writeDeadline.channel();
        if (isClosed(late)) {
            throw error("write", new SocketTimeoutException());
        }
        int start = src.position();
        ByteBuffer rest = MemorySegment.ofBuffer(src).isAccessibleBy(OTHER)
                ? src.duplicate()
                : ByteBuffer.allocate(total).put(src.duplicate()).flip();
        Select select = new Select();
        Select.Send<Boolean> turn = select.send(out.turn, true);
        Select.Send<ByteBuffer> offer = select.send(null, rest);
        Select.Recv<Void> gone = select.recv(out.readerDone);
        Select.Recv<Void> closed = select.recv(out.writerDone);
        select.recv(late);
        boolean mine = false;
        try {
            while (rest.hasRemaining()) {
                Select.Case first = await("write", select, total - rest.remaining());
                if (first == turn) {
                    mine = true;
                    turn.to(null, true);
                    offer.to(out.offers, rest);
                } else if (first == offer) {
                    awaitTaken();
                    src.position(start + total - rest.remaining());
                    if (rest.hasRemaining()) {
                        rest.get(rest.position()); // fails if its memory has been freed: no reader could take it
                    }
                } else if (first == gone) {
                    throw error("write", new IOException("broken pipe"));
                } else if (first == closed) {
                    throw error("write", new AsynchronousCloseException());
                } else {
                    throw error("write", transferred(new SocketTimeoutException(), total - rest.remaining()));
                }
            }
            return total;
        } finally {
            if (mine) {
                out.turn.tryReceive();
            }
        }
    }

    private void awaitTaken() {
        boolean interrupted = false;
        for (boolean taken = false; !taken;) {
            try {
                taken = out.taken.receiveOk().ok();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** With a part transferred an interrupt ends it even if the other side is ready, which it may be each time. */
    private static Select.Case await(String op, Select select, int transferred) throws IOException {
        try {
            if (transferred == 0 || !Thread.currentThread().isInterrupted()) {
                return select.await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw error(op, transferred(new InterruptedIOException(), transferred));
    }

    private static InterruptedIOException transferred(InterruptedIOException e, int bytes) {
        e.bytesTransferred = bytes;
        return e;
    }

    private static IOException error(String op, IOException e) {
        return OpError.of(op, "pipe", null, null, e);
    }

    /** Nothing is ever sent on such a channel. */
    private static boolean isClosed(RecvChan<Void> channel) {
        return channel.tryReceive() != null;
    }

    @Override
    public void closeWrite() throws IOException {
        if (!isOpen()) {
            throw error("close", new ClosedChannelException());
        }
        out.writerDone.closer().close();
    }

    @Override
    public void setReadDeadline(@Nullable Duration d) throws IOException {
        set(in.readDeadline, d);
    }

    @Override
    public void setWriteDeadline(@Nullable Duration d) throws IOException {
        set(out.writeDeadline, d);
    }

    private void set(PipeDeadline deadline, @Nullable Duration d) throws IOException {
        if (!isOpen()) {
            throw error("set", new ClosedChannelException());
        }
        try {
            deadline.set(d);
        } catch (RejectedExecutionException e) {
            throw error("set", new IOException(e.getMessage(), e));
        }
    }

    @Override
    public SocketAddress localAddress() {
        return ADDRESS;
    }

    @Override
    public SocketAddress remoteAddress() {
        return ADDRESS;
    }

    @Override
    public boolean isOpen() {
        return !isClosed(in.readerDone);
    }

    @Override
    public void close() {
        in.readerDone.closer().close();
        out.writerDone.closer().close();
    }
}
