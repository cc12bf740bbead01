package io.goruntime.internal.sched;

/** Unwinds a goroutine that called goexit. User code is told not to catch it. */
public final class GoexitError extends Error {
    private static final long serialVersionUID = 1;

    GoexitError() {
        super("goexit", null, false, false);
    }
}
