package io.goruntime.benchmarks;

import io.goruntime.benchmarks.impl.Implementation;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What all benchmarks share: which library is measured, and in what. JMH starts a JVM for each library, so the one that
 * is measured has the profile of its code to itself. An invocation runs a whole batch, and JMH divides by its size: what
 * the waiting thread of JMH costs is spread over a hundred thousand operations.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public abstract class ScenarioBenchmark {
    /** Which library; JMH needs it public. */
    @Param({"goruntime", "jdk", "jox", "kotlin"})
    public String impl;

    /** The scenarios in that library. */
    protected Implementation scenarios;

    /** For subclasses. */
    protected ScenarioBenchmark() {}

    /** Called by JMH. */
    @Setup
    public void findImplementation() {
        scenarios = Implementation.of(impl);
    }
}
