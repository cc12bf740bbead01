package io.goruntime.net;

import java.io.IOException;
import java.io.InputStream;

/** The reading side of a connection. */
final class ConnInputStream extends InputStream {
    private final Conn conn;

    ConnInputStream(Conn conn) {
        this.conn = conn;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        int n;
        do {
            n = conn.read(b, off, len);
        } while (n == 0 && len > 0); // an empty datagram adds nothing to the stream
        return n;
    }

    @Override
    public void close() {
        conn.close();
    }
}
