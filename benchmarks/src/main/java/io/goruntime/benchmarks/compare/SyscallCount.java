package io.goruntime.benchmarks.compare;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Counts the system calls of a process: by perf, which disturbs it little, else by strace, which makes each call slow. Where
 * there is neither, or they are not allowed to, nothing is known.
 */
final class SyscallCount implements AutoCloseable {
    private static final String EVENT = "raw_syscalls:sys_enter";

    private final Peer tool;
    private final boolean perf;

    private SyscallCount(Peer tool, boolean perf) {
        this.tool = tool;
        this.perf = perf;
    }

    /** The tool that is used; empty if there is none. */
    static String tool() {
        return works("perf", "stat", "-e", EVENT, "true") ? "perf" : works("strace", "-c", "true") ? "strace" : "";
    }

    private static boolean works(String... command) {
        if (!NetProbe.onPath(command[0])) {
            return false;
        }
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(),
                    StandardCharsets.UTF_8);
            return process.waitFor() == 0 && !output.contains("not supported");
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Begins; the process must be at rest. */
    static SyscallCount begin(String tool, long pid, PrintStream log) throws IOException, InterruptedException {
        boolean perf = tool.equals("perf");
        String process = Long.toString(pid);
        // perf counts while the command runs that it is given: that one echoes a line when it has begun.
        Peer peer = new Peer(perf
                ? List.of("perf", "stat", "-x,", "-e", EVENT, "-p", process, "--", "cat")
                : List.of("strace", "-f", "-c", "-U", "calls,name", "-p", process), Map.of("LC_ALL", "C"), log);
        try {
            if (perf) {
                peer.write("begun");
                peer.await("begun");
            } else {
                peer.awaitError("attached");
            }
            return new SyscallCount(peer, perf);
        } catch (Throwable e) {
            peer.close();
            throw e;
        }
    }

    /** How many since it began. */
    OptionalLong end() throws IOException, InterruptedException {
        if (!perf) {
            tool.interrupt();
        }
        return parse(tool.finish());
    }

    static OptionalLong parse(String output) {
        for (String line : output.lines().toList()) {
            String[] words = line.trim().split("[ ,]+");
            boolean total = words.length == 2 && words[1].equals("total");
            if ((total || line.contains("," + EVENT)) && words[0].matches("\\d+")) {
                return OptionalLong.of(Long.parseLong(words[0]));
            }
        }
        return OptionalLong.empty();
    }

    @Override
    public void close() throws IOException {
        tool.close();
    }
}
