package io.goruntime.benchmarks.alloc;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
/** Allocate a zero object and free the one before; Go leaves that to its collector. */
public class MallocBenchmark extends AllocBenchmark {
    private static final int OPERATIONS = 400_000;

    /** Bytes of an object. */
    @Param({"8", "16", "64", "1024"})
    public int size;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public long batch() throws Exception {
        return allocation.zeroed(size, OPERATIONS);
    }
}
