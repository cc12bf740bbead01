package io.goruntime.examples;

import static io.goruntime.GoRuntime.go;

import io.goruntime.GoRuntime;
import io.goruntime.net.Conn;
import io.goruntime.net.Listener;
import io.goruntime.net.Net;
import java.io.IOException;

/**
 * Sends back what it receives, on every connection, until the other side ends it. A connection is a goroutine that reads and
 * writes as if nobody else were there. It prints where it listens, and runs until the process is ended.
 */
public final class Echo {
    private static final String DEFAULT_ADDRESS = "127.0.0.1:7007";
    private static final int BUFFER_BYTES = 16 << 10;

    private Echo() {}

    /** Runs the example: {@code echo [ADDRESS]}; port 0 is any that is free. */
    public static void main(String[] args) throws InterruptedException {
        if (args.length > 1) {
            System.err.println("usage: echo [ADDRESS]");
            System.exit(2);
        }
        String address = args.length == 0 ? DEFAULT_ADDRESS : args[0];
        try {
            GoRuntime.run(() -> {
                try (Listener listener = Net.listen("tcp", address)) {
                    System.out.println("listening on " + Net.hostPort(listener.localAddress()));
                    serve(listener);
                }
            });
        } catch (IOException e) {
            System.err.println("echo: " + e.getMessage());
            System.exit(1);
        }
    }

    /** Serves every connection that comes, until the listener fails or is closed, which throws. */
    static void serve(Listener listener) throws IOException {
        for (;;) {
            Conn conn = listener.accept();
            go(() -> echo(conn));
        }
    }

    private static void echo(Conn conn) {
        try (conn) {
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int n; (n = conn.read(buffer)) >= 0;) {
                conn.write(buffer, 0, n);
            }
        } catch (IOException e) {
            // The other side has gone, in the middle of something: its affair.
        }
    }
}
