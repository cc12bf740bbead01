package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.Bounded;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * Sends at the very end of a stack, to receivers that wait: a StackOverflowError may strike at each call on the way. No
 * lock stays held, and what was sent is what arrives.
 */
class StackEndTest {
    private static final int OVERFLOWS = 3_000;
    private static final long STACK_BYTES = 256 << 10;

    private final Chan<Long> ch = Chan.make();
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong received = new AtomicLong();
    private int overflows;

    /** Recurses with a frame of its own size and tries to send once in each. */
    private long dig(int pad, long a, long b, long c) {
        // Counted before the next call: a frame that was entered can still do this.
        if (ch.trySend(1L)) {
            sentOnes++;
        }
        return switch (pad) {
            case 0 -> dig(0, a + 1, b, c);
            case 1 -> dig(1, a, b + a, c) + a;
            case 2 -> dig(2, a, b, c + b) + a + b;
            default -> dig(3, c, a, b) + a + b + c;
        };
    }

    private long sentOnes;

    @Test
    void aSendIsDoneOrNotDone() throws Exception {
        Bounded.run(Duration.ofSeconds(50), null, () -> {
            Thread receiver = Thread.ofPlatform().daemon().start(() -> {
                try {
                    ch.range(v -> received.incrementAndGet());
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            Thread digger = new Thread(null, () -> {
                for (int i = 0; i < OVERFLOWS * Bounded.scale(); i++) {
                    try {
                        dig(i % 4, i, i, i);
                    } catch (StackOverflowError e) {
                        overflows++;
                    }
                    ch.checkInvariants(); // takes the lock
                }
                sent.set(sentOnes);
            }, "digger", STACK_BYTES, false);
            digger.setDaemon(true);
            digger.start();
            digger.join();
            ch.close();
            receiver.join();
        });
        assertTrue(overflows >= OVERFLOWS, overflows + " overflows");
        assertEquals(sent.get(), received.get());
    }
}
