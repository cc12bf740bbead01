package io.goruntime.benchmarks.compare;

import java.util.Map;

/** Measures one scenario in one implementation once, in a process of its own. */
@FunctionalInterface
interface Probe {
    /** By the scenario's id, and those of its further figures. */
    Map<String, Double> measure(Scenario scenario, String implementation, Variant variant) throws Exception;
}
