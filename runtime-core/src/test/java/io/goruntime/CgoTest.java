package io.goruntime;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.invoke.MethodType.methodType;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import io.goruntime.time.Timers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Downcalls and upcalls, with a library compiled by gcc where there is one, and with the C library's qsort. */
@SuppressWarnings("restricted") // it is what is tested
class CgoTest {
    private static final FunctionDescriptor CALLBACK = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG);

    @TempDir
    private static Path dir;

    /** Null if there is no gcc. */
    private static SymbolLookup library;
    private static String missing;

    /** What is called from C. */
    @FunctionalInterface
    interface Callback {
        long call(long n) throws Exception;
    }

    @BeforeAll
    static void compile() throws InterruptedException {
        Path so = dir.resolve(System.mapLibraryName("cgo"));
        try {
            Process gcc = new ProcessBuilder("gcc", "-O1", "-shared", "-fPIC", "-pthread", "-o", so.toString(),
                    "src/test/native/cgo.c").inheritIO().start();
            if (gcc.waitFor(60, TimeUnit.SECONDS) && gcc.exitValue() == 0) {
                library = SymbolLookup.libraryLookup(so, Arena.global());
            } else {
                missing = "gcc failed";
            }
        } catch (IOException e) {
            missing = "no gcc: " + e.getMessage();
        }
    }

    private static MethodHandle function(String name, FunctionDescriptor type) {
        assumeTrue(library != null, missing);
        return Cgo.downcall(library.find(name).orElseThrow(), type);
    }

    private static MemorySegment callback(Callback body, Arena arena) throws ReflectiveOperationException {
        MethodHandle target = MethodHandles.lookup()
                .findVirtual(Callback.class, "call", methodType(long.class, long.class)).bindTo(body);
        return Cgo.upcall(target, CALLBACK, arena);
    }

    /** {@code each(body, n)}. */
    private static long each(Callback body, long n) throws Throwable {
        MethodHandle each = function("each", FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG));
        try (Arena arena = Arena.ofConfined()) {
            return (long) each.invokeExact(callback(body, arena), n);
        }
    }

    /** As {@link Callback}: what goes on in a goroutine of a test. */
    @FunctionalInterface
    private interface Body {
        void run() throws Throwable;
    }

    private static void onProcs(int procs, Body body) throws Exception {
        Goroutines.run(procs, () -> unwrapped(body));
    }

    private static void unwrapped(Body body) throws InterruptedException {
        try {
            body.run();
        } catch (InterruptedException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    @OnProcs
    void aDowncallReturnsAResult(int procs) throws Exception {
        onProcs(procs, () -> {
            MethodHandle add = function("add", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG));
            assertEquals(5L, (long) add.invokeExact(2L, 3L));
            MethodHandle doze = function("doze", FunctionDescriptor.ofVoid(JAVA_LONG));
            doze.invokeExact(1_000L);
        });
    }

    /** Each callback waits for a goroutine, with one P too. */
    @OnProcs
    void callbacksUseChannels(int procs) throws Exception {
        onProcs(procs, () -> {
            Chan<Long> questions = Chan.make();
            Chan<Long> answers = Chan.make();
            GoRuntime.go(() -> questions.range(n -> answers.send(2 * n)));
            long n = 200;
            assertEquals(n * (n + 1), each(i -> {
                questions.send(i);
                return answers.receive();
            }, n));
            questions.close();
        });
    }

    /** A goroutine in a callback keeps its M: somebody else must see to the timer, though nothing else goes on. */
    @OnProcs
    void aWaitWithALimitEndsInACallback(int procs) throws Exception {
        onProcs(procs, () -> {
            Chan<Long> never = Chan.make();
            assertEquals(3L, each(_ -> {
                Timers.sleep(Duration.ofMillis(60));
                return never.tryReceive(Duration.ofMillis(60)) == null ? 1 : 0;
            }, 3));
        });
    }

    /** More goroutines in callbacks than Ps, which wait for each other. The JDK's scheduler does not help them. */
    @Tag("gmp")
    @OnProcs
    void manyCallbacksWaitForEachOther(int procs) throws Exception {
        onProcs(procs, () -> {
            int ring = 12;
            long rounds = 20;
            List<Chan<Long>> links = new ArrayList<>();
            for (int i = 0; i <= ring; i++) {
                links.add(Chan.make());
            }
            for (int i = 0; i < ring; i++) {
                Chan<Long> in = links.get(i);
                Chan<Long> out = links.get(i + 1);
                GoRuntime.go(() -> unwrapped(() -> each(k -> {
                    out.send(in.receive() + 1);
                    return 0;
                }, rounds)));
            }
            for (long k = 0; k < rounds; k++) {
                links.get(0).send(k);
                assertEquals(k + ring, links.get(ring).receive());
            }
        });
    }

    @OnProcs
    void whatACallbackThrowsComesOutOfTheDowncall(int procs) throws Exception {
        onProcs(procs, () -> {
            IOException first = new IOException("first");
            List<Long> called = new ArrayList<>();
            IOException thrown = assertThrows(IOException.class, () -> each(n -> {
                called.add(n);
                throw n == 3 ? first : new IOException("later");
            }, 3));
            assertSame(first, thrown);
            assertEquals(List.of(3L, 2L, 1L), called);
            assertEquals(2, thrown.getSuppressed().length);
            assertEquals(6, each(n -> n, 3), "nothing is left of it");
        });
    }

    /** An exception waits for the outer downcall while an inner one throws its own. */
    @OnProcs
    void nestedCallbacksThrowEachToItsOwnDowncall(int procs) throws Exception {
        onProcs(procs, () -> {
            List<String> caught = new ArrayList<>();
            var outer = assertThrows(IllegalStateException.class, () -> each(n -> {
                if (n == 2) {
                    throw new IllegalStateException("outer");
                }
                try {
                    each(k -> {
                        throw new IOException("inner " + k);
                    }, 1);
                } catch (IOException e) {
                    caught.add(e.getMessage());
                } catch (Throwable e) {
                    fail(e);
                }
                return 0;
            }, 2));
            assertEquals("outer", outer.getMessage());
            assertEquals(List.of("inner 1"), caught);
        });
    }

    @OnProcs
    void goexitInACallbackEndsTheGoroutine(int procs) throws Exception {
        onProcs(procs, () -> {
            Chan<String> ended = Chan.make(2);
            GoRuntime.go(() -> {
                try {
                    unwrapped(() -> each(n -> {
                        GoRuntime.goexit();
                        return 0;
                    }, 1));
                    ended.send("went on");
                } finally {
                    ended.send("ended");
                }
            });
            assertEquals("ended", ended.receive());
        });
    }

    @OnProcs
    void anInterruptEndsAWaitInACallback(int procs) throws Exception {
        onProcs(procs, () -> {
            Chan<Integer> never = Chan.make();
            Chan<Throwable> thrown = Chan.make(1);
            Goroutine waiter = GoRuntime.current().spawn(() -> {
                try {
                    each(n -> never.receive(), 1);
                } catch (Throwable e) {
                    thrown.send(e);
                }
            });
            while (waiter.thread().getState() != Thread.State.WAITING) {
                Thread.sleep(1);
            }
            waiter.interrupt();
            assertEquals(InterruptedException.class, thrown.receive().getClass());
        });
    }

    /** A thread that C made is no goroutine; it can use channels all the same. */
    @OnProcs
    void aCallbackOnAThreadOfC(int procs) throws Exception {
        onProcs(procs, () -> {
            MethodHandle fromThread = function("from_thread", FunctionDescriptor.of(JAVA_LONG, ADDRESS));
            Chan<Long> questions = Chan.make();
            Chan<Long> answers = Chan.make();
            GoRuntime.go(() -> answers.send(questions.receive() + GoRuntime.goid()));
            try (Arena arena = Arena.ofShared()) {
                long result = (long) fromThread.invokeExact(callback(n -> {
                    assertEquals(0, GoRuntime.goid());
                    questions.send(n);
                    return answers.receive();
                }, arena));
                assertTrue(result > 7, "result " + result);
            }
        });
    }

    @Test
    void whatACallbackThrowsOnAThreadOfCGoesToTheHandler() throws Throwable {
        MethodHandle fromThread = function("from_thread", FunctionDescriptor.of(JAVA_LONG, ADDRESS));
        AtomicReference<Throwable> uncaught = new AtomicReference<>();
        try (Arena arena = Arena.ofShared()) {
            assertEquals(0L, (long) fromThread.invokeExact(callback(n -> {
                Thread.currentThread().setUncaughtExceptionHandler((t, e) -> uncaught.set(e));
                throw new IOException("nobody's");
            }, arena)));
        }
        assertEquals("nobody's", uncaught.get().getMessage());
    }

    @Test
    void onAPlainThreadEverythingWorksToo() throws Throwable {
        assertEquals(6, each(n -> n, 3));
        assertEquals("x", assertThrows(IOException.class, () -> each(n -> {
            throw new IOException("x");
        }, 1)).getMessage());
    }

    /** Native frames of 512 bytes, then Java that recurses until its stack is at its end: an error, not the end of all. */
    @Test
    void aCallbackThatOverflowsTheStackThrows() throws Exception {
        onProcs(1, () -> {
            MethodHandle deep = function("deep", FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG));
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment f = callback(n -> endless(1), arena);
                assertThrows(StackOverflowError.class, () -> {
                    long ignored = (long) deep.invokeExact(f, 1_000L);
                });
            }
        });
    }

    private static long endless(long n) {
        return endless(n + 1) + 1;
    }

    @OnProcs
    void qsortWithAComparatorThatAsksAGoroutine(int procs) throws Exception {
        var address = Linker.nativeLinker().defaultLookup().find("qsort");
        assumeTrue(address.isPresent(), "the C library has no qsort");
        MethodHandle qsort = Cgo.downcall(address.get(),
                FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS));
        onProcs(procs, () -> {
            Chan<int[]> pairs = Chan.make();
            Chan<Integer> results = Chan.make();
            GoRuntime.go(() -> pairs.range(pair -> results.send(Integer.compare(pair[0], pair[1]))));
            int[] numbers = new Random(1).ints(100).toArray();
            int[] sorted = numbers.clone();
            Arrays.sort(sorted);
            Comparison comparison = (a, b) -> {
                pairs.send(new int[]{a.get(JAVA_INT, 0), b.get(JAVA_INT, 0)});
                return results.receive();
            };
            try (Arena arena = Arena.ofConfined()) {
                MethodHandle target = MethodHandles.lookup()
                        .findVirtual(Comparison.class, "compare",
                                methodType(int.class, MemorySegment.class, MemorySegment.class))
                        .bindTo(comparison);
                MemorySegment compare = Cgo.upcall(target,
                        FunctionDescriptor.of(JAVA_INT, ADDRESS.withTargetLayout(JAVA_INT),
                                ADDRESS.withTargetLayout(JAVA_INT)),
                        arena);
                MemorySegment array = arena.allocateFrom(JAVA_INT, numbers);
                qsort.invokeExact(array, (long) numbers.length, 4L, compare);
                assertArrayEquals(sorted, array.toArray(JAVA_INT));
            }
            pairs.close();
        });
    }

    @FunctionalInterface
    private interface Comparison {
        int compare(MemorySegment a, MemorySegment b) throws InterruptedException;
    }
}
