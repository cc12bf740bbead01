package io.goruntime.benchmarks.chan;

import io.goruntime.benchmarks.ScenarioBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;

/** A send and a receive by one task, numbers not boxed; an operation is both. Only this library has such channels. */
public class LongUncontendedBenchmark extends ScenarioBenchmark {
    private static final int ELEMENTS = 200_000;

    /** How many elements the channel holds. */
    @Param("100")
    public int capacity;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(ELEMENTS)
    public long batch() throws Exception {
        return scenarios.longUncontended(capacity, ELEMENTS);
    }
}
