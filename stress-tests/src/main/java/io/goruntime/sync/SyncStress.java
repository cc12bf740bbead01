package io.goruntime.sync;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * Two threads at one primitive of sync: exclusion, what one sees of the other's plain writes, and that no
 * wake-up is lost, which would hang the test.
 */
public final class SyncStress {
    private SyncStress() {}

    private static final class Interruptible {
        private volatile Thread waiter;
        private volatile boolean interrupterDone;

        void willWait() {
            waiter = Thread.currentThread();
        }

        void interruptWaiter() {
            Thread t;
            while ((t = waiter) == null) {
                Thread.onSpinWait();
            }
            t.interrupt();
            interrupterDone = true;
        }

        /** No interrupt may reach the next test of this thread. Returns the flag. */
        int end() {
            while (!interrupterDone) {
                Thread.onSpinWait();
            }
            return Thread.interrupted() ? 1 : 0;
        }
    }

    // -- Mutex --

    @JCStressTest
    @Outcome(id = "2", expect = ACCEPTABLE, desc = "Each section was alone and saw the one before.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Two were inside, or one did not see the other's write.")
    @State
    public static class MutexIncrements {
        private final Mutex mu = new Mutex();
        private int count;

        private void increment() {
            mu.lock();
            count++;
            mu.unlock();
        }

        @Actor
        public void a() {
            increment();
        }

        @Actor
        public void b() {
            increment();
        }

        @Arbiter
        public void sum(I_Result r) {
            mu.checkInvariants();
            r.r1 = count;
        }
    }

    @JCStressTest
    @Outcome(id = "2", expect = ACCEPTABLE, desc = "Each section was alone; every waiter was woken.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Two were inside, or one did not see the other's write.")
    @State
    public static class MutexWaiters {
        private final Mutex mu = new Mutex();
        private int count;

        public MutexWaiters() {
            mu.lock();
        }

        private void increment() {
            mu.lock();
            count++;
            mu.unlock();
        }

        @Actor
        public void owner() {
            while (mu.waiters() == 0) {
                Thread.onSpinWait();
            }
            count++;
            mu.unlock();
        }

        @Actor
        public void a() {
            increment();
        }

        @Arbiter
        public void sum(I_Result r) {
            mu.checkInvariants();
            r.r1 = count;
        }
    }

    @JCStressTest
    @Outcome(id = "1, 1, 2", expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "It was locked when the second tried.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Two were inside, or a write was not seen.")
    @State
    public static class MutexTryLock {
        private final Mutex mu = new Mutex();
        private int count;

        @Actor
        public void locks(III_Result r) {
            mu.lock();
            count++;
            mu.unlock();
            r.r1 = 1;
        }

        @Actor
        public void tries(III_Result r) {
            if (mu.tryLock()) {
                count++;
                mu.unlock();
                r.r2 = 1;
            }
        }

        @Arbiter
        public void sum(III_Result r) {
            mu.checkInvariants();
            r.r3 = count;
        }
    }

    // -- RWMutex --

    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Read before the write.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Read after the write.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Half a write was read.")
    @State
    public static class RWMutexReadWrite {
        private final RWMutex mu = new RWMutex();
        private int x;
        private int y;

        @Actor
        public void writer() {
            mu.lock();
            x = 1;
            y = 1;
            mu.unlock();
        }

        @Actor
        public void reader(II_Result r) {
            mu.rLock();
            r.r1 = x;
            r.r2 = y;
            mu.rUnlock();
        }

        @Arbiter
        public void end(II_Result r) {
            mu.checkInvariants();
        }
    }

    @JCStressTest
    @Outcome(id = "2", expect = ACCEPTABLE, desc = "Writers were alone; the reader that kept them out left before.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Two were inside, or one did not see the other's write.")
    @State
    public static class RWMutexWriters {
        private final RWMutex mu = new RWMutex();
        private int count;

        public RWMutexWriters() {
            mu.rLock();
        }

        private void increment() {
            mu.lock();
            count++;
            mu.unlock();
        }

        @Actor
        public void reader() {
            count++; // nobody may write yet
            mu.rUnlock();
        }

        @Actor
        public void a() {
            increment();
        }

        @Arbiter
        public void sum(I_Result r) {
            mu.checkInvariants();
            r.r1 = count;
        }
    }

    // -- WaitGroup --

    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "The waiter sees what both did.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Released too soon, or without a write.")
    @State
    public static class WaitGroupDone {
        private final WaitGroup wg = new WaitGroup();
        private int x;
        private int y;

        public WaitGroupDone() {
            wg.add(2);
        }

        @Actor
        public void a() {
            x = 1;
            wg.done();
        }

        @Actor
        public void waiter(II_Result r) {
            y = 1;
            wg.done();
            try {
                wg.await();
            } catch (InterruptedException e) {
                return;
            }
            r.r1 = x;
            r.r2 = y;
        }
    }

    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Released before the interrupt: the flag is set.")
    @Outcome(id = "-2, 0", expect = ACCEPTABLE, desc = "Interrupted before the release.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "The interrupt was lost, or noticed twice.")
    @State
    public static class WaitGroupInterrupt {
        private final WaitGroup wg = new WaitGroup();
        private final Interruptible other = new Interruptible();

        public WaitGroupInterrupt() {
            wg.add(1);
        }

        @Actor
        public void waiter(II_Result r) {
            other.willWait();
            try {
                wg.await();
                r.r1 = 1;
            } catch (InterruptedException e) {
                r.r1 = -2;
            }
            r.r2 = other.end();
            wg.checkInvariants();
        }

        @Actor
        public void interrupter() {
            other.interruptWaiter();
            wg.done();
        }
    }

    // -- Once --

    @JCStressTest
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Run once; both see what it did.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Run twice, or one returned before its end.")
    @State
    public static class OnceTwice {
        private final Once once = new Once();
        private int x;

        private int runAndLook() {
            once.run(() -> x++);
            return x;
        }

        @Actor
        public void a(III_Result r) {
            r.r1 = runAndLook();
        }

        @Actor
        public void b(III_Result r) {
            r.r2 = runAndLook();
        }

        @Arbiter
        public void end(III_Result r) {
            r.r3 = x;
        }
    }

    // -- Cond --

    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Signalled before or while it waited; nothing was lost.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "It went on without the condition.")
    @State
    public static class CondSignal {
        private final Mutex mu = new Mutex();
        private final Cond cond = new Cond(mu);
        private int ready;

        @Actor
        public void signals() {
            mu.lock();
            ready = 1;
            mu.unlock();
            cond.signal();
        }

        @Actor
        public void waits(I_Result r) {
            mu.lock();
            try {
                while (ready == 0) {
                    cond.await();
                }
            } catch (InterruptedException e) {
                // never interrupted
            }
            r.r1 = ready;
            mu.unlock();
        }
    }

    @JCStressTest
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Signalled before the interrupt: the flag is set.")
    @Outcome(id = "-2, 0, 1", expect = ACCEPTABLE, desc = "Interrupted: the signal went to the other waiter.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "The interrupt was lost, or noticed twice.")
    @State
    public static class CondSignalAgainstInterrupt {
        private final Mutex mu = new Mutex();
        private final Cond cond = new Cond(mu);
        private volatile boolean left;

        /** Both wait, and the one is interrupted and the other one not while there is one signal. */
        @Actor
        public void waits(III_Result r) {
            Thread waiter = Thread.currentThread();
            Thread second = Thread.ofVirtual().start(() -> {
                while (cond.waiters() == 0 && !left) {
                    Thread.onSpinWait();
                }
                mu.lock();
                try {
                    cond.await();
                    r.r3 = 1;
                } catch (InterruptedException e) {
                    r.r3 = -2;
                } finally {
                    mu.unlock();
                }
            });
            Thread interrupter = Thread.ofVirtual().start(waiter::interrupt);
            mu.lock();
            try {
                cond.await();
                r.r1 = 1;
            } catch (InterruptedException e) {
                r.r1 = -2;
            }
            left = true;
            mu.unlock();
            if (r.r1 == 1) {
                cond.signal(); // the other one's
            }
            boolean flag = false;
            for (Thread thread : new Thread[]{interrupter, second}) {
                while (thread.isAlive()) {
                    flag |= Thread.interrupted();
                    Thread.onSpinWait();
                }
            }
            r.r2 = flag | Thread.interrupted() ? 1 : 0;
        }

        @Actor
        public void signals() {
            // The second waiter never leaves by itself: whoever is claimed, the signal has a taker.
            while (cond.waiters() != 2 && !(left && cond.waiters() == 1)) {
                Thread.onSpinWait();
            }
            cond.signal();
        }
    }

    // -- SyncMap --

    @JCStressTest
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "Deleted before, or nothing was there.")
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Stored, then deleted.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Lost with a node that was taken out, or doubled.")
    @State
    public static class SyncMapStoreAgainstPrune {
        /** Two keys whose paths part on a lower level, so that a delete of both takes nodes out. */
        private static final Integer FIRST;
        private static final Integer SECOND;

        static {
            SyncMap<Integer, Integer> map = new SyncMap<>();
            map.store(0, 0);
            int other = 0;
            do {
                map.delete(other == 0 ? -1 : other);
                map.store(++other, 0);
            } while (map.nodes() == 0);
            FIRST = 0;
            SECOND = other;
        }

        private final SyncMap<Integer, Integer> map = new SyncMap<>();

        public SyncMapStoreAgainstPrune() {
            map.store(FIRST, 1);
            map.store(SECOND, 1);
            map.delete(SECOND);
        }

        @Actor
        public void stores(III_Result r) {
            map.store(SECOND, 2);
            r.r1 = 1;
        }

        @Actor
        public void deletes(III_Result r) {
            map.delete(FIRST);
            r.r2 = map.loadAndDelete(SECOND) == null ? 0 : 1;
        }

        @Arbiter
        public void end(III_Result r) {
            r.r3 = map.load(SECOND) == null ? 0 : 1;
        }
    }
}
