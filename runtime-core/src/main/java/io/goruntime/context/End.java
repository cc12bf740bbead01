package io.goruntime.context;

import org.jspecify.annotations.Nullable;

/**
 * How and why a context ended; shared by it and all that end with it.
 *
 * @param err without a stack trace, so that threads may share it
 * @param cause what was given, else err
 */
record End(ContextException err, Throwable cause) {
    static End cancelled(@Nullable Throwable cause) {
        CancelledException err = new CancelledException(cause, true);
        return new End(err, cause == null ? err : cause);
    }

    static End deadlineExceeded(@Nullable Throwable cause) {
        DeadlineExceededException err = new DeadlineExceededException(cause, true);
        return new End(err, cause == null ? err : cause);
    }

    /** The end of a context that says it has ended; if it cannot say how, it counts as cancelled. */
    static End of(Context ended) {
        try {
            ContextException err = ended.err();
            if (err == null) {
                return cancelled(null);
            }
            Throwable cause = ended.cause();
            return new End(err, cause == null ? err : cause);
        } catch (Throwable e) {
            return cancelled(e); // user code: the contexts that depend on it end all the same
        }
    }
}
