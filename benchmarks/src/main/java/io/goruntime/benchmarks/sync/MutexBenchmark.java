package io.goruntime.benchmarks.sync;

import io.goruntime.benchmarks.ScenarioBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;

/** Lock and unlock a mutex, alone or in the way of others; an operation is both. */
public class MutexBenchmark extends ScenarioBenchmark {
    private static final int OPERATIONS = 400_000;

    /** How many tasks use it. */
    @Param({"1", "8"})
    public int tasks;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public long batch() throws Exception {
        return scenarios.mutex(tasks, OPERATIONS);
    }
}
