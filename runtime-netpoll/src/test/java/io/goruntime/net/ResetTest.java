package io.goruntime.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.net.Nets.Crew;
import io.goruntime.net.Nets.Pair;
import java.io.IOException;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The other side resets the connection.. */
class ResetTest {
    private static final String RESET = ": (connection reset( by peer)?|broken pipe)";

    private static void reset(Conn c) throws IOException {
        c.setOption(StandardSocketOptions.SO_LINGER, 0);
        c.close();
    }

    /** What had arrived is read, all of it, and then comes the error. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void dataBeforeAResetIsRead(String poller, int procs) throws Exception {
        byte[] want = new byte[20_000];
        new Random(4).nextBytes(want);
        Nets.run(poller, procs, () -> {
            for (int chunk : new int[]{1000, 20_000, 20_001}) {
                try (Pair p = Pair.tcp()) {
                    p.b().write(want);
                    reset(p.b());
                    byte[] got = new byte[want.length + 1];
                    int have = 0;
                    while (have < want.length) {
                        have += p.a().read(got, have, Math.min(chunk, got.length - have));
                    }
                    assertArrayEquals(want, Arrays.copyOf(got, have));
                    Nets.expect(SocketException.class, "read .*" + RESET, () -> p.a().read(new byte[1]));
                    Nets.expect(SocketException.class, "write .*" + RESET, () -> p.a().write(new byte[1]));
                }
            }
        });
    }

    /** Reader and writer that wait are told. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void aResetWakesBoth(String poller, int procs) throws Exception {
        Nets.run(poller, procs, () -> {
            for (int i = 0; i < 20; i++) {
                try (Pair p = Pair.tcp()) {
                    Crew crew = new Crew();
                    var reader = crew.go(() -> {
                        try {
                            assertTrue(p.a().read(new byte[1]) < 0); // the writer was told first, and took the error
                        } catch (SocketException e) {
                            assertTrue(e.getMessage().matches("read .*" + RESET), e.getMessage());
                        }
                    });
                    var writer = crew.go(() -> Nets.expect(SocketException.class, "write .*" + RESET, () -> {
                        for (;;) {
                            p.a().write(new byte[1 << 18]);
                        }
                    }));
                    Nets.awaitBlocked(reader);
                    Nets.awaitBlocked(writer);
                    reset(p.b());
                    crew.join();
                }
            }
        });
    }
}
