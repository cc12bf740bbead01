package io.goruntime.benchmarks.compare;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** One run of Go's benchmarks, which were compiled before. */
final class GoProbe implements Probe {
    private final Options options;
    private final Path binary;
    private final PrintStream log;

    GoProbe(Options options, Path binary, PrintStream log) {
        this.options = options;
        this.binary = binary;
        this.log = log;
    }

    @Override
    public Map<String, Double> measure(Scenario scenario, String implementation, Variant variant) throws Exception {
        // Go warms up nothing; it is given the time that the JVM is measured for.
        long millis = options.iterations() * options.iteration().toMillis();
        boolean memory = scenario.benchmark() == null;
        List<String> command = new ArrayList<>(List.of(binary.toString(), "-test.run=^$",
                "-test.bench=" + scenario.goPattern(), "-test.count=1", "-test.timeout=5m",
                "-test.benchtime=" + (memory ? "1x" : millis + "ms")));
        String unit = memory ? "B/parked" : "ns/op";
        if (options.allocation()) {
            command.add("-test.benchmem");
            unit = "B/op";
        }
        String output = Processes.run(command, List.of("GOMAXPROCS=" + options.procs(), "PARKED_TASKS="
                + scenario.params().getOrDefault("tasks", "")), log);
        return Map.of(scenario.id(), parse(output, unit).orElseThrow(() -> new IllegalStateException(
                "no result in:\n" + output)));
    }

    /** The number before this unit in the one line of results. */
    static OptionalDouble parse(String output, String unit) {
        for (String line : output.lines().toList()) {
            if (!line.startsWith("Benchmark")) {
                continue;
            }
            String[] fields = line.trim().split("\\s+");
            for (int i = 1; i < fields.length; i++) {
                if (fields[i].equals(unit)) {
                    return OptionalDouble.of(Double.parseDouble(fields[i - 1]));
                }
            }
        }
        return OptionalDouble.empty();
    }
}
