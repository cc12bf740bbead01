package io.goruntime;

import io.goruntime.internal.sched.G;
import java.time.Duration;

/**
 * A handle to a goroutine, made by {@link GoRuntime#spawn(GoFn)}. Thread-safe.
 */
public final class Goroutine {
    private final G g;

    Goroutine(G g) {
        this.g = g;
    }

    /**
     * The goroutine's id.
     *
     * @return above zero, unique in its runtime
     */
    public long id() {
        return g.goid;
    }

    /**
     * The name given at the spawn.
     *
     * @return the name of its thread, empty if none was given
     */
    public String name() {
        return g.thread.getName();
    }

    /**
     * The thread of the goroutine, a virtual thread.
     *
     * @return the same for all of the goroutine's life
     */
    public Thread thread() {
        return g.thread;
    }

    /** Interrupts the goroutine, as {@link Thread#interrupt}. */
    public void interrupt() {
        g.thread.interrupt();
    }

    /**
     * Tells whether the goroutine has ended.
     *
     * @return true once {@link #join} would return at once
     */
    public boolean isDone() {
        return g.thread.getState() == Thread.State.TERMINATED;
    }

    /**
     * Waits until the goroutine has ended. What it did happens before the return.
     *
     * @throws InterruptedException if the calling thread is interrupted before or while it waits
     */
    public void join() throws InterruptedException {
        g.thread.join();
    }

    /**
     * Waits at most the given time until the goroutine has ended.
     *
     * @param wait how long; zero or negative does not wait
     * @return true if it has ended; then what it did happens before the return
     * @throws InterruptedException if the calling thread is interrupted before or while it waits
     */
    public boolean join(Duration wait) throws InterruptedException {
        return g.thread.join(wait);
    }

    @Override
    public String toString() {
        return name().isEmpty() ? g.toString() : g + " (" + name() + ")";
    }
}
