package io.goruntime.examples.http;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoRuntime;
import io.goruntime.Goroutine;
import io.goruntime.net.Listener;
import io.goruntime.net.Net;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A server on a runtime of its own. Its end checks that it leaves nothing. */
final class TestServer implements AutoCloseable {
    private final GoRuntime runtime = GoRuntime.builder().name("httpd").maxProcs(2).build();
    private final HttpServer server;
    private final Goroutine serving;
    private final InetSocketAddress address;

    TestServer(Handler handler, Settings settings) throws Exception {
        server = new HttpServer(handler, settings);
        CompletableFuture<Listener> listening = new CompletableFuture<>();
        serving = runtime.spawn("accept", () -> {
            Listener listener;
            try {
                listener = Net.listen("tcp", "127.0.0.1:0");
            } catch (IOException | RuntimeException e) {
                listening.completeExceptionally(e);
                throw e;
            }
            listening.complete(listener);
            server.serve(listener);
        });
        address = (InetSocketAddress) listening.get(10, TimeUnit.SECONDS).localAddress();
    }

    TestServer(Handler handler) throws Exception {
        this(handler, Settings.DEFAULT);
    }

    InetSocketAddress address() {
        return address;
    }

    String url(String path) {
        return "http://127.0.0.1:" + address.getPort() + path;
    }

    HttpClientSocket connect() throws IOException {
        return new HttpClientSocket(address);
    }

    HttpServer server() {
        return server;
    }

    /** Waits until no connection is served any more: one goroutine is left, which accepts. */
    void awaitNoConnections() throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (runtime.numGoroutine() > 1) {
            assertTrue(System.nanoTime() - end < 0, () -> runtime.numGoroutine() + " goroutines\n" + dump());
            Thread.sleep(5);
        }
    }

    /** Waits until nobody can connect: who waits in accept has the socket until it has noticed that it was closed. */
    void awaitRefusal() throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        for (;;) {
            try {
                connect().close();
            } catch (ConnectException e) {
                return;
            } catch (SocketException e) {
                // It was closed at this moment.
            }
            assertTrue(System.nanoTime() - end < 0, "connections are still accepted");
            Thread.sleep(5);
        }
    }

    String dump() {
        StringBuilder text = new StringBuilder();
        try {
            runtime.dump(text);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return text.toString();
    }

    @Override
    public void close() {
        try {
            assertTrue(server.shutdown(Duration.ofSeconds(20)), this::dump);
            serving.join();
            assertTrue(runtime.close(Duration.ofSeconds(10)), this::dump);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
