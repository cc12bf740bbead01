package io.goruntime.benchmarks.net;

import io.goruntime.examples.http.HttpServer;
import io.goruntime.examples.http.Settings;
import io.goruntime.net.Conn;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.Consumer;

/** A virtual thread for each connection, and blocking sockets. The HTTP server is the same as ours, over such a socket. */
final class JdkServer implements NetServer.Library {
    private static final int BACKLOG = 4096;

    @Override
    public int echo(int bufferBytes) throws IOException {
        return listen(socket -> echo(socket, bufferBytes));
    }

    private static void echo(Socket socket, int bufferBytes) {
        try (socket) {
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            byte[] buffer = new byte[bufferBytes];
            for (int n; (n = in.read(buffer)) >= 0;) {
                out.write(buffer, 0, n);
            }
        } catch (IOException e) {
            // The load has ended.
        }
    }

    @Override
    public int http() throws IOException {
        HttpServer server = new HttpServer(GoRuntimeServer.HANDLER, Settings.DEFAULT);
        return listen(socket -> {
            try {
                server.serveOne(new SocketConn(socket));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static int listen(Consumer<Socket> served) throws IOException {
        ServerSocket listener = new ServerSocket(0, BACKLOG);
        Thread.startVirtualThread(() -> {
            for (;;) {
                try {
                    Socket socket = listener.accept();
                    socket.setTcpNoDelay(true);
                    Thread.startVirtualThread(() -> served.accept(socket));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
        return listener.getLocalPort();
    }

    /** Deadlines are left out: on such a socket each read would pay for one. */
    private static final class SocketConn implements Conn {
        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;

        SocketConn(Socket socket) throws IOException {
            this.socket = socket;
            in = socket.getInputStream();
            out = socket.getOutputStream();
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            return in.read(b, off, len);
        }

        @Override
        public void write(byte[] b, int off, int len) throws IOException {
            out.write(b, off, len);
        }

        @Override
        public int read(ByteBuffer dst) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int write(ByteBuffer src) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void closeWrite() throws IOException {
            socket.shutdownOutput();
        }

        @Override
        public void setReadDeadline(Duration d) {}

        @Override
        public void setWriteDeadline(Duration d) {}

        @Override
        public SocketAddress localAddress() {
            return socket.getLocalSocketAddress();
        }

        @Override
        public SocketAddress remoteAddress() {
            return socket.getRemoteSocketAddress();
        }

        @Override
        public boolean isOpen() {
            return !socket.isClosed();
        }

        @Override
        public void close() {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
