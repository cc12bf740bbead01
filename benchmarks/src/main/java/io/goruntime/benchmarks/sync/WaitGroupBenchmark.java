package io.goruntime.benchmarks.sync;

import io.goruntime.benchmarks.ScenarioBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;

/** Start tasks and wait until all have ended; an operation is that, not one task. */
public class WaitGroupBenchmark extends ScenarioBenchmark {
    private static final int ROUNDS = 100;

    /** How many are started at a time. */
    @Param("1000")
    public int tasks;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public long batch() throws Exception {
        return scenarios.fanOut(tasks, ROUNDS);
    }
}
