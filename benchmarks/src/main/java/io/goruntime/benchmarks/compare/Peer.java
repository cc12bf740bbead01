package io.goruntime.benchmarks.compare;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A program that is talked to, line by line, until it is closed. The log gets what it says. */
final class Peer implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 120;

    private final Process process;
    private final Path errors;
    private final PrintStream log;

    Peer(List<String> command, Map<String, String> environment, PrintStream log) throws IOException {
        log.println("# " + environment + " " + String.join(" ", command));
        this.log = log;
        errors = Files.createTempFile("peer", ".err");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().putAll(environment);
        process = builder.start();
    }

    long pid() {
        return process.pid();
    }

    /** Its next line; null: it has ended. */
    @Nullable
    String read() throws IOException, InterruptedException {
        try {
            String line = CompletableFuture.supplyAsync(() -> {
                try {
                    return process.inputReader().readLine();
                } catch (IOException e) {
                    return null;
                }
            }).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            log.println(line);
            return line;
        } catch (TimeoutException e) {
            throw new IOException("nothing was said for " + PATIENCE_SECONDS + " s", e);
        } catch (ExecutionException e) {
            throw new IOException(e);
        }
    }

    /** Reads up to a line, which must come. */
    void await(String expected) throws IOException, InterruptedException {
        String line = read();
        if (!expected.equals(line)) {
            throw new IOException("instead of " + expected + ": " + line);
        }
    }

    void write(String line) throws IOException {
        var out = process.outputWriter();
        out.write(line + "\n");
        out.flush();
    }

    /** Ends its input, waits for it, and returns its standard error. */
    String finish() throws IOException, InterruptedException {
        process.getOutputStream().close();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IOException("did not end");
        }
        return Files.readString(errors);
    }

    /** Sends SIGINT. */
    void interrupt() throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    }

    /** Waits for something on its standard error. */
    void awaitError(String text) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!Files.readString(errors).contains(text)) {
            if (!process.isAlive() || System.nanoTime() - end > 0) {
                throw new IOException("did not say " + text + ": " + Files.readString(errors));
            }
            Thread.sleep(10);
        }
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly().onExit().join();
        log.print(Files.readString(errors));
        Files.delete(errors);
    }
}
