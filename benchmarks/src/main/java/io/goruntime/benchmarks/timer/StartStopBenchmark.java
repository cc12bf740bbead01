package io.goruntime.benchmarks.timer;

import io.goruntime.benchmarks.ScenarioBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** Set a timer that is far off, and stop it; an operation is both. */
public class StartStopBenchmark extends ScenarioBenchmark {
    private static final int TIMERS = 100_000;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(TIMERS)
    public long batch() throws Exception {
        return scenarios.startStop(TIMERS);
    }
}
