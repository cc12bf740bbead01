package io.goruntime.benchmarks.alloc;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** One task allocates objects of 64 bytes, another one frees them; an operation is both, and a channel between. */
public class HandoffBenchmark extends AllocBenchmark {
    private static final int OPERATIONS = 200_000;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public long batch() throws Exception {
        return allocation.handoff(OPERATIONS);
    }
}
