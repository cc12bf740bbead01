package io.goruntime.context;

import io.goruntime.GoFn;
import io.goruntime.GoRuntime;
import io.goruntime.Goroutine;
import java.util.concurrent.atomic.AtomicBoolean;

/** A goroutine that waits for the end of a context of which nothing is known but its channel. */
final class Watcher {
    private Watcher() {}

    static Context.Stop start(Context context, GoFn fn) {
        if (context.done() == Context.background().done()) {
            return Context.background().afterFunc(fn);
        }
        AtomicBoolean claimed = new AtomicBoolean();
        Goroutine goroutine = GoRuntime.current().spawn(() -> {
            context.done().receive();
            if (claimed.compareAndSet(false, true)) {
                fn.run();
            }
        });
        return () -> {
            if (!claimed.compareAndSet(false, true)) {
                return false;
            }
            goroutine.interrupt();
            return true;
        };
    }
}
