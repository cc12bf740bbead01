package io.goruntime.sync;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.Fatal;
import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sched;
import io.goruntime.internal.sched.Sudog;
import io.goruntime.internal.sched.WaitReason;
import io.goruntime.internal.sema.WaitQueue;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A lock that any number of readers or one writer can have. Source in Go: {@code sync/rwmutex.go}.
 *
 * <p>For goroutines and all other threads. It belongs to nobody: one goroutine may lock it and another unlock it. It is not
 * reentrant, and cannot be upgraded: a reader that wants to write, or that reads again while a writer waits, waits for
 * ever.
 *
 * <p><b>Fairness.</b> A waiting writer goes before new readers. Readers that came while a writer waited or wrote go before
 * the next writer. So neither side starves. Writers among each other take turns as with a {@link Mutex}.
 *
 * <p><b>Blocking and interruption.</b> {@link #lock} and {@link #rLock} wait uninterruptibly: an interrupt flag stays set.
 * The other methods do not block.
 *
 * <p><b>Memory effects.</b> An {@code unlock} happens before the return of each later {@code rLock} and {@code lock}; an
 * {@code rUnlock} happens before the return of each later {@code lock}. A successful try counts as the lock.
 */
/*
 * Counterpart of rwmutex.go: RWMutex, RLock, RUnlock, TryRLock, Lock, TryLock, Unlock, RLocker.
 *
 * Writers exclude each other by a Mutex, `writers`. Its owner is the one writer that the state word knows:
 *
 *   bit 0   WRITER   a writer has it, or waits for the readers to leave: no reader enters
 *   bit 1   QUEUE    readers wait; changes in a section of the queue. Implies WRITER
 *   bits 2-31        how many readers have it
 *
 * The writer has it if WRITER is set and there are no readers. Transitions, each one CAS; (q) means in a section of the
 * queue of waiting readers, which also guards `waitingWriter`:
 *
 *   rLock       readers + 1, if not WRITER
 *   rWait (q)   QUEUE := 1, if WRITER. Enqueue
 *   rUnlock     readers - 1, if not WRITER or others are left
 *   last (q)    readers := 0, with WRITER set. Claim waitingWriter; wake it: it has the lock
 *   lock        WRITER := 1, if there are no readers
 *   wait (q)    WRITER := 1, with readers inside. waitingWriter := ourselves
 *   unlock      WRITER := 0, if not QUEUE
 *   admit (q)   WRITER := 0, QUEUE := 0, readers := as many as wait. Claim them all; wake them: they have it
 *   cancel (q)  a writer without the stack to wait: like admit, with the readers inside added. A reader: QUEUE := 0 if it
 *               was the last. Dequeue ourselves
 *
 * Go counts readers down by 2^30 instead of a bit and counts separately those that a writer waits for; readers that
 * arrive meanwhile are counted in advance. Here a reader is counted when it enters. The price is a CAS where Go adds.
 */
public final class RWMutex implements Locker {
    private static final VarHandle STATE = ConstantBootstraps.fieldVarHandle(lookup(), "state", VarHandle.class,
            RWMutex.class, int.class);

    private static final int WRITER = 1;
    private static final int QUEUE = 1 << 1;
    private static final int READER = 1 << 2;

    private volatile int state;
    private final Mutex writers = new Mutex();
    private final Readers queue = new Readers();

    /** The writer that waits for the readers inside; in a section of the queue. */
    private @Nullable Sudog waitingWriter;

    /** How that writer waits. It is alone, and its place is not in the list. */
    private final Writer writerWait = new Writer();

    private final Locker readLocker = new ReadLocker(this);

    /** Makes an unlocked lock. */
    public RWMutex() {}

    // ------------------------------------------------------------------------------------------------------------
    // Readers
    // ------------------------------------------------------------------------------------------------------------

    /** Locks for reading; waits while a writer has it or waits for it. Uninterruptible. */
    public void rLock() {
        Sched.checkPreempt();
        int s = state;
        if ((s & WRITER) != 0 || !STATE.compareAndSet(this, s, s + READER)) {
            rLockSlow();
        }
    }

    /**
     * Locks for reading if that is possible at once.
     *
     * @return true if the caller may read now
     */
    public boolean tryRLock() {
        for (;;) {
            int s = state;
            if ((s & WRITER) != 0) {
                return false;
            }
            if (STATE.compareAndSet(this, s, s + READER)) {
                return true;
            }
        }
    }

    /**
     * Undoes one {@link #rLock}.
     *
     * @throws Fatal {@code sync: RUnlock of unlocked RWMutex}
     * @throws StackOverflowError if there is not enough stack to wake a writer; nothing has changed then
     */
    public void rUnlock() {
        int s = state;
        if (s < READER || (s & WRITER) != 0 || !STATE.compareAndSet(this, s, s - READER)) {
            rUnlockSlow();
        }
    }

    private void rLockSlow() {
        while (!tryRLock()) {
            Park.headroom();
            Sudog sg = Sudog.acquire();
            if (enqueue(sg)) {
                queue.await(sg, WaitReason.SYNC_RWMUTEX_RLOCK);
                return;
            }
        }
    }

    /** The step "rWait"; false if there is no writer any more. */
    private boolean enqueue(Sudog sg) {
        queue.lock();
        try {
            for (;;) {
                int s = state;
                if ((s & WRITER) == 0) {
                    queue.unlock();
                    return false;
                }
                if (STATE.compareAndSet(this, s, s | QUEUE)) {
                    break;
                }
            }
        } catch (Throwable e) {
            queue.unlock();
            throw e;
        }
        queue.addLast(sg);
        queue.unlock();
        return true;
    }

    private void rUnlockSlow() {
        for (;;) {
            int s = state;
            if (s < READER) {
                throw new Fatal("sync: RUnlock of unlocked RWMutex");
            }
            if ((s & WRITER) != 0 && s < 2 * READER) {
                if (lastReaderLeaves()) {
                    return;
                }
            } else if (STATE.compareAndSet(this, s, s - READER)) {
                return;
            }
        }
    }

    /** The step "last"; false if the state is another by now. */
    private boolean lastReaderLeaves() {
        Park.headroom();
        Sudog writer;
        queue.lock();
        try {
            int s = state;
            writer = waitingWriter;
            if (writer == null || s < READER || s >= 2 * READER || !STATE.compareAndSet(this, s, s - READER)) {
                queue.unlock();
                return false;
            }
        } catch (Throwable e) {
            queue.unlock();
            throw e;
        }
        waitingWriter = null;
        writer.queued = false;
        queue.unlock();
        Park.goReady(writer, Sudog.DONE);
        return true;
    }

    private final class Readers extends WaitQueue {
        @Override
        protected boolean cancel(Sudog sg) {
            lock();
            boolean queued = sg.queued;
            if (queued) {
                remove(sg);
                if (first() == null) {
                    int s;
                    do {
                        s = state;
                    } while (!STATE.compareAndSet(RWMutex.this, s, s & ~QUEUE));
                }
            }
            unlock();
            return queued;
        }
    }

    /**
     * The readers' side as a {@link Locker}.
     *
     * @return always the same; its lock is {@link #rLock} and its unlock is {@link #rUnlock}
     */
    public Locker rLocker() {
        return readLocker;
    }

    /** Known to Cond as a locker that does not wait when it is unlocked. */
    static final class ReadLocker implements Locker {
        private final RWMutex rw;

        ReadLocker(RWMutex rw) {
            this.rw = rw;
        }

        @Override
        public void lock() {
            rw.rLock();
        }

        @Override
        public void unlock() {
            rw.rUnlock();
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Writers
    // ------------------------------------------------------------------------------------------------------------

    /** Locks for writing; waits until no reader and no other writer has it. Uninterruptible. */
    @Override
    public void lock() {
        Park.headroom(); // what follows takes two locks, or none
        writers.lock();
        if (!STATE.compareAndSet(this, 0, WRITER)) {
            lockSlow();
        }
    }

    /**
     * Locks for writing if that is possible at once.
     *
     * @return true if the caller may write now
     */
    public boolean tryLock() {
        Park.headroom();
        if (!writers.tryLock()) {
            return false;
        }
        if (STATE.compareAndSet(this, 0, WRITER)) {
            return true;
        }
        writers.unlockWithHeadroom();
        return false;
    }

    /**
     * Undoes one {@link #lock}.
     *
     * @throws Fatal {@code sync: Unlock of unlocked RWMutex}
     * @throws StackOverflowError if there is not enough stack to wake others; nothing has changed then
     */
    @Override
    public void unlock() {
        Park.headroom(); // what follows gives back two locks, or none
        if (!STATE.compareAndSet(this, WRITER, 0) && !unlockSlow()) {
            throw new Fatal("sync: Unlock of unlocked RWMutex");
        }
        writers.unlockWithHeadroom();
    }

    private void lockSlow() {
        try {
            Sudog sg = Sudog.acquire();
            if (announce(sg)) {
                writerWait.await(sg, WaitReason.SYNC_RWMUTEX_LOCK);
            }
        } catch (Throwable e) {
            writers.unlockWithHeadroom();
            throw e;
        }
    }

    /** The step "lock" or "wait"; false if there are no readers any more, and the writer has the lock. */
    private boolean announce(Sudog sg) {
        int s;
        queue.lock();
        try {
            do {
                s = state;
            } while (!STATE.compareAndSet(this, s, s | WRITER));
        } catch (Throwable e) {
            queue.unlock();
            throw e;
        }
        if (s >= READER) {
            waitingWriter = sg;
            sg.queued = true;
        }
        queue.unlock();
        return s >= READER;
    }

    /** The step "admit"; false if no writer has the lock. */
    private boolean unlockSlow() {
        queue.lock();
        try {
            int s;
            do {
                s = state;
                if ((s & WRITER) == 0 || s >= READER) {
                    queue.unlock();
                    return false;
                }
            } while (!STATE.compareAndSet(this, s, queue.size() * READER));
        } catch (Throwable e) {
            queue.unlock();
            throw e;
        }
        Sudog all = queue.removeAll();
        queue.unlock();
        WaitQueue.readyAll(all);
        return true;
    }

    private final class Writer extends WaitQueue {
        /** Withdraws the writer: the readers that wait because of it get in. */
        @Override
        protected boolean cancel(Sudog sg) {
            queue.lock();
            if (!sg.queued) {
                queue.unlock();
                return false;
            }
            waitingWriter = null;
            sg.queued = false;
            int s;
            do {
                s = state;
            } while (!STATE.compareAndSet(RWMutex.this, s, (s & ~(WRITER | QUEUE)) + queue.size() * READER));
            Sudog all = queue.removeAll();
            queue.unlock();
            readyAll(all);
            return true;
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // State
    // ------------------------------------------------------------------------------------------------------------

    /** Checks what is said about the state word above. */
    void checkInvariants() {
        writers.checkInvariants();
        queue.lock();
        try {
            int s = state;
            queue.checkInvariants();
            check(s >= 0, "readers");
            check(((s & QUEUE) != 0) == (queue.first() != null), "QUEUE");
            check((s & QUEUE) == 0 || (s & WRITER) != 0, "readers wait for nobody");
            check(waitingWriter == null || (s & WRITER) != 0 && s >= READER, "a writer waits for nobody");
            check((s & WRITER) == 0 || s < READER || waitingWriter != null, "nobody will be woken");
        } finally {
            queue.unlock();
        }
    }

    private static void check(boolean condition, String what) {
        if (!condition) {
            throw new IllegalStateException("RWMutex: " + what);
        }
    }

    /** How many readers wait at this moment, for tests. */
    int waitingReaders() {
        queue.lock();
        int n = queue.size();
        queue.unlock();
        return n;
    }

    /** How many writers wait at this moment, for tests. */
    int waitingWriters() {
        queue.lock();
        int n = waitingWriter == null ? 0 : 1;
        queue.unlock();
        return n + writers.waiters();
    }

    /** The state at this moment, for people. */
    @Override
    public String toString() {
        int s = state;
        return "RWMutex[readers=" + s / READER + ((s & WRITER) == 0 ? "" : s < READER ? " writing" : " writer waits")
                + " waiting readers=" + waitingReaders() + " writers=" + waitingWriters() + "]";
    }
}
