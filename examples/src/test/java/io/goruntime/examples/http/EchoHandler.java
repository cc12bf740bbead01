package io.goruntime.examples.http;

import java.io.IOException;

/** A greeting at the root, the request's body at /echo, and mistakes. */
final class EchoHandler {
    private EchoHandler() {}

    static void handle(Request request, Response response) throws IOException, InterruptedException {
        switch (request.target()) {
            case "/" -> response.send("hello");
            case "/echo" -> request.body().transferTo(response.stream(request.contentLength()));
            case "/read" -> response.send("" + request.body().readAllBytes().length);
            case "/ignore" -> response.send("ignored");
            case "/nothing" -> {
                // The server answers for it.
            }
            case "/204" -> response.status(204).send(new byte[0]);
            case "/mistake" -> throw new IllegalStateException("a mistake, made by a test");
            case "/split" -> response.header("X", request.method() + "\r\nY: z");
            case "/short" -> response.stream(10).write(1);
            case "/long" -> response.stream(1).write(new byte[2]);
            case "/large" -> {
                try (var out = response.stream(-1)) {
                    byte[] part = new byte[1 << 16];
                    for (int i = 0; i < 1024; i++) {
                        out.write(part);
                    }
                }
            }
            default -> response.status(404).send("none");
        }
    }
}
