package io.goruntime.benchmarks.compare;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs programs. */
final class Processes {
    /** Far more than any of ours needs. */
    private static final long MINUTES = 5;

    private Processes() {}

    /**
     * Returns the standard output; the log gets that, and the standard error.
     *
     * @param environment additions, {@code NAME=value}
     */
    static String run(List<String> command, List<String> environment, PrintStream log) throws IOException,
            InterruptedException {
        log.println("# " + String.join(" ", environment) + " " + String.join(" ", command));
        ProcessBuilder builder = new ProcessBuilder(command);
        for (String addition : environment) {
            int equals = addition.indexOf('=');
            builder.environment().put(addition.substring(0, equals), addition.substring(equals + 1));
        }
        Process process = builder.start();
        try {
            process.getOutputStream().close();
            var output = CompletableFuture.supplyAsync(() -> read(process.inputReader()));
            var errors = CompletableFuture.supplyAsync(() -> read(process.errorReader()));
            if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
                throw new IOException(command.getFirst() + " did not end within " + MINUTES + " minutes");
            }
            log.print(output.join());
            log.print(errors.join());
            if (process.exitValue() != 0) {
                throw new IOException(command.getFirst() + " ended with exit code " + process.exitValue() + ":\n"
                        + output.join() + errors.join());
            }
            return output.join();
        } finally {
            process.destroyForcibly();
        }
    }

    private static String read(BufferedReader reader) {
        StringBuilder text = new StringBuilder();
        reader.lines().forEach(line -> text.append(line).append('\n'));
        return text.toString();
    }
}
