package io.goruntime.internal.sched;

/**
 * What the scheduler asks of the runtime object above it. Called in the goroutine itself, with no lock held.
 */
public interface GoroutineHooks {
    /**
     * Runs the user's function.
     *
     * @param fn what was given to {@link Sched#newproc}
     * @throws Throwable whatever the function throws
     */
    void run(Object fn) throws Throwable;

    /**
     * What a goroutine is to run instead of a function, where it will not be started by the thread that wants it: called
     * on that thread.
     *
     * @param fn what the user gave
     * @return what to give to {@link Sched#newproc}
     */
    default Object decorate(Object fn) {
        return fn;
    }

    /**
     * Reports an exception that left the user's function.
     *
     * @param gp the goroutine
     * @param failure what it threw
     */
    void panicked(G gp, Throwable failure);
}
