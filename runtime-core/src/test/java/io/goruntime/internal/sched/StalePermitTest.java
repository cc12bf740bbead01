package io.goruntime.internal.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.goruntime.GoRuntime;
import io.goruntime.internal.jdk.Jdk;
import io.goruntime.testing.Bounded;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * A wake-up is not lost to a permit that is left over: one thread takes that permit and looks whether it is woken, while
 * the other says so and looks whether there is a permit already. Without a fence both may look too early.
 */
class StalePermitTest {
    private static final int ROUNDS = 1_000_000;

    /** The round that the waiter may begin, and the one that it has ended: see the handshake in both. */
    private volatile int begun;
    private volatile int ended;
    private volatile Sudog waiting;

    @Test
    void isTakenByOneWhoSeesTheWakeUp() throws Exception {
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "two threads at once need two processors");
        try (GoRuntime runtime = GoRuntime.builder().name("stale").maxProcs(1).build()) {
            Bounded.run(Duration.ofSeconds(50), runtime, () -> {
                var goroutine = runtime.spawn(() -> {
                    for (int round = 1; round <= ROUNDS; round++) {
                        Sudog sg = Sudog.acquire();
                        waiting = sg;
                        while (begun != round) {
                            Thread.onSpinWait();
                        }
                        delay(round);
                        assertEquals(Park.WOKEN, Park.goPark(sg, "a wait", false, 0));
                        ended = round;
                    }
                });
                for (int round = 1; round <= ROUNDS; round++) {
                    while (waiting == null) {
                        Thread.onSpinWait();
                    }
                    Sudog sg = waiting;
                    waiting = null;
                    Jdk.unpark(sg.waiter); // the permit; the waiter is not parked
                    begun = round;
                    delay(round * 31);
                    Park.goReady(sg, Sudog.DONE);
                    while (ended != round) {
                        Thread.onSpinWait();
                    }
                }
                goroutine.join();
            });
        }
    }

    /** Moves the two against each other, by a few nanoseconds more or less in every round. */
    private static void delay(int round) {
        for (int n = (round * 0x9E3779B9) >>> 27; n > 0; n--) {
            Thread.onSpinWait();
        }
    }
}
