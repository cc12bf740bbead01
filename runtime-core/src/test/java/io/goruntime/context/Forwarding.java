package io.goruntime.context;

import io.goruntime.GoFn;
import io.goruntime.RecvChan;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A context of another class that passes everything on, as Go's tests embed one. */
class Forwarding implements Context {
    final Context inner;

    Forwarding(Context inner) {
        this.inner = inner;
    }

    @Override
    public RecvChan<Void> done() {
        return inner.done();
    }

    @Override
    public @Nullable ContextException err() {
        return inner.err();
    }

    @Override
    public @Nullable Throwable cause() {
        return inner.cause();
    }

    @Override
    public @Nullable Instant deadline() {
        return inner.deadline();
    }

    @Override
    public <T> @Nullable T value(Key<T> key) {
        return inner.value(key);
    }

    @Override
    public Stop afterFunc(GoFn fn) {
        return inner.afterFunc(fn);
    }

    /** One of which the library knows the channel only. */
    static final class DoneOnly extends Forwarding {
        private final RecvChan<Void> done;

        DoneOnly(Context inner, RecvChan<Void> done) {
            super(inner);
            this.done = done;
        }

        @Override
        public RecvChan<Void> done() {
            return done;
        }

        @Override
        public Stop afterFunc(GoFn fn) {
            return Watcher.start(this, fn);
        }
    }
}
