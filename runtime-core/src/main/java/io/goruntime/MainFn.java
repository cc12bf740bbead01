package io.goruntime;

/**
 * The body of a main goroutine.
 *
 * @param <X> the checked exception that the body may throw; inferred as {@link RuntimeException} when there is none
 * @see GoRuntime#run(MainFn)
 */
@FunctionalInterface
public interface MainFn<X extends Exception> {
    /**
     * Runs the main goroutine.
     *
     * @throws X what the body does not handle itself; {@link GoRuntime#run(MainFn) run} throws it to its caller
     * @throws InterruptedException if the main goroutine is interrupted
     */
    void run() throws X, InterruptedException;
}
