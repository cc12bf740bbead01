package io.goruntime.benchmarks.compare;

import io.goruntime.benchmarks.ParkedMemory;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One run of {@link ParkedMemory}: a heap that grows from next to nothing, as what is in it counts. */
final class MemoryProbe implements Probe {
    private final Options options;
    private final PrintStream log;

    MemoryProbe(Options options, PrintStream log) {
        this.options = options;
        this.log = log;
    }

    @Override
    public Map<String, Double> measure(Scenario scenario, String implementation, Variant variant) throws Exception {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java")
                .toString()));
        command.addAll(options.jvmFlags());
        command.addAll(variant.flags());
        command.addAll(List.of("-XX:-AlwaysPreTouch", "-Xms16m", "-Xmx" + options.heap(), "-cp",
                System.getProperty("java.class.path"),
                ParkedMemory.class.getName(), implementation, scenario.params().get("tasks")));
        return Map.of(scenario.id(), Double.parseDouble(Processes.run(command, List.of(), log).trim()));
    }
}
