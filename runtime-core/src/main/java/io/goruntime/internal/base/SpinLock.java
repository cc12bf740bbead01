package io.goruntime.internal.base;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.jdk.Jdk;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;

/**
 * The lock of runtime structures. Counterpart of lock_futex.go.
 *
 * <p>It belongs to the carrier, not to the virtual thread: whoever holds it must not park, yield, block, run user code
 * or wait for a Java monitor. Sections are a few dozen instructions.
 */
/*
 * Why not a java.util.concurrent lock: those park the virtual thread, and the thread that readies a goroutine, often
 * one of the JDK's own, must never do that. A waiter here spins a little and then sleeps on its carrier in growing
 * steps. There is no queue of waiters, so unlocking is one store and cannot lose a wake-up.
 *
 * A StackOverflowError is thrown at method entries only. A section is therefore safe at any depth of a user's stack
 * if it makes no call before it has released the lock with the plain statement `lock.word = 0`, or if the calls it
 * makes come before it changes anything and a handler releases the lock (see HChan). Sections on the scheduler's own
 * stacks, or under a bridge method with @ReservedStackAccess, use unlock().
 */
public final class SpinLock {
    private static final VarHandle WORD = ConstantBootstraps.fieldVarHandle(lookup(), "word", VarHandle.class,
            SpinLock.class, int.class);

    /** 0 free, 1 held. Written 0 only by the holder. */
    public volatile int word;

    /** Takes the lock; fails with an Error only before it is taken. */
    public void lock() {
        if (!WORD.compareAndSet(this, 0, 1)) {
            lockSlow(this);
        }
    }

    /** The contended way to take it; in itself it works on a free one too. */
    public static void lockSlow(SpinLock lock) {
        lockSlow(WORD, lock);
    }

    /** Gives the lock back. */
    public void unlock() {
        WORD.setRelease(this, 0);
    }

    /**
     * The contended way to take any lock word of this kind.
     *
     * @param word an int field: 0 free, 1 held
     * @param owner the object with the field
     */
    public static void lockSlow(VarHandle word, Object owner) {
        for (int round = 0;; round++) {
            if ((int) word.getOpaque(owner) == 0 && word.compareAndSet(owner, 0, 1)) {
                return;
            }
            pause(round);
        }
    }

    /**
     * One step of waiting for another thread that is a few instructions away from what is waited for.
     *
     * @param round counts the steps, from 0
     */
    public static void pause(int round) {
        if (round < ACTIVE_SPINS) {
            Thread.onSpinWait();
        } else {
            // The other lost its processor: sleep 1 us, doubling up to 1 ms.
            Jdk.parkCarrier(1_000L << Math.min(round - ACTIVE_SPINS, 10));
        }
    }

    /** A section is shorter than the 1 to 4 us that this many pauses take. */
    private static final int ACTIVE_SPINS = 100;
}
