package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.internal.jdk.Mode;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** One goroutine seen from inside and outside: its id, handle, end, and the executors that make it. */
@ExtendWith(DumpOnTimeout.class)
class GoroutineTest {
    // -- goexit --

    @Test
    void goexitRunsFinallyBlocksAndIsNoPanic() throws Exception {
        AtomicInteger panics = new AtomicInteger();
        List<String> steps = Collections.synchronizedList(new ArrayList<>());
        try (GoRuntime rt = GoRuntime.builder().onPanic((g, e) -> panics.incrementAndGet()).build()) {
            rt.spawn(() -> {
                try {
                    try {
                        GoRuntime.goexit();
                        steps.add("after");
                    } finally {
                        steps.add("inner");
                        Thread.sleep(1);
                    }
                } catch (Exception e) {
                    steps.add("caught " + e);
                } finally {
                    steps.add("outer");
                }
                steps.add("end");
            }).join();
        }
        assertEquals(List.of("inner", "outer"), steps);
        assertEquals(0, panics.get());
    }

    @Test
    void goexitOutsideIsAnError() throws Exception {
        assertThrows(IllegalStateException.class, GoRuntime::goexit);
        AtomicReference<Throwable> inChild = new AtomicReference<>();
        Thread.startVirtualThread(() -> {
            try {
                GoRuntime.goexit();
            } catch (Throwable e) {
                inChild.set(e);
            }
        }).join();
        assertEquals(IllegalStateException.class, inChild.get().getClass());
    }

    @Test
    void afterGoexitInMainRunWaitsForTheOthersAndThenFails() {
        AtomicInteger steps = new AtomicInteger();
        DeadlockError error = assertThrows(DeadlockError.class, () -> GoRuntime.run(() -> {
            GoRuntime.go(() -> {
                Thread.sleep(20);
                steps.incrementAndGet();
            });
            try {
                GoRuntime.goexit();
            } finally {
                steps.incrementAndGet();
            }
        }));
        assertEquals("no goroutines (main called runtime.Goexit) - deadlock!", error.getMessage());
        assertEquals(2, steps.get());
    }

    // -- ids and numbers --

    @Test
    void goidsAreUniqueAndAboveZero() throws Exception {
        assertEquals(0, GoRuntime.goid());
        Set<Long> ids = ConcurrentHashMap.newKeySet();
        int outer = 50;
        int inner = 40;
        try (GoRuntime rt = GoRuntime.builder().maxProcs(3).build()) {
            Fleet.run(rt, outer, i -> {
                assertTrue(ids.add(GoRuntime.goid()));
                assertEquals(GoRuntime.goid(), GoRuntime.goid());
                List<Goroutine> children = new ArrayList<>();
                for (int k = 0; k < inner; k++) {
                    children.add(GoRuntime.current().spawn(() -> assertTrue(ids.add(GoRuntime.goid()))));
                }
                for (Goroutine child : children) {
                    child.join();
                    assertTrue(ids.contains(child.id()));
                }
            });
            assertEquals(outer * (inner + 1), ids.size());
            assertTrue(ids.stream().allMatch(id -> id > 0));
        }
    }

    @Test
    void numGoroutineCountsThoseThatLive() throws Exception {
        try (GoRuntime rt = GoRuntime.builder().maxProcs(2).build()) {
            assertEquals(0, rt.numGoroutine());
            CountDownLatch end = new CountDownLatch(1);
            Fleet fleet = new Fleet(rt).start(100, i -> end.await());
            assertEquals(100, rt.numGoroutine());
            end.countDown();
            fleet.join();
            fleet.await("none left", () -> rt.numGoroutine() == 0);
            // A thread of the factory counts from its start.
            Thread unstarted = rt.threadFactory("t").newThread(() -> {});
            assertEquals(0, rt.numGoroutine());
            unstarted.start();
            unstarted.join();
            fleet.await("none left", () -> rt.numGoroutine() == 0);
        }
        GoRuntime.run(() -> assertEquals(1, GoRuntime.current().numGoroutine()));
    }

    // -- the handle --

    @Test
    void theHandleTellsAndActs() throws Exception {
        try (GoRuntime rt = GoRuntime.builder().maxProcs(1).build()) {
            Chan<Boolean> end = Chan.make();
            AtomicReference<Thread> seen = new AtomicReference<>();
            Goroutine g = rt.spawn("worker", () -> {
                seen.set(Thread.currentThread());
                end.receive();
            });
            assertEquals("worker", g.name());
            assertTrue(g.toString().contains("worker") && g.toString().contains(Long.toString(g.id())), g.toString());
            assertFalse(g.isDone());
            assertFalse(g.join(Duration.ofMillis(5)));
            assertFalse(g.join(Duration.ZERO));
            end.send(true);
            g.join();
            assertTrue(g.isDone());
            assertTrue(g.join(Duration.ZERO));
            assertSame(seen.get(), g.thread());
            assertTrue(g.thread().isVirtual());
            assertEquals("", rt.spawn(() -> {}).name());

            Goroutine blocked = rt.spawn(() -> Chan.nil().receive());
            blocked.interrupt();
            assertTrue(blocked.join(Duration.ofSeconds(30)));
        }
    }

    @Test
    void goOfNilIsAPanicAtTheCaller() {
        try (GoRuntime rt = GoRuntime.builder().maxProcs(1).build()) {
            assertEquals("go of nil func value", assertThrows(Panic.class, () -> rt.spawn(null)).getMessage());
            assertEquals("go of nil func value", assertThrows(Panic.class, () -> rt.spawn("n", null)).getMessage());
            assertThrows(NullPointerException.class, () -> rt.spawn(null, () -> {}));
            assertEquals(0, rt.numGoroutine());
        }
    }

    @Test
    void staticsActOnTheRuntimeOfTheCaller() throws Exception {
        try (GoRuntime rt = GoRuntime.builder().maxProcs(1).build()) {
            Fleet.run(rt, 1, i -> {
                assertSame(rt, GoRuntime.current());
                Chan<GoRuntime> of = Chan.make();
                GoRuntime.go("named", () -> of.send(GoRuntime.current()));
                assertSame(rt, of.receive());
                assertNotSame(rt, GoRuntime.defaultRuntime());
            });
            assertSame(GoRuntime.defaultRuntime(), GoRuntime.current());
        }
    }

    // -- executors --

    @Test
    void theExecutorRunsEachTaskInAGoroutine() throws Exception {
        try (GoRuntime rt = GoRuntime.builder().maxProcs(2).build()) {
            Set<Long> ids = ConcurrentHashMap.newKeySet();
            List<Future<Integer>> results = new ArrayList<>();
            try (var executor = rt.executor()) {
                for (int i = 0; i < 500; i++) {
                    int n = i;
                    results.add(executor.submit(() -> {
                        ids.add(GoRuntime.goid());
                        Thread.sleep(1);
                        return n;
                    }));
                }
                Future<?> failing = executor.submit(() -> {
                    throw new IllegalStateException("task");
                });
                assertEquals("task",
                        assertThrows(ExecutionException.class, failing::get).getCause().getMessage());
            }
            int sum = 0;
            for (Future<Integer> result : results) {
                sum += result.get();
            }
            assertEquals(499 * 500 / 2, sum);
            assertEquals(500, ids.size());
            assertFalse(ids.contains(0L));
        }
    }

    @Test
    void closingTheRuntimeInterruptsTasksAndRefusesMore() throws Exception {
        GoRuntime rt = GoRuntime.builder().maxProcs(1).build();
        var executor = rt.executor();
        AtomicInteger flagged = new AtomicInteger();
        Thread late = rt.threadFactory("late").newThread(
                () -> flagged.set(Thread.currentThread().isInterrupted() ? 1 : 2));
        Future<String> waiting = executor.submit(() -> {
            try {
                Thread.sleep(3_600_000);
                return "slept";
            } catch (InterruptedException e) {
                return "interrupted";
            }
        });
        assertTrue(rt.close(Duration.ofSeconds(30)));
        assertEquals("interrupted", waiting.get());
        assertThrows(RejectedExecutionException.class, () -> executor.submit(() -> {}));
        assertThrows(RejectedExecutionException.class, () -> rt.threadFactory("").newThread(() -> {}));
        if (Mode.Chosen.GMP) {
            assertThrows(RejectedExecutionException.class, late::start);
        } else {
            late.start();
            late.join();
            assertEquals(1, flagged.get());
        }
        assertEquals(0, rt.numGoroutine());
        executor.close();
    }

    @Test
    void theThreadFactoryNumbersItsThreads() throws Exception {
        try (GoRuntime rt = GoRuntime.builder().maxProcs(1).build()) {
            var factory = rt.threadFactory("t-");
            AtomicInteger ran = new AtomicInteger();
            Set<String> names = new HashSet<>();
            for (int i = 0; i < 5; i++) {
                Thread t = factory.newThread(() -> ran.addAndGet(GoRuntime.goid() > 0 ? 1 : 100));
                assertEquals(Thread.State.NEW, t.getState());
                names.add(t.getName());
                t.start();
                t.join();
                assertThrows(IllegalThreadStateException.class, t::start);
            }
            assertEquals(Set.of("t-0", "t-1", "t-2", "t-3", "t-4"), names);
            assertEquals(5, ran.get());
            assertEquals("", rt.threadFactory("").newThread(() -> {}).getName());
        }
    }

    // -- decorate --

    @Test
    void theDecoratorRunsOnTheSpawnerAndWrapsEverything() throws Exception {
        ThreadLocal<String> context = new ThreadLocal<>();
        ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();
        try (GoRuntime rt = GoRuntime.builder().maxProcs(1).decorate(fn -> {
            String carried = context.get();
            return () -> {
                context.set(carried);
                fn.run();
            };
        }).build()) {
            context.set("a");
            Chan<Boolean> done = Chan.make();
            rt.spawn(() -> {
                seen.add(context.get());
                context.set("b");
                GoRuntime.go(() -> {
                    seen.add(context.get());
                    done.send(true);
                });
            });
            done.receive();
            context.set("c");
            try (var executor = rt.executor()) {
                executor.submit(() -> seen.add(context.get())).get();
            }
            assertEquals(List.of("a", "b", "c"), List.copyOf(seen));
        } finally {
            context.remove();
        }
        assertNull(context.get());
        try (GoRuntime bad = GoRuntime.builder().decorate(fn -> null).build()) {
            assertThrows(NullPointerException.class, () -> bad.spawn(() -> {}));
            assertEquals(0, bad.numGoroutine());
        }
    }
}
