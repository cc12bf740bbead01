package io.goruntime.benchmarks.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** All that was measured in a group so far. */
final class Measurements {
    /** What belongs together: measurements of the same under the same circumstances. */
    record Subject(Scenario scenario, String implementation, Variant variant) {}

    /** Which round of forks it is from: in a ratio, both sides are from the same. */
    record Measurement(int fork, Subject subject, double value) {}

    private final List<Measurement> all = new ArrayList<>();

    void add(Measurement measurement) {
        all.add(measurement);
    }

    List<Measurement> all() {
        return List.copyOf(all);
    }

    private Map<Integer, Double> byFork(Subject subject) {
        Map<Integer, Double> values = new LinkedHashMap<>();
        for (Measurement measurement : all) {
            if (measurement.subject().equals(subject)) {
                values.put(measurement.fork(), measurement.value());
            }
        }
        return values;
    }

    int forks(Subject subject) {
        return byFork(subject).size();
    }

    /** Of the value; empty: nothing was measured. */
    Optional<Estimate> value(Subject subject) {
        return estimate(byFork(subject).values().stream().mapToDouble(value -> value).toArray());
    }

    /**
     * Of the ratio of the two, taken fork by fork: what slows the machine down for a while slows down both. Empty: there
     * is no fork in which both were measured.
     */
    Optional<Estimate> ratio(Subject numerator, Subject denominator) {
        Map<Integer, Double> below = byFork(denominator);
        return estimate(byFork(numerator).entrySet().stream().filter(entry -> below.containsKey(entry.getKey()))
                .mapToDouble(entry -> entry.getValue() / below.get(entry.getKey())).toArray());
    }

    private static Optional<Estimate> estimate(double[] values) {
        return values.length == 0 ? Optional.empty() : Optional.of(Estimate.of(values));
    }
}
