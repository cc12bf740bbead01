package io.goruntime.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The OpenTelemetry Java agent rewrites executors, Runnables and virtual threads; goroutines are all three. */
class OpenTelemetryAgentTest {
    private static final String TRACE = "trace ([0-9a-f]{32}), valid true";

    /**
     * The agent's way to instrument executors it does not know, and how the library's own are left out of it. Only what
     * the test needs is instrumented, which saves the agent half its time.
     */
    private static final List<String> ALL_EXECUTORS = List.of("-Dotel.instrumentation.executors.include-all=true",
            "-Dotel.javaagent.exclude-classes=io.goruntime.internal.*",
            "-Dotel.instrumentation.common.default-enabled=false", "-Dotel.instrumentation.executors.enabled=true",
            "-Dotel.instrumentation.opentelemetry-api.enabled=true",
            "-Dotel.instrumentation.java-http-client.enabled=true",
            "-Dotel.instrumentation.java-http-server.enabled=true");

    @Test
    void tracesCrossGoroutinesAndNothingBreaks() throws Exception {
        try (Child child = traced(List.of("-Dotel.instrumentation.executors.include=io.goruntime.GoExecutor"))) {
            check(child);
        }
    }

    @Test
    void theSchedulerCanBeLeftOut() throws Exception {
        try (Child child = traced(ALL_EXECUTORS)) {
            check(child);
        }
    }

    private static Child traced(List<String> more) throws IOException {
        List<String> flags = new ArrayList<>(more);
        // The agent's start takes most of the time, and C2 most of that.
        flags.addAll(List.of("-XX:TieredStopAtLevel=1",
                "-javaagent:" + System.getProperty("opentelemetry-javaagent.jar"),
                "-Dotel.traces.exporter=none", "-Dotel.metrics.exporter=none", "-Dotel.logs.exporter=none"));
        return Child.program(Traced.class, flags.toArray(String[]::new));
    }

    private static void check(Child child) throws InterruptedException {
        child.await("smoke: passed");
        child.awaitExit(0);
        List<String> traces = child.linesWith("trace ");
        assertEquals(2, traces.size(), child::toString);
        assertTrue(traces.stream().allMatch(line -> line.matches(TRACE)), child::toString);
        String decorated = traces.getFirst().replaceAll(TRACE, "$1");
        String automatic = traces.getLast().replaceAll(TRACE, "$1");
        assertEquals(List.of("nested goroutine in " + decorated, "task goroutine in " + automatic,
                "handler goroutine in " + automatic), child.linesWith(" goroutine in "), child::toString);
        assertEquals(List.of(), child.linesWith("ERROR", "Exception"), child::toString);
    }
}
