package io.goruntime;

import org.jspecify.annotations.Nullable;

/**
 * A run-time panic with Go's text: a mistake such as a send on a closed channel, which a program may recover from.
 * {@code throw Panic.of(value)} is Go's {@code panic(value)}.
 *
 * <p>Any other exception that unwinds is a panic too, with itself as the value: {@link Defer} recovers from it the same
 * way.
 */
public class Panic extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What was given to of; null: the panic itself is its value. */
    private final transient @Nullable Object value;

    /**
     * Makes a panic whose value is itself.
     *
     * @param message Go's text, for example {@code send on closed channel}
     */
    public Panic(String message) {
        super(message);
        value = null;
    }

    /**
     * Makes a panic that carries another exception, and whose value is itself.
     *
     * @param message the text
     * @param cause what it stands for; null if there is none
     */
    public Panic(String message, @Nullable Throwable cause) {
        super(message, cause);
        value = null;
    }

    Panic(Object value, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.value = value;
    }

    /**
     * Makes a panic with any value, for {@code throw Panic.of(value)}. Its message is the value's text; a Throwable is its
     * cause as well.
     *
     * @param value a panic is returned as it is; null is {@code panic called with nil argument}, as in Go
     * @return the panic to throw
     */
    public static Panic of(@Nullable Object value) {
        if (value instanceof Panic panic) {
            return panic;
        }
        if (value == null) {
            return new Panic("panic called with nil argument");
        }
        return new Panic(value, textOf(value), value instanceof Throwable cause ? cause : null);
    }

    /** A value that cannot say what it is must not replace the panic by its own failure. */
    private static String textOf(Object value) {
        try {
            return String.valueOf(value);
        } catch (RuntimeException e) {
            return value.getClass().getName() + " (its toString failed: " + e.getClass().getName() + ")";
        }
    }

    /**
     * What {@link Defer#recover} returns for this panic.
     *
     * @return what was given to {@link #of}, else this panic; never null
     */
    public final Object value() {
        return value == null ? this : value;
    }

    /** The value of anything that unwinds. */
    static Object valueOf(Throwable thrown) {
        return thrown instanceof Panic panic ? panic.value() : thrown;
    }

    /**
     * The text that Go prints when a panic ends a program: one line for each panic that led to this one, the first one
     * first. A panic that was recovered by a deferred function which then panicked itself says so.
     *
     * <pre>
     * panic: first [recovered]
     * 	panic: second
     * </pre>
     *
     * @param thrown what unwound; any exception
     * @return one line or more, without a line end after the last
     */
    public static String chain(Throwable thrown) {
        return PanicLink.chain(thrown);
    }
}
