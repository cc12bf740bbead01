package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.internal.jdk.Jdk;
import io.goruntime.testing.DumpOnTimeout;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** GoRuntime.run: main, its init tasks, what ends it and what it throws. */
@ExtendWith(DumpOnTimeout.class)
class RunTest {
    // -- main --

    @Test
    void returnsWhenMainReturnsAndInterruptsWhatIsLeft() throws Exception {
        AtomicInteger interrupted = new AtomicInteger();
        AtomicReference<GoRuntime> inside = new AtomicReference<>();
        GoRuntime.run(() -> {
            inside.set(GoRuntime.current());
            CountDownLatch started = new CountDownLatch(20);
            for (int i = 0; i < 20; i++) {
                GoRuntime.go(() -> {
                    started.countDown();
                    try {
                        Thread.sleep(3_600_000);
                    } catch (InterruptedException e) {
                        interrupted.incrementAndGet();
                    }
                });
            }
            started.await();
        });
        assertEquals(20, interrupted.get());
        assertEquals(0, inside.get().numGoroutine());
        assertThrows(java.util.concurrent.RejectedExecutionException.class, () -> inside.get().spawn(() -> {}));
    }

    @Test
    void theCheckedExceptionOfMainKeepsItsType() {
        IOException own = new IOException("own");
        assertSame(own, assertThrows(IOException.class, () -> runReading(own)));
        TimeoutException other = new TimeoutException();
        assertSame(other, assertThrows(TimeoutException.class, () -> GoRuntime.run(() -> {
            throw other;
        })));
        IllegalArgumentException unchecked = new IllegalArgumentException();
        assertSame(unchecked, assertThrows(IllegalArgumentException.class, () -> GoRuntime.run(() -> {
            throw unchecked;
        })));
        Error error = new AssertionError("own");
        assertSame(error, assertThrows(AssertionError.class, () -> GoRuntime.run(() -> {
            throw error;
        })));
    }

    /** That this compiles is the test: X is inferred as IOException, nothing wider. */
    private static void runReading(IOException e) throws IOException, InterruptedException {
        GoRuntime.run(() -> {
            if (e != null) {
                throw e;
            }
        });
    }

    @Test
    void mainRunsInAGoroutineOfItsOwnRuntime() throws Exception {
        GoRuntime.run(() -> {
            assertTrue(GoRuntime.goid() > 0);
            assertTrue(Thread.currentThread().isVirtual());
            assertEquals("main", Thread.currentThread().getName());
            assertNotSame(GoRuntime.defaultRuntime(), GoRuntime.current());
        });
    }

    // -- init tasks --

    @Test
    void initTasksRunInOrderBeforeMain() throws Exception {
        List<String> steps = Collections.synchronizedList(new ArrayList<>());
        GoRuntime.builder().init(() -> {
            Thread.sleep(1);
            steps.add("first");
        }).init(() -> steps.add("second")).init(() -> {
            Chan<String> c = Chan.make();
            GoRuntime.go(() -> c.send("third"));
            steps.add(c.receive());
        }).run(() -> steps.add("main"));
        assertEquals(List.of("first", "second", "third", "main"), steps);
    }

    @Test
    @Tag("gmp")
    void initTasksRunOnTheCallingThreadAndMainElsewhere() throws Exception {
        Thread caller = Thread.currentThread();
        List<Thread> carriers = Collections.synchronizedList(new ArrayList<>());
        Set<Thread> ofMain = ConcurrentHashMap.newKeySet();
        GoRuntime.builder().maxProcs(2).init(() -> carriers.add(Jdk.carrier())).init(() -> {
            Thread.sleep(2);
            GoRuntime.gosched();
            carriers.add(Jdk.carrier());
        }).run(() -> {
            for (int i = 0; i < 20; i++) {
                ofMain.add(Jdk.carrier());
                GoRuntime.gosched();
            }
        });
        assertEquals(List.of(caller, caller), carriers);
        assertFalse(ofMain.contains(caller));
    }

    @Test
    @Tag("gmp")
    void anInitTaskThatLocksKeepsMainOnTheCallingThread() throws Exception {
        Thread caller = Thread.currentThread();
        AtomicInteger onCaller = new AtomicInteger();
        Set<Thread> others = ConcurrentHashMap.newKeySet();
        for (int procs = 1; procs <= 2; procs++) {
            onCaller.set(0);
            GoRuntime.builder().maxProcs(procs).init(GoRuntime::lockOSThread).run(() -> {
                Chan<Integer> c = Chan.make();
                GoRuntime.go(() -> {
                    try (var _ = c.closer()) {
                        for (int i = 0; i < 100; i++) {
                            others.add(Jdk.carrier());
                            c.send(i);
                        }
                    }
                });
                for (Integer _ : c) {
                    if (Jdk.carrier() == caller) {
                        onCaller.incrementAndGet();
                    }
                }
                Thread.sleep(1);
                assertSame(caller, Jdk.carrier());
            });
            assertEquals(100, onCaller.get());
        }
        assertFalse(others.contains(caller));
    }

    @Test
    void aFailingInitTaskEndsTheRunBeforeMain() {
        AtomicInteger ran = new AtomicInteger();
        IOException failure = new IOException("init");
        var builder = GoRuntime.builder().init(() -> {
            throw failure;
        }).init(ran::incrementAndGet);
        assertSame(failure, assertThrows(Exception.class, () -> builder.run(ran::incrementAndGet)));
        assertEquals(0, ran.get());
        assertThrows(IllegalStateException.class, builder::build);
    }

    // -- panics elsewhere --

    @Test
    void aPanicElsewhereInterruptsMainAndIsRethrown() {
        IllegalStateException first = new IllegalStateException("first");
        RuntimeException second = new RuntimeException("second");
        RuntimeException own = new RuntimeException("own");
        AtomicReference<Throwable> inMain = new AtomicReference<>();
        Throwable thrown = assertThrows(IllegalStateException.class, () -> GoRuntime.run(() -> {
            GoRuntime.go(() -> {
                throw first;
            });
            GoRuntime.go(() -> {
                try {
                    Thread.sleep(3_600_000);
                } finally {
                    throw2(second);
                }
            });
            try {
                Chan.nil().receive();
            } catch (InterruptedException e) {
                inMain.set(e);
                throw own;
            }
        }));
        assertSame(first, thrown);
        assertEquals(InterruptedException.class, inMain.get().getClass());
        assertEquals(Set.of(second, own), Set.of(thrown.getSuppressed()));
    }

    private static void throw2(RuntimeException e) {
        throw e;
    }

    @Test
    void aCheckedPanicElsewhereComesAsAPanicWithItsCause() {
        IOException checked = new IOException("disk");
        Panic thrown = assertThrows(Panic.class, () -> GoRuntime.run(() -> {
            GoRuntime.go(() -> {
                throw checked;
            });
            Thread.sleep(3_600_000);
        }));
        assertSame(checked, thrown.getCause());
        assertTrue(thrown.getMessage().contains("disk"), thrown.getMessage());
    }

    @Test
    void anErrorElsewhereIsRethrownEvenIfMainIgnoresTheInterrupt() {
        Error error = new StackOverflowError("made up");
        assertSame(error, assertThrows(StackOverflowError.class, () -> GoRuntime.run(() -> {
            Goroutine g = GoRuntime.current().spawn(() -> {
                throw error;
            });
            while (!g.isDone()) {
                GoRuntime.gosched();
            }
        })));
    }

    @Test
    void goroutinesEndedByInterruptionAreNoPanic() throws Exception {
        GoRuntime.run(() -> {
            Goroutine a = GoRuntime.current().spawn(() -> Thread.sleep(3_600_000));
            Goroutine b = GoRuntime.current().spawn(() -> Chan.<Integer>make().iterator().hasNext());
            a.interrupt();
            b.interrupt();
            a.join();
            b.join();
        });
    }

    // -- interruption of the caller --

    private static void runAndInterruptCaller(GoRuntime.Builder builder) throws Exception {
        AtomicReference<Throwable> inMain = new AtomicReference<>();
        AtomicReference<Throwable> ofRun = new AtomicReference<>();
        CountDownLatch sleeping = new CountDownLatch(1);
        Thread caller = Thread.ofPlatform().start(() -> {
            try {
                builder.run(() -> {
                    try {
                        sleeping.countDown();
                        Thread.sleep(30_000);
                    } catch (InterruptedException e) {
                        inMain.set(e);
                        throw e;
                    }
                });
            } catch (Throwable e) {
                ofRun.set(e);
            }
        });
        sleeping.await();
        Thread.sleep(10); // most likely main sleeps by now; either way it must be interrupted
        caller.interrupt();
        assertTrue(caller.join(Duration.ofSeconds(20)), "run did not return");
        assertEquals(InterruptedException.class, inMain.get().getClass());
        assertEquals(InterruptedException.class, ofRun.get().getClass());
    }

    @Test
    void interruptOfTheCallerReachesMain() throws Exception {
        runAndInterruptCaller(GoRuntime.builder());
    }

    @Test
    @Tag("gmp")
    void interruptOfTheCallerReachesAMainThatIsWiredToIt() throws Exception {
        runAndInterruptCaller(GoRuntime.builder().init(GoRuntime::lockOSThread));
    }

    @Test
    void interruptOfTheCallerReachesAnInitTask() throws Exception {
        CountDownLatch sleeping = new CountDownLatch(1);
        AtomicReference<Throwable> ofRun = new AtomicReference<>();
        Thread caller = Thread.ofPlatform().start(() -> {
            try {
                GoRuntime.builder().init(() -> {
                    sleeping.countDown();
                    Thread.sleep(30_000);
                }).run(() -> {});
            } catch (Throwable e) {
                ofRun.set(e);
            }
        });
        sleeping.await();
        Thread.sleep(10);
        caller.interrupt();
        assertTrue(caller.join(Duration.ofSeconds(20)), "run did not return");
        assertEquals(InterruptedException.class, ofRun.get().getClass());
    }

    @Test
    void aCallerInterruptedBeforeInterruptsMain() throws Exception {
        AtomicReference<Throwable> ofRun = new AtomicReference<>();
        Thread caller = Thread.ofPlatform().start(() -> {
            Thread.currentThread().interrupt();
            try {
                GoRuntime.run(() -> Thread.sleep(20_000));
            } catch (Throwable e) {
                ofRun.set(e);
            }
        });
        assertTrue(caller.join(Duration.ofSeconds(15)), "main was not interrupted");
        assertEquals(InterruptedException.class, ofRun.get().getClass());
    }

    @Test
    void uncheckedInterruptionOfMainComesChecked() {
        InterruptedException thrown = assertThrows(InterruptedException.class, () -> GoRuntime.run(() -> {
            Thread.currentThread().interrupt();
            Chan.make().iterator().hasNext();
        }));
        assertEquals(UncheckedInterruptedException.class, thrown.getCause().getClass());
        assertFalse(Thread.currentThread().isInterrupted());
    }

    // -- where run is called --

    @Test
    void runInsideAGoroutineAndNested() throws Exception {
        List<String> steps = Collections.synchronizedList(new ArrayList<>());
        GoRuntime.run(() -> {
            GoRuntime outer = GoRuntime.current();
            GoRuntime.run(() -> {
                GoRuntime inner = GoRuntime.current();
                assertNotSame(outer, inner);
                GoRuntime.builder().init(() -> steps.add("init")).run(() -> {
                    assertNotSame(inner, GoRuntime.current());
                    steps.add("innermost");
                });
                assertSame(inner, GoRuntime.current());
                steps.add("inner");
            });
            assertSame(outer, GoRuntime.current());
            steps.add("outer");
        });
        assertEquals(List.of("init", "innermost", "inner", "outer"), steps);
    }

    @Test
    void concurrentRunsDoNotMeet() throws Exception {
        int runs = 8;
        AtomicInteger sum = new AtomicInteger();
        List<Thread> callers = new ArrayList<>();
        Set<GoRuntime> runtimes = ConcurrentHashMap.newKeySet();
        for (int i = 0; i < runs; i++) {
            Thread.Builder kind = i % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual();
            callers.add(kind.start(() -> {
                try {
                    GoRuntime.run(() -> {
                        runtimes.add(GoRuntime.current());
                        Chan<Integer> c = Chan.make();
                        for (int k = 0; k < 50; k++) {
                            GoRuntime.go(() -> c.send(1));
                        }
                        for (int k = 0; k < 50; k++) {
                            sum.addAndGet(c.receive());
                        }
                        assertTrue(GoRuntime.current().numGoroutine() >= 1);
                    });
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }));
        }
        for (Thread caller : callers) {
            assertTrue(caller.join(Duration.ofSeconds(30)));
        }
        assertEquals(runs * 50, sum.get());
        assertEquals(runs, runtimes.size());
    }

    @Test
    void runFromAVirtualThread() throws Exception {
        AtomicReference<Object> result = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(1);
        Thread.ofVirtual().start(() -> {
            List<String> steps = Collections.synchronizedList(new ArrayList<>());
            try {
                GoRuntime.builder().init(() -> steps.add("init")).run(() -> {
                    Thread.sleep(1);
                    steps.add("main " + (GoRuntime.goid() > 0));
                });
                result.set(steps);
            } catch (Throwable e) {
                result.set(e);
            }
            done.countDown();
        });
        assertTrue(done.await(30, TimeUnit.SECONDS));
        assertEquals(List.of("init", "main true"), result.get());
    }

    @Test
    void theCallersThreadIsUnchangedAfterwards() throws Exception {
        Thread caller = Thread.currentThread();
        String name = caller.getName();
        ClassLoader loader = caller.getContextClassLoader();
        for (int i = 0; i < 20; i++) {
            GoRuntime.run(() -> GoRuntime.go(() -> {}));
            assertSame(caller, Thread.currentThread());
            assertFalse(caller.isInterrupted());
        }
        assertEquals(name, caller.getName());
        assertSame(loader, caller.getContextClassLoader());
        assertEquals(0, GoRuntime.goid());
    }
}
