package io.goruntime.benchmarks.alloc;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
/** As MallocBenchmark, with objects so large that clearing them is most of the work. */
public class LargeMallocBenchmark extends AllocBenchmark {
    private static final int OPERATIONS = 4_000;

    /** Bytes of an object. */
    @Param({"32768", "1048576"})
    public int size;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public long batch() throws Exception {
        return allocation.zeroed(size, OPERATIONS);
    }
}
