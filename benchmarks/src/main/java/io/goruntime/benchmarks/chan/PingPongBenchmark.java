package io.goruntime.benchmarks.chan;

import io.goruntime.benchmarks.ScenarioBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** A value there and back over two unbuffered channels; an operation is one round. */
public class PingPongBenchmark extends ScenarioBenchmark {
    private static final int ROUNDS = 100_000;

    /** One batch. */
    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public long batch() throws Exception {
        return scenarios.pingPong(ROUNDS);
    }
}
