package io.goruntime.benchmarks.alloc;

import io.goruntime.benchmarks.ScenarioBenchmark;
import io.goruntime.benchmarks.impl.Allocation;
import org.openjdk.jmh.annotations.Setup;

/** What the benchmarks of memory outside the Java heap share: who allocates is no library of tasks. */
public abstract class AllocBenchmark extends ScenarioBenchmark {
    /** The scenarios with that allocator. */
    protected Allocation allocation;

    /** For subclasses. */
    protected AllocBenchmark() {}

    @Override
    @Setup
    public void findImplementation() {
        allocation = Allocation.of(impl);
    }
}
