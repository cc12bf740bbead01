package io.goruntime;

/**
 * The body of a goroutine.
 *
 * @see GoRuntime#go(GoFn)
 */
@FunctionalInterface
public interface GoFn {
    /**
     * Runs the goroutine. An exception that leaves this method is the goroutine's panic, except
     * {@link InterruptedException} and {@link UncheckedInterruptedException}, which end it quietly.
     *
     * @throws Exception whatever the body does not handle itself
     */
    void run() throws Exception;
}
