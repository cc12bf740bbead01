package io.goruntime.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Runs a small program in a JVM of its own, of the same Java home as the test's, and gives back what it printed.
 *
 * <pre>{@code
 * var result = ChildJvm.of(Program.class).flags("-Xint").args("park").run().expectExit(0);
 * assertTrue(result.out().contains("woken"), result.toString());
 * }</pre>
 *
 * <p>{@link #start} runs it in the background, two children at a time, so that a test class can start all of its
 * children first and then look at one in each test. A child that outlives its time-out is asked for a thread dump,
 * killed, and its output becomes the message of the error.
 */
public final class ChildJvm {
    private static final int AT_ONCE = 2;
    private static final long DUMP_WAIT_MILLIS = 500;

    private static final ExecutorService POOL = Executors.newFixedThreadPool(
            AT_ONCE,
            Thread.ofPlatform().daemon().name("child-jvm-", 0).inheritInheritableThreadLocals(false).factory());

    private final String mainClass;
    private final List<String> flags = new ArrayList<>();
    private final List<String> args = new ArrayList<>();
    private final Map<String, String> environment = new HashMap<>();
    private List<Path> classPath;
    private List<Path> modulePath = List.of();
    private String mainModule;
    private Duration timeout = Duration.ofSeconds(30);

    private ChildJvm(String mainClass) {
        this.mainClass = mainClass;
    }

    /** A child that runs the main method of the given class, on the class path of this JVM unless told otherwise. */
    public static ChildJvm of(Class<?> mainClass) {
        return new ChildJvm(mainClass.getName());
    }

    /** A child that compiles the given source file and runs its main method. */
    public static ChildJvm ofSource(Path file) {
        return new ChildJvm(file.toAbsolutePath().toString());
    }

    /** Adds options of the java launcher. */
    public ChildJvm flags(String... more) {
        flags.addAll(List.of(more));
        return this;
    }

    /** Adds arguments of the program. */
    public ChildJvm args(String... more) {
        args.addAll(List.of(more));
        return this;
    }

    /** Sets a variable of the child's environment. */
    public ChildJvm env(String name, String value) {
        environment.put(name, value);
        return this;
    }

    public ChildJvm classPath(List<Path> path) {
        classPath = List.copyOf(path);
        return this;
    }

    /** Runs the main class as part of a module; the class path is empty then, unless it was set. */
    public ChildJvm module(List<Path> path, String module) {
        modulePath = List.copyOf(path);
        mainModule = module;
        return this;
    }

    public ChildJvm timeout(Duration limit) {
        timeout = limit;
        return this;
    }

    /** Runs the child and waits for its end. */
    public Result run() {
        return start().await();
    }

    /** Runs the child in the background as soon as fewer than two are running. */
    public Running start() {
        List<String> command = command();
        Map<String, String> variables = Map.copyOf(environment);
        Duration limit = timeout;
        return new Running(POOL.submit(new Callable<Result>() {
            @Override
            public Result call() throws Exception {
                return execute(command, variables, limit);
            }
        }));
    }

    /** The class path of this JVM. */
    public static List<Path> ownClassPath() {
        List<Path> path = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.isEmpty()) {
                path.add(Path.of(entry));
            }
        }
        return path;
    }

    private List<String> command() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        List<Path> classes = classPath;
        if (classes == null) {
            classes = mainModule == null ? ownClassPath() : List.of();
        }
        if (!classes.isEmpty()) {
            command.add("-cp");
            command.add(join(classes));
        }
        if (mainModule == null) {
            command.add(mainClass);
        } else {
            command.add("-p");
            command.add(join(modulePath));
            command.add("-m");
            command.add(mainModule + "/" + mainClass);
        }
        command.addAll(args);
        return command;
    }

    private static String join(List<Path> path) {
        StringBuilder text = new StringBuilder();
        for (Path entry : path) {
            text.append(text.isEmpty() ? "" : File.pathSeparator).append(entry.toAbsolutePath());
        }
        return text.toString();
    }

    private static Result execute(List<String> command, Map<String, String> variables, Duration limit)
            throws IOException, InterruptedException {
        Path out = Files.createTempFile("child", ".out");
        Path err = Files.createTempFile("child", ".err");
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            // Options from the environment of the build would change what the test is about.
            builder.environment().remove("JDK_JAVA_OPTIONS");
            builder.environment().remove("JAVA_TOOL_OPTIONS");
            builder.environment().putAll(variables);
            Process process = builder.start();
            process.getOutputStream().close();
            boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (!ended) {
                askForThreadDump(process);
                process.destroyForcibly().waitFor();
            }
            Result result = new Result(command, process.exitValue(), read(out), read(err));
            if (!ended) {
                throw new AssertionError("the child did not end within " + limit + "\n" + result);
            }
            return result;
        } finally {
            Files.deleteIfExists(out);
            Files.deleteIfExists(err);
        }
    }

    /** SIGQUIT makes a JVM print its threads to its standard output. Elsewhere than on Unix there is no dump. */
    private static void askForThreadDump(Process process) throws InterruptedException {
        try {
            new ProcessBuilder("kill", "-QUIT", Long.toString(process.pid())).start().waitFor();
            Thread.sleep(DUMP_WAIT_MILLIS);
        } catch (IOException e) {
            return;
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A child that was started; each call of await gives the same result or error. */
    public static final class Running {
        private final Future<Result> future;

        private Running(Future<Result> future) {
            this.future = future;
        }

        public Result await() {
            try {
                return future.get();
            } catch (ExecutionException e) {
                throw new AssertionError(e.getCause().getMessage(), e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted while waiting for a child", e);
            }
        }
    }

    /** What a child that ended left behind. Its toString is meant for assertion messages. */
    public record Result(List<String> command, int exitCode, String out, String err) {
        /** Fails with the whole output if the child ended with another code. */
        public Result expectExit(int expected) {
            if (exitCode != expected) {
                throw new AssertionError("exit code " + exitCode + ", not " + expected + "\n" + this);
            }
            return this;
        }

        /** Fails with the whole output if neither stream contains the text. */
        public Result expect(String text) {
            if (!out.contains(text) && !err.contains(text)) {
                throw new AssertionError("no \"" + text + "\" in the output\n" + this);
            }
            return this;
        }

        /** Fails with the whole output if one of the streams contains the text. */
        public Result expectNot(String text) {
            if (out.contains(text) || err.contains(text)) {
                throw new AssertionError("\"" + text + "\" in the output\n" + this);
            }
            return this;
        }

        /** How many lines of both streams contain the text. */
        public int countLines(String text) {
            int count = 0;
            for (String line : (out + "\n" + err).split("\n")) {
                if (line.contains(text)) {
                    count++;
                }
            }
            return count;
        }

        @Override
        public String toString() {
            return String.join(" ", command) + "\nexit code " + exitCode + "\n--- out\n" + out + "--- err\n" + err;
        }
    }
}
