package io.goruntime;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.base.Errors;
import io.goruntime.internal.base.SpinLock;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.sched.ChanTimer;
import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sched;
import io.goruntime.internal.sched.Sudog;
import io.goruntime.internal.sched.WaitReason;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Go's {@code select}: waits until one of several channel operations can be done, and does it. If several can, one is
 * chosen at random, each with the same probability.
 *
 * <pre>{@code
 * Select sel = new Select();
 * var in = sel.recv(input);
 * var stop = sel.recv(done);
 * for (;;) {
 *     var c = sel.await();
 *     if (c == stop) {
 *         return;
 *     }
 *     if (in.ok()) { handle(in.value()); } else { in.from(null); }     // a nil channel: the case is off
 * }
 * }</pre>
 *
 * <p>The object is made once and used many times: {@link #await} allocates nothing. Cases stay armed: a send case sends its
 * value again each time until {@link Send#to} gives it another. The same channel may be in several cases.
 *
 * <p>A select is used by one thread at a time, goroutine or not; a second one that calls into it meanwhile gets an
 * {@link IllegalStateException}, and the first notices nothing. The memory effects are those of the operation that was
 * done. For a select written once as an expression see {@link #choose}.
 */
/*
 * Counterpart of select.go: selectgo.
 *
 *   1. Lock all channels, in the order of their ids, each once.
 *   2. Look at the cases in random order; the first that is ready is done. Unlock, wake whom it served.
 *   3. None is ready: with a default, unlock and return. Else put the sudog of each case into the queue of its channel,
 *      unlock, park.
 *   4. Woken: one sudog was claimed by a channel (root.winner, see Sudog), which has given or taken the element. Lock
 *      all again and take the other sudogs out of their queues.
 *
 * An interrupt cancels by claiming the select for itself; if a channel was faster the operation has completed.
 *
 * The lock order is kept from one await to the next and made anew when a case got another channel.
 *
 * The end of the stack: see HChan. A select makes sure of the headroom for all of it before it takes the first lock.
 */
public final class Select {
    private static final VarHandle BUSY = ConstantBootstraps.fieldVarHandle(lookup(), "busy", VarHandle.class,
            Select.class, int.class);
    private static final HChan[] NO_CHANNELS = new HChan[0];

    private final Sudog root = Sudog.forSelect();

    /** 1 while a thread is in a method of this object. */
    private volatile int busy;

    // -- owned by the thread that is in the select --

    private Case[] cases = new Case[4];
    private int ncases;
    /** The cases with a channel, in the order in which they are looked at; shuffled each time. */
    private Case[] pollOrder = new Case[0];
    /** Their channels, each once, by id. */
    private HChan[] lockOrder = NO_CHANNELS;
    private boolean changed;
    /** Whether one of those channels belongs to a timer. */
    private boolean timers;
    /** The case that ends the wait, the shortest of all; null if there is none. */
    @Nullable
    private Timeout timeout;
    private long random = ThreadLocalRandom.current().nextLong() | 1;

    /** Makes a select without cases: to wait in it blocks for ever. */
    public Select() {
        Mode.ensure();
    }

    // ------------------------------------------------------------------------------------------------------------
    // Cases
    // ------------------------------------------------------------------------------------------------------------

    /** A case of a select: what {@link Select#await} returns to tell which one ran. */
    public abstract static sealed class Case permits Recv, Send, RecvLong, SendLong, Timeout {
        final Select select;
        final Sudog sg;
        final boolean isSend;

        /** Null: the case is off. */
        @Nullable
        HChan channel;

        // what is sent
        @Nullable
        Object sendValue;
        long sendLong;

        // what came of it
        @Nullable
        Object result;
        @Nullable
        Object value;
        boolean ok;

        Case(Select select, boolean isSend) {
            this.select = select;
            this.isSend = isSend;
            sg = Sudog.forCase(select.root);
        }

        final void channel(@Nullable Object newChannel) {
            HChan next = HChan.of(newChannel);
            if (next != null && next.nil) {
                next = null;
            }
            if (next != channel) {
                channel = next;
                select.changed = true;
            }
        }
    }

    /**
     * A case that receives.
     *
     * @param <T> the element type
     */
    public static final class Recv<T extends @Nullable Object> extends Case {
        Recv(Select select) {
            super(select, false);
        }

        /**
         * The element that was received; reads and clears it.
         *
         * @return null if the channel was closed, if null was sent, or if it was read already
         */
        @SuppressWarnings("unchecked")
        public @Nullable T value() {
            Object read = value;
            value = null;
            return (T) read;
        }

        /**
         * Whether the last receive of this case got an element.
         *
         * @return false if the channel was closed and drained
         */
        public boolean ok() {
            return ok;
        }

        /**
         * Receives from another channel from now on.
         *
         * @param newChannel null, or a nil channel: the case is off
         * @return this
         * @throws IllegalStateException if another thread is in the select
         */
        public Recv<T> from(@Nullable RecvChan<? extends T> newChannel) {
            select.enter();
            try {
                channel(newChannel);
            } finally {
                select.busy = 0;
            }
            return this;
        }
    }

    /**
     * A case that sends.
     *
     * @param <T> the element type
     */
    public static final class Send<T extends @Nullable Object> extends Case {
        Send(Select select) {
            super(select, true);
        }

        /**
         * Sends another value, perhaps to another channel, from now on.
         *
         * @param newChannel null, or a nil channel: the case is off
         * @param newValue the element, may be null
         * @return this
         * @throws IllegalStateException if another thread is in the select
         */
        public Send<T> to(@Nullable SendChan<? super T> newChannel, T newValue) {
            select.enter();
            try {
                sendValue = newValue;
                channel(newChannel);
            } finally {
                select.busy = 0;
            }
            return this;
        }
    }

    /** A case that receives a long. */
    public static final class RecvLong extends Case {
        RecvLong(Select select) {
            super(select, false);
        }

        /**
         * The element that was received.
         *
         * @return 0 if the channel was closed and drained
         */
        public long value() {
            return ok ? sg.bits : 0;
        }

        /**
         * Whether the last receive of this case got an element.
         *
         * @return false if the channel was closed and drained
         */
        public boolean ok() {
            return ok;
        }

        /**
         * Receives from another channel from now on.
         *
         * @param newChannel null, or a nil channel: the case is off
         * @return this
         * @throws IllegalStateException if another thread is in the select
         */
        public RecvLong from(@Nullable LongChan newChannel) {
            select.enter();
            try {
                channel(newChannel);
            } finally {
                select.busy = 0;
            }
            return this;
        }
    }

    /** A case that sends a long. */
    public static final class SendLong extends Case {
        SendLong(Select select) {
            super(select, true);
        }

        /**
         * Sends another value, perhaps to another channel, from now on.
         *
         * @param newChannel null, or a nil channel: the case is off
         * @param newValue the element
         * @return this
         * @throws IllegalStateException if another thread is in the select
         */
        public SendLong to(@Nullable LongChan newChannel, long newValue) {
            select.enter();
            try {
                sendLong = newValue;
                channel(newChannel);
            } finally {
                select.busy = 0;
            }
            return this;
        }
    }

    /** A case that runs when the select has waited for a while. */
    public static final class Timeout extends Case {
        /** Negative: the case is off. */
        private long nanos;

        Timeout(Select select) {
            super(select, false);
        }

        /**
         * Waits for another time from now on.
         *
         * @param d from the beginning of each {@link Select#await}; zero or negative: does not wait; null: the case is off
         * @return this
         * @throws IllegalStateException if another thread is in the select
         */
        public Timeout after(@Nullable Duration d) {
            long newNanos = d == null ? -1 : Math.max(0, Chan.nanos(d));
            select.enter();
            try {
                nanos = newNanos;
                select.changed = true;
            } finally {
                select.busy = 0;
            }
            return this;
        }
    }

    /**
     * Adds a case that receives, {@code case v := <-c}.
     *
     * @param <T> the element type
     * @param c null, or a nil channel: the case is off until {@link Recv#from}
     * @return the case
     * @throws IllegalStateException if another thread is in the select
     */
    public <T extends @Nullable Object> Recv<T> recv(@Nullable RecvChan<? extends T> c) {
        return add(new Recv<T>(this), c, null, 0);
    }

    /**
     * Adds a case that sends, {@code case c <- v}.
     *
     * @param <T> the element type
     * @param c null, or a nil channel: the case is off until {@link Send#to}
     * @param v the element, may be null
     * @return the case
     * @throws IllegalStateException if another thread is in the select
     */
    public <T extends @Nullable Object> Send<T> send(@Nullable SendChan<? super T> c, T v) {
        return add(new Send<T>(this), c, v, 0);
    }

    /**
     * Adds a case that receives a long.
     *
     * @param c null, or a nil channel: the case is off until {@link RecvLong#from}
     * @return the case
     * @throws IllegalStateException if another thread is in the select
     */
    public RecvLong recv(@Nullable LongChan c) {
        return add(new RecvLong(this), c, null, 0);
    }

    /**
     * Adds a case that sends a long.
     *
     * @param c null, or a nil channel: the case is off until {@link SendLong#to}
     * @param v the element
     * @return the case
     * @throws IllegalStateException if another thread is in the select
     */
    public SendLong send(@Nullable LongChan c, long v) {
        return add(new SendLong(this), c, null, v);
    }

    /**
     * Adds a case that runs when no other could for a while, {@code case <-time.After(d)}. The time begins anew with each
     * {@link #await}; nothing is left of it when that returns. {@link #poll} does not look at it.
     *
     * @param d zero or negative: await does not wait, and ignores the interrupt flag; null: the case is off until
     *            {@link Timeout#after}
     * @return the case
     * @throws IllegalStateException if another thread is in the select
     */
    public Timeout timeout(@Nullable Duration d) {
        Timeout added = new Timeout(this);
        added.nanos = d == null ? -1 : Math.max(0, Chan.nanos(d));
        return add(added, null, null, 0);
    }

    private <C extends Case> C add(C added, @Nullable Object channel, @Nullable Object value, long longValue) {
        enter();
        try {
            if (ncases == cases.length) {
                cases = Arrays.copyOf(cases, 2 * ncases);
            }
            added.sendValue = value;
            added.sendLong = longValue;
            added.channel(channel);
            cases[ncases++] = added;
            changed = true;
        } finally {
            busy = 0;
        }
        return added;
    }

    // ------------------------------------------------------------------------------------------------------------
    // Waiting
    // ------------------------------------------------------------------------------------------------------------

    /**
     * Waits until a case can run, and runs it. With no case that has a channel, and no time-out, it waits for ever.
     *
     * @return the case that ran
     * @throws InterruptedException if no case is ready and the thread is interrupted before or while it waits: no case
     *             ran, the flag is cleared, the select can be used again. If a case ran this returns normally, with the
     *             flag set.
     * @throws Panic {@code send on closed channel}; the select can be used again
     * @throws IllegalStateException if another thread is in the select
     */
    public Case await() throws InterruptedException {
        enter();
        try {
            return select(true);
        } finally {
            busy = 0;
        }
    }

    /**
     * Runs a case if one can run at once, {@code select} with a {@code default}. Ignores the interrupt flag and leaves it.
     *
     * @return the case that ran; null if none was ready: the default
     * @throws Panic {@code send on closed channel}; the select can be used again
     * @throws IllegalStateException if another thread is in the select
     */
    public @Nullable Case poll() {
        enter();
        try {
            return select(false);
        } catch (InterruptedException e) {
            throw new AssertionError(e); // only a select that may block throws it
        } finally {
            busy = 0;
        }
    }

    private void enter() {
        if (!BUSY.compareAndSet(this, 0, 1)) {
            throw new IllegalStateException("the select is in use by another thread");
        }
    }

    private @Nullable Case select(boolean block) throws InterruptedException {
        Sched.checkPreempt();
        if (changed) {
            rebuild();
        }
        HChan[] order = lockOrder;
        if (order.length == 0) {
            return block ? waitForTimeout() : null;
        }
        return timers ? selectWithTimers(order, block) : select(order, block);
    }

    /** Some channels are those of timers, which want to know who looks at them or waits. */
    private @Nullable Case selectWithTimers(HChan[] order, boolean block) throws InterruptedException {
        int told = 0;
        try {
            for (; told < order.length; told++) {
                ChanTimer timer = order[told].timer;
                if (timer != null && block) {
                    timer.block();
                } else if (timer != null) {
                    timer.runIfDue();
                }
            }
            return select(order, block);
        } finally {
            while (told > 0) {
                ChanTimer timer = order[--told].timer;
                if (timer != null && block) {
                    timer.unblock();
                }
            }
        }
    }

    private @Nullable Case select(HChan[] order, boolean block) throws InterruptedException {
        shuffle();
        Timeout limit = block ? timeout : null;
        if (block) {
            root.open();
        }
        Park.headroom();
        lockAll(order);
        Case ran = runReady();
        boolean wait = false;
        Sudog served = null;
        if (ran != null) {
            served = ran.channel.claimed;
            ran.channel.claimed = null;
        } else if (limit != null && limit.nanos == 0) {
            ran = limit;
        } else if (block && !Thread.currentThread().isInterrupted()) {
            wait = true;
            enqueueAll(pollOrder);
        }
        unlockAll(order);
        if (served != null) {
            Park.goReady(served, Sudog.DONE);
        }
        if (wait) {
            ran = await(order, limit);
        } else if (block && ran == null) {
            Thread.interrupted();
            throw new InterruptedException();
        }
        if (ran != null && ran.result == HChan.CLOSED && ran.isSend) {
            throw new Panic("send on closed channel");
        }
        return ran;
    }

    private static void lockAll(HChan[] order) {
        for (HChan c : order) {
            if (!HChan.LOCK.compareAndSet(c, 0, 1)) {
                SpinLock.lockSlow(HChan.LOCK, c);
            }
        }
    }

    private static void unlockAll(HChan[] order) {
        for (int i = order.length - 1; i >= 0; i--) {
            HChan.LOCK.setRelease(order[i], 0);
        }
    }

    /** Runs the first case in poll order that is ready, under the locks. Returns null if none is. */
    private @Nullable Case runReady() {
        for (Case each : pollOrder) {
            HChan c = each.channel;
            if (each.isSend) {
                Object result = c.sendLocked(each.sendValue, each.sendLong, null);
                if (result != HChan.FULL) {
                    each.result = result;
                    return each;
                }
            } else {
                Object result = c.recvLocked(each.sg, false);
                if (result != HChan.EMPTY) {
                    each.result = result == HChan.CLOSED ? HChan.CLOSED : HChan.SENT;
                    each.ok = result != HChan.CLOSED;
                    each.value = result == HChan.CLOSED || result == HChan.LONG ? null : result;
                    return each;
                }
            }
        }
        return null;
    }

    /** Puts each case's sudog into its channel's queue, under the locks. */
    private static void enqueueAll(Case[] all) {
        for (Case each : all) {
            HChan c = each.channel;
            Sudog sg = each.sg;
            sg.next = null;
            sg.queued = true;
            if (each.isSend) {
                sg.elem = each.sendValue;
                sg.bits = each.sendLong;
                Sudog last = c.sendLast;
                sg.prev = last;
                if (last == null) {
                    c.sendFirst = sg;
                } else {
                    last.next = sg;
                }
                c.sendLast = sg;
            } else {
                Sudog last = c.recvLast;
                sg.prev = last;
                if (last == null) {
                    c.recvFirst = sg;
                } else {
                    last.next = sg;
                }
                c.recvLast = sg;
            }
        }
    }

    /** Waits in the queues. Returns the case that a channel has run, or the time-out. */
    private Case await(HChan[] order, @Nullable Timeout limit) throws InterruptedException {
        int how;
        Throwable failure = null;
        try {
            how = limit == null
                    ? Park.goPark(root, WaitReason.SELECT, false, 0)
                    : Park.goPark(root, WaitReason.SELECT, true, Park.deadline(limit.nanos));
        } catch (Throwable e) {
            how = Park.FAILED;
            failure = e;
        }
        if (how != Park.WOKEN) {
            if (root.claim()) {
                cleanUp(order);
                if (how == Park.TIMED_OUT) {
                    return limit;
                }
                if (failure != null) {
                    Errors.rethrow(failure);
                }
                throw new InterruptedException();
            }
            Park.awaitClaimed(root, how == Park.INTERRUPTED);
        }
        Sudog winner = root.winner;
        cleanUp(order);
        for (Case each : pollOrder) {
            if (each.sg == winner) {
                boolean closed = root.state == Sudog.CLOSED;
                each.result = closed ? HChan.CLOSED : HChan.SENT;
                each.ok = !closed;
                each.value = each.isSend ? null : winner.elem;
                winner.elem = null;
                return each;
            }
        }
        throw new AssertionError("a select was woken by no case of its own");
    }

    /**
     * Takes the sudogs that are still in a queue out of it. Those that a channel dropped because the select was taken
     * have their element still.
     */
    private void cleanUp(HChan[] order) {
        Sudog winner = root.winner;
        lockAll(order);
        for (Case each : pollOrder) {
            each.channel.dequeue(each.sg);
            if (each.sg != winner) {
                each.sg.elem = null;
            }
        }
        unlockAll(order);
    }

    /** No case has a channel: waits for the time-out, or for ever. */
    private Case waitForTimeout() throws InterruptedException {
        Timeout limit = timeout;
        if (limit != null && limit.nanos == 0) {
            return limit;
        }
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        root.open();
        int how = limit == null
                ? Park.goPark(root, WaitReason.SELECT_NO_CASES, false, 0)
                : Park.goPark(root, WaitReason.SELECT, true, Park.deadline(limit.nanos));
        if (how == Park.TIMED_OUT) {
            return limit;
        }
        throw new InterruptedException();
    }

    // -- orders --

    /** After a change of channels: the live cases, and their channels by id without repetition. */
    private void rebuild() {
        int n = 0;
        Case[] live = new Case[ncases];
        for (int i = 0; i < ncases; i++) {
            if (cases[i].channel != null) {
                live[n++] = cases[i];
            }
        }
        live = Arrays.copyOf(live, n);
        HChan[] order = new HChan[n];
        int m = 0;
        for (Case each : live) {
            HChan c = each.channel;
            int at = m;
            while (at > 0 && order[at - 1].id > c.id) {
                at--;
            }
            if (at == 0 || order[at - 1] != c) {
                System.arraycopy(order, at, order, at + 1, m - at);
                order[at] = c;
                m++;
            }
        }
        pollOrder = live;
        lockOrder = m == n ? order : Arrays.copyOf(order, m);
        timeout = null;
        for (int i = 0; i < ncases; i++) {
            if (cases[i] instanceof Timeout t && t.nanos >= 0 && (timeout == null || t.nanos < timeout.nanos)) {
                timeout = t;
            }
        }
        timers = false;
        for (HChan c : order) {
            timers |= c != null && c.timer != null;
        }
        changed = false;
    }

    /** A uniformly random order (Fisher-Yates), from a xorshift generator. */
    private void shuffle() {
        Case[] order = pollOrder;
        long x = random;
        for (int i = order.length - 1; i > 0; i--) {
            x ^= x << 13;
            x ^= x >>> 7;
            x ^= x << 17;
            int j = (int) ((x >>> 32) * (i + 1) >>> 32);
            Case each = order[i];
            order[i] = order[j];
            order[j] = each;
        }
        random = x;
    }

    // ------------------------------------------------------------------------------------------------------------
    // Expression form
    // ------------------------------------------------------------------------------------------------------------

    /**
     * What a clause does with the element it received.
     *
     * @param <T> the element type
     * @param <R> the result type
     */
    @FunctionalInterface
    public interface RecvFn<T extends @Nullable Object, R extends @Nullable Object> {
        /**
         * Makes the result of the select.
         *
         * @param value the element; null if the channel is closed and drained, or null was sent
         * @return the result
         * @throws InterruptedException to leave the select with it
         */
        R apply(@Nullable T value) throws InterruptedException;
    }

    /**
     * What a clause does that received nothing.
     *
     * @param <R> the result type
     */
    @FunctionalInterface
    public interface Fn<R extends @Nullable Object> {
        /**
         * Makes the result of the select.
         *
         * @return the result
         * @throws InterruptedException to leave the select with it
         */
        R apply() throws InterruptedException;
    }

    /**
     * A clause of {@link #choose}. Made by {@link #on(RecvChan, RecvFn)}, {@link #on(SendChan, Object, Fn)},
     * {@link #after} and {@link #otherwise}; may be used many times.
     *
     * @param <R> the result type
     */
    public static final class Clause<R extends @Nullable Object> {
        private final @Nullable Object channel;
        private final boolean isSend;
        private final @Nullable Object sendValue;
        private final @Nullable RecvFn<Object, ? extends R> onReceive;
        private final @Nullable Fn<? extends R> then;
        private final @Nullable Duration after;

        private Clause(@Nullable Object channel, boolean isSend, @Nullable Object sendValue,
                @Nullable RecvFn<Object, ? extends R> onReceive, @Nullable Fn<? extends R> then,
                @Nullable Duration after) {
            this.channel = channel;
            this.isSend = isSend;
            this.sendValue = sendValue;
            this.onReceive = onReceive;
            this.then = then;
            this.after = after;
        }

        private boolean isDefault() {
            return onReceive == null && !isSend && after == null;
        }
    }

    /**
     * A clause that receives.
     *
     * @param <T> the element type
     * @param <R> the result type
     * @param c null, or a nil channel: the clause is never chosen
     * @param f gets the element, null if the channel is closed and drained
     * @return the clause
     */
    @SuppressWarnings("unchecked")
    public static <T extends @Nullable Object, R extends @Nullable Object> Clause<R> on(@Nullable RecvChan<T> c,
            RecvFn<? super T, ? extends R> f) {
        Objects.requireNonNull(f, "f");
        return new Clause<>(c, false, null, (RecvFn<Object, ? extends R>) f, null, null);
    }

    /**
     * A clause that sends.
     *
     * @param <T> the element type
     * @param <R> the result type
     * @param c null, or a nil channel: the clause is never chosen
     * @param v the element, may be null
     * @param f called after it was sent
     * @return the clause
     */
    public static <T extends @Nullable Object, R extends @Nullable Object> Clause<R> on(@Nullable SendChan<T> c, T v,
            Fn<? extends R> f) {
        return new Clause<>(c, true, v, null, Objects.requireNonNull(f, "f"), null);
    }

    /**
     * The clause that is chosen if no other is ready, {@code default}.
     *
     * @param <R> the result type
     * @param f called then
     * @return the clause
     */
    public static <R extends @Nullable Object> Clause<R> otherwise(Fn<? extends R> f) {
        return new Clause<>(null, false, null, null, Objects.requireNonNull(f, "f"), null);
    }

    /**
     * The clause that is chosen when no other could be for a while. With {@link #otherwise} in the same select it never is.
     *
     * @param <R> the result type
     * @param d counted from the call of {@link #choose}; zero or negative: does not wait
     * @param f called then
     * @return the clause
     */
    public static <R extends @Nullable Object> Clause<R> after(Duration d, Fn<? extends R> f) {
        Objects.requireNonNull(d, "d");
        return new Clause<>(null, false, null, null, Objects.requireNonNull(f, "f"), d);
    }

    /**
     * A select as an expression: waits until a clause can run, runs it, and returns the result of its function. Ready
     * clauses are chosen at random, each with the same probability.
     *
     * @param <R> the result type
     * @param clauses at most one {@link #otherwise}
     * @return the result of the clause that ran
     * @throws InterruptedException as {@link #await}, or from the clause's function
     * @throws IllegalArgumentException if there are two otherwise clauses
     * @throws Panic {@code send on closed channel}
     */
    @SafeVarargs
    public static <R extends @Nullable Object> R choose(Clause<? extends R>... clauses) throws InterruptedException {
        Select select = new Select();
        Clause<? extends R> otherwise = null;
        Case[] made = new Case[clauses.length];
        for (int i = 0; i < clauses.length; i++) {
            Clause<? extends R> clause = clauses[i];
            if (clause.after != null) {
                made[i] = select.timeout(clause.after);
            } else if (!clause.isDefault()) {
                Case added = clause.isSend ? new Send<>(select) : new Recv<>(select);
                made[i] = select.add(added, clause.channel, clause.sendValue, 0);
            } else if (otherwise == null) {
                otherwise = clause;
            } else {
                throw new IllegalArgumentException("two otherwise clauses in one select");
            }
        }
        Case ran = otherwise == null ? select.await() : select.poll();
        if (ran == null) {
            return otherwise.then.apply();
        }
        int i = 0;
        while (made[i] != ran) {
            i++;
        }
        Clause<? extends R> chosen = clauses[i];
        return chosen.onReceive == null ? chosen.then.apply() : chosen.onReceive.apply(ran.value);
    }
}
