package io.goruntime.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.goruntime.testing.Bounded;
import io.goruntime.testing.Runners;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Threads of all kinds count under a lock, with sections of different lengths, some long enough for waiters to starve,
 * while they are interrupted at random. Every section is counted once.
 */
@Timeout(120)
public class LockStressTest {
    private static final int WORKERS = 12;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void everySectionIsCounted(int procs) throws Exception {
        long seed = Bounded.seed("LockStressTest");
        Mutex mu = new Mutex();
        long[] count = {0};
        AtomicLong sections = new AtomicLong();
        long until = Bounded.until(Duration.ofMillis(700));
        SplittableRandom seeds = new SplittableRandom(seed);
        Thread[] threads = new Thread[WORKERS];
        try (Runners.Crew crew = new Runners.Crew(procs)) {
            for (int i = 0; i < WORKERS; i++) {
                SplittableRandom random = seeds.split();
                threads[i] = crew.start(i, () -> {
                    long mine = 0;
                    while (System.nanoTime() < until) {
                        if (random.nextInt(4) == 0) {
                            if (!mu.tryLock()) {
                                continue;
                            }
                        } else {
                            mu.lock();
                        }
                        count[0]++;
                        mine++;
                        pause(random);
                        mu.unlock();
                        if (random.nextInt(8) == 0) {
                            pause(random);
                        }
                    }
                    sections.addAndGet(mine);
                });
            }
            while (System.nanoTime() < until) {
                threads[seeds.nextInt(WORKERS)].interrupt();
                Thread.sleep(0, 50_000);
            }
            crew.join();
        }
        mu.lock();
        assertEquals(sections.get(), count[0]);
        mu.unlock();
        mu.checkInvariants();
    }

    private static void pause(SplittableRandom random) {
        switch (random.nextInt(64)) {
            case 0 -> {
                try {
                    Thread.sleep(0, 300_000);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            case 1, 2, 3 -> Thread.yield();
            default -> {
                for (int i = random.nextInt(20); i > 0; i--) {
                    Thread.onSpinWait();
                }
            }
        }
    }
}
