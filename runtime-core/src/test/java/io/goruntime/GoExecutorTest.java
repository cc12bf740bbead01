package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What users of an ExecutorService rely on. The tests that begin with "test" have the scenarios and names of the JDK's
 * ThreadPerTaskExecutorTest and of AbstractExecutorServiceTest and ThreadPoolExecutorTest of JSR 166. Each is run twice:
 * by a platform thread and by a goroutine of the executor's runtime.
 */
@ExtendWith(DumpOnTimeout.class)
class GoExecutorTest {
    private static final Callable<String> FOO = () -> "foo";
    private static final Callable<String> BAR = () -> "bar";
    private static final Callable<String> THROWS = () -> {
        throw new FooException();
    };
    private static final Callable<String> SLEEPS = () -> {
        Thread.sleep(Duration.ofDays(1));
        return "slept";
    };

    private static final class FooException extends Exception {
        private static final long serialVersionUID = 1;
    }

    /** A task that sleeps for a day, and tells when it has begun and what ended it. */
    private static final class Sleeper implements Callable<String>, Runnable {
        final CountDownLatch began = new CountDownLatch(1);
        final CompletableFuture<Exception> ended = new CompletableFuture<>();

        @Override
        public String call() throws Exception {
            began.countDown();
            try {
                return SLEEPS.call();
            } catch (Exception e) {
                ended.complete(e);
                throw e;
            }
        }

        @Override
        public void run() {
            try {
                call();
            } catch (Exception e) {
                Thread.currentThread().interrupt();
            }
        }

        void assertInterrupted() throws Exception {
            assertInstanceOf(InterruptedException.class, ended.get(30, TimeUnit.SECONDS));
        }
    }

    @FunctionalInterface
    private interface Body {
        void run(ExecutorService executor) throws Exception;
    }

    private void on(int procs, Body body) throws Exception {
        try (GoRuntime runtime = GoRuntime.builder().maxProcs(procs).build()) {
            use(runtime, body);
            for (Thread interrupter : interrupters) {
                interrupter.join();
            }
            new Fleet(runtime).await("no goroutine is left", () -> runtime.numGoroutine() == 0);
        }
        Goroutines.run(procs, () -> use(GoRuntime.current(), body));
    }

    private static void use(GoRuntime runtime, Body body) throws Exception {
        ExecutorService executor = runtime.executor();
        try (executor) {
            body.run(executor);
        } catch (Throwable e) {
            executor.shutdownNow();
            throw e;
        }
        assertTrue(executor.isTerminated());
        assertTrue(executor.toString().endsWith("[terminated, tasks=0]"), executor.toString());
    }

    /** Those who interrupt. To be answered is not to have returned from it, and run passes on an interrupt of its caller. */
    private final ConcurrentLinkedQueue<Thread> interrupters = new ConcurrentLinkedQueue<>();

    /** Interrupts the calling thread as soon as it waits. */
    private void interruptMeWhenParked() {
        Thread me = Thread.currentThread();
        interrupters.add(Thread.ofPlatform().daemon().start(() -> {
            Thread.State state;
            do {
                Thread.onSpinWait();
                state = me.getState();
            } while (state != Thread.State.WAITING && state != Thread.State.TIMED_WAITING);
            me.interrupt();
        }));
    }

    private static void assertFlagIsClear() {
        assertFalse(Thread.interrupted());
    }

    // -- tasks --

    @OnProcs
    void testThreadPerTask(int procs) throws Exception {
        Set<Long> ids = ConcurrentHashMap.newKeySet();
        on(procs, executor -> {
            ids.clear();
            List<Future<Integer>> futures = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                int n = i;
                futures.add(executor.submit(() -> {
                    ids.add(GoRuntime.goid());
                    return n;
                }));
            }
            executor.close();
            for (int i = 0; i < 100; i++) {
                assertEquals(i, futures.get(i).resultNow());
            }
            assertEquals(100, ids.size());
            assertFalse(ids.contains(0L));
        });
    }

    @OnProcs
    void testExecuteRunnable(int procs) throws Exception {
        on(procs, executor -> {
            CountDownLatch done = new CountDownLatch(1);
            executor.execute(done::countDown);
            assertTrue(done.await(30, TimeUnit.SECONDS));
        });
    }

    @OnProcs
    void testSubmitCallable(int procs) throws Exception {
        on(procs, executor -> assertEquals("foo", executor.submit(FOO).get()));
    }

    @OnProcs
    void testSubmitRunnable(int procs) throws Exception {
        on(procs, executor -> {
            Future<?> future = executor.submit(() -> {});
            assertNull(future.get());
            assertTrue(future.isDone());
        });
    }

    @OnProcs
    void testSubmitRunnable2(int procs) throws Exception {
        on(procs, executor -> assertEquals("foo", executor.submit(() -> {}, "foo").get()));
    }

    @OnProcs
    void testSubmitNulls(int procs) throws Exception {
        on(procs, executor -> {
            assertThrows(NullPointerException.class, () -> executor.execute(null));
            assertThrows(NullPointerException.class, () -> executor.submit((Runnable) null));
            assertThrows(NullPointerException.class, () -> executor.submit((Runnable) null, "foo"));
            assertThrows(NullPointerException.class, () -> executor.submit((Callable<String>) null));
            assertThrows(NullPointerException.class, () -> executor.awaitTermination(1, null));
        });
    }

    @OnProcs
    void testSubmitEE(int procs) throws Exception {
        on(procs, executor -> assertInstanceOf(FooException.class,
                assertThrows(ExecutionException.class, executor.submit(THROWS)::get).getCause()));
    }

    /** A thread that is interrupted in get leaves the task alone. */
    @OnProcs
    void testInterruptedSubmit(int procs) throws Exception {
        on(procs, executor -> {
            CountDownLatch release = new CountDownLatch(1);
            Future<String> future = executor.submit(() -> {
                release.await();
                return "foo";
            });
            interruptMeWhenParked();
            assertThrows(InterruptedException.class, future::get);
            assertFlagIsClear();
            release.countDown();
            assertEquals("foo", future.get());
        });
    }

    @OnProcs
    void testCancelDuringRun(int procs) throws Exception {
        on(procs, executor -> {
            Sleeper sleeper = new Sleeper();
            Future<?> future = executor.submit((Callable<String>) sleeper);
            sleeper.began.await();
            assertThrows(TimeoutException.class, () -> future.get(1, TimeUnit.MILLISECONDS));
            assertTrue(future.cancel(true));
            sleeper.assertInterrupted();
            assertThrows(CancellationException.class, future::get);
        });
    }

    @OnProcs
    void failuresReachCompletableFutures(int procs) throws Exception {
        on(procs, executor -> {
            IllegalStateException failure = new IllegalStateException("broken");
            CompletableFuture<String> failing = CompletableFuture.supplyAsync(() -> {
                throw failure;
            }, executor);
            CompletableFuture<String> after = failing.thenApplyAsync(s -> s + "!", executor);
            assertSame(failure, assertThrows(CompletionException.class, after::join).getCause());
            assertSame(failure, assertThrows(ExecutionException.class, after::get).getCause());
            assertEquals("foo!", CompletableFuture.supplyAsync(() -> "foo", executor)
                    .thenApplyAsync(s -> s + "!", executor).get());
        });
    }

    // -- shutdown --

    @OnProcs
    void testShutdown(int procs) throws Exception {
        on(procs, executor -> {
            assertFalse(executor.isShutdown());
            assertFalse(executor.isTerminated());
            assertFalse(executor.awaitTermination(1, TimeUnit.MILLISECONDS));
            Future<?> sleeping = executor.submit(SLEEPS);
            executor.shutdown();
            assertTrue(executor.isShutdown());
            assertFalse(executor.isTerminated());
            assertFalse(executor.awaitTermination(20, TimeUnit.MILLISECONDS));
            assertFalse(sleeping.isDone());
            assertTrue(executor.toString().endsWith("[shut down, tasks=1]"), executor.toString());
            sleeping.cancel(true);
        });
    }

    @OnProcs
    void testShutdownNow(int procs) throws Exception {
        on(procs, executor -> {
            Sleeper submitted = new Sleeper();
            Sleeper executed = new Sleeper();
            Future<?> result = executor.submit((Callable<String>) submitted);
            executor.execute(executed);
            submitted.began.await();
            executed.began.await();
            assertEquals(List.of(), executor.shutdownNow());
            assertTrue(executor.isShutdown());
            assertInstanceOf(InterruptedException.class,
                    assertThrows(ExecutionException.class, result::get).getCause());
            executed.assertInterrupted();
            assertTrue(executor.awaitTermination(30, TimeUnit.SECONDS));
            assertTrue(executor.isTerminated());
            assertEquals(List.of(), executor.shutdownNow());
        });
    }

    /** A task that has not begun is not returned: it begins with its flag set. */
    @OnProcs
    void shutdownNowReachesTasksThatHaveNotBegun(int procs) throws Exception {
        on(procs, executor -> {
            List<Future<?>> futures = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                futures.add(executor.submit(SLEEPS));
            }
            assertEquals(List.of(), executor.shutdownNow());
            for (Future<?> future : futures) {
                assertInstanceOf(InterruptedException.class,
                        assertThrows(ExecutionException.class, future::get).getCause());
            }
        });
    }

    /** Other goroutines of the runtime, and tasks of another executor, are none of its business. */
    @OnProcs
    void shutdownNowInterruptsItsOwnTasksOnly(int procs) throws Exception {
        try (GoRuntime runtime = GoRuntime.builder().maxProcs(procs).build();
                ExecutorService other = runtime.executor()) {
            CountDownLatch release = new CountDownLatch(1);
            Future<String> task = other.submit(() -> {
                release.await();
                return "foo";
            });
            AtomicReference<String> goroutine = new AtomicReference<>();
            Goroutine g = runtime.spawn(() -> {
                release.await();
                goroutine.set("bar");
            });
            ExecutorService executor = runtime.executor();
            Future<?> own = executor.submit(SLEEPS);
            executor.shutdownNow();
            assertThrows(ExecutionException.class, own::get);
            release.countDown();
            assertEquals("foo", task.get());
            g.join();
            assertEquals("bar", goroutine.get());
        }
    }

    @OnProcs
    void shutdownNowAfterShutdown(int procs) throws Exception {
        on(procs, executor -> {
            Sleeper sleeper = new Sleeper();
            executor.execute(sleeper);
            executor.shutdown();
            assertFalse(executor.isTerminated());
            executor.shutdownNow();
            sleeper.began.await();
            sleeper.assertInterrupted();
        });
    }

    /** A task may end the executor that it runs in; it is interrupted like the others. */
    @OnProcs
    void shutdownNowFromATask(int procs) throws Exception {
        on(procs, executor -> {
            Future<Boolean> future = executor.submit(() -> {
                executor.shutdownNow();
                return Thread.interrupted() && !executor.isTerminated();
            });
            assertTrue(future.get());
        });
    }

    @OnProcs
    void testSubmitAfterShutdown(int procs) throws Exception {
        on(procs, executor -> {
            CountDownLatch release = new CountDownLatch(1);
            Future<?> future = executor.submit(() -> {
                release.await();
                return null;
            });
            executor.shutdown();
            assertTrue(executor.isShutdown() && !executor.isTerminated());
            assertRefusesAll(executor);
            release.countDown();
            future.get();
        });
    }

    @OnProcs
    void testSubmitAfterTermination(int procs) throws Exception {
        on(procs, executor -> {
            executor.shutdown();
            assertTrue(executor.isShutdown() && executor.isTerminated());
            assertRefusesAll(executor);
        });
    }

    private static void assertRefusesAll(ExecutorService executor) {
        AtomicInteger ran = new AtomicInteger();
        assertThrows(RejectedExecutionException.class, () -> executor.execute(ran::incrementAndGet));
        assertThrows(RejectedExecutionException.class, () -> executor.submit((Runnable) ran::incrementAndGet));
        assertThrows(RejectedExecutionException.class, () -> executor.submit(ran::incrementAndGet, "foo"));
        assertThrows(RejectedExecutionException.class, () -> executor.submit(FOO));
        assertThrows(RejectedExecutionException.class, () -> executor.invokeAny(List.of(FOO, BAR)));
        assertThrows(RejectedExecutionException.class,
                () -> executor.invokeAny(List.of(FOO, BAR), 1, TimeUnit.MINUTES));
        assertThrows(RejectedExecutionException.class, () -> executor.invokeAll(List.of(FOO, BAR)));
        assertThrows(RejectedExecutionException.class,
                () -> executor.invokeAll(List.of(FOO, BAR), 1, TimeUnit.MINUTES));
        assertEquals(0, ran.get());
    }

    // -- awaitTermination, close --

    @OnProcs
    void testAwaitTermination1(int procs) throws Exception {
        on(procs, executor -> {
            assertFalse(executor.awaitTermination(10, TimeUnit.MILLISECONDS));
            assertFalse(executor.awaitTermination(-1, TimeUnit.DAYS));
            executor.close();
            assertTrue(executor.awaitTermination(0, TimeUnit.MILLISECONDS));
        });
    }

    @OnProcs
    void testAwaitTermination2(int procs) throws Exception {
        on(procs, executor -> {
            CountDownLatch release = new CountDownLatch(1);
            AtomicReference<String> written = new AtomicReference<>();
            executor.submit(() -> {
                release.await();
                written.setPlain("foo");
                return null;
            });
            executor.shutdown();
            assertFalse(executor.awaitTermination(10, TimeUnit.MILLISECONDS));
            release.countDown();
            assertTrue(executor.awaitTermination(30, TimeUnit.SECONDS));
            assertEquals("foo", written.getPlain());
        });
    }

    @OnProcs
    void awaitTerminationIsInterruptible(int procs) throws Exception {
        on(procs, executor -> {
            Sleeper sleeper = new Sleeper();
            executor.execute(sleeper);
            executor.shutdown();
            interruptMeWhenParked();
            assertThrows(InterruptedException.class, () -> executor.awaitTermination(1, TimeUnit.DAYS));
            assertFlagIsClear();
            assertFalse(executor.isTerminated());
            executor.shutdownNow();
            sleeper.began.await();
            sleeper.assertInterrupted();
        });
    }

    @OnProcs
    void testClose1(int procs) throws Exception {
        on(procs, executor -> {
            executor.close();
            assertTrue(executor.isShutdown());
            assertTrue(executor.isTerminated());
            executor.close();
        });
    }

    @OnProcs
    void testClose2(int procs) throws Exception {
        on(procs, executor -> {
            Future<String> future = executor.submit(() -> {
                Thread.sleep(5);
                return "foo";
            });
            executor.close();
            assertTrue(executor.isTerminated());
            assertEquals("foo", future.resultNow());
        });
    }

    @OnProcs
    void testClose3(int procs) throws Exception {
        on(procs, executor -> {
            Future<?> future = executor.submit(SLEEPS);
            Thread.currentThread().interrupt();
            executor.close();
            assertTrue(Thread.interrupted());
            assertTrue(executor.isTerminated());
            assertInstanceOf(InterruptedException.class, future.exceptionNow());
        });
    }

    @OnProcs
    void testClose4(int procs) throws Exception {
        on(procs, executor -> {
            Future<?> future = executor.submit(SLEEPS);
            interruptMeWhenParked();
            executor.close();
            assertTrue(Thread.interrupted());
            assertTrue(executor.isTerminated());
            assertInstanceOf(InterruptedException.class, future.exceptionNow());
        });
    }

    // -- invokeAny --

    @OnProcs
    void testInvokeAny1(int procs) throws Exception {
        on(procs, executor -> {
            assertTrue(Set.of("foo", "bar").contains(executor.invokeAny(Set.of(FOO, BAR))));
            assertTrue(Set.of("foo", "bar").contains(executor.invokeAny(Set.of(FOO, BAR), 1, TimeUnit.MINUTES)));
        });
    }

    /** The first that ends well cancels the others. */
    @OnProcs
    void testInvokeAny2(int procs) throws Exception {
        on(procs, executor -> {
            Sleeper sleeper = new Sleeper();
            Callable<String> afterIt = () -> {
                sleeper.began.await();
                return "foo";
            };
            assertEquals("foo", executor.invokeAny(List.of(sleeper, afterIt)));
            sleeper.assertInterrupted();
            Sleeper timed = new Sleeper();
            Callable<String> afterTimed = () -> {
                timed.began.await();
                return "bar";
            };
            assertEquals("bar", executor.invokeAny(List.of(timed, afterTimed), 1, TimeUnit.MINUTES));
            timed.assertInterrupted();
        });
    }

    @OnProcs
    void testInvokeAny3(int procs) throws Exception {
        on(procs, executor -> {
            Callable<String> late = () -> {
                Thread.sleep(5);
                throw new FooException();
            };
            for (List<Callable<String>> tasks : List.of(List.of(THROWS, THROWS), List.of(THROWS, late))) {
                assertInstanceOf(FooException.class,
                        assertThrows(ExecutionException.class, () -> executor.invokeAny(tasks)).getCause());
                assertInstanceOf(FooException.class, assertThrows(ExecutionException.class,
                        () -> executor.invokeAny(tasks, 1, TimeUnit.MINUTES)).getCause());
            }
        });
    }

    @OnProcs
    void testInvokeAny5(int procs) throws Exception {
        on(procs, executor -> {
            Callable<String> late = () -> {
                Thread.sleep(5);
                return "bar";
            };
            assertEquals("foo", executor.invokeAny(List.of(THROWS, FOO)));
            assertEquals("foo", executor.invokeAny(List.of(FOO, THROWS)));
            assertEquals("bar", executor.invokeAny(List.of(late, THROWS)));
            assertEquals("bar", executor.invokeAny(List.of(THROWS, late), 1, TimeUnit.MINUTES));
        });
    }

    @OnProcs
    void testInvokeAnyWithTimeout3(int procs) throws Exception {
        on(procs, executor -> {
            assertThrows(TimeoutException.class,
                    () -> executor.invokeAny(List.of(THROWS, SLEEPS), 20, TimeUnit.MILLISECONDS));
            // A task that had not begun when the time was over never will: then with more time.
            Sleeper sleeper;
            long millis = 10;
            do {
                List<Callable<String>> tasks = List.of(sleeper = new Sleeper(), SLEEPS);
                long wait = millis *= 2;
                assertThrows(TimeoutException.class, () -> executor.invokeAny(tasks, wait, TimeUnit.MILLISECONDS));
            } while (sleeper.began.getCount() > 0);
            sleeper.assertInterrupted();
        });
    }

    @OnProcs
    void testInvokeAnyWithInterruptSet(int procs) throws Exception {
        on(procs, executor -> {
            Thread.currentThread().interrupt();
            assertThrows(InterruptedException.class, () -> executor.invokeAny(Set.of(FOO, BAR)));
            assertFlagIsClear();
            Thread.currentThread().interrupt();
            assertThrows(InterruptedException.class, () -> executor.invokeAny(Set.of(FOO, BAR), 1, TimeUnit.DAYS));
            assertFlagIsClear();
        });
    }

    @OnProcs
    void testInterruptInvokeAny(int procs) throws Exception {
        on(procs, executor -> {
            Sleeper sleeper = new Sleeper();
            interruptMeWhenParked();
            assertThrows(InterruptedException.class, () -> executor.invokeAny(List.of(SLEEPS, sleeper)));
            assertFlagIsClear();
            Sleeper timed = new Sleeper();
            interruptMeWhenParked();
            assertThrows(InterruptedException.class,
                    () -> executor.invokeAny(List.of(SLEEPS, timed), 1, TimeUnit.DAYS));
            assertFlagIsClear();
            // What began was interrupted: close, which follows, would wait for a day.
        });
    }

    @OnProcs
    void testInvokeAnyEmptyAndNull(int procs) throws Exception {
        on(procs, executor -> {
            assertThrows(IllegalArgumentException.class, () -> executor.invokeAny(Set.of()));
            assertThrows(IllegalArgumentException.class, () -> executor.invokeAny(Set.of(), 1, TimeUnit.MINUTES));
            assertThrows(NullPointerException.class, () -> executor.invokeAny(null));
            assertThrows(NullPointerException.class, () -> executor.invokeAny(null, 1, TimeUnit.MINUTES));
            assertThrows(NullPointerException.class, () -> executor.invokeAny(List.of(FOO), 1, null));
            List<Callable<String>> withNull = Arrays.asList(SLEEPS, null);
            assertThrows(NullPointerException.class, () -> executor.invokeAny(withNull));
            assertThrows(NullPointerException.class, () -> executor.invokeAny(withNull, 1, TimeUnit.MINUTES));
        });
    }

    // -- invokeAll --

    @OnProcs
    void testInvokeAll1(int procs) throws Exception {
        on(procs, executor -> {
            Callable<String> late = () -> {
                Thread.sleep(5);
                return "bar";
            };
            assertEquals(List.of("foo", "bar"), results(executor.invokeAll(List.of(FOO, late))));
            assertEquals(List.of("bar", "foo"), results(executor.invokeAll(List.of(late, FOO), 1, TimeUnit.DAYS)));
            assertEquals(List.of(), executor.invokeAll(List.<Callable<String>>of()));
            assertEquals(List.of(), executor.invokeAll(List.<Callable<String>>of(), 1, TimeUnit.DAYS));
        });
    }

    private static List<String> results(Collection<Future<String>> futures) {
        return futures.stream().map(Future::resultNow).toList();
    }

    @OnProcs
    void testInvokeAll2(int procs) throws Exception {
        on(procs, executor -> {
            List<Future<String>> list = executor.invokeAll(List.of(THROWS, FOO));
            assertInstanceOf(FooException.class, list.get(0).exceptionNow());
            assertEquals("foo", list.get(1).resultNow());
        });
    }

    @OnProcs
    void testInvokeAll4(int procs) throws Exception {
        on(procs, executor -> {
            // On a loaded machine the time may be over before both have begun: then with more time.
            Sleeper sleeper;
            List<Future<String>> list;
            long millis = 100;
            do {
                sleeper = new Sleeper();
                list = executor.invokeAll(List.of(FOO, sleeper), millis *= 2, TimeUnit.MILLISECONDS);
                assertTrue(list.stream().allMatch(Future::isDone));
                assertTrue(list.get(1).isCancelled());
            } while (list.get(0).isCancelled() || sleeper.began.getCount() > 0);
            sleeper.assertInterrupted();
            assertEquals("foo", list.get(0).resultNow());
            list = executor.invokeAll(List.of(FOO, SLEEPS), 0, TimeUnit.MILLISECONDS);
            assertTrue(list.stream().allMatch(Future::isCancelled));
        });
    }

    @OnProcs
    void testInvokeAllInterrupt1(int procs) throws Exception {
        on(procs, executor -> {
            Thread.currentThread().interrupt();
            assertThrows(InterruptedException.class, () -> executor.invokeAll(List.of(FOO, SLEEPS)));
            assertFlagIsClear();
            Thread.currentThread().interrupt();
            assertThrows(InterruptedException.class, () -> executor.invokeAll(List.of(FOO, SLEEPS), 1, TimeUnit.DAYS));
            assertFlagIsClear();
        });
    }

    @OnProcs
    void testInvokeAllInterrupt4(int procs) throws Exception {
        on(procs, executor -> {
            Sleeper sleeper = new Sleeper();
            interruptMeWhenParked();
            assertThrows(InterruptedException.class, () -> executor.invokeAll(List.of(sleeper, SLEEPS)));
            assertFlagIsClear();
            interruptMeWhenParked();
            assertThrows(InterruptedException.class,
                    () -> executor.invokeAll(List.of(SLEEPS, SLEEPS), 1, TimeUnit.DAYS));
            assertFlagIsClear();
        });
    }

    @OnProcs
    void testInvokeAllNull(int procs) throws Exception {
        on(procs, executor -> {
            assertThrows(NullPointerException.class, () -> executor.invokeAll(null));
            assertThrows(NullPointerException.class, () -> executor.invokeAll(Arrays.asList(FOO, null)));
            assertThrows(NullPointerException.class,
                    () -> executor.invokeAll(Arrays.asList(FOO, null), 1, TimeUnit.MINUTES));
            assertThrows(NullPointerException.class, () -> executor.invokeAll(List.of(FOO), 1, null));
        });
    }

    // -- the runtime around it --

    @OnProcs
    void whatAnExecutedTaskThrowsIsAPanic(int procs) throws Exception {
        AtomicReference<Throwable> panic = new AtomicReference<>();
        CountDownLatch told = new CountDownLatch(1);
        IllegalStateException failure = new IllegalStateException("task");
        try (GoRuntime runtime = GoRuntime.builder().maxProcs(procs).onPanic((g, e) -> {
            panic.set(e);
            told.countDown();
        }).build()) {
            try (ExecutorService executor = runtime.executor()) {
                assertThrows(ExecutionException.class, executor.submit(() -> {
                    throw failure;
                })::get);
                executor.submit(() -> {
                    GoRuntime.goexit();
                }).state();
                executor.execute(GoRuntime::goexit);
                executor.execute(() -> {
                    assertNull(panic.get());
                    throw failure;
                });
            }
            told.await();
            assertSame(failure, panic.get());
        }
        assertSame(failure, assertThrows(IllegalStateException.class, () -> Goroutines.run(procs, () -> {
            GoRuntime.current().executor().execute(() -> {
                throw failure;
            });
            Chan.nil().receive();
        })));
    }

    @OnProcs
    void closingTheRuntimeRefusesTasksAndLetsTheExecutorTerminate(int procs) throws Exception {
        GoRuntime runtime = GoRuntime.builder().maxProcs(procs).build();
        ExecutorService executor = runtime.executor();
        Sleeper sleeper = new Sleeper();
        Future<String> future = executor.submit((Callable<String>) sleeper);
        sleeper.began.await();
        assertTrue(runtime.close(Duration.ofSeconds(30)));
        assertInstanceOf(InterruptedException.class, future.exceptionNow());
        assertFalse(executor.isShutdown());
        assertRefusesAll(executor);
        assertFalse(executor.isTerminated());
        executor.close();
        assertTrue(executor.isTerminated());
    }

    /** Whatever the decorator does, the count of tasks is right. */
    @Test
    void decoratorsThatFailOrRunNothing() throws Exception {
        AtomicReference<GoFn> decorated = new AtomicReference<>();
        try (GoRuntime runtime = GoRuntime.builder().decorate(fn -> decorated.get()).build();
                ExecutorService executor = runtime.executor()) {
            assertThrows(NullPointerException.class, () -> executor.submit(FOO));
            decorated.set(() -> {});
            Future<String> never = executor.submit(FOO);
            executor.shutdown();
            assertTrue(executor.awaitTermination(30, TimeUnit.SECONDS));
            assertFalse(never.isDone());
        }
    }

    /** A dump says whose goroutine it is by the class of the user's task, not of the future around it. */
    @Test
    void theDumpNamesTheTask() throws Exception {
        try (GoRuntime runtime = GoRuntime.builder().build()) {
            ExecutorService executor = runtime.executor();
            Sleeper sleeper = new Sleeper();
            executor.submit((Callable<String>) sleeper);
            sleeper.began.await();
            StringBuilder dump = new StringBuilder();
            runtime.dump(dump);
            assertTrue(dump.toString().contains("created by " + Sleeper.class.getName()), dump.toString());
        }
    }
}
