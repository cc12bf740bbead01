package io.goruntime.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoFn;
import io.goruntime.GoRuntime;
import io.goruntime.time.Timers;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextKey;
import io.opentelemetry.context.Scope;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.MDC;

/** What {@code decorate} carries across {@code go}, and that it goes no further. */
class DecorateTest {
    private static final ContextKey<String> KEY = ContextKey.named("request");

    /** The carriers: where a value is kept, and how it crosses. */
    enum Carrier {
        MDC_OF_SLF4J(Carry::mdc) {
            @Override
            void with(String value, GoFn fn) throws Exception {
                try (var _ = MDC.putCloseable("request", value)) {
                    fn.run();
                }
            }

            @Override
            String value() {
                return MDC.get("request");
            }
        },
        OPEN_TELEMETRY(Carry::openTelemetry) {
            @Override
            void with(String value, GoFn fn) throws Exception {
                try (Scope _ = Context.current().with(KEY, value).makeCurrent()) {
                    fn.run();
                }
            }

            @Override
            String value() {
                return Context.current().get(KEY);
            }
        },
        MICROMETER(Carry::micrometer) {
            @Override
            void with(String value, GoFn fn) throws Exception {
                String before = Carry.REQUEST.get();
                Carry.REQUEST.set(value);
                try {
                    fn.run();
                } finally {
                    Carry.REQUEST.set(before);
                }
            }

            @Override
            String value() {
                return Carry.REQUEST.get();
            }
        };

        final UnaryOperator<GoFn> decorate;

        Carrier(UnaryOperator<GoFn> decorate) {
            this.decorate = decorate;
        }

        abstract void with(String value, GoFn fn) throws Exception;

        abstract String value();
    }

    @AfterEach
    void closeDefaultRuntime() {
        GoRuntime.defaultRuntime().close();
    }

    @ParameterizedTest
    @EnumSource
    void aRuntimeOfItsOwnCarriesWhatItIsToldTo(Carrier carrier) throws Exception {
        try (GoRuntime runtime = GoRuntime.builder().maxProcs(1).decorate(carrier.decorate).build()) {
            crosses(carrier, runtime);
            doesNotLeak(carrier, runtime);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theDefaultRuntimeCarriesWhatItsServiceDoes(Carrier carrier) throws Exception {
        crosses(carrier, GoRuntime.defaultRuntime());
        doesNotLeak(carrier, GoRuntime.defaultRuntime());
    }

    @ParameterizedTest
    @EnumSource
    void withoutADecoratorNothingCrosses(Carrier carrier) throws Exception {
        try (GoRuntime runtime = GoRuntime.builder().build()) {
            Chan<String> seen = Chan.make();
            carrier.with("a", () -> runtime.spawn(() -> seen.send("" + carrier.value())));
            assertEquals("null", seen.receive());
        }
    }

    @Test
    void theGuideHasTheDecoratorThatIsTestedHere() throws Exception {
        Path source = Path.of("src", "test", "java", "io", "goruntime", "embedding", "Carry.java");
        String code = Files.readString(source).indent(-4);
        int from = code.indexOf("static GoFn mdc(");
        String method = code.substring(from, code.indexOf("\n}\n", from) + 3);
        String guide = Files.readString(Path.of("..", "docs", "GUIDE.md"));
        assertTrue(guide.contains(method), method);
    }

    /** Into a goroutine, one that it starts, one that runs later, and a task of the executor. */
    private static void crosses(Carrier carrier, GoRuntime runtime) throws Exception {
        Chan<String> seen = Chan.make(5);
        try (ExecutorService executor = runtime.executor()) {
            carrier.with("outer", () -> {
                runtime.spawn(() -> {
                    seen.send("spawned " + carrier.value());
                    GoRuntime.go(() -> seen.send("nested " + carrier.value()));
                    Timers.afterFunc(Duration.ofMillis(1), () -> seen.send("timer " + carrier.value()));
                    carrier.with("inner", () -> GoRuntime.go(() -> seen.send("nested " + carrier.value())));
                });
                executor.submit(() -> {
                    seen.send("submitted " + carrier.value());
                    return null;
                });
            });
        }
        assertNull(carrier.value());
        Set<String> all = new TreeSet<>();
        for (int i = 0; i < 5; i++) {
            all.add(seen.receive());
        }
        assertEquals(Set.of("spawned outer", "nested outer", "nested inner", "timer outer", "submitted outer"), all);
    }

    /** Many goroutines that take turns on few threads: each keeps its own value over a wait, and leaves none behind. */
    private static void doesNotLeak(Carrier carrier, GoRuntime runtime) throws Exception {
        int count = 300;
        Chan<String> wrong = Chan.make(count);
        for (int i = 0; i < count; i++) {
            String value = i % 2 == 0 ? null : "number " + i;
            GoFn fn = () -> {
                String before = "" + carrier.value();
                GoRuntime.gosched();
                Thread.sleep(1);
                wrong.send(before.equals("" + value) && before.equals("" + carrier.value()) ? "" : before);
            };
            if (value == null) {
                runtime.spawn(fn);
            } else {
                carrier.with(value, () -> runtime.spawn(fn));
            }
        }
        for (int i = 0; i < count; i++) {
            assertEquals("", wrong.receive());
        }
    }
}
