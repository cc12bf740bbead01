package io.goruntime;

/**
 * Thrown by {@link GoRuntime#run(MainFn)} when every goroutine of its runtime waits for another and nothing is left
 * that could wake one. The message is Go's text followed by a dump of all goroutines.
 *
 * <p>It is thrown only if nothing else is possible: every goroutine of the runtime waits in one of its operations without
 * a deadline, none waits in the JDK (a sleep, a socket, a lock), no channel is notified of {@linkplain Signals signals},
 * and no other thread of the process could still wake one: there is no live virtual thread beside them, no work in the
 * JDK's common pool, and no platform thread that is not a daemon, or has started since run began, or has ever met a
 * goroutine of the runtime in a channel or a lock, except the caller of run. {@link GoRuntime.Builder#detectDeadlock}
 * turns it off.
 *
 * <p>Before it is thrown the goroutines are interrupted and waited for, as by {@link GoRuntime#close()}.
 */
public final class DeadlockError extends Fatal {
    private static final long serialVersionUID = 1;

    DeadlockError(String message) {
        super(message);
    }
}
