package io.goruntime.examples;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A program that runs in a process of its own and has said where it listens. */
final class Serving implements AutoCloseable {
    private static final int LIMIT_SECONDS = 40;
    private static final String ANNOUNCEMENT = "listening on 127.0.0.1:";

    private final Process process;
    private final Path err;
    private final int port;

    Serving(Class<?> main, String... args) throws Exception {
        this(List.of(), main, args);
    }

    Serving(List<String> flags, Class<?> main, String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java")
                .toString(), "--enable-native-access=ALL-UNNAMED", "-Xmx256m"));
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(args));
        err = Files.createTempFile("serving", ".err");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(err.toFile());
        builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
        process = builder.start();
        try {
            BufferedReader out = process.inputReader();
            String line = CompletableFuture.supplyAsync(() -> {
                try {
                    return out.readLine();
                } catch (IOException e) {
                    return e.toString();
                }
            }).get(LIMIT_SECONDS, TimeUnit.SECONDS);
            if (line == null || !line.startsWith(ANNOUNCEMENT)) {
                throw new AssertionError("it said " + line + "\n" + err());
            }
            port = Integer.parseInt(line.substring(ANNOUNCEMENT.length()));
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    int port() {
        return port;
    }

    Process process() {
        return process;
    }

    String err() {
        try {
            return Files.readString(err);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Sends SIGTERM. */
    void terminate() {
        process.destroy();
    }

    int exitCode() throws Exception {
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("did not end\n" + Program.threads(process) + err());
        }
        return process.exitValue();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly().onExit().join();
        Files.deleteIfExists(err);
    }
}
