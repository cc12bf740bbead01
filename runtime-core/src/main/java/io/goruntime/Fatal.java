package io.goruntime;

/**
 * A fatal error with Go's text: something is so wrong that the program cannot go on as if nothing had happened, such as the
 * unlock of a mutex that is not locked, or a deadlock. Go ends the process; here it unwinds as an Error.
 *
 * <p>It is no {@link Panic}, and code that recovers from panics does not stop it.
 */
public class Fatal extends Error {
    private static final long serialVersionUID = 1;

    /**
     * Makes a fatal error.
     *
     * @param message Go's text, for example {@code sync: unlock of unlocked mutex}
     */
    public Fatal(String message) {
        super(message);
    }
}
