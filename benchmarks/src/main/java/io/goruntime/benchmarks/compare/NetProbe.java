package io.goruntime.benchmarks.compare;

import io.goruntime.benchmarks.net.NetLoad;
import io.goruntime.benchmarks.net.NetServer;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One server in a process of its own, and the load for it in another: {@link NetLoad}, or wrk for HTTP where there is one.
 * First without anything that looks at the server, for everything but the system calls; then again, shorter, with what counts
 * them.
 */
final class NetProbe implements Probe {
    /** What is told beside the requests, with its unit. */
    static final Map<String, String> FIGURES = figures();
    static final String HTTP_CLIENT = onPath("wrk") ? "wrk" : "own";

    /** A client's part of a measurement, between two moments at which nothing is under way. */
    @FunctionalInterface
    private interface Moment {
        void run() throws IOException, InterruptedException;
    }

    /** Of /proc/PID/stat: everywhere 100 a second. */
    private static final double TICKS_PER_SECOND = 100;
    private static final int COUNTED_MILLIS = 1000;

    /** What wrk prints at the end: as NetLoad does. */
    private static final String WRK_SCRIPT = """
            done = function(summary, latency, requests)
              local e = summary.errors
              io.write(string.format("errors %d\\nrequests %d\\nseconds %f\\np50 %f\\np99 %f\\np999 %f\\n",
                e.connect + e.read + e.write + e.status + e.timeout, summary.requests, summary.duration / 1e6,
                latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
            end
            """;

    private final Options options;
    private final @Nullable Path go;
    private final PrintStream log;

    NetProbe(Options options, @Nullable Path go, PrintStream log) {
        this.options = options;
        this.go = go;
        this.log = log;
    }

    private static Map<String, String> figures() {
        Map<String, String> figures = new LinkedHashMap<>();
        figures.put("p50", "us");
        figures.put("p99", "us");
        figures.put("p999", "us");
        figures.put("cpu", "us/op");
        figures.put("syscalls", "calls/op");
        return figures;
    }

    @Override
    public Map<String, Double> measure(Scenario scenario, String implementation, Variant variant) throws Exception {
        try (Peer server = server(scenario, implementation, variant)) {
            String port = server.read();
            if (port == null) {
                throw new IOException("the server has ended");
            }
            return scenario.params().get("kind").equals("idle")
                    ? idle(scenario, server, port)
                    : load(scenario, server, port);
        }
    }

    // -- the server --

    private Peer server(Scenario scenario, String implementation, Variant variant) throws IOException {
        String kind = scenario.params().get("kind").equals("http") ? "http" : "echo";
        String bytes = scenario.params().getOrDefault("buffer", scenario.params().getOrDefault("bytes", "0"));
        if (implementation.equals(Scenario.GO)) {
            return new Peer(List.of(String.valueOf(go), "-test.run=^TestNetServer$", "-test.timeout=0"), Map.of(
                    "GOMAXPROCS", String.valueOf(options.procs()), "NET_SERVER", kind + " " + bytes), log);
        }
        // What is idle is measured in a heap that grows from next to nothing, as what is in it counts.
        List<String> command = java(scenario.params().get("kind").equals("idle") ? "16m" : options.heap(),
                options.heap());
        command.addAll(options.jvmFlags());
        command.addAll(variant.flags());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), NetServer.class.getName(), implementation,
                kind, bytes));
        return new Peer(command, Map.of(), log);
    }

    private static List<String> java(String initialHeap, String heap) {
        return new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms" + initialHeap, "-Xmx" + heap));
    }

    private static double cpuSeconds(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
    }

    // -- the load --

    private Map<String, Double> load(Scenario scenario, Peer server, String port) throws IOException,
            InterruptedException {
        long millis = options.iteration().toMillis();
        double[] cpu = new double[2];
        Map<String, Double> results = client(scenario, port, options.warmups() * millis, options.iterations() * millis,
                () -> cpu[0] = cpuSeconds(server.pid()), () -> cpu[1] = cpuSeconds(server.pid()));
        double requests = results.get("requests");
        Map<String, Double> values = new HashMap<>();
        double rate = requests / results.get("seconds");
        values.put(scenario.id(), scenario.unit().equals("MB/s")
                ? rate * Integer.parseInt(scenario.params().get("bytes")) / 1e6
                : rate);
        for (String percentile : List.of("p50", "p99", "p999")) {
            values.put(scenario.figure(percentile), results.get(percentile));
        }
        values.put(scenario.figure("cpu"), (cpu[1] - cpu[0]) * 1e6 / requests);
        syscalls(scenario, server, port, values);
        return values;
    }

    private void syscalls(Scenario scenario, Peer server, String port, Map<String, Double> values) throws IOException,
            InterruptedException {
        String tool = SyscallCount.tool();
        if (tool.isEmpty()) {
            return;
        }
        SyscallCount[] count = new SyscallCount[1];
        OptionalLong[] calls = {OptionalLong.empty()};
        try {
            Map<String, Double> results = client(scenario, port, options.iteration().toMillis(), COUNTED_MILLIS,
                    () -> count[0] = SyscallCount.begin(tool, server.pid(), log), () -> calls[0] = count[0].end());
            calls[0].ifPresent(n -> values.put(scenario.figure("syscalls"), n / results.get("requests")));
        } finally {
            if (count[0] != null) {
                count[0].close();
            }
        }
    }

    private Map<String, Double> client(Scenario scenario, String port, long warmUpMillis, long millis, Moment before,
            Moment after) throws IOException, InterruptedException {
        String connections = scenario.params().get("connections");
        if ("wrk".equals(scenario.params().get("client"))) {
            return wrk(port, connections, warmUpMillis, millis, before, after);
        }
        try (Peer client = client(scenario, port, connections, warmUpMillis, millis)) {
            client.await("ready");
            before.run();
            client.write("");
            Map<String, Double> results = new HashMap<>();
            for (String line; !"end".equals(line = client.read());) {
                result(line, results);
            }
            after.run();
            client.write("");
            return results;
        }
    }

    private Peer client(Scenario scenario, String port, String connections, long warmUpMillis, long millis)
            throws IOException {
        List<String> command = java("64m", "256m");
        command.addAll(List.of("-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"),
                NetLoad.class.getName(), scenario.params().get("kind"), port, connections,
                scenario.params().getOrDefault("bytes", "0"), String.valueOf(warmUpMillis), String.valueOf(millis)));
        return new Peer(command, Map.of(), log);
    }

    private Map<String, Double> wrk(String port, String connections, long warmUpMillis, long millis, Moment before,
            Moment after) throws IOException, InterruptedException {
        Path script = Files.createTempFile("wrk", ".lua");
        try {
            Files.writeString(script, WRK_SCRIPT);
            Processes.run(wrk(script, port, connections, warmUpMillis), List.of(), log);
            before.run();
            String output = Processes.run(wrk(script, port, connections, millis), List.of(), log);
            after.run();
            Map<String, Double> results = new HashMap<>();
            output.lines().filter(line -> line.matches("[a-z0-9]+ [0-9.]+")).forEach(line -> result(line, results));
            if (results.getOrDefault("errors", 1.0) > 0) {
                throw new IOException("wrk reports errors:\n" + output);
            }
            return results;
        } finally {
            Files.delete(script);
        }
    }

    private static List<String> wrk(Path script, String port, String connections, long millis) {
        // It knows whole seconds only.
        return List.of("wrk", "-t1", "-c" + connections, "-d" + Math.max(1, millis / 1000) + "s", "-s", script
                .toString(), "http://127.0.0.1:" + port + "/");
    }

    private static void result(@Nullable String line, Map<String, Double> results) {
        if (line == null) {
            throw new IllegalStateException("the client has ended");
        }
        int space = line.indexOf(' ');
        results.put(line.substring(0, space), Double.parseDouble(line.substring(space + 1)));
    }

    // -- idle connections --

    private Map<String, Double> idle(Scenario scenario, Peer server, String port) throws IOException,
            InterruptedException {
        String connections = scenario.params().get("connections");
        try (Peer client = client(scenario, port, connections, 0, 0)) {
            client.await("ready");
            double before = memory(server);
            client.write("");
            client.await("end");
            double after = memory(server);
            client.write("");
            return Map.of(scenario.id(), (after - before) / Integer.parseInt(connections));
        }
    }

    private static double memory(Peer server) throws IOException, InterruptedException {
        server.write("memory");
        return Double.parseDouble(String.valueOf(server.read()));
    }

    static boolean onPath(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(each -> Files.isExecutable(Path.of(each, program)));
    }
}
