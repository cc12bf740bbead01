package io.goruntime.examples.http;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The other side, byte by byte: sends what no client would send, and reads what comes back. */
final class HttpClientSocket implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 30_000;

    /** Names in lower case. */
    record Reply(int status, Map<String, String> headers, String body) {}

    private final Socket socket = new Socket();
    private final InputStream in;

    HttpClientSocket(InetSocketAddress address) throws IOException {
        socket.connect(address, PATIENCE_MILLIS);
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
    }

    Socket socket() {
        return socket;
    }

    /** Sends a text; a lone LF in it becomes CR LF. */
    HttpClientSocket send(String text) throws IOException {
        return send(text.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    HttpClientSocket send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    Reply get(String path) throws IOException {
        return send("GET " + path + " HTTP/1.1\nHost: h\n\n").reply();
    }

    Reply reply() throws IOException {
        return reply(true);
    }

    /** Reads one response, and no byte more. */
    Reply reply(boolean withBody) throws IOException {
        String statusLine = line();
        if (!statusLine.matches("HTTP/1\\.1 \\d{3} .*")) {
            throw new IOException("no status line: " + statusLine);
        }
        int status = Integer.parseInt(statusLine.substring(9, 12));
        Map<String, String> headers = new TreeMap<>();
        for (String line; !(line = line()).isEmpty();) {
            int colon = line.indexOf(": ");
            String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
            if (headers.put(name, line.substring(colon + 2)) != null) {
                throw new IOException("twice " + name);
            }
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if (withBody && status >= 200 && status != 204 && status != 304) {
            if (headers.containsKey("content-length")) {
                body.writeBytes(bytes(Integer.parseInt(headers.get("content-length"))));
            } else if ("chunked".equals(headers.get("transfer-encoding"))) {
                for (int size; (size = Integer.parseInt(line(), 16)) > 0;) {
                    body.writeBytes(bytes(size));
                    line();
                }
                line();
            } else {
                in.transferTo(body);
            }
        }
        return new Reply(status, headers, body.toString(StandardCharsets.ISO_8859_1));
    }

    /** Everything up to the end of the stream; a reset throws. */
    String rest() throws IOException {
        return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b; (b = in.read()) != '\n';) {
            if (b < 0) {
                throw new EOFException("after: " + line);
            }
            line.append((char) b);
        }
        if (line.isEmpty() || line.charAt(line.length() - 1) != '\r') {
            throw new IOException("a line ends without CR: " + line);
        }
        line.setLength(line.length() - 1);
        return line.toString();
    }

    private byte[] bytes(int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException(bytes.length + " of " + length + " bytes");
        }
        return bytes;
    }

    /** Ends our side of the stream. */
    HttpClientSocket end() throws IOException {
        socket.shutdownOutput();
        return this;
    }

    /** Breaks the connection by a reset. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
