package io.goruntime.benchmarks.compare;

import io.goruntime.benchmarks.compare.Measurements.Measurement;
import io.goruntime.benchmarks.compare.Measurements.Subject;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The program behind compare.sh: measures groups of scenarios in all implementations, and writes tables. */
/*
 * What is compared must be measured at nearly the same time: machines change by the minute, with their temperature, their
 * neighbours and what else runs. So one round measures everything once, each scenario in all implementations one after
 * the other, each in a process of its own; and there are several rounds. Each begins with another implementation, because
 * the first may find the machine cooler. A ratio is taken inside a round.
 */
public final class Compare {
    private final Options options;
    private final String group;
    private final Path go;
    private final PrintStream log;
    private final Measurements measurements = new Measurements();
    private final Set<Subject> failed = Collections.newSetFromMap(new LinkedHashMap<>());

    private Compare(Options options, String group, Path go, PrintStream log) {
        this.options = options;
        this.group = group;
        this.go = go;
        this.log = log;
    }

    /**
     * Properties, from compare.sh: {@code compare.out}, where results go if nobody says otherwise; {@code compare.go},
     * the compiled benchmarks in Go; {@code compare.go.version}; {@code compare.commit}.
     */
    public static void main(String[] args) throws Exception {
        Options options;
        try {
            options = Options.parse(Path.of(System.getProperty("compare.out", "results")), args);
        } catch (Options.UsageException e) {
            System.err.println(e.getMessage() + "\n" + Options.USAGE);
            System.exit(2);
            return;
        }
        String goBinary = System.getProperty("compare.go", "");
        Path go = goBinary.isEmpty() ? null : Path.of(goBinary);
        Files.createDirectories(options.out());
        String machine = Machine.describe(options, System.getProperty("compare.commit", "unknown"), go == null
                ? "not on the path, skipped"
                : System.getProperty("compare.go.version", "unknown"),
                String.join(" ", args));
        boolean complete = true;
        for (String group : options.groups()) {
            if (options.allocation() && (group.equals("sched") || group.equals("net"))) {
                System.err.println(group + ": what it allocates is not asked for; skipped");
                continue;
            }
            complete &= run(options, group, go, machine);
        }
        System.exit(complete ? 0 : 1);
    }

    private static boolean run(Options options, String group, Path go, String machine) throws IOException,
            InterruptedException {
        List<String> files = Machine.files(group, options);
        String before = Machine.load();
        try (PrintStream log = new PrintStream(options.out().resolve(files.get(3)).toFile(), StandardCharsets.UTF_8)) {
            Compare compare = new Compare(options, group, go, log);
            compare.rounds();
            Report report = new Report(group, options, compare.measurements);
            String text = machine + "machine's  " + before + " before, " + Machine.load() + " after\n\n"
                    + report.table();
            Files.writeString(options.out().resolve(files.get(0)), report.csv());
            Files.writeString(options.out().resolve(files.get(1)), report.forksCsv());
            Files.writeString(options.out().resolve(files.get(2)), text);
            System.out.println(text);
            if (!compare.failed.isEmpty()) {
                System.out.println("FAILED: " + compare.failed + "; see " + options.out().resolve(files.get(3)));
            }
            return compare.failed.isEmpty();
        }
    }

    private void rounds() throws InterruptedException {
        long start = System.nanoTime();
        Duration longest = Duration.ZERO;
        for (int fork = 1; fork <= options.maxForks(); fork++) {
            Duration elapsed = Duration.ofNanos(System.nanoTime() - start);
            if (fork > options.minForks() && elapsed.plus(longest).compareTo(options.budget()) > 0) {
                break;
            }
            round(fork);
            Duration took = Duration.ofNanos(System.nanoTime() - start).minus(elapsed);
            longest = took.compareTo(longest) > 0 ? took : longest;
        }
    }

    private void round(int fork) throws InterruptedException {
        for (Scenario scenario : Scenario.of(group)) {
            List<Subject> subjects = new ArrayList<>(subjects(scenario, options, go != null));
            Collections.rotate(subjects, 1 - fork);
            for (Subject subject : subjects) {
                measure(fork, subject);
            }
        }
    }

    private void measure(int fork, Subject subject) throws InterruptedException {
        String name = "%s, fork %d: %s %s".formatted(subject.scenario().id(), fork, subject.implementation(), subject
                .variant() == Variant.G1 ? "" : subject.variant());
        try {
            Map<String, Double> values = probe(subject).measure(subject.scenario(), subject.implementation(), subject
                    .variant());
            for (Scenario each : subject.scenario().withFigures()) {
                if (values.containsKey(each.id())) {
                    measurements.add(new Measurement(fork, new Subject(each, subject.implementation(), subject
                            .variant()), values.get(each.id())));
                }
            }
            System.err.println(name + String.format(Locale.ROOT, " %.1f", values.get(subject.scenario().id())));
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            failed.add(subject);
            e.printStackTrace(log);
            System.err.println(name + " failed: " + e);
        }
    }

    private Probe probe(Subject subject) {
        if (subject.scenario().overNetwork()) {
            return new NetProbe(options, go, log);
        }
        if (subject.implementation().equals(Scenario.GO)) {
            return new GoProbe(options, go, log);
        }
        return subject.scenario().benchmark() == null ? new MemoryProbe(options, log) : new JmhProbe(options, log);
    }

    /** What is measured in a group, with all figures. */
    static List<Subject> subjects(String group, Options options, boolean withGo) {
        return Scenario.of(group).stream().flatMap(scenario -> scenario.withFigures().stream())
                .flatMap(scenario -> subjects(scenario, options, withGo).stream()).toList();
    }

    private static List<Subject> subjects(Scenario scenario, Options options, boolean withGo) {
        List<Subject> subjects = new ArrayList<>();
        for (String implementation : scenario.implementations()) {
            if (implementation.equals(Scenario.GO) && !withGo) {
                continue;
            }
            for (Variant variant : options.variants()) {
                // The others are measured beside ours, for the most usual circumstances only. How much memory is
                // resident depends on the collector's habits more than on ours.
                if (variant == Variant.G1
                        || implementation.equals(Scenario.OURS) && scenario.benchmark() != null) {
                    subjects.add(new Subject(scenario, implementation, variant));
                }
            }
        }
        return subjects;
    }
}
