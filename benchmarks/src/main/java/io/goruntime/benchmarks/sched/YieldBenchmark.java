package io.goruntime.benchmarks.sched;

import io.goruntime.benchmarks.ScenarioBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** Two tasks that yield; an operation is one yield. */
public class YieldBenchmark extends ScenarioBenchmark {
    private static final int YIELDS = 100_000;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(YIELDS)
    public long batch() throws Exception {
        return scenarios.yieldTwo(YIELDS);
    }
}
