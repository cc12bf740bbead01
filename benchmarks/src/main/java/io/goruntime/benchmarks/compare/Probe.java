package io.goruntime.benchmarks.compare;

/** Measures one scenario in one implementation once, in a process of its own. */
@FunctionalInterface
interface Probe {
    double measure(Scenario scenario, String implementation, Variant variant) throws Exception;
}
