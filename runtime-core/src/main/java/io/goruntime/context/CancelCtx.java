package io.goruntime.context;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.Chan;
import io.goruntime.GoFn;
import io.goruntime.GoRuntime;
import io.goruntime.RecvChan;
import io.goruntime.internal.base.Errors;
import io.goruntime.internal.sched.Access;
import io.goruntime.internal.sched.Park;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A context that can be ended, with or without a deadline. Counterpart of context.go: cancelCtx, timerCtx,
 * propagateCancel, removeChild.
 */
/*
 * Contexts form a tree. Each knows its children, contexts and functions, in a doubly linked list under its lock; when it
 * ends, they do.
 *
 * Ending. The thread that ends a context sets `end` and takes the list of children, both under the lock. From then on the
 * list is that thread's alone: who wants to leave it finds `end` set and leaves it be. The children are appended to a queue
 * that is linked through the nodes themselves; the loop takes the next context from it, until it is empty. So a chain of
 * any depth needs no stack and no memory, no two locks are held at once, and nothing is called under a lock. A context
 * is done before the ones derived from it.
 *
 * The lock is a monitor: the JVM releases it when a stack overflow strikes inside, which a lock object cannot promise. The
 * parts under it call nothing and so are not cut off in the middle.
 *
 * The channel is made when somebody asks for it, and closed once: `done` goes from null to a channel or, at the end, to one
 * that was born closed, by compare-and-set. Who ends the context closes what it finds there, and so does everybody who
 * finds `end` set before that has happened: err is not null before the channel is closed. Closing needs some stack, so cancel
 * makes sure of it before it begins, once for the whole tree.
 *
 * Parents of other classes. They are asked to call us back by their afterFunc. If they pass that on to a context of ours,
 * as a wrapper does, the callback arrives at afterFunc below, is recognised, and becomes a node like any other: no goroutine,
 * and the child is done when the cancel returns.
 */
sealed class CancelCtx extends Node implements CancelContext permits SignalCtx {
    private static final VarHandle DONE = ConstantBootstraps.fieldVarHandle(lookup(), "done", VarHandle.class,
            CancelCtx.class, Chan.class);

    /**
     * Stands for the channel of all that ended before anybody asked. To make a channel decides the mode of the library: whoever
     * touches this class has seen to that before, by Mode.ensure, which may throw and must not do so in an initialiser.
     */
    private static final Chan<Void> CLOSED = Chan.make();

    private static final Access ACCESS = access();

    private static Access access() {
        GoRuntime.goid(); // initialises the class, which sets it
        return Access.get();
    }

    final Context parent;
    /** Null: none of its own, and none of the contexts of this class above it. */
    private final @Nullable Instant deadline;
    /** On the clock of System.nanoTime, if there is a deadline: Instants may jump. */
    private final long deadlineNanos;
    /** It has a timer: its deadline is earlier than its parent's. */
    private final boolean timed;

    private final Object lock = new Object();

    /** Null until it ends; written once, under the lock. */
    private volatile @Nullable End end;

    /** See DONE's compare-and-sets: null, then a channel for ever. */
    private volatile @Nullable Chan<Void> done;
    /** After the close; written by whoever closes or finds it closed. */
    private volatile boolean doneClosed;

    // under the lock
    private @Nullable Node firstChild;
    private @Nullable Node lastChild;
    private @Nullable Runnable stopTimer;
    private @Nullable Stop stopParent;

    private CancelCtx(Context parent, @Nullable Instant deadline, long deadlineNanos, boolean timed) {
        this.parent = parent;
        this.deadline = deadline;
        this.deadlineNanos = deadlineNanos;
        this.timed = timed;
    }

    static {
        // The first use of a lambda or an atomic operation links it, which needs far more stack than any use after: done
        // here, so that it does not happen to a cancel at the end of the stack.
        CLOSED.close();
        CancelCtx trial = new CancelCtx(RootCtx.BACKGROUND, null, 0, false);
        trial.done();
        trial.link(new CancelCtx(trial, null, 0, false));
        trial.cancel();
    }

    // -- making --

    /** Without a deadline of its own. Does not end with the parent before {@link #follow()}. */
    CancelCtx(Context parent) {
        this(parent, above(parent));
    }

    private CancelCtx(Context parent, @Nullable CancelCtx above) {
        this(parent, above == null ? null : above.deadline, above == null ? 0 : above.deadlineNanos, false);
    }

    private static @Nullable CancelCtx above(Context parent) {
        return ValueCtx.baseOf(Objects.requireNonNull(parent, "parent")) instanceof CancelCtx above ? above : null;
    }

    static CancelCtx derive(Context parent) {
        CancelCtx context = new CancelCtx(parent);
        context.follow();
        return context;
    }

    /** Arranges to end when the parent does. */
    final void follow() {
        follow(ValueCtx.baseOf(parent));
    }

    /** The same for one that may be ended by others already. */
    final void followLate() {
        follow();
        boolean ended;
        synchronized (lock) { // whoever ends it after this section sees in whose list it is
            ended = end != null;
        }
        CancelCtx above = owner;
        if (ended && above != null) {
            above.unlink(this);
        }
    }

    static CancelCtx derive(Context parent, Instant deadline, @Nullable Throwable cause, Alarms alarms) {
        Objects.requireNonNull(deadline, "deadline");
        return derive(parent, Duration.between(Instant.now(), deadline), deadline, cause, alarms);
    }

    static CancelCtx derive(Context parent, Duration timeout, @Nullable Throwable cause, Alarms alarms) {
        return derive(parent, timeout, later(Objects.requireNonNull(timeout, "timeout")), cause, alarms);
    }

    private static Instant later(Duration timeout) {
        Instant now = Instant.now();
        Duration most = Duration.between(now, Instant.MAX);
        Duration least = Duration.between(now, Instant.MIN);
        return timeout.compareTo(most) >= 0
                ? Instant.MAX
                : timeout.compareTo(least) <= 0 ? Instant.MIN : now.plus(timeout);
    }

    private static CancelCtx derive(Context parent, Duration timeout, Instant deadline, @Nullable Throwable cause,
            Alarms alarms) {
        Context base = ValueCtx.baseOf(Objects.requireNonNull(parent, "parent"));
        long nanos = System.nanoTime() + saturatedNanos(timeout);
        if (endsBefore(base, nanos, deadline)) {
            return derive(parent);
        }
        CancelCtx context = new CancelCtx(parent, deadline, nanos, true);
        Park.headroom();
        context.follow(base);
        if (timeout.isZero() || timeout.isNegative()) {
            context.endWithHeadroom(End.deadlineExceeded(cause));
        } else if (context.end == null) {
            Runnable stop;
            try {
                stop = alarms.after(timeout, () -> context.end(End.deadlineExceeded(cause)));
            } catch (Throwable e) {
                context.endWithHeadroom(End.cancelled(e)); // without a timer nobody would take it out of the tree
                throw e;
            }
            synchronized (context.lock) {
                if (context.end == null) {
                    context.stopTimer = stop;
                    stop = null;
                }
            }
            if (stop != null) {
                stop.run();
            }
        }
        return context;
    }

    private static boolean endsBefore(Context base, long nanos, Instant deadline) {
        if (base instanceof CancelCtx above && above.deadline != null) {
            return above.deadlineNanos - nanos <= 0;
        }
        Instant ofOther = base.deadline();
        return ofOther != null && ofOther.isBefore(deadline);
    }

    private static long saturatedNanos(Duration timeout) {
        long seconds = timeout.getSeconds();
        long most = Long.MAX_VALUE / 4 / 1_000_000_000;
        return seconds >= most ? Long.MAX_VALUE / 4 : seconds <= -most ? Long.MIN_VALUE / 4 : timeout.toNanos();
    }

    private void follow(Context base) {
        if (base instanceof CancelCtx above) {
            if (!above.link(this)) {
                endTree(this, above.end);
            }
        } else if (!(base instanceof RootCtx)) {
            followOther(base);
        }
    }

    private void followOther(Context base) {
        if (base.err() != null) {
            endTree(this, End.of(base));
            return;
        }
        Stop stop = base.afterFunc(new ParentEnded(base, this));
        synchronized (lock) {
            if (end == null) {
                stopParent = stop;
            }
        }
        // If it has ended meanwhile and missed this, by the parent or by the deadline, there is nothing to be undone
        // but the registration.
        if (end != null) {
            stop.stop();
        }
    }

    /** What a parent of another class calls back. */
    private record ParentEnded(Context parent, CancelCtx child) implements FuncNode.Inline {
        @Override
        public void run() {
            Park.headroom();
            Throwable failure = endTree(child, End.of(parent));
            if (failure != null) {
                Errors.rethrow(failure);
            }
        }
    }

    // -- the tree --

    /** Adds a child; false if this has ended. */
    private boolean link(Node node) {
        node.owner = this;
        synchronized (lock) {
            if (end != null) {
                return false;
            }
            Node last = lastChild;
            node.prev = last;
            if (last == null) {
                firstChild = node;
            } else {
                last.next = node;
            }
            lastChild = node;
            node.linked = true;
            return true;
        }
    }

    /** Takes a child out; false if it is not in the list, or this has ended and the list is taken. */
    boolean unlink(Node node) {
        synchronized (lock) {
            if (end != null || !node.linked) {
                return false;
            }
            Node prev = node.prev;
            Node next = node.next;
            if (prev == null) {
                firstChild = next;
            } else {
                prev.next = next;
            }
            if (next == null) {
                lastChild = prev;
            } else {
                next.prev = prev;
            }
            node.prev = null;
            node.next = null;
            node.linked = false;
            return true;
        }
    }

    // -- ending --

    @Override
    public void cancel() {
        cancel(null);
    }

    @Override
    public void cancel(@Nullable Throwable cause) {
        if (end == null) {
            end(End.cancelled(cause));
        } else {
            closeDone();
        }
    }

    @Override
    public void close() {
        cancel(null);
    }

    /** Ends this one of itself, not because of its parent. */
    private void end(End how) {
        Park.headroom();
        endWithHeadroom(how);
    }

    private void endWithHeadroom(End how) {
        Throwable failure = endTree(this, how);
        CancelCtx above = owner;
        if (above != null) {
            above.unlink(this);
        }
        Stop stop;
        synchronized (lock) {
            stop = stopParent;
            stopParent = null;
        }
        if (stop != null) {
            stop.stop();
        }
        if (failure != null) {
            Errors.rethrow(failure);
        }
    }

    /**
     * Ends a context and all below it.
     *
     * @return the first failure to start a function, after everything else was done; else null
     */
    private static @Nullable Throwable endTree(CancelCtx root, End how) {
        Throwable failure = null;
        Node first = null;
        Node last = null;
        CancelCtx context = root;
        End ending = how;
        for (;;) {
            if (context != null) {
                Node children = null;
                Node youngest = null;
                Runnable timer = null;
                boolean ends;
                synchronized (context.lock) {
                    ends = context.end == null;
                    if (ends) {
                        context.end = ending;
                        children = context.firstChild;
                        youngest = context.lastChild;
                        context.firstChild = null;
                        context.lastChild = null;
                        timer = context.stopTimer;
                        context.stopTimer = null;
                    }
                }
                // Also when another thread has just ended it: a cancel does not return with the channel open.
                context.closeDoneWithHeadroom();
                if (ends) {
                    if (timer != null) {
                        try {
                            timer.run();
                        } catch (Throwable e) {
                            failure = failure == null ? e : failure; // it will fire, to no effect
                        }
                    }
                    if (children != null) {
                        if (first == null) {
                            first = children;
                        } else {
                            last.next = children;
                        }
                        last = youngest;
                    }
                }
            }
            Node node = first;
            if (node == null) {
                return failure;
            }
            first = node.next;
            node.next = null;
            node.prev = null;
            context = null;
            if (node instanceof CancelCtx child) {
                context = child;
                ending = child.owner.end;
            } else if (((FuncNode) node).fn instanceof ParentEnded callback) {
                context = callback.child;
                ending = End.of(callback.parent);
            } else {
                try {
                    ((FuncNode) node).start();
                } catch (Throwable e) {
                    failure = failure == null ? e : failure;
                }
            }
        }
    }

    /** Closes the channel unless that is done; for whoever sees the end first, so that no one sees it without. */
    private void closeDone() {
        if (!doneClosed) {
            Park.headroom();
            closeDoneWithHeadroom();
        }
    }

    private void closeDoneWithHeadroom() {
        if (!doneClosed) {
            Chan<Void> channel = swapDone(CLOSED);
            if (channel != CLOSED) {
                ACCESS.closeWithHeadroom(channel);
            }
            doneClosed = true;
        }
    }

    /** The channel, which is the given one if there was none. */
    @SuppressWarnings("unchecked")
    private Chan<Void> swapDone(Chan<Void> ifNone) {
        Chan<Void> before = (Chan<Void>) DONE.compareAndExchange(this, null, ifNone);
        return before == null ? ifNone : before;
    }

    // -- asking --

    @Override
    public RecvChan<Void> done() {
        Chan<Void> channel = done;
        return channel != null ? channel : swapDone(end != null ? CLOSED : Chan.make());
    }

    @Override
    public @Nullable ContextException err() {
        End how = end;
        if (how == null) {
            return null;
        }
        closeDone();
        return how.err();
    }

    @Override
    public @Nullable Throwable cause() {
        End how = end;
        if (how == null) {
            return null;
        }
        closeDone();
        return how.cause();
    }

    @Override
    public @Nullable Instant deadline() {
        for (Context each = this; each instanceof CancelCtx context; each = ValueCtx.baseOf(context.parent)) {
            if (context.deadline != null) {
                return context.deadline;
            }
            if (!(ValueCtx.baseOf(context.parent) instanceof CancelCtx)) {
                return context.parent.deadline();
            }
        }
        return null;
    }

    @Override
    public <T> @Nullable T value(Key<T> key) {
        return ValueCtx.find(this, key);
    }

    @Override
    public Stop afterFunc(GoFn fn) {
        FuncNode node = new FuncNode(Objects.requireNonNull(fn, "fn"));
        if (!link(node)) {
            node.start();
        }
        return node;
    }

    // -- for people and tests --

    String name() {
        return timed
                ? ".WithDeadline(" + deadline + " [" + Duration.between(Instant.now(), deadline) + "])"
                : ".WithCancel";
    }

    @Override
    public String toString() {
        return ValueCtx.describe(this);
    }

    /** How many it would end. */
    int children() {
        synchronized (lock) {
            int n = 0;
            for (Node node = firstChild; node != null; node = node.next) {
                n++;
            }
            return n;
        }
    }

    void checkInvariants() {
        synchronized (lock) {
            check(end == null || firstChild == null && lastChild == null, "children of a context that has ended");
            check(end == null || stopTimer == null, "the timer of a context that has ended");
            Node prev = null;
            for (Node node = firstChild; node != null; node = node.next) {
                check(node.owner == this && node.linked && node.prev == prev, "the links of a child");
                prev = node;
            }
            check(prev == lastChild, "lastChild");
        }
    }

    private static void check(boolean condition, String what) {
        if (!condition) {
            throw new IllegalStateException("context: " + what);
        }
    }
}
