package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A goroutine that initialises a class, and those that wait for it, hold their platform threads. What the initialiser
 * waits for is done by a goroutine that has no P left to run on: it needs compensation.
 */
@Tag("gmp")
@ExtendWith(DumpOnTimeout.class)
class ClassInitTest {
    private static final Chan<Integer> TO_INITIALISER = Chan.make();
    private static final Chan<Integer> TO_SLEEPER = Chan.make();

    private static final class Receives {
        static final int VALUE = receive(TO_INITIALISER);
    }

    private static final class Sleeps {
        static final int VALUE;
        static {
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            VALUE = receive(TO_SLEEPER);
        }
    }

    private static int receive(Chan<Integer> c) {
        try {
            return c.receive();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aParkingInitialiserOnOneProcessor() throws Exception {
        run(1, () -> Receives.VALUE, TO_INITIALISER);
    }

    @Test
    void aSleepingInitialiserOnTwoProcessors() throws Exception {
        run(2, () -> Sleeps.VALUE, TO_SLEEPER);
    }

    private interface Use {
        int value();
    }

    private static void run(int procs, Use use, Chan<Integer> release) throws InterruptedException {
        try (GoRuntime rt = GoRuntime.builder().maxProcs(procs).build()) {
            int users = 6;
            CountDownLatch begun = new CountDownLatch(users);
            AtomicInteger sum = new AtomicInteger();
            AtomicInteger rounds = new AtomicInteger();
            Fleet fleet = new Fleet(rt);
            fleet.start(users, i -> {
                begun.countDown();
                sum.addAndGet(use.value());
            });
            fleet.await("all users begun, which takes compensation", () -> begun.getCount() == 0);
            fleet.start(1, i -> {
                for (int k = 0; k < 500; k++) {
                    rounds.incrementAndGet();
                    GoRuntime.gosched();
                }
                assertEquals(0, sum.get());
                release.send(7);
            });
            fleet.join();
            assertEquals(7 * users, sum.get());
            assertTrue(rounds.get() == 500);
        }
    }
}
