package io.goruntime;

import org.jspecify.annotations.Nullable;

/**
 * A run-time panic with Go's text: a mistake such as a send on a closed channel, which a program may recover from.
 */
public class Panic extends RuntimeException {
    private static final long serialVersionUID = 1;

    /**
     * Makes a panic.
     *
     * @param message Go's text, for example {@code send on closed channel}
     */
    public Panic(String message) {
        super(message);
    }

    /**
     * Makes a panic that carries another exception.
     *
     * @param message the text
     * @param cause what it stands for; null if there is none
     */
    public Panic(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
