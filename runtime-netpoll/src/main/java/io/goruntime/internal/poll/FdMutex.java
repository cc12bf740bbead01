package io.goruntime.internal.poll;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sudog;
import io.goruntime.internal.sema.WaitQueue;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;

/**
 * Says when a descriptor may be closed: it counts the operations on it, lets one read and one write at a time, and ends
 * with close. Counterpart of fd_mutex.go.
 */
/*
 * The state word:
 *
 *   bit 0       CLOSED      close has been called; nothing enters any more
 *   bit 1       READ        somebody reads
 *   bit 2       WRITE       somebody writes
 *   bit 3       READ_WAITS  the queue of those that want to read is not empty
 *   bit 4       WRITE_WAITS the same for writing
 *   bits 5..63  references  operations that have entered, one of them close
 *
 * Whoever leaves last after CLOSED destroys the descriptor. Everything is a CAS on the word, so that exactly one does.
 *
 * Go counts the waiters in the word and lets them sleep on a semaphore. Here they stand in a WaitQueue, whose lock orders
 * the changes of the two bits (rules 1 to 4 there). One that is woken tries again, and may find that another came first:
 * it goes to the front of the queue.
 *
 * Who enters makes sure of the stack (Park.headroom) before: leaving, at the same depth, may have to wake somebody.
 */
final class FdMutex {
    private static final long CLOSED = 1;
    private static final long READ = 2;
    private static final long WRITE = 4;
    private static final long READ_WAITS = 8;
    private static final long WRITE_WAITS = 16;
    private static final long REFERENCE = 32;

    /** As in Go: more than a million operations on one descriptor are a mistake. */
    private static final long MAX_REFERENCES = (1 << 20) - 1;

    private static final VarHandle STATE = ConstantBootstraps.fieldVarHandle(lookup(), "state", VarHandle.class,
            FdMutex.class, long.class);

    private volatile long state;

    private final Waiters readers = new Waiters(READ_WAITS);
    private final Waiters writers = new Waiters(WRITE_WAITS);

    /** Those that want to read, or to write. */
    private final class Waiters extends WaitQueue {
        private final long waits;

        Waiters(long waits) {
            this.waits = waits;
        }

        @Override
        protected boolean cancel(Sudog sg) {
            lock();
            boolean mine = sg.queued;
            if (mine) {
                remove(sg);
                if (first() == null) {
                    clear(waits);
                }
            }
            unlock();
            return mine;
        }

        /** Enqueues unless the lock is free or the descriptor closed; false: try again. */
        boolean enqueue(Sudog sg, long held, boolean woken) {
            lock();
            for (;;) {
                long old = state;
                if ((old & CLOSED) != 0 || (old & held) == 0) {
                    unlock();
                    return false;
                }
                if ((old & waits) != 0 || STATE.compareAndSet(FdMutex.this, old, old | waits)) {
                    break;
                }
            }
            if (woken) {
                addFirst(sg);
            } else {
                addLast(sg);
            }
            unlock();
            return true;
        }

        /** Wakes the first one. */
        void wakeOne() {
            lock();
            Sudog sg = first();
            if (sg != null) {
                remove(sg);
            }
            if (first() == null) {
                clear(waits);
            }
            unlock();
            if (sg != null) {
                Park.goReady(sg, Sudog.DONE);
            }
        }

        /** Wakes all, and there will be no others. */
        void wakeAll() {
            lock();
            clear(waits);
            Sudog all = removeAll();
            unlock();
            readyAll(all);
        }

        private void clear(long bit) {
            long old;
            do {
                old = state;
            } while (!STATE.compareAndSet(FdMutex.this, old, old & ~bit));
        }
    }

    private static long enter(long old) {
        if (old >>> 5 >= MAX_REFERENCES) {
            throw new IllegalStateException("too many concurrent operations on a single descriptor (max 1048575)");
        }
        return old + REFERENCE;
    }

    /** An operation that is neither a read nor a write enters; false if closed. */
    boolean incref() {
        for (;;) {
            long old = state;
            if ((old & CLOSED) != 0) {
                return false;
            }
            if (STATE.compareAndSet(this, old, enter(old))) {
                return true;
            }
        }
    }

    /** The close enters; false if it is not the first. Those that wait to read or write are woken. */
    boolean increfAndClose() {
        for (;;) {
            long old = state;
            if ((old & CLOSED) != 0) {
                return false;
            }
            if (STATE.compareAndSet(this, old, enter(old) | CLOSED)) {
                break;
            }
        }
        readers.wakeAll();
        writers.wakeAll();
        return true;
    }

    /** Leaves; true if the caller is to destroy the descriptor. */
    boolean decref() {
        return leave(0);
    }

    private boolean leave(long unlocked) {
        for (;;) {
            long old = state;
            if (old >>> 5 == 0 || (old & unlocked) != unlocked) {
                throw new IllegalStateException("inconsistent state of a descriptor's lock: " + old);
            }
            long now = (old & ~unlocked) - REFERENCE;
            if (STATE.compareAndSet(this, old, now)) {
                if (unlocked == READ && (now & READ_WAITS) != 0) {
                    readers.wakeOne();
                } else if (unlocked == WRITE && (now & WRITE_WAITS) != 0) {
                    writers.wakeOne();
                }
                return (now & CLOSED) != 0 && now >>> 5 == 0;
            }
        }
    }

    /** A read enters; false if closed. */
    boolean lockRead() throws InterruptedException {
        return lock(READ, readers);
    }

    /** A write enters; false if closed. */
    boolean lockWrite() throws InterruptedException {
        return lock(WRITE, writers);
    }

    /** A read leaves; true if the caller is to destroy the descriptor. */
    boolean unlockRead() {
        return leave(READ);
    }

    /** A write leaves; true if the caller is to destroy the descriptor. */
    boolean unlockWrite() {
        return leave(WRITE);
    }

    private boolean lock(long held, Waiters queue) throws InterruptedException {
        boolean woken = false;
        for (;;) {
            long old = state;
            if ((old & CLOSED) != 0) {
                return false;
            }
            if ((old & held) == 0) {
                if (STATE.compareAndSet(this, old, enter(old) | held)) {
                    return true;
                }
                continue;
            }
            Sudog sg = Sudog.acquire();
            if (queue.enqueue(sg, held, woken)) {
                queue.awaitInterruptibly(sg, held == READ ? "fd read lock" : "fd write lock", false, 0);
                woken = true;
            }
        }
    }

    boolean isClosed() {
        return (state & CLOSED) != 0;
    }

    /** How many wait to read, or to write. */
    int waiting(boolean read) {
        Waiters queue = read ? readers : writers;
        queue.lock();
        int n = queue.size();
        queue.unlock();
        return n;
    }

    /** Checks the word against the queues, at rest. */
    void checkInvariants() {
        check(readers, READ, READ_WAITS);
        check(writers, WRITE, WRITE_WAITS);
    }

    private void check(Waiters queue, long held, long waits) {
        queue.lock();
        try {
            queue.checkInvariants();
            if ((state & waits) != 0 != queue.size() > 0) {
                throw new IllegalStateException("waiting bit: " + state);
            }
            if ((state & held) != 0 && state >>> 5 == 0) {
                throw new IllegalStateException("held without a reference: " + state);
            }
        } finally {
            queue.unlock();
        }
    }
}
