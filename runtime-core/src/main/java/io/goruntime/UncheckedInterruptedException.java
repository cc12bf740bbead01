package io.goruntime;

/**
 * Stands for {@link InterruptedException} where a signature allows no checked exception, as in
 * {@link java.util.Iterator#hasNext()}. The thread's interrupt flag is set when it is thrown.
 */
public final class UncheckedInterruptedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UncheckedInterruptedException(InterruptedException cause) {
        super("interrupted", cause);
    }
}
