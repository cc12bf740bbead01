package io.goruntime.context;

import java.util.Objects;

/**
 * The key of a value in a context, with the value's type. Two keys are the same only if they are the same object; keep one
 * in a constant.
 *
 * <pre>{@code
 * static final Key<User> USER = Key.of("user");
 * }</pre>
 *
 * @param <T> the type of the value
 */
public final class Key<T> {
    private final String name;

    private Key(String name) {
        this.name = name;
    }

    /**
     * Makes a key.
     *
     * @param <T> the type of the value
     * @param name for people; need not be unique
     * @return a new key
     */
    public static <T> Key<T> of(String name) {
        return new Key<>(Objects.requireNonNull(name, "name"));
    }

    @Override
    public String toString() {
        return name;
    }
}
