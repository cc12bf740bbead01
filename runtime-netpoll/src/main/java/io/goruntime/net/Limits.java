package io.goruntime.net;

import io.goruntime.RecvChan;
import io.goruntime.Select;
import io.goruntime.context.Context;
import io.goruntime.context.ContextException;
import io.goruntime.internal.sched.Sched;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What ends an operation before it is done: a context, a time, an interrupt.
 *
 * @param ctx may be the background
 * @param deadline on the clock of the scheduler, if timed
 */
record Limits(Context ctx, boolean timed, long deadline, Sched sched) {
    static Limits of(Context ctx, @Nullable Duration timeout, Sched sched) {
        return new Limits(ctx, timeout != null, timeout == null ? 0 : sched.nanoTime() + nanos(timeout), sched);
    }

    /** Never so long that the sum with the clock could not be compared; what is over is over by 1 ns at least. */
    static long nanos(Duration d) {
        if (d.isNegative() || d.isZero()) {
            return -1;
        }
        try {
            return Math.min(d.toNanos(), Long.MAX_VALUE / 2);
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE / 2;
        }
    }

    /**
     * Receives from a channel.
     *
     * @param patience how long it waits at most, whatever the limits say
     * @return null when the patience is over
     * @throws IOException when one of the limits is reached
     */
    <T> @Nullable T receive(RecvChan<T> channel, @Nullable Duration patience) throws IOException {
        Duration left = timed ? Duration.ofNanos(deadline - sched.nanoTime()) : null;
        boolean patient = patience == null || left != null && left.compareTo(patience) <= 0;
        Select select = new Select();
        Select.Recv<T> received = select.recv(channel);
        Select.Recv<Void> end = select.recv(ctx.done());
        select.timeout(patient ? left : patience);
        Select.Case first;
        try {
            first = select.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
        if (first == received) {
            return received.value();
        }
        if (first == end) {
            throw ended();
        }
        if (patient) {
            throw new SocketTimeoutException("i/o timeout");
        }
        return null;
    }

    /** Throws if the context has ended. */
    void check() throws IOException {
        if (ctx.err() != null) {
            throw ended();
        }
    }

    /** The exception for the end of the context, which is its cause. */
    IOException ended() {
        ContextException err = ctx.err();
        IOException e = err != null && err.timeout()
                ? new SocketTimeoutException("i/o timeout")
                : new IOException("operation was canceled");
        Throwable cause = ctx.cause();
        if (cause != null) {
            e.initCause(cause);
        }
        return e;
    }
}
