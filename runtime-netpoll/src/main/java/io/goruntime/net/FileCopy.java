package io.goruntime.net;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;

/** Files over connections that are no sockets. */
final class FileCopy {
    private static final int BUFFER_BYTES = 64 << 10;

    private FileCopy() {}

    static long copy(FileChannel file, long position, long count, Conn to) throws IOException {
        if (position < 0 || count < 0) {
            throw new IllegalArgumentException("position " + position + ", count " + count);
        }
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(count, BUFFER_BYTES));
        long done = 0;
        while (done < count) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), count - done));
            if (Thread.currentThread().isInterrupted()) {
                throw interrupted(done); // the read would close the file
            }
            try {
                if (file.read(buffer, position + done) < 0) {
                    break;
                }
            } catch (ClosedByInterruptException e) {
                InterruptedIOException failure = interrupted(done);
                failure.initCause(e);
                throw failure;
            }
            try {
                done += to.write(buffer.flip());
            } catch (InterruptedIOException e) {
                e.bytesTransferred += (int) done;
                throw e;
            }
        }
        return done;
    }

    private static InterruptedIOException interrupted(long done) {
        InterruptedIOException e = new InterruptedIOException("sendfile: interrupted");
        e.bytesTransferred = (int) Math.min(done, Integer.MAX_VALUE);
        return e;
    }
}
