package io.goruntime.embedding;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A JVM of its own, of the same Java home as the test's. Its output is read while it runs. */
final class Child implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(100);
    private static final int EXIT_OF_SIGTERM = 128 + 15;

    private final long deadline = System.nanoTime() + LIMIT.toNanos();
    private final List<String> command;
    private final Process process;
    private final List<String> lines = new ArrayList<>(); // under its monitor
    private boolean ended; // the same

    private Child(List<String> command) throws IOException {
        this.command = command;
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        // Options from the environment of the build would change what the test is about.
        builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "GOMAXPROCS"));
        process = builder.start();
        process.getOutputStream().close();
        Thread.ofPlatform().daemon().name("output of child " + process.pid()).start(this::read);
    }

    /** Starts it with these arguments of the launcher. */
    static Child java(String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(arguments));
        return new Child(command);
    }

    /** Starts a main method on the class path of this JVM. */
    static Child program(Class<?> main, String... flags) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(flags));
        arguments.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        return java(arguments.toArray(String[]::new));
    }

    private void read() {
        try (BufferedReader reader = process.inputReader()) {
            for (String line; (line = reader.readLine()) != null;) {
                synchronized (lines) {
                    lines.add(line);
                    lines.notifyAll();
                }
            }
        } catch (IOException e) {
            // the child was killed
        } finally {
            synchronized (lines) {
                ended = true;
                lines.notifyAll();
            }
        }
    }

    /** Waits for a line in which the expression is found. */
    Matcher await(String regex) throws InterruptedException {
        Pattern pattern = Pattern.compile(regex);
        synchronized (lines) {
            for (int next = 0;; next++) {
                while (next == lines.size()) {
                    long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                    if (ended || millis <= 0) {
                        throw new AssertionError("no line with \"" + regex + "\"\n" + this);
                    }
                    lines.wait(millis);
                }
                Matcher matcher = pattern.matcher(lines.get(next));
                if (matcher.find()) {
                    return matcher;
                }
            }
        }
    }

    /** Asks it to end, as a service manager would, and waits for that. */
    void terminate() throws InterruptedException {
        process.toHandle().destroy(); // the process's own destroy would also close its output
        awaitExit(EXIT_OF_SIGTERM);
    }

    /** Waits for its end, and the end of its output. */
    void awaitExit(int expected) throws InterruptedException {
        boolean exited = process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        synchronized (lines) {
            while (exited && !ended) {
                lines.wait();
            }
        }
        if (!exited || process.exitValue() != expected) {
            throw new AssertionError((exited ? "exit code " + process.exitValue() : "did not end") + "\n" + this);
        }
    }

    /** The lines so far that contain one of the texts. */
    List<String> linesWith(String... texts) {
        synchronized (lines) {
            return lines.stream().filter(line -> List.of(texts).stream().anyMatch(line::contains)).toList();
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    @Override
    public String toString() {
        synchronized (lines) {
            return String.join(" ", command) + "\n" + String.join("\n", lines);
        }
    }
}
