package io.goruntime.net;

import java.io.IOException;
import java.io.OutputStream;

/** The writing side of a connection. */
final class ConnOutputStream extends OutputStream {
    private final Conn conn;

    ConnOutputStream(Conn conn) {
        this.conn = conn;
    }

    @Override
    public void write(int b) throws IOException {
        conn.write(new byte[]{(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] b, int off, int len) throws IOException {
        conn.write(b, off, len);
    }

    @Override
    public void close() {
        conn.close();
    }
}
