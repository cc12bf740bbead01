package io.goruntime.context;

import io.goruntime.GoFn;
import io.goruntime.RecvChan;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A context with a value. Counterpart of context.go: valueCtx, value.
 */
final class ValueCtx implements Context {
    private final Context parent;
    private final Key<?> key;
    private final @Nullable Object value;
    /** The nearest one that is no value: all but the value is its. So a long chain of values costs nothing elsewhere. */
    final Context base;

    ValueCtx(Context parent, Key<?> key, @Nullable Object value) {
        this.parent = parent;
        this.key = key;
        this.value = value;
        base = baseOf(parent);
    }

    /** The context itself, or what is under its values. */
    static Context baseOf(Context context) {
        return context instanceof ValueCtx values ? values.base : context;
    }

    @Override
    public RecvChan<Void> done() {
        return base.done();
    }

    @Override
    public @Nullable ContextException err() {
        return base.err();
    }

    @Override
    public @Nullable Throwable cause() {
        return base.cause();
    }

    @Override
    public @Nullable Instant deadline() {
        return base.deadline();
    }

    @Override
    public Stop afterFunc(GoFn fn) {
        return base.afterFunc(fn);
    }

    @Override
    public <T> @Nullable T value(Key<T> key) {
        return find(this, key);
    }

    @Override
    public String toString() {
        return describe(this);
    }

    /** Walks up; a loop, since chains may be long. */
    @SuppressWarnings("unchecked") // withValue has checked that the value is of the key's type
    static <T> @Nullable T find(Context start, Key<T> key) {
        Objects.requireNonNull(key, "key");
        for (Context each = start;;) {
            if (each instanceof ValueCtx values) {
                if (values.key == key) {
                    return (T) values.value;
                }
                each = values.parent;
            } else if (each instanceof CancelCtx cancel) {
                each = cancel.parent;
            } else if (each instanceof RootCtx root) {
                if (root.values == null) {
                    return null;
                }
                each = root.values;
            } else {
                return each.value(key);
            }
        }
    }

    /** Go's text: how the context was derived, from the top. */
    static String describe(Context context) {
        Deque<String> parts = new ArrayDeque<>();
        for (Context each = context; each != null;) {
            if (each instanceof ValueCtx values) {
                parts.addFirst(".WithValue(" + values.key + ", " + text(values.value) + ")");
                each = values.parent;
            } else if (each instanceof CancelCtx cancel) {
                parts.addFirst(cancel.name());
                each = cancel.parent;
            } else if (each instanceof RootCtx root) {
                parts.addFirst(root.name);
                each = root.values;
            } else {
                parts.addFirst(each.toString());
                each = null;
            }
        }
        return String.join("", parts);
    }

    /** A value that did not ask to be printed may be secret. */
    private static String text(@Nullable Object value) {
        return value == null || value instanceof String ? String.valueOf(value) : value.getClass().getName();
    }
}
