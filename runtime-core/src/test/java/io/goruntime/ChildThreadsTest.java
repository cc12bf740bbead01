package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Virtual threads started by goroutines. The JDK gives them their parent's scheduler, which is the goroutine itself; they
 * must run on the JDK's own all the same, and never be taken for the goroutine.
 */
@ExtendWith(DumpOnTimeout.class)
class ChildThreadsTest {
    @Test
    void childrenOutliveTheirGoroutineByAHundredThousandSpawns() throws Exception {
        int parents = 20;
        ConcurrentLinkedQueue<Thread> children = new ConcurrentLinkedQueue<>();
        ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
        AtomicInteger steps = new AtomicInteger();
        CountDownLatch release = new CountDownLatch(1);
        try (GoRuntime rt = GoRuntime.builder().maxProcs(2).build()) {
            Chan<Integer> toGoroutines = Chan.make();
            Fleet.run(rt, parents, i -> children.add(Thread.startVirtualThread(() -> {
                try {
                    check(wrong, "at first");
                    release.await();
                    check(wrong, "after the spawns");
                    Thread grandchild = Thread.startVirtualThread(() -> {
                        check(wrong, "grandchild");
                        steps.incrementAndGet();
                    });
                    grandchild.join();
                    Thread.sleep(1);
                    toGoroutines.send(i);
                    Thread.yield();
                    check(wrong, "at last");
                    steps.incrementAndGet();
                } catch (Throwable e) {
                    wrong.add(e.toString());
                }
            })));
            AtomicInteger spawned = new AtomicInteger();
            Fleet fleet = new Fleet(rt);
            for (int batch = 0; batch < 10; batch++) {
                fleet.start(1, i -> {
                    for (int k = 0; k < 10_000; k++) {
                        GoRuntime.go(spawned::incrementAndGet);
                    }
                });
            }
            fleet.await("all spawned goroutines ran", () -> spawned.get() == 100_000);
            release.countDown();
            AtomicInteger sum = new AtomicInteger();
            Fleet.run(rt, parents, i -> sum.addAndGet(toGoroutines.receive()));
            for (Thread child : children) {
                assertTrue(child.join(Duration.ofSeconds(30)), () -> child + " was lost");
            }
            assertEquals(List.of(), List.copyOf(wrong));
            assertEquals(2 * parents, steps.get());
            assertEquals((parents - 1) * parents / 2, sum.get());
        }
    }

    /** A child is no goroutine, wherever it runs. */
    private static void check(ConcurrentLinkedQueue<String> wrong, String when) {
        if (GoRuntime.goid() != 0) {
            wrong.add(when + " it was taken for goroutine " + GoRuntime.goid());
        }
        GoRuntime.lockOSThread(); // outside a goroutine: nothing
        GoRuntime.unlockOSThread();
    }

    @Test
    void childrenGoOnAfterTheRuntimeWasClosed() throws Exception {
        List<Thread> children = new ArrayList<>();
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger done = new AtomicInteger();
        try (GoRuntime rt = GoRuntime.builder().maxProcs(1).build()) {
            Fleet.run(rt, 10, i -> {
                synchronized (children) {
                    children.add(Thread.ofVirtual().start(() -> {
                        try {
                            release.await();
                            Thread.sleep(1);
                            done.incrementAndGet();
                        } catch (InterruptedException e) {
                            // close is for goroutines: not expected
                        }
                    }));
                }
            });
        }
        assertEquals(0, done.get());
        release.countDown();
        for (Thread child : children) {
            assertTrue(child.join(Duration.ofSeconds(30)));
        }
        assertEquals(10, done.get());
    }

    @Test
    void anExecutorOfVirtualThreadsInsideAGoroutine() throws Exception {
        try (GoRuntime rt = GoRuntime.builder().maxProcs(1).build()) {
            Fleet.run(rt, 10, i -> {
                try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
                    var result = executor.submit(() -> {
                        Thread.sleep(2);
                        assertEquals(0, GoRuntime.goid());
                        return i;
                    });
                    assertEquals(i, result.get());
                }
            });
        }
    }
}
