package io.goruntime;

/**
 * Thrown by {@link GoRuntime#run(MainFn)} when every goroutine of its runtime waits for another and nothing is left
 * that could wake one. The message is Go's text followed by a dump of all goroutines.
 *
 * <p>It is thrown only if nothing else is possible: every goroutine of the runtime waits in one of its operations without
 * a deadline, none waits in the JDK (a sleep, a socket, a lock), and no other thread of the process could still wake one:
 * there is no live virtual thread beside them, and no platform thread that is not a daemon, or has started since run
 * began, or has ever used the runtime, except the caller of run. {@link GoRuntime.Builder#detectDeadlock} turns it off.
 */
public final class DeadlockError extends Fatal {
    private static final long serialVersionUID = 1;

    DeadlockError(String message) {
        super(message);
    }
}
