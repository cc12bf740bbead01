package io.goruntime.benchmarks.select;

import io.goruntime.benchmarks.ScenarioBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** Select from two unbuffered channels with a producer each; an operation is one element. */
public class SyncSelectBenchmark extends ScenarioBenchmark {
    private static final int ELEMENTS = 100_000;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(ELEMENTS)
    public long batch() throws Exception {
        return scenarios.select2(ELEMENTS);
    }
}
