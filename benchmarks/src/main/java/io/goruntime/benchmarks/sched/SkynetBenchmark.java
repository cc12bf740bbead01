package io.goruntime.benchmarks.sched;

import io.goruntime.benchmarks.ScenarioBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** A tree of 1,111,111 tasks that sums up the numbers of its million leaves; an operation is the whole tree. */
public class SkynetBenchmark extends ScenarioBenchmark {
    /** How many leaves; a power of ten. */
    @Param("1000000")
    public int leaves;

    /** One tree. */
    @Benchmark
    public long tree() throws Exception {
        return scenarios.skynet(leaves);
    }
}
