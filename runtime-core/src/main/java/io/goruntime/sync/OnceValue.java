package io.goruntime.sync;

import io.goruntime.internal.base.Errors;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A value that is made when it is first asked for, and once. Source in Go: {@code sync/oncefunc.go}.
 *
 * <p>If making it throws, every {@link #get} throws the same exception object, with the stack trace of the first.
 *
 * <p><b>Blocking and interruption.</b> {@link #get} waits uninterruptibly for another thread that makes the value.
 *
 * <p><b>Thread safety and memory effects.</b> For any number of threads. The end of the supplier happens before the return
 * of every {@code get}.
 *
 * @param <T> the type of the value
 */
/*
 * Counterpart of oncefunc.go: OnceValue.
 */
public final class OnceValue<T extends @Nullable Object> implements Supplier<T> {
    private final Once once = new Once();

    /** Cleared when it has run, with what it captured. */
    private @Nullable Supplier<? extends T> supplier;

    private @Nullable T value;
    private @Nullable Throwable failure;
    private boolean made;

    /**
     * Makes a value to come.
     *
     * @param supplier makes it; called at most once
     */
    public OnceValue(Supplier<? extends T> supplier) {
        this.supplier = Objects.requireNonNull(supplier);
    }

    /**
     * The value. The first call makes it.
     *
     * @return always the same, null if the supplier made null
     */
    @Override

    public T get() {
        once.run(this::make);
        Throwable e = failure;
        if (e != null) {
            Errors.rethrow(e);
        }
        if (!made) {
            throw new IllegalStateException("the end of the stack came before the supplier could be called");
        }
        return value;
    }

    private void make() {
        Supplier<? extends T> make = supplier;
        supplier = null;
        try {
            value = make == null ? null : make.get();
            made = true;
        } catch (Throwable e) {
            failure = e;
        }
    }
}
