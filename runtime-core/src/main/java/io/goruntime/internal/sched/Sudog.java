package io.goruntime.internal.sched;

import static java.lang.invoke.MethodHandles.lookup;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A goroutine, or a plain thread, in the wait queue of a channel. Counterpart of runtime2.go: sudog.
 */
/*
 * Life of a sudog, with who makes each step:
 *
 *   acquire   waiter          state = WAITING; elem set by a sender
 *   enqueue   waiter          under the channel's lock: queued = true
 *   claim     waker           under the channel's lock: queued = false, elem read or written; from here on completion
 *                             is certain and only this waker may end the wait
 *   wake      waker           after the lock: state = DONE or CLOSED (release; publishes elem), then unpark
 *   cancel    waiter          under the channel's lock, if still queued: queued = false; interrupt, time-out, Error
 *
 * The waiter returns only when it sees a state other than WAITING or has cancelled. When it fails to cancel it waits
 * for the state, uninterruptibly: the waker is a few instructions away from it. After the store to `state` the waker
 * touches nothing of the sudog (it took `waiter` first): the waiter may already use it for its next wait.
 *
 * A select waits in several queues, with one sudog each. They share a root, which has the waiter and the state. Several
 * channels may want to claim at the same time, each under its own lock, so the claim is a CAS of root.winner from null to
 * the sudog; a sudog whose select is taken is dropped from its queue as if it had never been there. The select cancels by
 * the same CAS, with the root itself as the winner.
 */
public final class Sudog {
    public static final int WAITING = 0;
    public static final int DONE = 1;
    public static final int CLOSED = 2;

    static final VarHandle STATE = ConstantBootstraps.fieldVarHandle(lookup(), "state", VarHandle.class,
            Sudog.class, int.class);
    private static final VarHandle WINNER = ConstantBootstraps.fieldVarHandle(lookup(), "winner", VarHandle.class,
            Sudog.class, Sudog.class);

    /** Where waiter and state are: this sudog, or that of its select. */
    public final Sudog root;

    /** In a root: whom to unpark. */
    public @Nullable Thread waiter;

    /** In a root: the goroutine of the waiter, null for a plain thread. */
    public @Nullable G g;

    /** Sender: what it sends. Receiver: what it got. Written under the channel's lock, or by the waiter when idle. */
    public @Nullable Object elem;

    /** The same for a channel of longs. */
    public long bits;

    /** Neighbours in the wait queue, under the channel's lock. */
    public @Nullable Sudog next;
    public @Nullable Sudog prev;

    /** In a wait queue; under the channel's lock. */
    public boolean queued;

    /** In a root: WAITING, DONE or CLOSED. */
    public volatile int state;

    /** In the root of a select: the sudog that is claimed; null while the select is open to all. */
    public volatile @Nullable Sudog winner;

    private Sudog(@Nullable Sudog root) {
        this.root = root == null ? this : root;
    }

    /**
     * A sudog for the current thread: a goroutine keeps one for all its waits, since it can be in only one at a time.
     */
    public static Sudog acquire() {
        G gp = G.current();
        Sudog sg = gp == null ? null : gp.sudog;
        if (sg != null) {
            STATE.set(sg, WAITING); // plain: the channel's lock publishes it
            return sg;
        }
        sg = new Sudog(null);
        sg.g = gp;
        if (gp == null) {
            sg.waiter = Thread.currentThread();
        } else {
            sg.waiter = gp.thread;
            gp.sudog = sg;
        }
        return sg;
    }

    /** The root of a select. */
    public static Sudog forSelect() {
        return new Sudog(null);
    }

    /** One of the sudogs of a select. */
    public static Sudog forCase(Sudog root) {
        return new Sudog(root);
    }

    /** Makes the root of a select ready for a wait of the current thread. Plain stores: the locks publish them. */
    public void open() {
        G gp = G.current();
        g = gp;
        waiter = gp == null ? Thread.currentThread() : gp.thread;
        STATE.set(this, WAITING);
        WINNER.set(this, (Sudog) null);
    }

    /** A sudog of a select: takes the select for this channel, or, called on the root, for the select itself. */
    public boolean claim() {
        return WINNER.compareAndSet(root, (Sudog) null, this);
    }
}
