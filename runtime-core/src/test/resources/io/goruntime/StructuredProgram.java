import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.Goroutine;
import io.goruntime.testing.DumpOnTimeout;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.StructuredTaskScope;
import java.util.concurrent.StructuredTaskScope.FailedException;
import java.util.concurrent.StructuredTaskScope.Joiner;
import java.util.concurrent.StructuredTaskScope.Subtask;
import java.util.concurrent.StructuredTaskScope.TimeoutException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * StructuredTaskScope with goroutines as its threads. A program by itself, as the API is a preview: StructuredTest gives it
 * to the source launcher. It prints the name of each scenario that went well.
 */
public class StructuredProgram {
    private static final ScopedValue<String> KEY = ScopedValue.newInstance();

    /** Without our scheduler there are no Ps, and a runtime has no container. */
    private static final boolean JDK_MODE = "jdk".equals(System.getProperty("goruntime.scheduler"));

    @FunctionalInterface
    interface Scenario {
        void run(GoRuntime runtime) throws Exception;
    }

    public static void main(String[] args) throws Exception {
        DumpOnTimeout.guard(Duration.ofSeconds(40));
        scenario("join", StructuredProgram::join);
        scenario("any", StructuredProgram::any);
        scenario("failure", StructuredProgram::failure);
        scenario("timeout", StructuredProgram::timeout);
        scenario("interrupt", StructuredProgram::interrupt);
        scenario("scoped values", StructuredProgram::scopedValues);
        scenario("nested", StructuredProgram::nested);
        scenario("runtime closed", StructuredProgram::runtimeClosed);
        scenario("dump", StructuredProgram::dump);
        System.out.println("end");
    }

    /** On a platform thread, and in a goroutine of the same runtime; nothing may be left. */
    private static void scenario(String name, Scenario scenario) throws Exception {
        for (int procs : JDK_MODE ? new int[]{2} : new int[]{1, 2, 4}) {
            for (boolean inside : new boolean[]{false, true}) {
                try (GoRuntime runtime = GoRuntime.builder().maxProcs(procs).name("structured").build()) {
                    if (inside) {
                        Chan<Object> outcome = Chan.make(1);
                        runtime.spawn(() -> {
                            try {
                                scenario.run(runtime);
                                outcome.send("well");
                            } catch (Throwable e) {
                                outcome.send(e);
                            }
                        });
                        if (outcome.receive() instanceof Throwable e) {
                            throw new AssertionError(name + ", " + procs + " Ps, in a goroutine", e);
                        }
                    } else {
                        scenario.run(runtime);
                    }
                    while (runtime.numGoroutine() > 0) {
                        Thread.sleep(1);
                    }
                }
            }
        }
        System.out.println(name + ": well");
    }

    private static <T, R> StructuredTaskScope<T, R> open(GoRuntime runtime, Joiner<T, R> joiner) {
        return StructuredTaskScope.open(joiner,
                c -> c.withThreadFactory(runtime.threadFactory("sub-")).withName("scope"));
    }

    private static void check(boolean holds, Object what) {
        if (!holds) {
            throw new AssertionError(String.valueOf(what));
        }
    }

    /** Sleeps for a day, and tells what ended it. */
    private static final class Sleeper implements Callable<String> {
        final CountDownLatch began = new CountDownLatch(1);
        volatile boolean interrupted;

        @Override
        public String call() throws InterruptedException {
            began.countDown();
            try {
                Thread.sleep(Duration.ofDays(1));
            } catch (InterruptedException e) {
                interrupted = true;
                throw e;
            }
            return "slept";
        }
    }

    static void join(GoRuntime runtime) throws Exception {
        try (var scope = open(runtime, Joiner.<Integer>allSuccessfulOrThrow())) {
            Chan<Integer> c = Chan.make();
            for (int i = 0; i < 50; i++) {
                int n = i;
                scope.fork(() -> {
                    check(GoRuntime.goid() > 0 && GoRuntime.current() == runtime, "not a goroutine of the runtime");
                    check(Thread.currentThread().getName().startsWith("sub-"), Thread.currentThread());
                    c.send(n);
                    return n;
                });
            }
            int sum = 0;
            for (int i = 0; i < 50; i++) {
                sum += c.receive();
            }
            List<Integer> results = scope.join().map(Subtask::get).toList();
            check(results.size() == 50 && results.stream().mapToInt(i -> i).sum() == sum && sum == 1225, results);
        }
    }

    static void any(GoRuntime runtime) throws Exception {
        Sleeper sleeper = new Sleeper();
        try (var scope = open(runtime, Joiner.<String>anySuccessfulResultOrThrow())) {
            scope.fork(sleeper);
            scope.fork(() -> {
                sleeper.began.await();
                return "first";
            });
            check(scope.join().equals("first"), "another result");
        }
        check(sleeper.interrupted, "close did not wait for the other");
    }

    static void failure(GoRuntime runtime) throws Exception {
        Sleeper sleeper = new Sleeper();
        IllegalStateException failure = new IllegalStateException("subtask");
        try (var scope = open(runtime, Joiner.awaitAllSuccessfulOrThrow())) {
            Subtask<String> waits = scope.fork(sleeper);
            Subtask<Object> fails = scope.fork(() -> {
                sleeper.began.await();
                throw failure;
            });
            try {
                scope.join();
                check(false, "no failure");
            } catch (FailedException e) {
                check(e.getCause() == failure, e);
            }
            check(scope.isCancelled(), "not cancelled");
            check(fails.state() == Subtask.State.FAILED && fails.exception() == failure, fails);
            check(waits.state() == Subtask.State.UNAVAILABLE, waits);
        }
        check(sleeper.interrupted, "the sibling was not interrupted");
    }

    static void timeout(GoRuntime runtime) throws Exception {
        ThreadFactory factory = runtime.threadFactory("");
        Sleeper sleeper;
        long millis = 10;
        do {
            sleeper = new Sleeper();
            Duration limit = Duration.ofMillis(millis *= 2);
            try (var scope = StructuredTaskScope.open(Joiner.awaitAll(),
                    c -> c.withThreadFactory(factory).withTimeout(limit))) {
                scope.fork(sleeper);
                try {
                    scope.join();
                    check(false, "no time-out");
                } catch (TimeoutException e) {
                    check(scope.isCancelled(), "not cancelled");
                }
            }
            // The time runs from the opening: if it was over before the fork there was no subtask. Then with more time.
        } while (sleeper.began.getCount() > 0);
        check(sleeper.interrupted, "not interrupted");
    }

    static void interrupt(GoRuntime runtime) throws Exception {
        Sleeper sleeper = new Sleeper();
        try (var scope = open(runtime, Joiner.awaitAll())) {
            scope.fork(sleeper);
            sleeper.began.await();
            Thread.currentThread().interrupt();
            try {
                scope.join();
                check(false, "not interrupted");
            } catch (InterruptedException e) {
                check(!Thread.interrupted(), "the flag is still set");
            }
        }
        check(sleeper.interrupted, "the subtask was not interrupted");
    }

    static void scopedValues(GoRuntime runtime) throws Exception {
        ScopedValue.where(KEY, "outer").call(() -> {
            try (var scope = open(runtime, Joiner.<String>allSuccessfulOrThrow())) {
                Subtask<String> inherits = scope.fork(KEY::get);
                Subtask<String> rebinds = scope.fork(() -> ScopedValue.where(KEY, "inner").call(() -> {
                    GoRuntime.gosched();
                    return KEY.get();
                }));
                // A goroutine that a subtask starts is not of the scope, and inherits nothing.
                Subtask<String> spawns = scope.fork(() -> {
                    Chan<Boolean> bound = Chan.make();
                    GoRuntime.go(() -> bound.send(KEY.isBound()));
                    return bound.receive() + KEY.get();
                });
                scope.join();
                check(inherits.get().equals("outer") && rebinds.get().equals("inner")
                        && spawns.get().equals("falseouter"), inherits.get() + rebinds.get() + spawns.get());
            }
            return null;
        });
    }

    static void nested(GoRuntime runtime) throws Exception {
        AtomicInteger leaves = new AtomicInteger();
        Sleeper sleeper = new Sleeper();
        try (var outer = open(runtime, Joiner.<Integer>allSuccessfulOrThrow())) {
            for (int i = 0; i < 5; i++) {
                outer.fork(() -> {
                    try (var inner = open(runtime, Joiner.<Integer>allSuccessfulOrThrow())) {
                        for (int k = 0; k < 5; k++) {
                            inner.fork(leaves::incrementAndGet);
                        }
                        return (int) inner.join().count();
                    }
                });
            }
            check(outer.join().mapToInt(Subtask::get).sum() == 25 && leaves.get() == 25, leaves);
        }
        // The failure of the outer scope reaches the inner one.
        try (var outer = open(runtime, Joiner.awaitAllSuccessfulOrThrow())) {
            outer.fork(() -> {
                try (var inner = open(runtime, Joiner.awaitAll())) {
                    inner.fork(sleeper);
                    inner.join();
                }
                return null;
            });
            outer.fork(() -> {
                sleeper.began.await();
                throw new IllegalStateException("outer");
            });
            try {
                outer.join();
                check(false, "no failure");
            } catch (FailedException e) {
                check(e.getCause() instanceof IllegalStateException, e);
            }
        }
        check(sleeper.interrupted, "the inner subtask was not interrupted");
    }

    static void runtimeClosed(GoRuntime outer) throws Exception {
        GoRuntime runtime = GoRuntime.builder().name("closing").build();
        Sleeper sleeper = new Sleeper();
        try (var scope = open(runtime, Joiner.awaitAll())) {
            Subtask<String> subtask = scope.fork(sleeper);
            sleeper.began.await();
            check(runtime.close(Duration.ofSeconds(30)), "goroutines are left");
            check(sleeper.interrupted, "not interrupted");
            try {
                scope.fork(() -> "late");
                check(false, "not refused");
            } catch (RejectedExecutionException e) {
                check(e.getMessage().contains("closed"), e);
            }
            scope.join();
            check(subtask.exception() instanceof InterruptedException, subtask);
        }
    }

    /** The scope is a container of its own in the JDK's dump; each of its threads is listed there, and only there. */
    static void dump(GoRuntime runtime) throws Exception {
        try (var scope = open(runtime, Joiner.awaitAll())) {
            CountDownLatch release = new CountDownLatch(1);
            Chan<Thread> threads = Chan.make(3);
            List<Thread> waiting = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                scope.fork(() -> {
                    threads.send(Thread.currentThread());
                    release.await();
                    return null;
                });
            }
            Goroutine other = runtime.spawn("other", () -> release.await());
            waiting.add(other.thread());
            for (int i = 0; i < 3; i++) {
                waiting.add(threads.receive());
            }
            // The JDK's dump fails when it meets a virtual thread that is just leaving its carrier.
            for (Thread thread : waiting) {
                while (thread.getState() != Thread.State.WAITING) {
                    Thread.sleep(1);
                }
            }
            Path file = Files.createTempDirectory("structured").resolve("dump.json");
            ManagementFactory.getPlatformMXBean(com.sun.management.HotSpotDiagnosticMXBean.class).dumpThreads(
                    file.toString(), com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat.JSON);
            release.countDown();
            scope.join();
            String json = Files.readString(file);
            Files.delete(file);
            Files.delete(file.getParent());
            String inScope = container(json, "scope");
            String inRuntime = container(json, JDK_MODE ? "<root>" : "goruntime-structured");
            check(inRuntime.contains("\"other\""), inRuntime);
            for (int i = 0; i < 3; i++) {
                check(inScope.contains("\"sub-" + i + "\""), inScope);
                check(!inRuntime.contains("\"sub-" + i + "\""), inRuntime);
            }
        }
    }

    /** The part of the dump from the container whose name begins so to the next one. */
    private static String container(String json, String name) {
        String[] parts = json.split("\"container\": ");
        for (String part : parts) {
            if (part.startsWith("\"" + name)) {
                return part;
            }
        }
        throw new AssertionError("no container " + name + " in\n" + json);
    }
}
