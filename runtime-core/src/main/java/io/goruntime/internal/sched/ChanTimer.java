package io.goruntime.internal.sched;

import io.goruntime.internal.base.SpinLock;
import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.timer.RuntimeTimer;
import io.goruntime.internal.timer.TimerFn;
import java.time.Instant;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A timer that sends the time on a channel, once or periodically. Counterpart of time.go: newTimer, stop, modify,
 * maybeRunChan, blockTimerChan, unblockTimerChan; and of sleep.go: sendTime.
 */
/*
 * The timer's own state says when it is due. It stands in a heap only while somebody waits on its channel: whoever
 * receives without waiting looks at the clock himself (runIfDue). So a timer that nobody can receive from is in no heap
 * and goes with the garbage, though it was never stopped.
 *
 * The channel has a buffer of one, which users are not told of (len and cap are 0): for the receiver who comes after the
 * time. What is in it was sent by this timer only, and stop and reset throw it away. As sending, stop and reset are done
 * under one lock, no value from before one of them can be received after it has returned.
 *
 *   lock order      this timer's, then the channel's or the heap's
 *   after the lock  the receiver is woken; an M that sleeps too long for the timer is
 *
 * RuntimeTimer `raw` is set and stopped under the lock. It may be due while its owner changes his mind; fired asks the
 * state, so a late one does nothing.
 */
public final class ChanTimer implements TimerFn {
    private static final long RETRY_NANOS = 1_000_000;

    /** The channel, for the timer. Called under the timer's lock. */
    public interface Port {
        /**
         * Puts a value into the buffer, or hands it to a receiver; drops it if there is one in the buffer.
         *
         * @return the receiver, claimed and to be woken; null if there was none
         */
        @Nullable
        Sudog offer(Instant value);

        /** Empties the buffer; returns whether there was something in it. */
        boolean drain();
    }

    private final Sched sched;
    private final Port port;
    private final SpinLock lock = new SpinLock();
    private final RuntimeTimer raw = new RuntimeTimer(this, null);

    // -- under the lock --

    /** Will send, at `when`. */
    private boolean active;
    private long when;
    /** Above zero: sends again so many nanoseconds later, and so on. */
    private long period;
    /** How many receivers wait. */
    private int waiters;

    // -- what a section under the lock leaves for its caller --

    /** To be woken. */
    @Nullable
    private Sudog receiver;
    /** The raw timer was set and is the first of its heap. */
    private boolean first;

    /**
     * Makes a timer that is not set.
     *
     * @param sched whose timer
     * @param port its channel, new
     */
    public ChanTimer(Sched sched, Port port) {
        this.sched = sched;
        this.port = port;
    }

    /**
     * Sets it, whatever it was set to before, and drops what it has sent that was not received.
     *
     * @param nanos from now; zero or negative: now
     * @param periodNanos 0: once
     * @return whether this changed anything: it was set, or a value was dropped
     * @throws RejectedExecutionException if the runtime is closed
     */
    public boolean reset(long nanos, long periodNanos) {
        if (sched.closing) {
            throw sched.closed();
        }
        long at = Timing.deadline(sched, Math.max(0, nanos));
        Park.headroom();
        lock.lock();
        try {
            boolean pending = active | port.drain();
            active = true;
            when = at;
            period = periodNanos;
            Timing.stop(raw);
            if (waiters > 0) {
                setRaw();
            }
            return pending;
        } catch (OutOfMemoryError e) {
            active = false;
            throw e;
        } finally {
            unlockAndWake();
        }
    }

    /**
     * Stops it, and drops what it has sent that was not received.
     *
     * @return whether this changed anything
     */
    public boolean stop() {
        Park.headroom();
        lock.lock();
        boolean pending = active | port.drain();
        active = false;
        Timing.stop(raw);
        lock.unlock();
        return pending;
    }

    // -- called by the channel --

    /** Somebody receives without waiting, or looks whether he must wait: sends what is due. */
    public void runIfDue() {
        Park.headroom();
        lock.lock();
        try {
            send();
        } finally {
            unlockAndWake();
        }
    }

    /** Somebody is about to wait on the channel: from now on the timer is in a heap. */
    public void block() {
        Park.headroom();
        lock.lock();
        try {
            send();
            if (active && !raw.isSet()) {
                setRaw();
            }
            waiters++;
        } finally {
            unlockAndWake();
        }
    }

    /**
     * The end of one {@link #block}; does not fail, because the stack was enough for that one.
     */
    public void unblock() {
        lock.lock();
        if (--waiters == 0) {
            Timing.stop(raw);
        }
        lock.unlock();
    }

    // -- called by whoever finds it due --

    @Override
    public void fired(RuntimeTimer t) {
        for (;;) {
            lock.lock();
            try {
                send();
                if (active && waiters > 0 && !raw.isSet()) {
                    setRaw();
                }
                break;
            } catch (OutOfMemoryError e) {
                unlockAndWake();
                Jdk.parkCarrier(RETRY_NANOS); // a receiver may wait for it, so it is not given up
            }
        }
        unlockAndWake();
    }

    // -- under the lock --

    /** Sends if it is due. Changes nothing if it throws OutOfMemoryError. */
    private void send() {
        if (!active) {
            return;
        }
        long now = sched.seam.nanoTime();
        long late = now - when;
        if (late < 0 || sched.ended) {
            return;
        }
        Instant due = sched.seam.instant().minusNanos(late);
        receiver = port.offer(due);
        if (period > 0) {
            when += period * (1 + late / period); // those that were missed are not made up for
        } else {
            active = false;
        }
    }

    private void setRaw() {
        first = Timing.add(sched, raw, when);
    }

    private void unlockAndWake() {
        Sudog sg = receiver;
        receiver = null;
        boolean wake = first;
        first = false;
        long at = when;
        lock.unlock();
        if (sg != null) {
            Park.goReady(sg, Sudog.DONE);
        }
        if (wake) {
            Timing.wake(sched, at, false);
        }
    }
}
