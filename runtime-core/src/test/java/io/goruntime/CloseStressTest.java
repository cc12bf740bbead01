package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.Bounded;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Spawning against close: a goroutine is either refused, or it runs and close interrupts it and waits for it. */
class CloseStressTest {
    /** So many goroutines fit into the heap, however long the thread that closes the runtime is kept from it. */
    private static final int MOST = 100_000;

    @Test
    void whatCloseDoesNotRefuseItInterrupts() throws Exception {
        long until = Bounded.until(Duration.ofSeconds(3));
        for (int round = 0; System.nanoTime() < until; round++) {
            GoRuntime runtime = GoRuntime.builder().name("close").maxProcs(2).build();
            AtomicInteger accepted = new AtomicInteger();
            AtomicInteger interrupted = new AtomicInteger();
            Bounded.run(Duration.ofSeconds(20), runtime, () -> {
                Thread spawner = Thread.ofPlatform().daemon().start(() -> {
                    try {
                        while (accepted.get() < MOST) {
                            runtime.spawn(() -> {
                                try {
                                    Chan.nil().receive();
                                } catch (InterruptedException e) {
                                    interrupted.incrementAndGet();
                                }
                            });
                            accepted.incrementAndGet();
                        }
                    } catch (RejectedExecutionException e) {
                        // closed
                    }
                });
                while (accepted.get() < 20) {
                    Thread.onSpinWait();
                }
                assertTrue(runtime.close(Duration.ofSeconds(10)), "goroutines are left that nobody interrupted");
                spawner.join();
            });
            assertEquals(accepted.get(), interrupted.get(), "round " + round);
        }
    }
}
