package io.goruntime.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The servers as programs, and clients that nobody here wrote: curl, wrk, the sockets of the JDK. */
class ServersTest {
    private static final int PATIENCE_MILLIS = 30_000;

    @TempDir
    Path dir;

    // -- echo --

    @Test
    void echoSendsBackWhatItGets() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        try (Serving echo = new Serving(Echo.class, "127.0.0.1:0");
                var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Void>> clients = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                Random random = new Random(seed + i);
                clients.add(() -> {
                    echo(echo.port(), random);
                    return null;
                });
            }
            for (Future<Void> client : executor.invokeAll(clients, PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
                client.get();
            }
            // One that breaks off disturbs nobody.
            for (int i = 0; i < 50; i++) {
                try (Socket socket = connect(echo.port())) {
                    socket.getOutputStream().write(new byte[100_000]);
                    socket.setSoLinger(true, 0);
                }
            }
            echo(echo.port(), new Random(seed));
            assertEquals("", echo.err());
            echo.terminate();
            assertEquals(128 + 15, echo.exitCode());
        }
    }

    private static void echo(int port, Random random) throws Exception {
        byte[] all = new byte[random.nextInt(300_000)];
        random.nextBytes(all);
        try (Socket socket = connect(port)) {
            Thread sender = Thread.startVirtualThread(() -> {
                try {
                    for (int i = 0; i < all.length;) {
                        int n = Math.min(all.length - i, 1 + random.nextInt(40_000));
                        socket.getOutputStream().write(all, i, n);
                        i += n;
                    }
                    socket.shutdownOutput();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            assertArrayEquals(all, socket.getInputStream().readAllBytes());
            sender.join();
        }
    }

    @Test
    void echoSaysWhyItCannot() throws Exception {
        Program program = Program.java(Echo.class, List.of(), "nowhere");
        assertEquals(1, program.exitCode(), program::toString);
        assertTrue(program.err().startsWith("echo: listen tcp"), program::toString);
        program = Program.java(Echo.class, List.of(), "a", "b").expectExit(2);
        assertTrue(program.err().startsWith("usage: echo"), program::toString);
    }

    // -- httpd --

    @Test
    void curlGetsFiles() throws Exception {
        assumeTrue(onPath("curl"), "curl is needed");
        byte[] large = new byte[5_000_000];
        new Random(1).nextBytes(large);
        Files.write(dir.resolve("large.bin"), large);
        Files.writeString(dir.resolve("index.html"), "<p>hello");
        try (Serving httpd = new Serving(Httpd.class, "127.0.0.1:0", dir.toString())) {
            String url = "http://127.0.0.1:" + httpd.port();
            Program two = curl(url + "/large.bin", url + "/");
            assertArrayEquals(large, Arrays.copyOf(two.outBytes(), large.length));
            assertEquals("<p>hello", new String(two.outBytes(), large.length, two.outBytes().length - large.length,
                    StandardCharsets.UTF_8));
            assertTrue(two.err().contains("Re-using existing connection"), two::toString);

            Program head = curl("-I", url + "/large.bin");
            assertTrue(head.out().contains("Content-Length: " + large.length), head::toString);
            assertTrue(curl("--path-as-is", url + "/../../../../etc/passwd").out().startsWith("404"));
            assertTrue(curl("-X", "DELETE", url + "/").out().startsWith("405"));
        }
    }

    @Test
    void curlSendsBodies() throws Exception {
        assumeTrue(onPath("curl"), "curl is needed");
        byte[] large = new byte[5_000_000];
        new Random(2).nextBytes(large);
        Path file = Files.write(dir.resolve("large.bin"), large);
        try (Serving httpd = new Serving(Httpd.class, "127.0.0.1:0")) {
            String url = "http://127.0.0.1:" + httpd.port();
            // Of a body that is long curl asks first whether it is wanted.
            Program length = curl("--expect100-timeout", "30", "--data-binary", "@" + file, url + "/echo");
            assertArrayEquals(large, length.outBytes());
            assertTrue(length.err().contains("HTTP/1.1 100 Continue"), length::toString);
            Program chunked = curl("-H", "Transfer-Encoding: chunked", "--data-binary", "@" + file, url + "/echo");
            assertArrayEquals(large, chunked.outBytes());
            assertTrue(chunked.err().contains("< Transfer-Encoding: chunked"), chunked::toString);
            assertTrue(curl("--http1.0", url + "/").out().startsWith("Hello"));
            assertTrue(curl("-H", "X: " + "x".repeat(20_000), url + "/").out().startsWith("431"));
            assertTrue(curl(url + "/" + "x".repeat(20_000)).out().startsWith("414"));
        }
    }

    @Test
    void wrkFindsNoErrors() throws Exception {
        assumeTrue(onPath("wrk"), "wrk is needed");
        try (Serving httpd = new Serving(Httpd.class, "127.0.0.1:0")) {
            Program wrk = Program.run(List.of("wrk", "-t1", "-c50", "-d1s", "http://127.0.0.1:" + httpd.port() + "/"),
                    null, null).expectExit(0);
            assertTrue(wrk.out().contains("requests in"), wrk::toString);
            assertTrue(!wrk.out().contains("Socket errors") && !wrk.out().contains("Non-2xx"), wrk::toString);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-Dgoruntime.netpoll=nio", "-Dgoruntime.scheduler=jdk"})
    void httpdWorksOverAnyPoller(String flag) throws Exception {
        byte[] large = new byte[2_000_000];
        new Random(3).nextBytes(large);
        Files.write(dir.resolve("large.bin"), large);
        try (Serving httpd = new Serving(List.of(flag), Httpd.class, "127.0.0.1:0", dir.toString());
                HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpd.port() + "/large.bin"))
                    .timeout(Duration.ofMillis(PATIENCE_MILLIS)).build();
            for (int i = 0; i < 3; i++) {
                assertArrayEquals(large, client.send(request, HttpResponse.BodyHandlers.ofByteArray()).body());
            }
            httpd.terminate();
            assertEquals(0, httpd.exitCode(), httpd::err);
        }
    }

    @Test
    void sigtermLetsRequestsFinish() throws Exception {
        try (Serving httpd = new Serving(Httpd.class, "127.0.0.1:0");
                Socket idle = connect(httpd.port());
                Socket busy = connect(httpd.port())) {
            beginRequest(busy);
            httpd.terminate();
            assertEquals(-1, idle.getInputStream().read());
            awaitRefusal(httpd.port());
            assertTrue(httpd.process().isAlive());
            busy.getOutputStream().write("def".getBytes(StandardCharsets.US_ASCII));
            assertEquals("def", new String(busy.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
            assertEquals(0, httpd.exitCode());
            assertEquals("", httpd.err());
        }
    }

    @Test
    void aSecondSignalEndsItAtOnce() throws Exception {
        try (Serving httpd = new Serving(Httpd.class, "127.0.0.1:0");
                Socket idle = connect(httpd.port());
                Socket busy = connect(httpd.port())) {
            beginRequest(busy);
            httpd.terminate();
            // It has understood the first.
            assertEquals(-1, idle.getInputStream().read());
            httpd.terminate();
            assertEquals(128 + 15, httpd.exitCode());
        }
    }

    /** Sends the half of a body of six bytes, and waits for the echo: this connection, and those before it, are accepted. */
    private static void beginRequest(Socket socket) throws Exception {
        socket.getOutputStream().write("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc".getBytes(
                StandardCharsets.US_ASCII));
        String begin = readUntil(socket, "abc");
        assertTrue(begin.startsWith("HTTP/1.1 200 OK"), begin);
    }

    @Test
    void floodsAreLoggedOnceASecond() throws Exception {
        try (Serving httpd = new Serving(Httpd.class, "127.0.0.1:0")) {
            long start = System.nanoTime();
            int clients = 500;
            for (int i = 0; i < clients; i++) {
                try (Socket socket = connect(httpd.port())) {
                    socket.getOutputStream().write("garbage\r\n".getBytes(StandardCharsets.US_ASCII));
                    assertTrue(readUntil(socket, "\r\n").startsWith("HTTP/1.1 400"));
                } catch (SocketException e) {
                    // Closed with a reset is an answer too.
                }
            }
            long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
            long lines = httpd.err().lines().count();
            assertTrue(lines >= 1 && lines <= seconds + 2, lines + " lines in " + seconds + " s: " + httpd.err());
        }
    }

    @Test
    void httpdSaysWhyItCannot() throws Exception {
        Program program = Program.java(Httpd.class, List.of(), "127.0.0.1:0", dir.resolve("none").toString());
        assertEquals(1, program.exitCode(), program::toString);
        assertTrue(program.err().startsWith("httpd: "), program::toString);
        program = Program.java(Httpd.class, List.of(), "a", "b", "c").expectExit(2);
        assertTrue(program.err().startsWith("usage: httpd"), program::toString);
    }

    // -- helpers --

    private static Socket connect(int port) throws Exception {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    /** Waits until nobody can connect: who waits in accept has the socket until it has noticed that it was closed. */
    private static void awaitRefusal(int port) throws Exception {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
        for (;;) {
            try {
                connect(port).close();
            } catch (ConnectException e) {
                return;
            } catch (SocketException e) {
                // It was closed at this moment.
            }
            assertTrue(System.nanoTime() - end < 0, "connections are still accepted");
            Thread.sleep(5);
        }
    }

    private static String readUntil(Socket socket, String end) throws Exception {
        StringBuilder text = new StringBuilder();
        while (text.indexOf(end) < 0) {
            int b = socket.getInputStream().read();
            if (b < 0) {
                throw new SocketException("ended after " + text);
            }
            text.append((char) b);
        }
        return text.toString();
    }

    /** Its standard error tells what was sent and received. */
    private static Program curl(String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of("curl", "-sv", "--max-time", "30", "--noproxy", "*"));
        command.addAll(List.of(args));
        return Program.run(command, null, null).expectExit(0);
    }

    private static boolean onPath(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(each -> Files.isExecutable(Path.of(each, program)));
    }
}
