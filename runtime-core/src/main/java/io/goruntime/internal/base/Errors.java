package io.goruntime.internal.base;

/** Throwing what a signature does not say. */
public final class Errors {
    private Errors() {}

    /** Throws anything as if it were unchecked; the caller knows that its own signature allows it. */
    @SuppressWarnings("unchecked")
    public static <X extends Throwable> void rethrow(Throwable failure) throws X {
        throw (X) failure;
    }
}
