package io.goruntime.internal.sched;

import static java.lang.invoke.MethodHandles.lookup;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A goroutine, or a plain thread, in the wait queue of a channel or of a lock. Counterpart of runtime2.go: sudog.
 */
/*
 * Life of a sudog, with who makes each step:
 *
 *   acquire   waiter          state = WAITING; elem set by a sender
 *   enqueue   waiter          under the channel's lock: queued = true
 *   claim     waker           under the channel's lock: queued = false, elem read or written; from here on completion
 *                             is certain and only this waker may end the wait
 *   wake      waker           after the lock: state = DONE or CLOSED (volatile; publishes elem), then unpark
 *   cancel    waiter          under the channel's lock, if still queued: queued = false; interrupt, time-out, Error
 *
 * The waiter returns only when it sees a state other than WAITING or has cancelled. When it fails to cancel it waits
 * for the state, uninterruptibly: the waker is a few instructions away from it. After the store to `state` the waker
 * touches nothing of the sudog (it took `waiter` first): the waiter may already use it for its next wait.
 */
public final class Sudog {
    public static final int WAITING = 0;
    public static final int DONE = 1;
    public static final int CLOSED = 2;

    private static final VarHandle STATE = ConstantBootstraps.fieldVarHandle(lookup(), "state", VarHandle.class,
            Sudog.class, int.class);

    /** Whom to unpark. */
    public final Thread waiter;

    /** The goroutine of the waiter, null for a plain thread. */
    public final @Nullable G g;

    /** Sender: what it sends. Receiver: what it got. Written under the channel's lock, or by the waiter when idle. */
    public @Nullable Object elem;

    /** Neighbours in the wait queue, under the channel's lock. */
    public @Nullable Sudog next;
    public @Nullable Sudog prev;

    /** In a wait queue; under the channel's lock. */
    public boolean queued;

    /** WAITING, DONE or CLOSED. */
    public volatile int state;

    private Sudog(Thread waiter, @Nullable G g) {
        this.waiter = waiter;
        this.g = g;
    }

    /**
     * A sudog of its own for one wait: for a waiter that is enqueued while it may still wait for something else.
     */
    public static Sudog extra() {
        G gp = G.current();
        return new Sudog(gp == null ? Thread.currentThread() : gp.thread, gp);
    }

    /**
     * A sudog for the current thread: a goroutine keeps one for all its waits, since it can be in only one at a time.
     */
    public static Sudog acquire() {
        G gp = G.current();
        if (gp == null) {
            return new Sudog(Thread.currentThread(), null);
        }
        Sudog sg = gp.sudog;
        if (sg == null) {
            gp.sudog = sg = new Sudog(gp.thread, gp);
        } else {
            STATE.set(sg, WAITING); // plain: the channel's lock publishes it
        }
        return sg;
    }
}
