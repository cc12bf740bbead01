package io.goruntime.benchmarks.sched;

import io.goruntime.benchmarks.ScenarioBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** Start a task that ends at once; an operation is one task. */
public class SpawnBenchmark extends ScenarioBenchmark {
    private static final int TASKS = 100_000;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(TASKS)
    public long batch() throws Exception {
        return scenarios.spawn(TASKS);
    }
}
