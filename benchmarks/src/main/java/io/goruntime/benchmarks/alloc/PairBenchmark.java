package io.goruntime.benchmarks.alloc;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
/** Allocate an object, use it, free it, in one task or in several; an operation is all three. */
public class PairBenchmark extends AllocBenchmark {
    private static final int OPERATIONS = 400_000;

    /** Bytes of an object. */
    @Param({"8", "16", "64"})
    public int size;

    /** How many tasks share the work. */
    @Param({"1", "2"})
    public int tasks;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public long batch() throws Exception {
        return allocation.pairs(size, tasks, OPERATIONS);
    }
}
