package io.goruntime.benchmarks.compare;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Properties;

/** On what was measured: a number without this is not to be quoted. */
final class Machine {
    private Machine() {}

    static String describe(Options options, String commit, String go, String arguments) {
        Properties versions = new Properties();
        try (InputStream in = Machine.class.getResourceAsStream("versions.properties")) {
            versions.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return """
                run        compare.sh %s
                commit     %s
                machine    %s, %d processors, %d MB, %s %s %s
                JDK        %s %s
                JVM flags  -Xms%s -Xmx%s %s %s
                JVM        collector G1 where nothing else is said; JFR off; no JVMTI agent
                go         %s, GOMAXPROCS=%d
                versions   goruntime %s, jox %s, kotlinx-coroutines %s (Kotlin %s), netty %s, jmh %s
                net        HTTP by the client "%s"; system calls by %s
                sampling   %s: %d to %d forks, %d x %d ms warm-up, %d x %d ms measured
                """.formatted(arguments, commit, cpu(), Runtime.getRuntime().availableProcessors(), memoryMb(),
                System.getProperty("os.name"), System.getProperty("os.version"), System.getProperty("os.arch"),
                System.getProperty("java.vm.vendor"), System.getProperty("java.vm.version"), options.heap(),
                options.heap(), String.join(" ", Variant.G1.flags()), String.join(" ", options.jvmFlags()), go,
                options.procs(), versions.getProperty("goruntime"), versions.getProperty("jox"),
                versions.getProperty("kotlin"), versions.getProperty("kotlin-stdlib"), versions.getProperty("netty"),
                versions.getProperty("jmh"), NetProbe.HTTP_CLIENT,
                SyscallCount.tool().isEmpty() ? "nothing here" : SyscallCount.tool(),
                options.mode(), options.minForks(), options.maxForks(), options.warmups(),
                options.iteration().toMillis(), options.iterations(), options.iteration().toMillis());
    }

    /** How many threads wanted a processor during the last minute. */
    static String load() {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        return load < 0 ? "load unknown" : String.format(Locale.ROOT, "load %.2f", load);
    }

    private static String cpu() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream().filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).trim()).findFirst().orElse("unknown processor");
        } catch (IOException e) {
            // Not Linux.
            return "unknown processor";
        }
    }

    private static long memoryMb() {
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                .getTotalMemorySize() >> 20;
    }

    /** The places that a user may look at afterwards. */
    static List<String> files(String group, Options options) {
        String base = options.allocation() ? group + "-gc" : group;
        return List.of(base + ".csv", base + "-forks.csv", base + ".txt", base + ".log");
    }
}
