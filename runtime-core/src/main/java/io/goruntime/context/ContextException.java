package io.goruntime.context;

import org.jspecify.annotations.Nullable;

/**
 * A context has ended. Its {@linkplain #getCause() cause} is the one that was given when it ended, if one was.
 *
 * <p>What {@link Context#err()} returns is shared by all who ask and has no stack trace. What methods throw is made for them.
 */
public abstract sealed class ContextException extends Exception permits CancelledException, DeadlineExceededException {
    private static final long serialVersionUID = 1;

    ContextException(String message, @Nullable Throwable cause, boolean shared) {
        super(message, cause, !shared, !shared);
    }

    /**
     * Whether it was the deadline that ended the context.
     *
     * @return true for {@link DeadlineExceededException}
     */
    public final boolean timeout() {
        return this instanceof DeadlineExceededException;
    }

    /** One of the same kind, with the stack trace of this moment. */
    abstract ContextException toThrow();
}
