package io.goruntime.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.goruntime.GoRuntime;
import io.goruntime.net.Nets.Crew;
import io.goruntime.net.Nets.Pair;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What only pipes do; the rest is in ConnContractTest. Source: pipe_test.go. */
class PipeTest {
    /** A write returns when the last byte of it has been read, and writes do not mix. */
    @Test
    void aWriteWaitsForItsReader() throws Exception {
        GoRuntime.run(() -> {
            Pair p = Pair.pipe();
            Crew crew = new Crew();
            var writer = crew.go(() -> {
                p.a().write(new byte[]{1, 2, 3});
                p.a().write(new byte[]{4});
            });
            assertEquals(2, p.b().read(new byte[2]));
            Nets.awaitBlocked(writer);
            byte[] rest = new byte[10];
            assertEquals(1, p.b().read(rest), "not more than one write");
            assertEquals(1, p.b().read(rest, 1, 9));
            assertArrayEquals(new byte[]{3, 4}, new byte[]{rest[0], rest[1]});
            crew.join();
        });
    }

    /** Writers take turns, and one that waits for its turn keeps to its deadline. */
    @Test
    void writersTakeTurns() throws Exception {
        GoRuntime.run(() -> {
            Pair p = Pair.pipe();
            Crew crew = new Crew();
            for (int i = 1; i <= 4; i++) {
                byte[] own = {(byte) i, (byte) i, (byte) i};
                crew.go(() -> p.a().write(own));
            }
            for (int i = 0; i < 4; i++) {
                byte[] b = new byte[3];
                for (int j = 0; j < 3; j++) {
                    p.b().readFully(b, j, 1);
                }
                assertArrayEquals(new byte[]{b[0], b[0], b[0]}, b);
            }
            crew.join();
            for (int i = 0; i < 2; i++) {
                Nets.awaitBlocked(crew.go(() -> Nets.expect(SocketTimeoutException.class, "write pipe: i/o timeout",
                        () -> p.a().write(new byte[1]))));
            }
            p.a().setWriteDeadline(Duration.ofMillis(1));
            crew.join();
        });
    }

    /** Who writes does not wait for a reader that cannot take: the next one gets all of it. */
    @Test
    void aReaderFails() throws Exception {
        GoRuntime.run(() -> {
            Pair p = Pair.pipe();
            Crew crew = new Crew();
            crew.go(() -> p.a().write(new byte[]{1, 2}));
            ByteBuffer freed;
            try (Arena arena = Arena.ofConfined()) {
                freed = arena.allocate(2).asByteBuffer();
            }
            assertThrows(IllegalStateException.class, () -> p.b().read(freed));
            byte[] got = new byte[2];
            p.b().readFully(got);
            assertArrayEquals(new byte[]{1, 2}, got);
            crew.join();
        });
    }

    /** As a socket does: whose memory it is is the writer's business, and so is that it has gone. */
    @Test
    void theBufferIsTheWritersOwn() throws Exception {
        GoRuntime.run(() -> {
            Pair p = Pair.pipe();
            Crew crew = new Crew();
            crew.go(() -> {
                try (Arena arena = Arena.ofConfined()) {
                    ByteBuffer own = arena.allocate(4).asByteBuffer().put(new byte[]{0, 1, 2, 3}).position(1);
                    assertEquals(3, p.a().write(own));
                    assertEquals(4, own.position());
                }
            });
            byte[] got = new byte[3];
            assertEquals(2, p.b().read(got, 0, 2));
            assertEquals(1, p.b().read(got, 2, 1));
            assertArrayEquals(new byte[]{1, 2, 3}, got);
            crew.join();
            Arena arena = Arena.ofShared();
            ByteBuffer freed = arena.allocate(4).asByteBuffer();
            Nets.awaitBlocked(crew.go(() -> assertThrows(IllegalStateException.class, () -> p.a().write(freed))));
            arena.close();
            assertThrows(IllegalStateException.class, () -> p.b().read(got));
            crew.join();
        });
    }

    @Test
    void theReaderIsGone() throws Exception {
        GoRuntime.run(() -> {
            Pair p = Pair.pipe();
            Crew crew = new Crew();
            var writer = crew.go(
                    () -> Nets.expect(IOException.class, "write pipe: broken pipe", () -> p.a().write(new byte[1])));
            Nets.awaitBlocked(writer);
            p.b().close();
            crew.join();
            assertEquals(-1, p.a().read(new byte[1]));
            assertThrows(ReadOnlyBufferException.class, () -> p.a().read(ByteBuffer.allocate(1).asReadOnlyBuffer()));
            assertEquals("pipe", Net.hostPort(p.a().remoteAddress()));
        });
    }
}
