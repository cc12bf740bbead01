package io.goruntime;

/**
 * A mistake after which the program cannot be trusted, with Go's text, for example
 * {@code sync: unlock of unlocked mutex}. Unlike a {@link Panic} it is not meant to be recovered from.
 */
public class Fatal extends Error {
    private static final long serialVersionUID = 1;

    /**
     * Makes a fatal error.
     *
     * @param message Go's text
     */
    public Fatal(String message) {
        super(message);
    }
}
