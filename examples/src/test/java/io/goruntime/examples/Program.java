package io.goruntime.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a program to its end in a process of its own and gives back what it printed. */
record Program(List<String> command, int exitCode, byte[] outBytes, String err) {
    private static final int LIMIT_SECONDS = 50;

    /** Runs a main class on the class path of this JVM, with the options that the script {@code example} gives. */
    static Program java(Class<?> main, List<String> flags, String... args) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(tool("java"));
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(args));
        return run(command, null, null);
    }

    /**
     * Runs any command.
     *
     * @param directory null for the current one
     * @param stdout where standard output goes; null to get it as {@link #outBytes}
     */
    static Program run(List<String> command, Path directory, File stdout) throws Exception {
        Path out = Files.createTempFile("program", ".out");
        Path err = Files.createTempFile("program", ".err");
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(err.toFile())
                    .redirectOutput(stdout == null ? out.toFile() : stdout)
                    .directory(directory == null ? null : directory.toFile());
            // Options from the environment of the build would change what the test is about.
            builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
            builder.environment().putAll(Map.of("LC_ALL", "C.UTF-8"));
            Process process = builder.start();
            process.getOutputStream().close();
            boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
            String threads = "";
            if (!ended) {
                threads = "\n--- threads\n" + threads(process);
                process.destroyForcibly().waitFor();
            }
            Program result = new Program(command, process.exitValue(), Files.readAllBytes(out),
                    new String(Files.readAllBytes(err), StandardCharsets.UTF_8));
            if (!ended) {
                throw new AssertionError("did not end within " + LIMIT_SECONDS + " s\n" + result + threads);
            }
            return result;
        } finally {
            Files.deleteIfExists(out);
            Files.deleteIfExists(err);
        }
    }

    /** Every thread of another JVM, goroutines included. */
    static String threads(Process process) throws IOException, InterruptedException {
        Path file = Files.createTempFile("program", ".threads");
        try {
            Process jcmd = new ProcessBuilder(tool("jcmd"), Long.toString(process.pid()), "Thread.dump_to_file",
                    "-overwrite", file.toString()).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            if (!jcmd.waitFor(10, TimeUnit.SECONDS)) {
                jcmd.destroyForcibly();
            }
            return Files.readString(file);
        } finally {
            Files.delete(file);
        }
    }

    private static String tool(String name) {
        return Path.of(System.getProperty("java.home"), "bin", name).toString();
    }

    String out() {
        return new String(outBytes, StandardCharsets.UTF_8);
    }

    Program expectExit(int expected) {
        assertEquals(expected, exitCode, this::toString);
        return this;
    }

    @Override
    public String toString() {
        return String.join(" ", command) + "\nexit code " + exitCode + "\n--- out\n" + out() + "--- err\n" + err;
    }
}
