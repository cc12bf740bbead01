package io.goruntime.benchmarks.compare;

import io.goruntime.benchmarks.compare.Measurements.Measurement;
import io.goruntime.benchmarks.compare.Measurements.Subject;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Writes what was measured in a group, for people and for programs. */
final class Report {
    private final String group;
    private final Options options;
    private final Measurements measurements;

    Report(String group, Options options, Measurements measurements) {
        this.group = group;
        this.options = options;
        this.measurements = measurements;
    }

    private String unit(Scenario scenario) {
        return options.allocation() ? "B/op" : scenario.unit();
    }

    private String params(Subject subject) {
        // Go has neither of the JVM's collectors, nor this heap.
        return subject.implementation().equals(Scenario.GO)
                ? subject.scenario().describe("procs=" + options.procs())
                : subject.scenario().describe("procs=" + options.procs(), "heap=" + options.heap(),
                        subject.variant().description());
    }

    // ---- for programs

    /** One line for each value: the median over the forks. */
    String csv() {
        StringBuilder csv = new StringBuilder("group,scenario,params,impl,value,error,unit\n");
        for (Subject subject : subjects()) {
            measurements.value(subject).ifPresent(estimate -> csv.append(String.join(",", group,
                    subject.scenario().id(), params(subject), subject.implementation(), number(estimate.median()),
                    // One measurement tells nothing about its error.
                    measurements.forks(subject) == 1 ? "" : number(estimate.error()), unit(subject.scenario())))
                    .append('\n'));
        }
        return csv.toString();
    }

    /** One line for each measurement. */
    String forksCsv() {
        StringBuilder csv = new StringBuilder("group,scenario,params,impl,fork,value,unit\n");
        for (Measurement measurement : measurements.all()) {
            Subject subject = measurement.subject();
            csv.append(String.join(",", group, subject.scenario().id(), params(subject), subject.implementation(),
                    String.valueOf(measurement.fork()), number(measurement.value()), unit(subject.scenario())))
                    .append('\n');
        }
        return csv.toString();
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.4f", value);
    }

    // ---- for people

    /** Ours, and under it each of the others with the ratio; below 1 ours is the smaller one. */
    String table() {
        StringBuilder table = new StringBuilder();
        table.append(String.format(Locale.ROOT, "%-26s %-10s %-18s %12s  %-24s %9s  %s%n", group, "unit", "impl",
                "median", "interval", "ours/it", "interval"));
        Scenario last = null;
        double coverage = 1;
        int forks = Integer.MAX_VALUE;
        for (Subject subject : subjects()) {
            Optional<Estimate> value = measurements.value(subject);
            boolean first = !subject.scenario().equals(last);
            last = subject.scenario();
            String name = subject.variant() == Variant.G1
                    ? subject.implementation()
                    : subject.implementation() + " " + subject.variant();
            table.append(String.format(Locale.ROOT, "%-26s %-10s %-18s ", first ? subject.scenario().id() : "",
                    first ? unit(subject.scenario()) : "", name));
            if (value.isEmpty()) {
                table.append(String.format("%12s%n", "failed"));
                continue;
            }
            coverage = Math.min(coverage, value.get().coverage());
            forks = Math.min(forks, measurements.forks(subject));
            table.append(String.format(Locale.ROOT, "%12s  %-24s", people(value.get().median()), interval(subject,
                    value.get())));
            Subject ours = new Subject(subject.scenario(), Scenario.OURS, Variant.G1);
            Optional<Estimate> ratio = subject.equals(ours) || options.allocation()
                    ? Optional.empty()
                    : measurements.ratio(ours, subject);
            ratio.ifPresent(estimate -> table.append(String.format(Locale.ROOT, " %9.2f  %s", estimate.median(),
                    interval(subject, estimate))));
            table.append('\n');
        }
        if (forks == 1) {
            table.append("One fork: no intervals.\n");
        } else if (forks < Integer.MAX_VALUE) {
            table.append(String.format(Locale.ROOT, """
                    Medians of %d forks or more; an interval made like these holds the true median in %.1f %% of cases.
                    The ratio is that of medians over forks of ours / theirs in the same round.
                    """, forks, 100 * coverage));
        }
        return table.toString().replaceAll("(?m) +$", "");
    }

    private String interval(Subject subject, Estimate estimate) {
        return measurements.forks(subject) == 1
                ? ""
                : "[" + people(estimate.low()) + " .. " + people(estimate.high()) + "]";
    }

    private static String people(double value) {
        double size = Math.abs(value);
        String format = size < 10 ? "%.2f" : size < 100 ? "%.1f" : "%,.0f";
        return String.format(Locale.ROOT, format, value);
    }

    /** In the order of the catalogue, each variant under its own. */
    private List<Subject> subjects() {
        List<Subject> subjects = Compare.subjects(group, options, measurements.all().stream().anyMatch(
                measurement -> measurement.subject().implementation().equals(Scenario.GO)));
        // A figure that this machine does not give to anybody is left out; a measurement that failed is not.
        List<Scenario> groups = Scenario.of(group);
        return subjects.stream().filter(subject -> groups.contains(subject.scenario()) || measurements.all().stream()
                .anyMatch(each -> each.subject().scenario().equals(subject.scenario()))).toList();
    }
}
