package io.goruntime.context;

import io.goruntime.GoFn;
import io.goruntime.GoRuntime;
import io.goruntime.internal.base.Errors;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A function to be run when a context ends. Counterpart of context.go: afterFuncCtx.
 */
final class FuncNode extends Node implements Context.Stop {
    /** A function of this package, which is run where the context is ended: it is short and does not throw. */
    interface Inline extends GoFn {
        @Override
        void run();
    }

    final GoFn fn;
    /** Where it will run; null: in the default runtime of that moment. */
    private final @Nullable GoRuntime runtime;

    FuncNode(GoFn fn) {
        this.fn = fn;
        runtime = fn instanceof Inline || GoRuntime.goid() == 0 ? null : GoRuntime.current();
    }

    @Override
    public boolean stop() {
        CancelCtx context = owner;
        return context != null && context.unlink(this);
    }

    void start() {
        if (fn instanceof Inline inline) {
            inline.run();
            return;
        }
        try {
            (runtime != null ? runtime : GoRuntime.defaultRuntime()).spawn(fn);
        } catch (RejectedExecutionException e) {
            // The runtime is closed. What is left of its work goes on as plain virtual threads, and so does this.
            Thread.ofVirtual().start(() -> {
                try {
                    fn.run();
                } catch (InterruptedException interrupted) {
                    // ends it quietly, as it does a goroutine
                } catch (Throwable failure) {
                    Errors.rethrow(failure);
                }
            });
        }
    }
}
