package io.goruntime.benchmarks.alloc;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** Objects of many sizes, of which a thousand live at a time; an operation replaces one by another. */
public class MixedBenchmark extends AllocBenchmark {
    private static final int OPERATIONS = 400_000;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public long batch() throws Exception {
        return allocation.mixed(OPERATIONS);
    }
}
