package io.goruntime.benchmarks.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * The client of the group net, the same for all servers: sends requests on many connections, each when the answer to the one
 * before has come, and prints how many, and how long they took.
 */
/*
 * One thread and one selector: the machine has few processors, and the server needs them. So what is measured is what a
 * server reaches with such a client beside it; a faster client would show greater differences.
 *
 * A latency is from before the write of a request to after the read of its answer. A client that waits for slow answers
 * asks less often meanwhile, so these are latencies under the load that the server allows, not under one from outside.
 *
 * It connects, runs for the warm-up, waits until nothing is under way, and prints "ready"; at the next line on standard
 * input it runs again, waits again, and prints the results. Whoever looks at the server between these moments sees what
 * was done for these requests and nothing else.
 */
public final class NetLoad {
    private static final int LARGEST = 1 << 16;
    /** Connections that are opened for a moment: more addresses of the server, so that free ports do not run out. */
    private static final int ADDRESSES = 16;
    private static final long PATIENCE_NANOS = 30_000_000_000L;
    private static final String REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private enum Kind {
        ECHO, HTTP, CONNECT, IDLE
    }

    private final Kind kind;
    private final int port;
    private final byte[] request;
    private final Selector selector = Selector.open();
    private final ByteBuffer input = ByteBuffer.allocateDirect(LARGEST);
    private final Histogram latencies = new Histogram(PATIENCE_NANOS, 3);
    private final List<Client> clients = new ArrayList<>();

    /** Learned from the first answer; all have the same length. */
    private int answerBytes;
    private long end;
    private int underWay;
    private long done;
    private int nextAddress;

    private NetLoad(Kind kind, int port, int bytes) throws IOException {
        this.kind = kind;
        this.port = port;
        request = kind == Kind.HTTP ? REQUEST.getBytes(StandardCharsets.US_ASCII) : new byte[bytes];
        answerBytes = kind == Kind.HTTP ? 0 : bytes;
    }

    /** Arguments: kind, port, connections, bytes of a message, milliseconds of warm-up, milliseconds measured. */
    public static void main(String[] args) throws IOException {
        Kind kind = Kind.valueOf(args[0].toUpperCase(Locale.ROOT));
        NetLoad load = new NetLoad(kind, Integer.parseInt(args[1]), Integer.parseInt(args[3]));
        int connections = Integer.parseInt(args[2]);
        if (kind == Kind.IDLE) {
            load.idle(connections);
        } else {
            load.run(connections, Integer.parseInt(args[4]), Integer.parseInt(args[5]));
        }
        System.exit(0);
    }

    private void run(int connections, int warmUpMillis, int millis) throws IOException {
        for (int i = 0; i < connections; i++) {
            clients.add(new Client());
        }
        load(warmUpMillis);
        System.out.println("ready");
        awaitLine();
        latencies.reset();
        done = 0;
        long start = System.nanoTime();
        load(millis);
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.println("requests " + done);
        System.out.println("seconds " + seconds);
        for (double percentile : new double[]{50, 99, 99.9}) {
            System.out.println("p" + Double.toString(percentile).replaceAll("\\.0?", "") + " "
                    + latencies.getValueAtPercentile(percentile) / 1000.0);
        }
        System.out.println("end");
        awaitLine();
    }

    /** A few connections first, so that the server has what it needs for any; each sends one message. */
    private void idle(int connections) throws IOException {
        open(Math.max(1, connections / 20));
        System.out.println("ready");
        awaitLine();
        open(connections);
        System.out.println("end");
        awaitLine();
    }

    private void open(int connections) throws IOException {
        for (int i = 0; i < connections; i++) {
            Client client = new Client();
            clients.add(client);
            // One message, and no more.
            end = Long.MIN_VALUE;
            client.start();
            while (underWay > 0) {
                select();
            }
        }
    }

    private void load(int millis) throws IOException {
        end = System.nanoTime() + millis * 1_000_000L;
        for (Client client : clients) {
            client.start();
        }
        while (underWay > 0) {
            select();
        }
    }

    private void select() throws IOException {
        if (selector.select(PATIENCE_NANOS / 1_000_000) == 0) {
            throw new IOException("no answer for " + PATIENCE_NANOS / 1_000_000_000 + " s");
        }
        for (SelectionKey key : selector.selectedKeys()) {
            ((Client) key.attachment()).ready();
        }
        selector.selectedKeys().clear();
    }

    private static void awaitLine() throws IOException {
        for (int b; (b = System.in.read()) != '\n';) {
            if (b < 0) {
                System.exit(1);
            }
        }
    }

    /** A connection, or, when that is what is measured, one after the other. */
    private final class Client {
        private final ByteBuffer output = ByteBuffer.allocateDirect(request.length).put(request);
        private SocketChannel channel;
        private SelectionKey key;
        private long startNanos;
        private int received;
        private boolean open;

        void start() throws IOException {
            underWay++;
            startNanos = System.nanoTime();
            if (!open) {
                open();
                return;
            }
            send();
        }

        private void open() throws IOException {
            channel = SocketChannel.open();
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            int address = kind == Kind.CONNECT ? 1 + nextAddress++ % ADDRESSES : 1;
            boolean connected = channel.connect(new InetSocketAddress("127.0.0." + address, port));
            key = channel.register(selector, connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT, this);
            open = true;
            if (connected) {
                send();
            }
        }

        private void send() throws IOException {
            received = 0;
            output.clear();
            write();
        }

        private void write() throws IOException {
            channel.write(output);
            int interest = output.hasRemaining() ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ;
            if (key.interestOps() != interest) {
                key.interestOps(interest);
            }
        }

        void ready() throws IOException {
            if (key.isConnectable()) {
                channel.finishConnect();
                send();
                return;
            }
            if (key.isWritable()) {
                write();
            }
            if (key.isReadable()) {
                read();
            }
        }

        private void read() throws IOException {
            input.clear();
            int n = channel.read(input);
            if (n < 0) {
                throw new IOException("the server closed a connection");
            }
            if (answerBytes == 0) {
                answerBytes = responseBytes(n);
            }
            received += n;
            if (received < answerBytes) {
                return;
            }
            if (received > answerBytes) {
                throw new IOException("an answer of " + received + " bytes instead of " + answerBytes);
            }
            long now = System.nanoTime();
            if (kind == Kind.CONNECT) {
                channel.close();
                open = false;
                // The present key is cancelled; what is left of it goes with the next selection.
                now = System.nanoTime();
            }
            latencies.recordValue(Math.min(now - startNanos, PATIENCE_NANOS));
            done++;
            underWay--;
            if (now < end) {
                start();
            }
        }

        private int responseBytes(int n) throws IOException {
            String response = StandardCharsets.ISO_8859_1.decode(input.duplicate().flip()).toString();
            if (!response.startsWith("HTTP/1.1 200 OK\r\n") || !response.endsWith("\r\n\r\n" + NetServer.HELLO)) {
                throw new IOException("not what was expected, or not at once: " + response);
            }
            return n;
        }
    }
}
