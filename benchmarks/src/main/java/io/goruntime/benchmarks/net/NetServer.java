package io.goruntime.benchmarks.net;

import io.goruntime.benchmarks.ParkedMemory;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A server in a process of its own, for the group net: an echo, or a greeting by HTTP. Prints its port. For each line
 * {@code memory} on standard input it prints its resident memory in bytes; it ends when the input does. Go's counterpart in
 * {@code net_test.go} does the same.
 */
public final class NetServer {
    /** What the HTTP servers answer to each request. */
    static final String HELLO = "Hello, World!\n";

    private NetServer() {}

    /** What a library has to do: each method starts a server on any port of 127.0.0.0/8 and returns the port. */
    interface Library {
        int echo(int bufferBytes) throws Exception;

        int http() throws Exception;
    }

    /** Arguments: the library; {@code echo} or {@code http}; how many bytes an echo reads at once. */
    public static void main(String[] args) throws Exception {
        int procs = Integer.getInteger("goruntime.maxprocs", 2);
        Library library = switch (args[0]) {
            case "goruntime" -> new GoRuntimeServer();
            case "jdk" -> new JdkServer();
            case "netty" -> new NettyServer(procs);
            default -> throw new IllegalArgumentException(args[0]);
        };
        System.out.println(args[1].equals("http") ? library.http() : library.echo(Integer.parseInt(args[2])));
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        while (commands.readLine() != null) {
            System.out.println(String.format(Locale.ROOT, "%d", ParkedMemory.settledBytes()));
        }
        System.exit(0);
    }
}
