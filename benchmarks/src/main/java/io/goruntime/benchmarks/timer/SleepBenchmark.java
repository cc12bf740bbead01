package io.goruntime.benchmarks.timer;

import io.goruntime.benchmarks.ScenarioBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Many tasks that sleep for a millisecond each, at the same time; an operation is the whole round. */
public class SleepBenchmark extends ScenarioBenchmark {
    /** How many. */
    @Param("10000")
    public int tasks;

    /** One round. */
    @Benchmark
    public long round() throws Exception {
        return scenarios.sleep(tasks);
    }
}
