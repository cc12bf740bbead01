package io.goruntime.internal.sched;

import static java.lang.invoke.MethodHandles.lookup;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The global run queue. Counterpart of proc.go: globrunqput, globrunqget.
 */
/*
 * Anybody puts, without a lock and without allocation: a CAS pushes the G on the inbox, a stack linked through the Gs.
 * An M that takes holds sched.lock; when its list is empty it takes the whole inbox by one exchange and reverses it, so
 * that Gs leave in the order in which they came. Nobody pops a single G from the inbox: there is no ABA.
 *
 * Go uses one list under sched.lock for both sides. Here a put may come from the JDK's own threads and from a goroutine
 * at the end of its stack, neither of which may hold that lock for long or leave it held.
 */
final class GlobalQueue {
    private static final VarHandle INBOX = ConstantBootstraps.fieldVarHandle(lookup(), "inbox", VarHandle.class,
            GlobalQueue.class, G.class);

    @Nullable
    private volatile G inbox;

    /** Oldest first; written under sched.lock, looked at by {@link #isEmpty} without. */
    @Nullable
    private volatile G first;

    /** Length of that list; under sched.lock. */
    private int size;

    /** Adds a G at the tail, with a full fence after it. */
    void put(G gp) {
        putBatch(gp, gp);
    }

    /**
     * Adds Gs linked oldest first from {@code oldest} to {@code newest}.
     */
    void putBatch(G oldest, G newest) {
        // The inbox is newest first: turn the batch round. It is ours alone until the CAS.
        G reversed = null;
        for (G gp = oldest;;) {
            G next = gp.schedlink;
            gp.schedlink = reversed;
            reversed = gp;
            if (gp == newest) {
                break;
            }
            gp = next;
        }
        for (;;) {
            G top = inbox;
            oldest.schedlink = top;
            if (INBOX.compareAndSet(this, top, reversed)) {
                return;
            }
        }
    }

    boolean isEmpty() {
        return inbox == null && first == null;
    }

    /** Takes the oldest G, null if there is none. Caller holds sched.lock. */
    @Nullable
    G get() {
        G gp = first;
        if (gp == null) {
            if (inbox == null) {
                return null;
            }
            gp = (G) INBOX.getAndSet(this, null);
            G older = null;
            while (gp != null) {
                G next = gp.schedlink;
                gp.schedlink = older;
                older = gp;
                gp = next;
                size++;
            }
            gp = older;
        }
        first = gp.schedlink;
        size--;
        gp.schedlink = null;
        return gp;
    }

    /**
     * Takes the oldest G and moves its fair share of the others, at most 128, to the queue of a P. Caller holds
     * sched.lock and owns the P.
     *
     * @param procs how many Ps share the global queue
     */
    @Nullable
    G getBatch(RunQueue to, int procs) {
        G gp = get();
        if (gp != null) {
            for (int n = Math.min(size / procs, RunQueue.CAPACITY / 2 - 1); n > 0; n--) {
                to.put(get(), false, this);
            }
        }
        return gp;
    }
}
