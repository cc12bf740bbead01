package io.goruntime;

/**
 * Thrown by {@link GoRuntime#run(MainFn)} when every goroutine of its runtime waits for another and nothing is left
 * that could wake one. The message is Go's text followed by a dump of all goroutines. It is fatal: an Error, not a
 * {@link Panic}.
 */
public final class DeadlockError extends Error {
    private static final long serialVersionUID = 1;

    DeadlockError(String message) {
        super(message);
    }
}
