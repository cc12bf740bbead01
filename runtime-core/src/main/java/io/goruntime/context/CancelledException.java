package io.goruntime.context;

import org.jspecify.annotations.Nullable;

/** The context was cancelled; Go's {@code context.Canceled}. Its message is {@code context canceled}. */
public final class CancelledException extends ContextException {
    private static final long serialVersionUID = 1;

    /** Makes one without a cause. */
    public CancelledException() {
        this(null);
    }

    /**
     * Makes one with a cause.
     *
     * @param cause why the context was cancelled; null if nobody said
     */
    public CancelledException(@Nullable Throwable cause) {
        this(cause, false);
    }

    CancelledException(@Nullable Throwable cause, boolean shared) {
        super("context canceled", cause, shared);
    }

    @Override
    CancelledException toThrow() {
        return new CancelledException(getCause());
    }
}
