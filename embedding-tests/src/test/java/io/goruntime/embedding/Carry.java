package io.goruntime.embedding;

import io.goruntime.GoFn;
import io.goruntime.GoRuntime;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import java.util.Map;
import org.slf4j.MDC;

/** What a runtime's decorator looks like for the usual carriers of context. The guide has the first of them. */
final class Carry {
    /** What a library that Micrometer knows would keep. */
    static final ThreadLocal<String> REQUEST = new ThreadLocal<>();

    private static final ContextSnapshotFactory SNAPSHOTS = ContextSnapshotFactory.builder()
            .contextRegistry(new ContextRegistry().registerThreadLocalAccessor("request", REQUEST)).build();

    private Carry() {}

    static GoFn mdc(GoFn fn) {
        Map<String, String> context = MDC.getCopyOfContextMap();
        return context == null ? fn : () -> {
            MDC.setContextMap(context);
            fn.run();
        };
    }

    static GoFn openTelemetry(GoFn fn) {
        Context context = Context.current();
        return () -> {
            try (Scope _ = context.makeCurrent()) {
                fn.run();
            }
        };
    }

    static GoFn micrometer(GoFn fn) {
        ContextSnapshot snapshot = SNAPSHOTS.captureAll();
        return () -> {
            try (ContextSnapshot.Scope _ = snapshot.setThreadLocals()) {
                fn.run();
            }
        };
    }

    /** All of them, for the default runtime, which finds it as a service. */
    public static final class All implements GoRuntime.Decorator {
        @Override
        public GoFn apply(GoFn fn) {
            return mdc(openTelemetry(micrometer(fn)));
        }
    }
}
