package io.goruntime.internal.base;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.goruntime.internal.jdk.Mode;
import io.goruntime.testing.Bounded;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The spin lock with more threads than processors, so that holders lose theirs and waiters sleep. */
class SpinLockStressTest {
    private int count;

    @BeforeAll
    static void open() {
        Mode.ensure();
    }

    @Test
    void excludesAndPublishes() throws Exception {
        SpinLock lock = new SpinLock();
        int threads = 8;
        int rounds = 200_000 * Bounded.scale();
        Bounded.run(Duration.ofSeconds(40), null, () -> {
            List<Thread> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                boolean plain = i % 2 == 0;
                all.add(Thread.ofPlatform().daemon().start(() -> {
                    for (int k = 0; k < rounds; k++) {
                        lock.lock();
                        count++;
                        if (plain) {
                            lock.word = 0;
                        } else {
                            lock.unlock();
                        }
                    }
                }));
            }
            for (Thread t : all) {
                t.join();
            }
        });
        assertEquals(threads * rounds, count);
    }
}
