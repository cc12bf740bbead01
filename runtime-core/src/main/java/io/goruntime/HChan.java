package io.goruntime;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.base.Errors;
import io.goruntime.internal.base.SpinLock;
import io.goruntime.internal.sched.ChanTimer;
import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sched;
import io.goruntime.internal.sched.Sudog;
import io.goruntime.internal.sched.WaitReason;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A channel. Counterpart of chan.go: hchan, chansend, chanrecv, closechan, send, recv, full, empty.
 */
/*
 * A ring buffer of dataqsiz elements and two queues of waiters, under one spin lock. At rest:
 *
 *   - at most one of recvq and sendq is not empty, but for a select that both sends and receives;
 *   - qcount > 0 implies that recvq is empty;
 *   - qcount < dataqsiz implies that sendq is empty;
 *   - closed implies that sendq is empty, and recvq too.
 *
 * A sender that finds a receiver waiting gives it the element directly, into its sudog, whether there is a buffer or
 * not. A receiver that finds a sender waiting takes the sender's element, or, with a full buffer, the oldest of the
 * buffer, and puts the sender's element at the end of it. Either then wakes the other one (see Park for the protocol of
 * waiting, Sudog for the life of a waiter). Waiters are served first come, first served. A select stands in several
 * queues at once (see Select); it must be claimed before it is served, and is dropped from the queue if that fails.
 *
 * Memory. The lock orders everything under it: a send happens before the receive of its element, the k-th receive
 * before the completion of the (k + C)-th send, the close before a receive that sees it. For a direct hand-over the
 * volatile sudog.state does the same: the waker writes elem before, the waiter reads it after.
 *
 * The end of the stack. A StackOverflowError may strike at any method entry, and user code may call a channel at the
 * last frame that fits. What must not happen: the lock stays held, an element is lost or doubled, a waiter is claimed
 * and not woken. Therefore:
 *
 *   1. everything is allocated before the lock is taken;
 *   2. sections change state only in methods that make no call after their first change, so an overflow comes before
 *      any change, and a handler that makes no call either releases the lock;
 *   3. who will have to wake somebody makes sure of the stack for it first (Park.headroom);
 *   4. who will wait does so before it enqueues: cancelling then fits whatever ended the wait;
 *   5. a wait that is ended by an Error is cancelled as by an interrupt; if the element was taken or given meanwhile,
 *      the operation has completed and the Error is dropped: the next deep call will throw it again.
 *
 * Unlocking is `LOCK.setRelease(this, 0)` with the plain statement `lock = 0` as its handler, where it is hot: the plain
 * one is a volatile store and costs a full fence, but cannot fail.
 */
abstract sealed class HChan permits Chan, LongChan {
    static final VarHandle LOCK = ConstantBootstraps.fieldVarHandle(lookup(), "lock", VarHandle.class,
            HChan.class, int.class);

    private static final Object[] NO_BUFFER = new Object[0];
    private static final long[] NO_LONGS = new long[0];
    private static final AtomicLong IDS = new AtomicLong();

    /** What the locked steps return instead of an element or a waiter. */
    static final Object EMPTY = new Object();
    private static final Object QUEUED = new Object();
    static final Object CLOSED = new Object();
    static final Object SENT = new Object();
    static final Object FULL = new Object();
    /** A long was received: it is in the sudog. */
    static final Object LONG = new Object();

    /** 0 free, 1 held. */
    volatile int lock;

    /** The order in which a select locks its channels. */
    final long id = IDS.incrementAndGet();

    private final int dataqsiz;
    final boolean nil;
    /** What sends on it, if that is a timer: see there what its receivers do for it. */
    final @Nullable ChanTimer timer;

    // -- under the lock --

    private boolean closed;
    private int qcount;
    private int sendx;
    private int recvx;
    private final @Nullable Object[] buf;
    /** The elements of a channel of longs; null in any other. */
    private final long @Nullable [] longs;

    @Nullable
    Sudog recvFirst;
    @Nullable
    Sudog recvLast;
    @Nullable
    Sudog sendFirst;
    @Nullable
    Sudog sendLast;

    /** The waiter claimed by the locked step, for its caller to wake; null between steps. */
    @Nullable
    Sudog claimed;

    HChan(int cap, boolean nil, boolean ofLongs) {
        dataqsiz = cap;
        buf = cap == 0 || ofLongs ? NO_BUFFER : new Object[cap];
        longs = !ofLongs ? null : cap == 0 ? NO_LONGS : new long[cap];
        this.nil = nil;
        timer = null;
    }

    /** The channel of a timer. */
    HChan(Sched sched) {
        dataqsiz = 1;
        buf = new Object[1];
        longs = null;
        nil = false;
        timer = new ChanTimer(sched, new TimerPort(this));
    }

    /** The channel behind an interface. */
    static @Nullable HChan of(@Nullable Object channel) {
        if (channel == null || channel instanceof HChan) {
            return (HChan) channel;
        }
        throw new IllegalArgumentException("not a channel of this library: " + channel.getClass().getName());
    }

    // ------------------------------------------------------------------------------------------------------------
    // Send
    // ------------------------------------------------------------------------------------------------------------

    /** Sends; blocks as long as it must. */
    final void send0(@Nullable Object value, long longValue) throws InterruptedException {
        // A look without the lock saves taking it twice when the send will wait.
        if (recvFirst == null && qcount == dataqsiz && !closed || !trySend0(value, longValue)) {
            sendSlow(value, longValue, false, 0);
        }
    }

    /** Sends if that is possible at once. */
    final boolean trySend0(@Nullable Object value, long longValue) {
        Sched.checkPreempt();
        Object result = sendStep(value, longValue, null);
        if (result == CLOSED) {
            throw new Panic("send on closed channel");
        }
        return result == SENT;
    }

    /** A plain try failed, or would: waits in the queue unless it is ready now. Returns false at the deadline. */
    final boolean sendSlow(@Nullable Object value, long longValue, boolean timed, long deadlineNanos)
            throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        Sudog sg = Sudog.acquire();
        if (nil) {
            return waitForNil(sg, WaitReason.CHAN_SEND_NIL, timed, deadlineNanos);
        }
        Park.headroom();
        sg.elem = value;
        sg.bits = longValue;
        Object result = sendStep(value, longValue, sg);
        if (result == QUEUED) {
            if (!await(sg, WaitReason.CHAN_SEND, timed, deadlineNanos)) {
                return false;
            }
            if (sg.state == Sudog.CLOSED) {
                result = CLOSED;
            }
        } else {
            sg.elem = null;
        }
        if (result == CLOSED) {
            throw new Panic("send on closed channel");
        }
        return true;
    }

    /** Locks, does one step, unlocks, and wakes the receiver if there was one. Returns what sendLocked returns. */
    private Object sendStep(@Nullable Object value, long longValue, @Nullable Sudog sg) {
        if (!LOCK.compareAndSet(this, 0, 1)) {
            SpinLock.lockSlow(LOCK, this);
        }
        Object result;
        try {
            if (recvFirst != null) {
                Park.headroom();
            }
            result = sendLocked(value, longValue, sg);
        } catch (Throwable e) {
            lock = 0;
            throw e;
        }
        Sudog receiver = claimed;
        claimed = null;
        try {
            LOCK.setRelease(this, 0);
        } catch (StackOverflowError e) {
            lock = 0;
        }
        if (receiver != null) {
            Park.goReady(receiver, Sudog.DONE);
        }
        return result;
    }

    /**
     * One step under the lock. Makes no call after a change (a claim that succeeds is the first).
     *
     * @param sg enqueued if nothing else can be done; null to return FULL instead
     * @return SENT, FULL, QUEUED or CLOSED; a receiver to be woken is left in {@link #claimed}, with the element
     */
    final Object sendLocked(@Nullable Object value, long longValue, @Nullable Sudog sg) {
        if (closed) {
            return CLOSED;
        }
        for (Sudog receiver; (receiver = recvFirst) != null;) {
            boolean mine = receiver.root == receiver || receiver.claim();
            Sudog next = receiver.next;
            recvFirst = next;
            if (next == null) {
                recvLast = null;
            } else {
                next.prev = null;
            }
            receiver.next = null;
            receiver.queued = false;
            if (mine) {
                receiver.elem = value;
                receiver.bits = longValue;
                claimed = receiver;
                return SENT;
            }
        }
        if (qcount < dataqsiz) {
            int at = sendx;
            if (longs != null) {
                longs[at] = longValue;
            } else {
                buf[at] = value;
            }
            sendx = at + 1 == dataqsiz ? 0 : at + 1;
            qcount++;
            return SENT;
        }
        if (sg == null) {
            return FULL;
        }
        Sudog last = sendLast;
        sg.prev = last;
        sg.next = null;
        sg.queued = true;
        if (last == null) {
            sendFirst = sg;
        } else {
            last.next = sg;
        }
        sendLast = sg;
        return QUEUED;
    }

    // ------------------------------------------------------------------------------------------------------------
    // Receive
    // ------------------------------------------------------------------------------------------------------------

    /**
     * Receives; blocks as long as it must.
     *
     * @param out where a long goes; null for a channel of objects
     * @return the element or LONG, or CLOSED
     */
    final @Nullable Object receive0(@Nullable Sudog out) throws InterruptedException {
        if (timer != null || qcount > 0 || sendFirst != null || closed) { // without the lock, as in send0
            Object result = tryReceive0(out);
            if (result != EMPTY) {
                return result;
            }
        }
        return receiveSlow(out, false, 0);
    }

    /** Receives if that is possible at once. Returns the element or LONG, CLOSED or EMPTY. */
    final @Nullable Object tryReceive0(@Nullable Sudog out) {
        Sched.checkPreempt();
        if (timer != null) {
            timer.runIfDue();
        }
        return recvStep(out, false);
    }

    /**
     * A plain try failed, or would: waits in the queue unless it is ready now. Returns the element or LONG, CLOSED, or
     * EMPTY at the deadline.
     */
    final @Nullable Object receiveSlow(@Nullable Sudog out, boolean timed, long deadlineNanos)
            throws InterruptedException {
        if (timer == null) {
            return receiveSlow0(out, timed, deadlineNanos);
        }
        timer.block();
        try {
            return receiveSlow0(out, timed, deadlineNanos);
        } finally {
            timer.unblock();
        }
    }

    private @Nullable Object receiveSlow0(@Nullable Sudog out, boolean timed, long deadlineNanos)
            throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        Sudog sg = out == null ? Sudog.acquire() : out;
        if (nil) {
            waitForNil(sg, WaitReason.CHAN_RECEIVE_NIL, timed, deadlineNanos);
            return EMPTY;
        }
        Park.headroom();
        Object result = recvStep(sg, true);
        if (result != QUEUED) {
            return result;
        }
        if (!await(sg, WaitReason.CHAN_RECEIVE, timed, deadlineNanos)) {
            return EMPTY;
        }
        if (sg.state == Sudog.CLOSED) {
            return CLOSED;
        }
        if (longs != null) {
            return LONG;
        }
        Object value = sg.elem;
        sg.elem = null;
        return value;
    }

    /** Locks, does one step, unlocks, and wakes the sender if there was one. Returns what recvLocked returns. */
    private @Nullable Object recvStep(@Nullable Sudog sg, boolean enqueue) {
        if (!LOCK.compareAndSet(this, 0, 1)) {
            SpinLock.lockSlow(LOCK, this);
        }
        Object result;
        try {
            if (sendFirst != null) {
                Park.headroom();
            }
            result = recvLocked(sg, enqueue);
        } catch (Throwable e) {
            lock = 0;
            throw e;
        }
        Sudog sender = claimed;
        claimed = null;
        try {
            LOCK.setRelease(this, 0);
        } catch (StackOverflowError e) {
            lock = 0;
        }
        if (sender != null) {
            Park.goReady(sender, Sudog.DONE);
        }
        return result;
    }

    /**
     * One step under the lock. Makes no call after a change (a claim that succeeds is the first).
     *
     * @param sg where a long goes
     * @param enqueue if nothing else can be done, enqueue sg; false: return EMPTY instead
     * @return the element or LONG, EMPTY, QUEUED or CLOSED; a sender to be woken is left in {@link #claimed}
     */
    final @Nullable Object recvLocked(@Nullable Sudog sg, boolean enqueue) {
        for (Sudog sender; (sender = sendFirst) != null;) {
            boolean mine = sender.root == sender || sender.claim();
            Sudog next = sender.next;
            sendFirst = next;
            if (next == null) {
                sendLast = null;
            } else {
                next.prev = null;
            }
            sender.next = null;
            sender.queued = false;
            if (!mine) {
                continue;
            }
            claimed = sender;
            Object value = sender.elem;
            sender.elem = null;
            // With a buffer, which is full: its head is ours, its tail, the same place, is the sender's.
            int at = recvx;
            if (dataqsiz > 0) {
                recvx = at + 1 == dataqsiz ? 0 : at + 1;
                sendx = recvx;
            }
            if (longs != null) {
                long head = sender.bits;
                if (dataqsiz > 0) {
                    head = longs[at];
                    longs[at] = sender.bits;
                }
                sg.bits = head;
                return LONG;
            }
            if (dataqsiz > 0) {
                Object head = buf[at];
                buf[at] = value;
                return head;
            }
            return value;
        }
        if (qcount > 0) {
            int at = recvx;
            recvx = at + 1 == dataqsiz ? 0 : at + 1;
            qcount--;
            if (longs != null) {
                sg.bits = longs[at];
                return LONG;
            }
            Object value = buf[at];
            buf[at] = null;
            return value;
        }
        if (closed) {
            return CLOSED;
        }
        if (!enqueue) {
            return EMPTY;
        }
        Sudog last = recvLast;
        sg.prev = last;
        sg.next = null;
        sg.queued = true;
        if (last == null) {
            recvFirst = sg;
        } else {
            last.next = sg;
        }
        recvLast = sg;
        return QUEUED;
    }

    // ------------------------------------------------------------------------------------------------------------
    // The channel of a timer
    // ------------------------------------------------------------------------------------------------------------

    /** The timer's side of its channel. The timer sees to the stack and wakes the receiver. */
    private record TimerPort(HChan c) implements ChanTimer.Port {
        @Override
        public @Nullable Sudog offer(Instant value) {
            c.lockForReading();
            c.sendLocked(value, 0, null);
            Sudog receiver = c.claimed;
            c.claimed = null;
            c.lock = 0;
            return receiver;
        }

        @Override
        public boolean drain() {
            c.lockForReading();
            boolean sent = c.qcount > 0;
            if (sent) {
                c.recvLocked(null, false);
            }
            c.lock = 0;
            return sent;
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Waiting
    // ------------------------------------------------------------------------------------------------------------

    /**
     * Waits for the enqueued sudog.
     *
     * @return true if the operation completed; false at the deadline, with the sudog out of the queue
     * @throws InterruptedException with the sudog out of the queue
     */
    private boolean await(Sudog sg, String reason, boolean timed, long deadlineNanos)
            throws InterruptedException {
        int how;
        Throwable failure = null;
        try {
            how = Park.goPark(sg, reason, timed, deadlineNanos);
        } catch (Throwable e) {
            how = Park.FAILED;
            failure = e;
        }
        if (how == Park.WOKEN) {
            return true;
        }
        if (!cancel(sg)) {
            Park.awaitClaimed(sg, how == Park.INTERRUPTED);
            return true;
        }
        sg.elem = null;
        if (how == Park.INTERRUPTED) {
            throw new InterruptedException();
        }
        if (failure != null) {
            Errors.rethrow(failure);
        }
        return false;
    }

    /** Takes the sudog out of its queue; false if somebody has claimed it already. */
    private boolean cancel(Sudog sg) {
        if (!LOCK.compareAndSet(this, 0, 1)) {
            SpinLock.lockSlow(LOCK, this);
        }
        boolean mine = dequeue(sg);
        lock = 0;
        return mine;
    }

    /** Takes the sudog out of its queue if it is in one; false if not. Under the lock; a leaf. */
    final boolean dequeue(Sudog sg) {
        if (!sg.queued) {
            return false;
        }
        Sudog prev = sg.prev;
        Sudog next = sg.next;
        if (prev != null) {
            prev.next = next;
        } else if (recvFirst == sg) {
            recvFirst = next;
        } else {
            sendFirst = next;
        }
        if (next != null) {
            next.prev = prev;
        } else if (recvLast == sg) {
            recvLast = prev;
        } else {
            sendLast = prev;
        }
        sg.queued = false;
        sg.prev = null;
        sg.next = null;
        return true;
    }

    /** On a nil channel only an interrupt or the deadline ends the wait. */
    private static boolean waitForNil(Sudog sg, String reason, boolean timed, long deadlineNanos)
            throws InterruptedException {
        if (Park.goPark(sg, reason, timed, deadlineNanos) == Park.INTERRUPTED) {
            throw new InterruptedException();
        }
        return false;
    }

    // ------------------------------------------------------------------------------------------------------------
    // Close
    // ------------------------------------------------------------------------------------------------------------

    /** Closes; false if it was closed. */
    final boolean close0() {
        Park.headroom();
        return closeWithHeadroom();
    }

    /** The same for a caller that has made sure of the headroom. */
    final boolean closeWithHeadroom() {
        if (nil) {
            throw new Panic("close of nil channel");
        }
        if (!LOCK.compareAndSet(this, 0, 1)) {
            SpinLock.lockSlow(LOCK, this);
        }
        if (closed) {
            lock = 0;
            return false;
        }
        closed = true;
        Sudog waiters = recvFirst;
        if (waiters == null) {
            waiters = sendFirst;
        } else if (sendFirst != null) {
            recvLast.next = sendFirst;
        }
        recvFirst = null;
        recvLast = null;
        sendFirst = null;
        sendLast = null;
        // What is left of the list are the waiters claimed here.
        Sudog claimedFirst = null;
        Sudog claimedLast = null;
        for (Sudog sg = waiters; sg != null;) {
            Sudog next = sg.next;
            boolean mine = sg.root == sg || sg.claim();
            sg.next = null;
            sg.prev = null;
            sg.queued = false;
            sg.elem = null;
            if (mine) {
                if (claimedLast == null) {
                    claimedFirst = sg;
                } else {
                    claimedLast.next = sg;
                }
                claimedLast = sg;
            }
            sg = next;
        }
        lock = 0;
        while (claimedFirst != null) {
            Sudog next = claimedFirst.next; // the sudog is its waiter's again once it is woken
            claimedFirst.next = null;
            Park.goReady(claimedFirst, Sudog.CLOSED);
            claimedFirst = next;
        }
        return true;
    }

    // ------------------------------------------------------------------------------------------------------------
    // State
    // ------------------------------------------------------------------------------------------------------------

    /**
     * The number of elements in the buffer at this moment.
     *
     * @return 0 for an unbuffered or nil channel
     */
    public final int len() {
        return timer != null ? 0 : (int) QCOUNT.getOpaque(this);
    }

    private static final VarHandle QCOUNT = ConstantBootstraps.fieldVarHandle(lookup(), "qcount", VarHandle.class,
            HChan.class, int.class);

    /**
     * The capacity of the buffer.
     *
     * @return in elements, 0 for an unbuffered or nil channel
     */
    public final int cap() {
        return timer != null ? 0 : dataqsiz;
    }

    /** Checks the invariants at the top of this file. */
    final void checkInvariants() {
        lockForReading();
        try {
            check(qcount >= 0 && qcount <= dataqsiz, "qcount");
            check(dataqsiz == 0 || (recvx + qcount) % dataqsiz == sendx, "sendx");
            check(recvFirst == null || qcount == 0, "recvq with elements in the buffer");
            check(sendFirst == null || qcount == dataqsiz, "sendq with room in the buffer");
            check(recvFirst == null || sendFirst == null || recvFirst.root != recvFirst && sendFirst.root != sendFirst,
                    "recvq and sendq");
            check(!closed || recvFirst == null && sendFirst == null, "waiters on a closed channel");
            check(claimed == null, "claimed");
            checkQueue(recvFirst, recvLast, "recvq");
            checkQueue(sendFirst, sendLast, "sendq");
        } finally {
            lock = 0;
        }
    }

    private static void checkQueue(@Nullable Sudog first, @Nullable Sudog last, String name) {
        Sudog prev = null;
        for (Sudog sg = first; sg != null; sg = sg.next) {
            check(sg.prev == prev && sg.queued, name);
            prev = sg;
        }
        check(prev == last, name);
    }

    private static void check(boolean condition, String what) {
        if (!condition) {
            throw new IllegalStateException("channel: " + what);
        }
    }

    private void lockForReading() {
        if (!LOCK.compareAndSet(this, 0, 1)) {
            SpinLock.lockSlow(LOCK, this);
        }
    }

    private static int length(@Nullable Sudog first) {
        int n = 0;
        for (Sudog sg = first; sg != null; sg = sg.next) {
            n++;
        }
        return n;
    }

    /**
     * The state at this moment, for people: capacity, length, waiters, whether closed.
     */
    @Override
    public final String toString() {
        String type = longs == null ? "Chan[" : "LongChan[";
        if (nil) {
            return type + "nil]";
        }
        boolean isClosed;
        int len;
        int receivers;
        int senders;
        lockForReading();
        try {
            isClosed = closed;
            len = qcount;
            receivers = length(recvFirst);
            senders = length(sendFirst);
        } finally {
            lock = 0;
        }
        return type + "cap=" + cap() + " len=" + (timer != null ? 0 : len) + " receivers=" + receivers + " senders="
                + senders
                + (isClosed ? " closed]" : "]");
    }
}
