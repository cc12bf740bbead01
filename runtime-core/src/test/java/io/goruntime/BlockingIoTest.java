package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The JDK's blocking input and output in goroutines. */
@ExtendWith(DumpOnTimeout.class)
class BlockingIoTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private static GoRuntime runtime(int procs) {
        return GoRuntime.builder().maxProcs(procs).build();
    }

    @Test
    void socketsEchoOnOneProcessor() throws Exception {
        int clients = 30;
        int messages = 40;
        AtomicInteger echoed = new AtomicInteger();
        AtomicInteger answered = new AtomicInteger();
        try (GoRuntime rt = runtime(1); ServerSocket server = new ServerSocket(0, 50, LOOPBACK)) {
            Fleet fleet = new Fleet(rt);
            fleet.start(1, i -> {
                for (int c = 0; c < clients; c++) {
                    Socket socket = server.accept();
                    GoRuntime.go(() -> {
                        try (socket) {
                            var in = new DataInputStream(socket.getInputStream());
                            var out = new DataOutputStream(socket.getOutputStream());
                            for (int k = 0; k < messages; k++) {
                                out.writeInt(in.readInt() + 1);
                                echoed.incrementAndGet();
                            }
                        }
                    });
                }
            });
            fleet.start(clients, i -> {
                try (Socket socket = new Socket(LOOPBACK, server.getLocalPort())) {
                    var in = new DataInputStream(socket.getInputStream());
                    var out = new DataOutputStream(socket.getOutputStream());
                    for (int k = 0; k < messages; k++) {
                        out.writeInt(i * messages + k);
                        assertEquals(i * messages + k + 1, in.readInt());
                        answered.incrementAndGet();
                    }
                    assertEquals(-1, in.read());
                }
            });
            fleet.join();
        }
        assertEquals(clients * messages, echoed.get());
        assertEquals(clients * messages, answered.get());
    }

    @Test
    void aBlockedReadEndsByTimeoutCloseOrInterrupt() throws Exception {
        try (GoRuntime rt = runtime(1); ServerSocket server = new ServerSocket(0, 50, LOOPBACK)) {
            Fleet.run(rt, 1, i -> {
                Socket a = new Socket(LOOPBACK, server.getLocalPort());
                try (Socket _ = server.accept()) {
                    a.setSoTimeout(20);
                    assertThrows(SocketTimeoutException.class, () -> a.getInputStream().read());
                    a.setSoTimeout(0);
                    Chan<Boolean> ended = Chan.make();
                    Goroutine reader = GoRuntime.current().spawn(() -> {
                        assertThrows(SocketException.class, () -> a.getInputStream().read());
                        ended.send(true);
                    });
                    awaitWaiting(reader);
                    a.close();
                    assertEquals(true, ended.receive());
                    Goroutine other = GoRuntime.current().spawn(() -> {
                        assertThrows(SocketException.class, () -> server.accept());
                        assertTrue(Thread.interrupted());
                        ended.send(true);
                    });
                    awaitWaiting(other);
                    other.interrupt(); // the JDK closes the socket under an interrupted virtual thread
                    assertEquals(true, ended.receive());
                    assertTrue(server.isClosed());
                }
            });
        }
    }

    private static void awaitWaiting(Goroutine g) throws InterruptedException {
        while (g.thread().getState() != Thread.State.WAITING) {
            Thread.sleep(1);
        }
    }

    @Test
    void channelsOfNioTransferEveryByte() throws Exception {
        byte[] data = new byte[1 << 20];
        new Random(42).nextBytes(data);
        try (GoRuntime rt = runtime(1); ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(LOOPBACK, 0));
            Fleet fleet = new Fleet(rt);
            fleet.start(3, i -> {
                try (SocketChannel c = SocketChannel.open(server.getLocalAddress())) {
                    ByteBuffer buffer = ByteBuffer.wrap(data);
                    while (buffer.hasRemaining()) {
                        c.write(buffer);
                    }
                }
            });
            fleet.start(3, i -> {
                try (SocketChannel c = server.accept()) {
                    ByteBuffer buffer = ByteBuffer.allocate(data.length + 1);
                    while (c.read(buffer) >= 0) {
                        assertTrue(buffer.hasRemaining());
                    }
                    buffer.flip();
                    byte[] got = new byte[buffer.remaining()];
                    buffer.get(got);
                    assertArrayEquals(data, got);
                }
            });
            fleet.join();
        }
    }

    /** A selector blocks its carrier in native code: on one processor the others go on through compensation. */
    @Test
    void aSelectorDoesNotHoldUpTheOnlyProcessor() throws Exception {
        try (GoRuntime rt = runtime(1);
                Selector selector = Selector.open();
                ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(LOOPBACK, 0));
            server.configureBlocking(false);
            server.register(selector, SelectionKey.OP_ACCEPT);
            int connections = 5;
            AtomicInteger accepted = new AtomicInteger();
            CountDownLatch selecting = new CountDownLatch(1);
            Fleet fleet = new Fleet(rt);
            fleet.start(1, i -> {
                selecting.countDown();
                while (accepted.get() < connections) {
                    selector.select();
                    selector.selectedKeys().clear();
                    for (SocketChannel c; (c = server.accept()) != null; c.close()) {
                        accepted.incrementAndGet();
                    }
                }
            });
            fleet.start(1, i -> {
                selecting.await();
                for (int k = 0; k < connections; k++) {
                    Thread.sleep(5);
                    SocketChannel.open(server.getLocalAddress()).close();
                }
            });
            fleet.join();
            assertEquals(connections, accepted.get());
        }
    }

    @Test
    void filesAreWrittenAndRead(@TempDir Path dir) throws Exception {
        try (GoRuntime rt = runtime(2)) {
            Fleet.run(rt, 30, i -> {
                Path file = dir.resolve("f" + i);
                String text = ("line of " + i + "\n").repeat(2000);
                Files.writeString(file, text);
                assertEquals(text, Files.readString(file));
                try (var lines = Files.lines(file)) {
                    assertEquals(2000, lines.count());
                }
            });
        }
    }

    @Test
    void httpClientAndServerOnGoroutines() throws Exception {
        try (GoRuntime rt = runtime(2); var executor = rt.executor(); HttpClient client = HttpClient.newHttpClient()) {
            HttpServer server = HttpServer.create(new InetSocketAddress(LOOPBACK, 0), 0);
            AtomicInteger onGoroutines = new AtomicInteger();
            server.createContext("/", exchange -> {
                if (GoRuntime.goid() != 0) {
                    onGoroutines.incrementAndGet();
                }
                byte[] body = ("you said " + exchange.getRequestURI().getQuery()).getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(200, body.length);
                try (var out = exchange.getResponseBody()) {
                    out.write(body);
                }
            });
            server.setExecutor(executor);
            server.start();
            try {
                String address = "http://" + LOOPBACK.getHostAddress() + ":" + server.getAddress().getPort() + "/?";
                Fleet.run(rt, 8, i -> {
                    for (int k = 0; k < 10; k++) {
                        var request = HttpRequest.newBuilder(URI.create(address + i + "." + k)).build();
                        var response = client.send(request, BodyHandlers.ofString());
                        assertEquals("you said " + i + "." + k, response.body());
                    }
                });
                assertEquals(80, onGoroutines.get());
            } finally {
                server.stop(0);
            }
        }
    }
}
