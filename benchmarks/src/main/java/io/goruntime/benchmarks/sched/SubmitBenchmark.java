package io.goruntime.benchmarks.sched;

import io.goruntime.benchmarks.ScenarioBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** Submit a task to an executor and get its result; an operation is both. */
public class SubmitBenchmark extends ScenarioBenchmark {
    private static final int TASKS = 100_000;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(TASKS)
    public long batch() throws Exception {
        return scenarios.submit(TASKS);
    }
}
