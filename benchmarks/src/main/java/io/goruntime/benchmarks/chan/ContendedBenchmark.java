package io.goruntime.benchmarks.chan;

import io.goruntime.benchmarks.ScenarioBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;

/** Many producers and as many consumers on one channel; an operation is one element. */
public class ContendedBenchmark extends ScenarioBenchmark {
    private static final int ELEMENTS = 200_000;

    /** How many elements the channel holds. */
    @Param("100")
    public int capacity;

    /** How many producers, and how many consumers. */
    @Param("100")
    public int pairs;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(ELEMENTS)
    public long batch() throws Exception {
        return scenarios.contended(pairs, capacity, ELEMENTS);
    }
}
