package io.goruntime.benchmarks.net;

import io.goruntime.GoRuntime;
import io.goruntime.examples.http.Handler;
import io.goruntime.examples.http.HttpServer;
import io.goruntime.examples.http.Settings;
import io.goruntime.net.Conn;
import io.goruntime.net.Listener;
import io.goruntime.net.Net;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** A goroutine for each connection. The HTTP server is that of the examples, with all its limits and deadlines. */
final class GoRuntimeServer implements NetServer.Library {
    private static final byte[] HELLO = NetServer.HELLO.getBytes(StandardCharsets.US_ASCII);

    static final Handler HANDLER = (request, response) -> response.header("Content-Type", "text/plain").send(HELLO);

    @Override
    public int echo(int bufferBytes) throws IOException {
        Listener listener = Net.listen("tcp4", "0.0.0.0:0");
        GoRuntime.go(() -> {
            for (;;) {
                Conn conn = listener.accept();
                GoRuntime.go(() -> echo(conn, bufferBytes));
            }
        });
        return port(listener);
    }

    private static void echo(Conn conn, int bufferBytes) {
        try (conn) {
            byte[] buffer = new byte[bufferBytes];
            for (int n; (n = conn.read(buffer)) >= 0;) {
                conn.write(buffer, 0, n);
            }
        } catch (IOException e) {
            // The load has ended.
        }
    }

    @Override
    public int http() throws IOException {
        Listener listener = Net.listen("tcp4", "0.0.0.0:0");
        HttpServer server = new HttpServer(HANDLER, Settings.DEFAULT);
        GoRuntime.go(() -> server.serve(listener));
        return port(listener);
    }

    private static int port(Listener listener) {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }
}
