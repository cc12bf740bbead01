package io.goruntime.embedding;

import com.sun.net.httpserver.HttpServer;
import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Scope;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;

/** Prints which trace goroutines belong to; OpenTelemetryAgentTest runs it with the agent. */
final class Traced {
    private Traced() {}

    public static void main(String[] args) throws Exception {
        Smoke.run();
        System.out.println("smoke: passed");
        GoRuntime.builder().name("traced").maxProcs(2).decorate(Carry::openTelemetry).run(() -> inSpan(Traced::print));
        // No decorator: what crosses here, the agent carries.
        GoRuntime.builder().name("agent").maxProcs(2).run(() -> inSpan(Traced::request));
    }

    /** What is done in a new span. */
    @FunctionalInterface
    private interface InSpan {
        void run() throws Exception;
    }

    private static void inSpan(InSpan body) throws Exception {
        Span span = GlobalOpenTelemetry.getTracer("test").spanBuilder("parent").startSpan();
        System.out
                .println("trace " + span.getSpanContext().getTraceId() + ", valid " + span.getSpanContext().isValid());
        try (Scope _ = span.makeCurrent()) {
            body.run();
        } finally {
            span.end();
        }
    }

    private static void print() throws Exception {
        Chan<String> seen = Chan.make();
        GoRuntime.go(() -> GoRuntime.go(() -> seen.send(where())));
        System.out.println("nested " + seen.receive());
    }

    /** A request whose client and server are instrumented, both on goroutines. */
    private static void request() throws Exception {
        try (ExecutorService executor = GoRuntime.current().executor();
                HttpClient client = HttpClient.newHttpClient()) {
            System.out.println("task " + executor.submit(Traced::where).get());
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.setExecutor(executor);
            server.createContext("/", exchange -> {
                byte[] body = where().getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(200, body.length);
                try (var out = exchange.getResponseBody()) {
                    out.write(body);
                }
            });
            server.start();
            try {
                URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
                System.out.println("handler "
                        + client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body());
            } finally {
                server.stop(0);
            }
        }
    }

    private static String where() {
        return (GoRuntime.goid() != 0 ? "goroutine in " : "no goroutine, in ")
                + Span.current().getSpanContext().getTraceId();
    }
}
