package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** GOMAXPROCS: where it comes from, its bounds, and changing it while goroutines run. */
@Tag("gmp")
@ExtendWith(DumpOnTimeout.class)
class MaxProcsTest {
    @Test
    void returnsThePreviousValueAndChecksBounds() {
        try (GoRuntime rt = GoRuntime.builder().maxProcs(3).build()) {
            assertEquals(3, rt.maxProcs());
            assertEquals(3, rt.maxProcs(7));
            assertEquals(7, rt.maxProcs(1));
            assertEquals(1, rt.maxProcs());
            for (int bad : new int[]{0, -1, Integer.MIN_VALUE, 100_001, Integer.MAX_VALUE}) {
                var e = assertThrows(IllegalArgumentException.class, () -> rt.maxProcs(bad));
                assertTrue(e.getMessage().contains(Integer.toString(bad)), e.getMessage());
                e = assertThrows(IllegalArgumentException.class, () -> GoRuntime.builder().maxProcs(bad));
                assertTrue(e.getMessage().contains(Integer.toString(bad)), e.getMessage());
            }
            assertEquals(1, rt.maxProcs());
        }
    }

    @Test
    void goingUpAndDownUnderLoadLosesNothing() throws Exception {
        long seed = System.nanoTime();
        System.out.println("MaxProcsTest seed " + seed);
        Random random = new Random(seed);
        int pairs = 20;
        int rounds = 3000;
        try (GoRuntime rt = GoRuntime.builder().maxProcs(2).build()) {
            AtomicLong sent = new AtomicLong();
            AtomicLong received = new AtomicLong();
            Fleet fleet = new Fleet(rt);
            for (int pair = 0; pair < pairs; pair++) {
                Chan<Integer> c = Chan.make(pair % 4);
                fleet.start(1, i -> {
                    try (var _ = c.closer()) {
                        for (int k = 1; k <= rounds; k++) {
                            c.send(k);
                            sent.addAndGet(k);
                        }
                    }
                });
                fleet.start(1, i -> {
                    int expected = 1;
                    for (int value : c) {
                        assertEquals(expected++, value);
                        received.addAndGet(value);
                        if (value % 500 == 0) {
                            Thread.sleep(1);
                        }
                    }
                });
            }
            AtomicInteger changes = new AtomicInteger();
            fleet.start(1, i -> { // from a goroutine that may lose its own P by it
                for (int k = 0; k < 100; k++) {
                    rt.maxProcs(1 + k % 5);
                    GoRuntime.gosched();
                    changes.incrementAndGet();
                }
            });
            while (!fleet.members().stream().allMatch(Goroutine::isDone)) {
                int n = 1 + random.nextInt(8);
                rt.maxProcs(n);
                changes.incrementAndGet();
                if (changes.get() % 10 == 0) {
                    Thread.sleep(1);
                }
            }
            fleet.join();
            assertEquals((long) pairs * rounds * (rounds + 1) / 2, sent.get());
            assertEquals(sent.get(), received.get());
            rt.maxProcs(2);
            assertParallel(rt, 2);
            rt.maxProcs(1);
            assertParallel(rt, 1);
            rt.maxProcs(4);
            assertParallel(rt, 4);
        }
    }

    /**
     * Goroutines say in how large a company they run. More than the number is wrong, but a P may be compensated on a
     * machine that takes its processor away for 10 ms: that is rare.
     */
    private static void assertParallel(GoRuntime rt, int procs) throws InterruptedException {
        AtomicInteger running = new AtomicInteger();
        int[] seen = new int[64];
        AtomicBoolean stop = new AtomicBoolean();
        Object lock = new Object();
        long end = System.nanoTime() + 600_000_000L;
        Fleet.run(rt, 8, i -> {
            int[] mine = new int[64];
            while (!stop.get()) {
                int company = running.incrementAndGet();
                long until = System.nanoTime() + 100_000;
                while (System.nanoTime() < until) {
                    company = Math.max(company, running.get());
                }
                running.decrementAndGet();
                mine[company]++;
                stop.set(System.nanoTime() > end);
                GoRuntime.gosched();
            }
            synchronized (lock) {
                for (int k = 0; k < mine.length; k++) {
                    seen[k] += mine[k];
                }
            }
        });
        int looks = 0;
        int tooMany = 0;
        int atLimit = 0;
        for (int k = 0; k < seen.length; k++) {
            looks += seen[k];
            tooMany += k > procs ? seen[k] : 0;
            atLimit += k == procs ? seen[k] : 0;
        }
        String text = "of " + looks + " looks " + atLimit + " found " + procs + " running, " + tooMany + " more";
        assertTrue(atLimit > looks / 20, text);
        assertTrue(tooMany < looks / 4, text);
    }

    // -- from outside --

    private static ChildJvm child(String... flags) {
        return ChildJvm.of(Program.class).flags(flags);
    }

    @Test
    void comesFromThePropertyOrTheEnvironment() {
        var fromProperty = child("-Dgoruntime.maxprocs=3").env("GOMAXPROCS", "5").start();
        var fromEnvironment = child().env("GOMAXPROCS", "5").start();
        var byDefault = child("-XX:ActiveProcessorCount=6").env("GOMAXPROCS", "").start();
        var badProperty = child("-Dgoruntime.maxprocs=many").start();
        var tooSmall = child("-Dgoruntime.maxprocs=0").start();
        var badEnvironment = child().env("GOMAXPROCS", "-2").start();
        fromProperty.await().expectExit(0).expect("maxProcs 3");
        fromEnvironment.await().expectExit(0).expect("maxProcs 5");
        byDefault.await().expectExit(0).expect("maxProcs 6");
        badProperty.await().expectExit(0).expect("IllegalArgumentException: goruntime.maxprocs=many");
        tooSmall.await().expectExit(0).expect("IllegalArgumentException: goruntime.maxprocs=0");
        badEnvironment.await().expectExit(0).expect("IllegalArgumentException: GOMAXPROCS=-2");
    }

    static final class Program {
        private Program() {}

        public static void main(String[] args) {
            try (GoRuntime rt = GoRuntime.defaultRuntime()) {
                System.out.println("maxProcs " + rt.maxProcs());
            } catch (IllegalArgumentException e) {
                System.out.println(e);
            }
        }
    }
}
