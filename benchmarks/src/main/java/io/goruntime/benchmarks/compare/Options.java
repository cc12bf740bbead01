package io.goruntime.benchmarks.compare;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How to measure.
 *
 * @param minForks measured in any case, by every implementation
 * @param maxForks not more, even if there is time
 * @param budget a group begins no further round of forks that would end later
 * @param variants of the JVM
 * @param allocation bytes an operation instead of time
 */
record Options(String mode, int minForks, int maxForks, Duration budget, int warmups, int iterations,
        Duration iteration, int procs, String heap, List<Variant> variants, boolean allocation, Path out,
        List<String> groups) {
    static final String USAGE = """
            usage: compare.sh [--quick | --bars] [--gc] [--forks N] [--procs N] [--heap SIZE] [--out DIR] [GROUP...]
              GROUP     %s (default: all)
              --quick   at most 3 minutes a group: shows that everything runs, and orders of magnitude
              --bars    at least 6 forks, long warm-up, and ZGC and JFR beside: what may be quoted
              --gc      bytes allocated by an operation, instead of its time (not of sched)
              --forks   JVMs for each benchmark
              --procs   GOMAXPROCS, and the like for the others (default: 2)
              --heap    -Xms and -Xmx (default: 4g)
              --out     where the CSV files go (default: benchmarks/target/compare)""".formatted(
            String.join(", ", Scenario.groups()));

    /** Thrown with a message for the user. */
    static final class UsageException extends Exception {
        private static final long serialVersionUID = 1;

        UsageException(String message) {
            super(message);
        }
    }

    static Options parse(Path defaultOut, String... args) throws UsageException {
        String mode = "default";
        int forks = 0;
        int procs = 2;
        String heap = "4g";
        boolean allocation = false;
        Path out = defaultOut;
        List<String> groups = new ArrayList<>();
        for (int i = 0; i < args.length; i++) {
            String arg = args[i];
            switch (arg) {
                case "--quick", "--bars" -> {
                    if (!mode.equals("default")) {
                        throw new UsageException("--quick or --bars, once");
                    }
                    mode = arg.substring(2);
                }
                case "--gc" -> allocation = true;
                case "--forks" -> forks = number(arg, value(args, ++i));
                case "--procs" -> procs = number(arg, value(args, ++i));
                case "--heap" -> {
                    heap = value(args, ++i);
                    if (!heap.matches("[1-9][0-9]*[kmgKMG]?")) {
                        throw new UsageException("--heap " + heap + ": should be like 4g");
                    }
                }
                case "--out" -> out = Path.of(value(args, ++i));
                default -> {
                    if (!Scenario.groups().contains(arg)) {
                        throw new UsageException(arg + ": neither an option nor a group");
                    }
                    if (!groups.contains(arg)) {
                        groups.add(arg);
                    }
                }
            }
        }
        if (groups.isEmpty()) {
            groups.addAll(Scenario.groups());
        }
        List<Variant> variants = mode.equals("bars") && !allocation ? List.of(Variant.values()) : List.of(Variant.G1);
        Duration unlimited = Duration.ofDays(1);
        if (mode.equals("bars") && forks > 0 && forks < 5) {
            throw new UsageException("--bars needs at least 5 forks");
        }
        return switch (mode) {
            case "quick" -> new Options(mode, Math.max(forks, 1), forks > 0 ? forks : 5, Duration.ofSeconds(150), 3, 3,
                    Duration.ofMillis(300), procs, heap, variants, allocation, out, List.copyOf(groups));
            case "bars" -> fixed(mode, forks > 0 ? forks : 6, unlimited, 5, procs, heap, variants, allocation, out,
                    groups);
            default -> fixed(mode, forks > 0 ? forks : 3, unlimited, 3, procs, heap, variants, allocation, out, groups);
        };
    }

    private static Options fixed(String mode, int forks, Duration budget, int iterations, int procs, String heap,
            List<Variant> variants, boolean allocation, Path out, List<String> groups) {
        // What an operation allocates hardly varies.
        int runs = allocation ? 1 : forks;
        return new Options(mode, runs, runs, budget, iterations, iterations, Duration.ofSeconds(1), procs, heap,
                variants, allocation, out, List.copyOf(groups));
    }

    private static String value(String[] args, int i) throws UsageException {
        if (i == args.length) {
            throw new UsageException(args[i - 1] + " needs a value");
        }
        return args[i];
    }

    private static int number(String option, String value) throws UsageException {
        try {
            int n = Integer.parseInt(value);
            if (n > 0) {
                return n;
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        throw new UsageException(option + " " + value + ": should be a positive number");
    }

    /** The flags of every measured JVM but the collector's. */
    List<String> jvmFlags() {
        return List.of(
                // Else the first gigabytes of garbage are measured at the speed at which the kernel clears pages.
                "-XX:+AlwaysPreTouch", "-Djdk.virtualThreadScheduler.parallelism=" + procs,
                "-Dkotlinx.coroutines.scheduler.core.pool.size=" + procs, "-Dgoruntime.maxprocs=" + procs,
                // No benchmark must run on the scheduler of the JDK unnoticed.
                "-Dgoruntime.scheduler=gmp", "--enable-native-access=ALL-UNNAMED",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                // JMH's.
                "--sun-misc-unsafe-memory-access=allow");
    }
}
