package io.goruntime.examples;

import static io.goruntime.GoRuntime.go;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.Signals;
import io.goruntime.examples.http.FileHandler;
import io.goruntime.examples.http.Handler;
import io.goruntime.examples.http.HttpServer;
import io.goruntime.examples.http.Request;
import io.goruntime.examples.http.Response;
import io.goruntime.examples.http.Settings;
import io.goruntime.net.Net;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/**
 * An HTTP/1.1 server: of the files of a directory, or, without one, of a greeting at {@code /} and an echo of what is
 * posted to {@code /echo}. It prints where it listens.
 *
 * <p>SIGTERM and SIGINT let it finish the requests that have begun, for half a minute at most, and end: with exit code 0, or
 * 1 if some had to be cut off. A second signal ends it at once.
 */
public final class Httpd {
    private static final String DEFAULT_ADDRESS = "127.0.0.1:8080";
    private static final Duration DRAIN = Duration.ofSeconds(30);
    private static final byte[] HELLO = "Hello, World!\n".getBytes(StandardCharsets.US_ASCII);

    private Httpd() {}

    /** Runs the example: {@code httpd [ADDRESS [DIR]]}; port 0 is any that is free. */
    public static void main(String[] args) throws InterruptedException {
        if (args.length > 2) {
            System.err.println("usage: httpd [ADDRESS [DIR]]");
            System.exit(2);
        }
        String address = args.length == 0 ? DEFAULT_ADDRESS : args[0];
        try {
            Handler handler = args.length < 2 ? Httpd::hello : new FileHandler(Path.of(args[1]));
            GoRuntime.run(() -> run(address, handler));
        } catch (IOException e) {
            System.err.println("httpd: " + e.getMessage());
            System.exit(1);
        }
    }

    private static void run(String address, Handler handler) throws IOException, InterruptedException {
        Chan<String> signals = Chan.make(1);
        Signals.notify(signals, "TERM", "INT");
        var listener = Net.listen("tcp", address);
        HttpServer server = new HttpServer(handler, Settings.DEFAULT);
        Chan<Boolean> drained = Chan.make(1);
        go("drain", () -> {
            signals.receive();
            Signals.stop(signals);
            drained.send(server.shutdown(DRAIN));
        });
        System.out.println("listening on " + Net.hostPort(listener.localAddress()));
        server.serve(listener);
        if (!drained.receive()) {
            throw new IOException("requests took too long and were cut off");
        }
    }

    /** The greeting, and the echo. */
    static void hello(Request request, Response response) throws IOException {
        if (request.targetIs("/")) {
            if (allowed(request, response, "GET")) {
                response.header("Content-Type", "text/plain").send(HELLO);
            }
        } else if (request.targetIs("/echo")) {
            if (allowed(request, response, "POST")) {
                response.header("Content-Type", "application/octet-stream");
                request.body().transferTo(response.stream(request.contentLength()));
            }
        } else {
            response.status(404).send("404 Not Found");
        }
    }

    private static boolean allowed(Request request, Response response, String method) throws IOException {
        if (request.method().equals(method) || method.equals("GET") && request.isHead()) {
            return true;
        }
        response.status(405).header("Allow", method.equals("GET") ? "GET, HEAD" : method)
                .send("405 Method Not Allowed");
        return false;
    }
}
