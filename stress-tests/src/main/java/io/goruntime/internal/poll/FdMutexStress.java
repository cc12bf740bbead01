package io.goruntime.internal.poll;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.goruntime.internal.jdk.Mode;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** The lock of a descriptor: the last one out destroys it, one reads at a time, and nobody sleeps for ever. */
public final class FdMutexStress {
    private FdMutexStress() {}

    abstract static class Base {
        final FdMutex mu;

        Base() {
            Mode.ensure();
            mu = new FdMutex();
        }

        /** 1 if the caller is to destroy; 0 if it could not enter, or was not the last. */
        final int read() {
            try {
                return mu.lockRead() && mu.unlockRead() ? 1 : 0;
            } catch (InterruptedException e) {
                return 9;
            }
        }

        final int write() {
            try {
                return mu.lockWrite() && mu.unlockWrite() ? 1 : 0;
            } catch (InterruptedException e) {
                return 9;
            }
        }

        final int close() {
            return mu.increfAndClose() && mu.decref() ? 1 : 0;
        }
    }

    @JCStressTest
    @Outcome(id = {"1, 0", "0, 1"}, expect = ACCEPTABLE, desc = "One of them destroys.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "None destroys, or two.")
    @State
    public static class CloseAgainstUse extends Base {
        @Actor
        public void user(II_Result r) {
            r.r1 = read() + write();
        }

        @Actor
        public void closer(II_Result r) {
            r.r2 = close();
        }
    }

    @JCStressTest
    @Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Both at the same time, or the word is wrong.")
    @State
    public static class ReadAgainstRead extends Base {
        private int count;

        private void increment() {
            try {
                if (mu.lockRead()) {
                    count++;
                    mu.unlockRead();
                }
            } catch (InterruptedException e) {
                count = 9;
            }
        }

        @Actor
        public void first() {
            increment();
        }

        @Actor
        public void second() {
            increment();
        }

        @Arbiter
        public void after(II_Result r) {
            mu.checkInvariants();
            r.r1 = count;
            r.r2 = mu.waiting(true);
        }
    }

    /** The lock is held from the beginning: who wants it is let in, or told of the close. */
    abstract static class Held extends Base {
        Held() {
            try {
                mu.lockRead();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        final int tryRead() {
            try {
                return mu.lockRead() ? 1 : 0;
            } catch (InterruptedException e) {
                return 9;
            }
        }
    }

    @JCStressTest
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "Let in.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Turned away.")
    @State
    public static class UnlockAgainstWait extends Held {
        @Actor
        public void waiter(II_Result r) {
            r.r1 = tryRead();
        }

        @Actor
        public void holder(II_Result r) {
            r.r2 = mu.unlockRead() ? 1 : 0;
        }
    }

    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Told of the close; the holder is still in.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "Let in beside the holder, or destroyed under it.")
    @State
    public static class CloseAgainstWait extends Held {
        @Actor
        public void waiter(II_Result r) {
            r.r1 = tryRead();
        }

        @Actor
        public void closer(II_Result r) {
            r.r2 = close();
        }
    }
}
