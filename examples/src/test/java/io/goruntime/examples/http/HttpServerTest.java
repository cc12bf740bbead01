package io.goruntime.examples.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.examples.http.HttpClientSocket.Reply;
import java.io.IOException;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server over real connections: clients that behave, that do not, and that are in no hurry. */
class HttpServerTest {
    private static final String GET = "GET / HTTP/1.1\nHost: h\n\n";
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Duration SHORT = Duration.ofMillis(200);

    // -- clients that behave --

    @Test
    void aConnectionServesManyRequests() throws Exception {
        try (TestServer server = new TestServer(EchoHandler::handle); HttpClientSocket client = server.connect()) {
            for (int i = 0; i < 100; i++) {
                Reply reply = client.get("/");
                assertEquals(200, reply.status());
                assertEquals("hello\n", reply.body());
                assertNull(reply.headers().get("connection"));
                ZonedDateTime date = ZonedDateTime.parse(reply.headers().get("date"),
                        DateTimeFormatter.RFC_1123_DATE_TIME);
                assertTrue(Duration.between(date, ZonedDateTime.now()).abs().toSeconds() < 60, date::toString);
            }
            assertEquals(404, client.get("/none").status());
            assertEquals("", client.get("/nothing").body());
            assertEquals(204, client.get("/204").status());
            assertEquals("close", client.send("GET / HTTP/1.1\nHost: h\nConnection: close\n\n").reply().headers()
                    .get("connection"));
            assertEquals("", client.rest());
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        try (TestServer server = new TestServer(EchoHandler::handle); HttpClientSocket client = server.connect()) {
            StringBuilder requests = new StringBuilder();
            List<String> bodies = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                String body = (i + "x").repeat(random.nextInt(100));
                bodies.add(body);
                requests.append("POST ").append(random.nextInt(5) == 0 ? "/ignore" : "/echo").append(
                        " HTTP/1.1\r\nHost: h\r\n");
                if (random.nextBoolean()) {
                    requests.append("Content-Length: ").append(body.length()).append("\r\n\r\n").append(body);
                } else {
                    requests.append("Transfer-Encoding: chunked\r\n\r\n");
                    if (!body.isEmpty()) {
                        requests.append(Integer.toHexString(body.length())).append("\r\n").append(body).append("\r\n");
                    }
                    requests.append("0\r\nTrailer: x\r\n\r\n");
                }
            }
            byte[] all = requests.toString().getBytes(StandardCharsets.ISO_8859_1);
            Thread sender = Thread.startVirtualThread(() -> {
                try {
                    for (int i = 0; i < all.length;) {
                        int n = Math.min(all.length - i, 1 + random.nextInt(5000));
                        client.send(Arrays.copyOfRange(all, i, i + n));
                        i += n;
                    }
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            for (String body : bodies) {
                Reply reply = client.reply();
                assertEquals(200, reply.status(), () -> "seed " + seed);
                assertTrue(reply.body().equals(body) || reply.body().equals("ignored\n"), () -> "seed " + seed);
            }
            sender.join();
            assertEquals("hello\n", client.get("/").body());
        }
    }

    @Test
    void headIsGetWithoutTheBody() throws Exception {
        try (TestServer server = new TestServer(EchoHandler::handle); HttpClientSocket client = server.connect()) {
            Reply get = client.get("/");
            Reply head = client.send("HEAD / HTTP/1.1\nHost: h\n\n").reply(false);
            assertEquals(get.headers().get("content-length"), head.headers().get("content-length"));
            assertEquals(get.status(), head.status());
            assertEquals("hello\n", client.get("/").body());
        }
    }

    @Test
    void aClientOfHttp10GetsWhatItUnderstands() throws Exception {
        try (TestServer server = new TestServer(EchoHandler::handle)) {
            try (HttpClientSocket client = server.connect()) {
                Reply reply = client.send("GET /large HTTP/1.0\n\n").reply();
                assertNull(reply.headers().get("transfer-encoding"));
                assertEquals(64 << 20, reply.body().length());
            }
            try (HttpClientSocket client = server.connect()) {
                Reply reply = client.send("GET / HTTP/1.0\nConnection: keep-alive\n\n").reply();
                assertEquals("keep-alive", reply.headers().get("connection"));
                assertEquals("close", client.send("GET / HTTP/1.0\n\n").reply().headers().get("connection"));
                assertEquals("", client.rest());
            }
        }
    }

    @Test
    void theBodyIsAskedForWhenItIsWanted() throws Exception {
        String head = " HTTP/1.1\nHost: h\nContent-Length: 3\nExpect: 100-continue\n\n";
        try (TestServer server = new TestServer(EchoHandler::handle)) {
            try (HttpClientSocket client = server.connect()) {
                assertEquals(100, client.send("POST /echo" + head).reply().status());
                assertEquals("abc", client.send("abc").reply().body());
                assertEquals("hello\n", client.get("/").body());
            }
            try (HttpClientSocket client = server.connect()) {
                Reply reply = client.send("POST /ignore" + head).reply();
                assertEquals(200, reply.status());
                // The client may or may not send the body now: only the end makes clear what follows.
                assertEquals("close", reply.headers().get("connection"));
                assertEquals("", client.rest());
            }
        }
    }

    @Test
    void manyClientsOfTheJdkAtOnce() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        AtomicInteger served = new AtomicInteger();
        int clients = 16;
        int requests = 40;
        try (TestServer server = new TestServer((request, response) -> {
            served.incrementAndGet();
            EchoHandler.handle(request, response);
        })) {
            try (HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
                    var executor = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<?>> all = new ArrayList<>();
                for (int i = 0; i < clients; i++) {
                    Random random = new Random(seed + i);
                    all.add(executor.submit(() -> {
                        for (int k = 0; k < requests; k++) {
                            byte[] body = new byte[random.nextInt(10_000)];
                            random.nextBytes(body);
                            var publisher = HttpRequest.BodyPublishers.ofByteArray(body);
                            // Without a length it sends chunks.
                            var request = HttpRequest.newBuilder(URI.create(server.url("/echo")))
                                    .expectContinue(random.nextInt(8) == 0)
                                    .POST(random.nextBoolean()
                                            ? publisher
                                            : HttpRequest.BodyPublishers.fromPublisher(publisher))
                                    .timeout(LONG).build();
                            var response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
                            assertEquals(200, response.statusCode());
                            assertTrue(Arrays.equals(body, response.body()), () -> "seed " + seed);
                        }
                        return null;
                    }));
                }
                for (Future<?> each : all) {
                    each.get();
                }
            }
            assertEquals(clients * requests, served.get());
        }
    }

    // -- clients that do not --

    @ParameterizedTest
    @ValueSource(strings = {"400 hello\n", "400 GET / HTTP/1.1\n\n", "400 \26\3\1\2\0\1\0\1\374",
            "400 GET / HTTP/1.1\nHost: h\n folded\n\n", "411 POST / HTTP/1.1\nHost: h\n\n",
            "400 POST / HTTP/1.1\nHost: h\nContent-Length: 1\nTransfer-Encoding: chunked\n\n0\n\n",
            "400 POST /read HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\nx\n",
            "400 POST /nothing HTTP/1.1\nHost: h\nContent-Length: 1\nContent-Length: 1\n\nx",
            "413 POST /echo HTTP/1.1\nHost: h\nContent-Length: 100000000\n\n",
            "417 GET / HTTP/1.1\nHost: h\nExpect: money\n\n", "501 BREW / HTTP/1.1\nHost: h\n\n",
            "501 POST / HTTP/1.1\nHost: h\nTransfer-Encoding: gzip\n\n", "505 GET / HTTP/3.0\n\n",
            "500 GET /mistake HTTP/1.1\nHost: h\n\n", "500 GET /split HTTP/1.1\nHost: h\n\n"})
    void mistakesAreAnsweredAndEndTheConnection(String statusAndText) throws Exception {
        try (TestServer server = new TestServer(EchoHandler::handle); HttpClientSocket client = server.connect()) {
            // Pipelined behind it: nobody knows whether that is a request.
            Reply reply = client.send(statusAndText.substring(4) + GET).reply();
            assertEquals(statusAndText.substring(0, 3), Integer.toString(reply.status()));
            assertEquals("close", reply.headers().get("connection"));
            assertNull(reply.headers().get("y"));
            assertEquals("", client.rest());
        }
    }

    /** A response that is not what was announced cannot be repaired; its end must be seen as one that is too early. */
    @Test
    void aResponseThatBreaksOffBreaksTheConnection() throws Exception {
        try (TestServer server = new TestServer(EchoHandler::handle)) {
            for (String path : List.of("/short", "/long")) {
                try (HttpClientSocket client = server.connect()) {
                    assertThrows(IOException.class, () -> client.get(path), path);
                }
            }
            server.awaitNoConnections();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"414 GET /", "431 GET / HTTP/1.1\nHost: h\nX: ",
            "413 POST /read HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\nfffffff\n",
            "431 POST /read HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n1;"})
    void whoeverSendsWithoutEndIsStopped(String statusAndText) throws Exception {
        try (TestServer server = new TestServer(EchoHandler::handle)) {
            try (HttpClientSocket client = server.connect()) {
                client.send(statusAndText.substring(4));
                byte[] more = "a".repeat(10_000).getBytes(StandardCharsets.ISO_8859_1);
                // It reads on for a moment, so that the answer is not lost, but not for ever.
                assertThrows(SocketException.class, () -> {
                    for (int i = 0; i < 10_000; i++) {
                        client.send(more);
                    }
                });
            }
            try (HttpClientSocket client = server.connect()) {
                client.send(statusAndText.substring(4)).send("a".repeat(30_000));
                assertEquals(statusAndText.substring(0, 3), Integer.toString(client.reply().status()));
                assertEquals("", client.rest());
            }
            server.awaitNoConnections();
        }
    }

    @Test
    void garbageHalfRequestsAndResetsLeaveNothing() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        String post = "POST /echo HTTP/1.1\nHost: h\nContent-Length: 100\n\n" + "a".repeat(100);
        try (TestServer server = new TestServer(EchoHandler::handle)) {
            for (int i = 0; i < 300; i++) {
                try (HttpClientSocket client = server.connect()) {
                    switch (i % 4) {
                        case 0 -> {
                            byte[] garbage = new byte[1 + random.nextInt(300)];
                            random.nextBytes(garbage);
                            // Whether it is answered or not, it ends.
                            client.send(garbage).end().rest();
                        }
                        case 1 -> {
                            client.send(post.substring(0, random.nextInt(post.length()))).end();
                            client.rest();
                        }
                        case 2 -> client.send(post.substring(0, random.nextInt(post.length()))).reset();
                        default -> client.send("GET /large HTTP/1.1\nHost: h\n\n").reset();
                    }
                } catch (SocketException e) {
                    // A reset is an end too.
                }
            }
            server.awaitNoConnections();
            try (HttpClientSocket client = server.connect()) {
                assertEquals("hello\n", client.get("/").body());
            }
        }
    }

    @Test
    void connectionsBeyondTheLimitAreRefused() throws Exception {
        int limit = 8;
        Settings settings = new Settings(100, 100, 10, 100, LONG, LONG, LONG, LONG, limit);
        try (TestServer server = new TestServer(EchoHandler::handle, settings)) {
            List<HttpClientSocket> clients = new ArrayList<>();
            for (int i = 0; i < limit; i++) {
                HttpClientSocket client = server.connect();
                clients.add(client);
                assertEquals(200, client.get("/").status());
            }
            for (int i = 0; i < 50; i++) {
                try (HttpClientSocket client = server.connect()) {
                    assertEquals(503, client.reply().status());
                    assertEquals("", client.rest());
                }
            }
            for (HttpClientSocket client : clients) {
                assertEquals(200, client.get("/").status());
                client.close();
            }
            server.awaitNoConnections();
            try (HttpClientSocket client = server.connect()) {
                assertEquals(200, client.get("/").status());
            }
        }
    }

    // -- clients in no hurry --

    @Test
    void whoeverIsSlowIsNotWaitedFor() throws Exception {
        Settings settings = new Settings(100, 100, 10, 1000, LONG, SHORT, SHORT, LONG, 100);
        try (TestServer server = new TestServer(EchoHandler::handle, settings)) {
            String post = "POST /echo HTTP/1.1\nHost: h\nContent-Length: 5\n\nab";
            String chunks = "POST /ignore HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n5\nab";
            for (String half : List.of("G", "GET / HTTP/1.1\nHost", post.replace("/echo", "/ignore"), chunks)) {
                try (HttpClientSocket client = server.connect()) {
                    client.send(half);
                    Reply reply = client.reply();
                    // What was ignored had been answered before it was late.
                    assertEquals(half.contains("/ignore") ? 200 : 408, reply.status(), half);
                    assertEquals("", client.rest());
                }
            }
            try (HttpClientSocket client = server.connect()) {
                // The echo has begun when it turns out that the rest is late.
                assertThrows(IOException.class, () -> client.send(post).reply());
            }
            try (HttpClientSocket client = server.connect()) {
                assertEquals(200, client.get("/").status());
                // Byte by byte, each within the time for a byte if there were one.
                long start = System.nanoTime();
                assertThrows(IOException.class, () -> {
                    for (int i = 0; i < 1000; i++) {
                        client.send("a");
                        Thread.sleep(20);
                    }
                });
                assertTrue(System.nanoTime() - start >= SHORT.toNanos());
            }
            server.awaitNoConnections();
        }
    }

    @Test
    void idleConnectionsAreClosedWithoutAWord() throws Exception {
        // Longer than the machine may take between connecting and the request.
        Settings settings = new Settings(100, 100, 10, 1000, Duration.ofSeconds(2), LONG, LONG, LONG, 100);
        try (TestServer server = new TestServer(EchoHandler::handle, settings)) {
            try (HttpClientSocket fresh = server.connect(); HttpClientSocket used = server.connect()) {
                assertEquals(200, used.get("/").status());
                assertEquals("", fresh.rest());
                assertEquals("", used.rest());
            }
        }
    }

    @Test
    void whoeverDoesNotReadIsNotWaitedFor() throws Exception {
        Settings settings = new Settings(100, 100, 10, 1000, LONG, LONG, LONG, SHORT, 100);
        try (TestServer server = new TestServer(EchoHandler::handle, settings);
                HttpClientSocket client = server.connect()) {
            client.send("GET /large HTTP/1.1\nHost: h\n\n");
            assertEquals('H', client.socket().getInputStream().read());
            server.awaitNoConnections();
            int got;
            try {
                got = client.rest().length();
            } catch (SocketException e) {
                // Closed with a reset, and some of it was lost.
                got = 0;
            }
            assertTrue(got < 64 << 20, () -> "everything was sent to one who does not read");
        }
    }

    @Test
    void whoeverReadsSlowlyGetsEverything() throws Exception {
        // It is this thread that reads: the patience must be longer than the machine may keep it from that.
        Duration patience = Duration.ofSeconds(2);
        Settings settings = new Settings(100, 100, 10, 1000, LONG, LONG, LONG, patience, 100);
        try (TestServer server = new TestServer(EchoHandler::handle, settings);
                HttpClientSocket client = server.connect()) {
            client.send("GET /large HTTP/1.0\n\n");
            // Pauses that are shorter than the patience, but longer in all, even than the double of it.
            for (int i = 0; i < 20; i++) {
                Thread.sleep(patience.toMillis() * 2 / 18);
                assertTrue(client.socket().getInputStream().readNBytes(1 << 20).length > 0);
            }
            assertTrue(client.rest().length() > (64 - 21) << 20);
        }
    }

    // -- the end --

    @Test
    void requestsInFlightAreFinished() throws Exception {
        CountDownLatch inHandler = new CountDownLatch(2);
        CountDownLatch goOn = new CountDownLatch(1);
        TestServer server = new TestServer((request, response) -> {
            inHandler.countDown();
            goOn.await();
            EchoHandler.handle(request, response);
        });
        try (server;
                // Accepted when the others have been.
                HttpClientSocket idle = server.connect();
                HttpClientSocket waiting = server.connect();
                HttpClientSocket uploading = server.connect()) {
            waiting.send(GET);
            uploading.send("POST /echo HTTP/1.1\nHost: h\nContent-Length: 6\n\nabc");
            inHandler.await();
            CompletableFuture<Boolean> drained = CompletableFuture.supplyAsync(() -> {
                try {
                    return server.server().shutdown(LONG);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            // Its end shows that the others have been told.
            assertEquals("", idle.rest());
            server.awaitRefusal();
            assertFalse(drained.isDone());
            goOn.countDown();
            Reply reply = waiting.reply();
            assertEquals("hello\n", reply.body());
            assertEquals("close", reply.headers().get("connection"));
            assertEquals("", waiting.rest());
            assertEquals("abcdef", uploading.send("def").reply().body());
            assertEquals("", uploading.rest());
            assertTrue(drained.get(30, TimeUnit.SECONDS));
        }
    }

    @Test
    void requestsThatDoNotFinishAreCutOff() throws Exception {
        CountDownLatch inHandler = new CountDownLatch(1);
        try (TestServer server = new TestServer((request, response) -> {
            inHandler.countDown();
            EchoHandler.handle(request, response);
        }); HttpClientSocket client = server.connect()) {
            client.send("POST /echo HTTP/1.1\nHost: h\nContent-Length: 6\n\nabc");
            inHandler.await();
            assertFalse(server.server().shutdown(SHORT));
            assertThrows(IOException.class, client::reply);
        }
    }
}
