package io.goruntime.benchmarks.sync;

import io.goruntime.benchmarks.ScenarioBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;

/**
 * A lock for readers and writers, which several tasks take, mostly to read; an operation is one lock with its unlock,
 * either way.
 */
public class RWMutexBenchmark extends ScenarioBenchmark {
    private static final int OPERATIONS = 404_000;

    /** How many tasks use it. */
    @Param("8")
    public int tasks;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public long batch() throws Exception {
        return scenarios.rwMutex(tasks, OPERATIONS);
    }
}
