package io.goruntime.benchmarks.sched;

import io.goruntime.benchmarks.ScenarioBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** Calls of the cheapest C function; an operation is one: a syscall section and the downcall in it. */
public class SyscallBenchmark extends ScenarioBenchmark {
    private static final int CALLS = 1_000_000;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(CALLS)
    public long batch() throws Exception {
        return scenarios.syscall(CALLS);
    }
}
