package io.goruntime.benchmarks.compare;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** One fork of JMH. What JMH prints goes to the log. */
final class JmhProbe implements Probe {
    private final Options options;
    private final PrintStream log;

    JmhProbe(Options options, PrintStream log) {
        this.options = options;
        this.log = log;
    }

    @Override
    public Map<String, Double> measure(Scenario scenario, String implementation, Variant variant) throws Exception {
        if (scenario.benchmark() == null) {
            throw new IllegalArgumentException(scenario.id());
        }
        List<String> flags = new ArrayList<>(options.jvmFlags());
        flags.addAll(List.of("-Xms" + options.heap(), "-Xmx" + options.heap()));
        flags.addAll(variant.flags());
        var jmh = new OptionsBuilder()
                .include("^" + Pattern.quote(scenario.benchmark().getName()) + "\\.")
                .param("impl", implementation)
                .forks(1)
                .warmupIterations(options.warmups())
                .warmupTime(TimeValue.milliseconds(options.iteration().toMillis()))
                .measurementIterations(options.iterations())
                .measurementTime(TimeValue.milliseconds(options.iteration().toMillis()))
                .timeout(TimeValue.minutes(1))
                .jvmArgs(flags.toArray(String[]::new))
                .shouldFailOnError(true);
        for (Map.Entry<String, String> param : scenario.params().entrySet()) {
            jmh.param(param.getKey(), param.getValue());
        }
        if (options.allocation()) {
            jmh.addProfiler(GCProfiler.class);
        }
        RunResult run = new Runner(jmh.build(), OutputFormatFactory.createFormatInstance(log, VerboseMode.NORMAL))
                .runSingle();
        if (!options.allocation()) {
            return Map.of(scenario.id(), run.getPrimaryResult().getScore());
        }
        Result<?> bytes = run.getSecondaryResults().get("gc.alloc.rate.norm");
        if (bytes == null) {
            throw new IllegalStateException("this JVM does not tell what is allocated");
        }
        return Map.of(scenario.id(), bytes.getScore());
    }
}
