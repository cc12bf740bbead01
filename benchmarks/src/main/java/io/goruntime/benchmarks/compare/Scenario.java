package io.goruntime.benchmarks.compare;

import io.goruntime.benchmarks.ScenarioBenchmark;
import io.goruntime.benchmarks.alloc.HandoffBenchmark;
import io.goruntime.benchmarks.alloc.LargeMallocBenchmark;
import io.goruntime.benchmarks.alloc.MallocBenchmark;
import io.goruntime.benchmarks.alloc.MixedBenchmark;
import io.goruntime.benchmarks.alloc.PairBenchmark;
import io.goruntime.benchmarks.chan.ContendedBenchmark;
import io.goruntime.benchmarks.chan.LongProdConsBenchmark;
import io.goruntime.benchmarks.chan.LongUncontendedBenchmark;
import io.goruntime.benchmarks.chan.PingPongBenchmark;
import io.goruntime.benchmarks.chan.ProdConsBenchmark;
import io.goruntime.benchmarks.chan.UncontendedBenchmark;
import io.goruntime.benchmarks.sched.SkynetBenchmark;
import io.goruntime.benchmarks.sched.SpawnBenchmark;
import io.goruntime.benchmarks.sched.SyscallBenchmark;
import io.goruntime.benchmarks.sched.SubmitBenchmark;
import io.goruntime.benchmarks.sched.YieldBenchmark;
import io.goruntime.benchmarks.select.SyncSelectBenchmark;
import io.goruntime.benchmarks.sync.MutexBenchmark;
import io.goruntime.benchmarks.sync.RWMutexBenchmark;
import io.goruntime.benchmarks.sync.WaitGroupBenchmark;
import io.goruntime.benchmarks.timer.SleepBenchmark;
import io.goruntime.benchmarks.timer.StartStopBenchmark;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One thing that is measured.
 *
 * @param id {@code group/name}; Go's benchmark has the same: {@code BenchmarkGroup/name}
 * @param benchmark what JMH runs; null: {@link ParkedMemory} or, in the group net, {@link NetProbe} runs instead
 * @param params of the JMH benchmark
 * @param implementations who takes part
 * @param figures what is told by the same measurement beside
 */
record Scenario(String id, @Nullable Class<? extends ScenarioBenchmark> benchmark, Map<String, String> params,
        List<String> implementations, String unit, List<Scenario> figures) {
    static final String OURS = "goruntime";
    static final String GO = "go";

    private static final List<String> EVERYONE = List.of(OURS, GO, "jdk", "jox", "kotlin");
    /** Jox has channels; its tasks, and what else they wait for, are the JDK's. */
    private static final List<String> WITH_TASKS = List.of(OURS, GO, "jdk", "kotlin");
    /** Kotlin has neither an executor nor a lock for readers and writers nor a timer that is no coroutine. */
    private static final List<String> WITH_THREADS = List.of(OURS, GO, "jdk");
    private static final List<String> WITH_SELECT = List.of(OURS, GO, "jox", "kotlin");
    private static final List<String> WITH_NUMBERS = List.of(OURS, GO);
    private static final List<String> WITH_SOCKETS = List.of(OURS, GO, "netty", "jdk");

    /** Bytes that a server of echoes reads at once: it does not know how long a message is. */
    private static final String BUFFER = "4096";

    /** Who allocates memory outside the Java heap and frees it. */
    private static final List<String> ALLOCATORS = List.of(OURS, "libc", "netty", "nettypooled", "arena");
    /** Two tasks, and one beside: how far the machine lets anything scale is told by a loop. */
    private static final List<String> WITH_LOOP = List.of(OURS, "libc", "netty", "nettypooled", "arena", "loop");
    private static final List<String> WITH_MIXED = List.of(OURS, GO, "libc", "netty", "nettypooled", "arena");
    private static final List<String> WITH_HANDOFF = List.of(OURS, GO, "libc", "netty", "nettypooled");

    static final List<Scenario> ALL = List.of(
            new Scenario("sched/spawn", SpawnBenchmark.class, Map.of(), WITH_TASKS, "ns/op"),
            new Scenario("sched/submit", SubmitBenchmark.class, Map.of(), WITH_THREADS, "ns/op"),
            new Scenario("sched/yield", YieldBenchmark.class, Map.of(), WITH_TASKS, "ns/op"),
            new Scenario("sched/syscall", SyscallBenchmark.class, Map.of(), List.of(OURS, GO), "ns/op"),
            new Scenario("sched/skynet", SkynetBenchmark.class, Map.of("leaves", "1000000"), EVERYONE, "ns/op"),
            new Scenario("sched/parkedmemory", null, Map.of("tasks", "1000000"), EVERYONE, "B"),
            new Scenario("chan/pingpong", PingPongBenchmark.class, Map.of(), EVERYONE, "ns/op"),
            new Scenario("chan/prodcons0", ProdConsBenchmark.class, Map.of("capacity", "0"), EVERYONE, "ns/op"),
            new Scenario("chan/prodcons100", ProdConsBenchmark.class, Map.of("capacity", "100"), EVERYONE, "ns/op"),
            new Scenario("chan/uncontended", UncontendedBenchmark.class, Map.of("capacity", "100"), EVERYONE, "ns/op"),
            new Scenario("chan/contended", ContendedBenchmark.class, Map.of("capacity", "100", "pairs", "100"),
                    EVERYONE, "ns/op"),
            new Scenario("chan/long_prodcons100", LongProdConsBenchmark.class, Map.of("capacity", "100"), WITH_NUMBERS,
                    "ns/op"),
            new Scenario("chan/long_uncontended", LongUncontendedBenchmark.class, Map.of("capacity", "100"),
                    WITH_NUMBERS, "ns/op"),
            new Scenario("select/sync2", SyncSelectBenchmark.class, Map.of(), WITH_SELECT, "ns/op"),
            new Scenario("sync/mutex", MutexBenchmark.class, Map.of("tasks", "1"), WITH_TASKS, "ns/op"),
            new Scenario("sync/mutex8", MutexBenchmark.class, Map.of("tasks", "8"), WITH_TASKS, "ns/op"),
            new Scenario("sync/rwmutex", RWMutexBenchmark.class, Map.of("tasks", "8"), WITH_THREADS, "ns/op"),
            new Scenario("sync/waitgroup", WaitGroupBenchmark.class, Map.of("tasks", "1000"), WITH_TASKS, "ns/op"),
            new Scenario("timer/sleep10k", SleepBenchmark.class, Map.of("tasks", "10000"), WITH_TASKS, "ns/op"),
            new Scenario("timer/startstop", StartStopBenchmark.class, Map.of(), WITH_THREADS, "ns/op"),
            new Scenario("alloc/pair8", PairBenchmark.class, Map.of("size", "8", "tasks", "1"), ALLOCATORS, "ns/op"),
            new Scenario("alloc/pair16", PairBenchmark.class, Map.of("size", "16", "tasks", "1"), ALLOCATORS, "ns/op"),
            new Scenario("alloc/pair64", PairBenchmark.class, Map.of("size", "64", "tasks", "1"), WITH_LOOP, "ns/op"),
            new Scenario("alloc/pair64x2", PairBenchmark.class, Map.of("size", "64", "tasks", "2"), WITH_LOOP,
                    "ns/op"),
            new Scenario("alloc/malloc8", MallocBenchmark.class, Map.of("size", "8"), WITH_NUMBERS, "ns/op"),
            new Scenario("alloc/malloc16", MallocBenchmark.class, Map.of("size", "16"), WITH_NUMBERS, "ns/op"),
            new Scenario("alloc/malloc64", MallocBenchmark.class, Map.of("size", "64"), WITH_NUMBERS, "ns/op"),
            new Scenario("alloc/malloc1k", MallocBenchmark.class, Map.of("size", "1024"), WITH_NUMBERS, "ns/op"),
            new Scenario("alloc/malloc32k", LargeMallocBenchmark.class, Map.of("size", "32768"), WITH_NUMBERS, "ns/op"),
            new Scenario("alloc/malloc1m", LargeMallocBenchmark.class, Map.of("size", "1048576"), WITH_NUMBERS,
                    "ns/op"),
            new Scenario("alloc/mixed", MixedBenchmark.class, Map.of(), WITH_MIXED, "ns/op"),
            new Scenario("alloc/handoff64", HandoffBenchmark.class, Map.of(), WITH_HANDOFF, "ns/op"),
            net("net/echo1", "op/s", Map.of("kind", "echo", "connections", "1", "bytes", "64", "buffer", BUFFER)),
            net("net/echo64", "op/s", Map.of("kind", "echo", "connections", "64", "bytes", "64", "buffer", BUFFER)),
            net("net/echo1000", "op/s", Map.of("kind", "echo", "connections", "1000", "bytes", "64", "buffer", BUFFER)),
            net("net/throughput64k", "MB/s", Map.of("kind", "echo", "connections", "4", "bytes", "65536")),
            net("net/http", "requests/s", Map.of("kind", "http", "connections", "64", "client",
                    NetProbe.HTTP_CLIENT)),
            net("net/connect", "op/s", Map.of("kind", "connect", "connections", "8", "bytes", "64")),
            new Scenario("net/idle", null, Map.of("kind", "idle", "connections", "5000", "bytes", "64"), WITH_SOCKETS,
                    "B"));

    Scenario(String id, @Nullable Class<? extends ScenarioBenchmark> benchmark, Map<String, String> params,
            List<String> implementations, String unit) {
        this(id, benchmark, params, implementations, unit, List.of());
    }

    private static Scenario net(String id, String unit, Map<String, String> params) {
        List<Scenario> figures = NetProbe.FIGURES.entrySet().stream().map(figure -> new Scenario(id + "_"
                + figure.getKey(), null, params, WITH_SOCKETS, figure.getValue())).toList();
        return new Scenario(id, null, params, WITH_SOCKETS, unit, figures);
    }

    static List<String> groups() {
        return ALL.stream().map(Scenario::group).distinct().toList();
    }

    static List<Scenario> of(String group) {
        return ALL.stream().filter(scenario -> scenario.group().equals(group)).toList();
    }

    boolean overNetwork() {
        return group().equals("net");
    }

    /** The id of one of its figures. */
    String figure(String name) {
        return id + "_" + name;
    }

    /** Itself first. */
    List<Scenario> withFigures() {
        return Stream.concat(Stream.of(this), figures.stream()).toList();
    }

    String group() {
        return id.substring(0, id.indexOf('/'));
    }

    private String name() {
        return id.substring(id.indexOf('/') + 1);
    }

    /** What to give to a Go test binary so that it runs this one only. */
    String goPattern() {
        return "^Benchmark" + Character.toUpperCase(group().charAt(0)) + group().substring(1) + "$/^" + name() + "$";
    }

    /** The parameters in one fixed order, and under which circumstances: a value means nothing without them. */
    String describe(String... circumstances) {
        return Stream.concat(
                params.entrySet().stream().map(entry -> entry.getKey() + "=" + entry.getValue()).sorted(),
                Stream.of(circumstances)).collect(Collectors.joining(";"));
    }
}
