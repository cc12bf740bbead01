package io.goruntime.context;

import org.jspecify.annotations.Nullable;

/**
 * The deadline of the context has passed; Go's {@code context.DeadlineExceeded}. Its message is
 * {@code context deadline exceeded}.
 */
public final class DeadlineExceededException extends ContextException {
    private static final long serialVersionUID = 1;

    /** Makes one without a cause. */
    public DeadlineExceededException() {
        this(null);
    }

    /**
     * Makes one with a cause.
     *
     * @param cause what the deadline stood for; null if nobody said
     */
    public DeadlineExceededException(@Nullable Throwable cause) {
        this(cause, false);
    }

    DeadlineExceededException(@Nullable Throwable cause, boolean shared) {
        super("context deadline exceeded", cause, shared);
    }

    @Override
    DeadlineExceededException toThrow() {
        return new DeadlineExceededException(getCause());
    }
}
