package io.goruntime.sync;

import io.goruntime.internal.sched.Park;
/**
 * Does something once. Source in Go: {@code sync/once.go}.
 *
 * <p><b>Blocking and interruption.</b> {@link #run} returns when the function has ended, whoever runs it; it waits
 * uninterruptibly. A function that calls {@code run} of its own {@code Once} waits for ever.
 *
 * <p><b>Thread safety and memory effects.</b> For any number of threads. The end of the function happens before the return
 * of every {@code run}.
 */
/*
 * Counterpart of once.go: Once, Do, doSlow.
 *
 * `done` is written after the function has ended, not before it runs: who comes second must not return until then. It
 * waits for the mutex, which the first one holds meanwhile.
 */
public final class Once {
    private volatile boolean done;
    private final Mutex mu = new Mutex();

    /** Makes one whose function has not run. */
    public Once() {}

    /**
     * What is to be done once.
     *
     * @param <X> what it may throw; inferred as {@link RuntimeException} if that is nothing checked
     */
    @FunctionalInterface
    public interface Body<X extends Exception> {
        /**
         * Does it.
         *
         * @throws X to the caller of {@link Once#run} whose function this is
         */
        void run() throws X;
    }

    /**
     * Runs the function if this is the first call for this object; else waits until the first has ended, and does nothing.
     * A function that throws has run, too.
     *
     * @param <X> what the function may throw
     * @param fn the function; the one of the first call is run, others never
     * @throws X what the function throws, to the first caller only
     */
    public <X extends Exception> void run(Body<X> fn) throws X {
        if (!done) {
            runSlow(fn);
        }
    }

    private <X extends Exception> void runSlow(Body<X> fn) throws X {
        Park.headroom(); // for the unlock
        mu.lock();
        try {
            if (!done) {
                try {
                    fn.run();
                } finally {
                    done = true;
                }
            }
        } finally {
            mu.unlockWithHeadroom();
        }
    }

    /** The state at this moment, for people. */
    @Override
    public String toString() {
        return done ? "Once[done]" : "Once[not done]";
    }
}
