package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.internal.jdk.Jdk;
import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Random;
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
     * Goroutines compute; as many as there may be must be seen at work together, and with one P they must not use
     * the time of two processors. How many are at work at a moment says nothing: where the system takes a processor
     * away for 10 ms, a goroutine looks blocked, and another takes its place meanwhile.
     */
    private static void assertParallel(GoRuntime rt, int procs) throws InterruptedException {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicLong working = new AtomicLong();
        ThreadMXBean bean = ManagementFactory.getThreadMXBean();
        long begin = System.nanoTime();
        long end = begin + 600_000_000L;
        Fleet.run(rt, 8, i -> {
            while (System.nanoTime() < end || most.get() < procs && System.nanoTime() < end + 10_000_000_000L) {
                long id = Jdk.carrier().threadId();
                long before = bean.getThreadCpuTime(id);
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                long until = System.nanoTime() + 500_000;
                while (System.nanoTime() < until) {
                    most.accumulateAndGet(running.get(), Math::max);
                }
                running.decrementAndGet();
                working.addAndGet(bean.getThreadCpuTime(id) - before);
                GoRuntime.gosched();
            }
        });
        double share = (double) working.get() / (System.nanoTime() - begin);
        String text = "maxProcs " + procs + ": at most " + most + " together, " + share + " processors used";
        System.out.println(text);
        assertTrue(most.get() >= procs, text);
        assertTrue(procs > 1 || share < 1.4, text);
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
