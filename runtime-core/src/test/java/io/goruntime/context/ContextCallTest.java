package io.goruntime.context;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.testing.Bounded;
import io.goruntime.testing.Runners;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The bridges to the rest of Java: calls that are interrupted when a context ends, and futures. */
public class ContextCallTest {
    private final CancelContext ctx = Context.withCancel(Context.background());
    private final Exception cause = new Exception("the cause");

    private static int children(Context c) {
        return ((CancelCtx) c).children();
    }

    /** Runs the body on a thread of the given kind. */
    private static void on(Runners kind, io.goruntime.GoFn body) throws InterruptedException {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            kind.start(crew, body);
            crew.join();
        }
    }

    @ParameterizedTest
    @EnumSource
    void theEndInterruptsTheCaller(Runners kind) throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        Thread.startVirtualThread(() -> {
            try {
                begun.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            ctx.cancel(cause);
        });
        on(kind, () -> {
            CancelledException e = assertThrows(CancelledException.class, () -> ctx.call(() -> {
                begun.countDown();
                return Chan.nil().receive();
            }));
            assertSame(cause, e.getCause());
            assertInstanceOf(InterruptedException.class, e.getSuppressed()[0]);
            assertFalse(Thread.interrupted(), "a stale flag");
            assertEquals(0, children(ctx));
        });
    }

    @ParameterizedTest
    @EnumSource
    void theEndBeforeTheCall(Runners kind) throws Exception {
        ctx.cancel(cause);
        on(kind, () -> {
            Thread.currentThread().interrupt();
            CancelledException e = assertThrows(CancelledException.class,
                    () -> ctx.call(() -> fail("the task is not run")));
            assertSame(cause, e.getCause());
            assertTrue(Thread.interrupted(), "an interrupt from elsewhere");
        });
    }

    private static Object fail(String message) {
        throw new AssertionError(message);
    }

    @Test
    void aTaskThatDoesNotNoticeReturnsAndTheFlagIsCleared() throws Exception {
        assertEquals("result", ctx.call(() -> {
            ctx.cancel();
            assertTrue(Thread.currentThread().isInterrupted());
            return "result";
        }));
        assertFalse(Thread.interrupted(), "a stale flag");
    }

    @Test
    void aTaskThatSwallowsTheInterruptReturns() throws Exception {
        assertEquals(1, ctx.call(() -> {
            ctx.cancel();
            assertThrows(InterruptedException.class, () -> Thread.sleep(10_000));
            return 1;
        }));
        assertFalse(Thread.interrupted());
    }

    @Test
    void withoutAnEndNothingChanges() throws Exception {
        assertEquals(1, ctx.call(() -> 1));
        IOException failure = new IOException("x");
        assertSame(failure, assertThrows(IOException.class, () -> ctx.call(() -> {
            throw failure;
        })));
        InterruptedException own = new InterruptedException();
        assertSame(own, assertThrows(InterruptedException.class, () -> ctx.call(() -> {
            throw own;
        })));
        assertEquals(0, children(ctx));
        ctx.cancel();
        assertFalse(Thread.interrupted(), "after the call is over");
        assertEquals(2, Context.background().call(() -> 2));
        assertNull(Context.background().call(() -> null));
    }

    // -- interrupts from elsewhere --

    @Test
    void aFlagThatWasSetBeforeStaysWhenNobodyNotices() throws Exception {
        Thread.currentThread().interrupt();
        assertEquals(1, ctx.call(() -> 1));
        assertTrue(Thread.interrupted());
        Thread.currentThread().interrupt();
        assertEquals(2, ctx.call(() -> {
            ctx.cancel();
            return 2;
        }));
        assertTrue(Thread.interrupted(), "the end took somebody else's interrupt along");
    }

    @Test
    void aFlagThatWasSetBeforeIsTheTasks() {
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, () -> ctx.call(() -> {
            Thread.sleep(10_000);
            return 1;
        }));
        assertFalse(Thread.interrupted());
    }

    @Test
    void bothPendingAtOnceAreToldAsBoth() {
        assertThrows(CancelledException.class, () -> ctx.call(() -> {
            Thread.currentThread().interrupt(); // from elsewhere
            ctx.cancel();
            Thread.sleep(10_000);
            return 1;
        }));
        assertTrue(Thread.interrupted(), "the other interrupt is lost");
    }

    @Test
    void oneAfterTheOtherAreToldAsBoth() {
        assertThrows(CancelledException.class, () -> ctx.call(() -> {
            ctx.cancel();
            try {
                Thread.sleep(10_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // from elsewhere, after ours was noticed
                throw e;
            }
            return 1;
        }));
        assertTrue(Thread.interrupted(), "the other interrupt is lost");
    }

    @Test
    void otherExceptionsThatStandForAnInterrupt() {
        for (Exception e : new Exception[]{new ClosedByInterruptException(), new java.io.InterruptedIOException()}) {
            CancelContext c = Context.withCancel(Context.background());
            CancelledException thrown = assertThrows(CancelledException.class, () -> c.call(() -> {
                c.cancel();
                throw e;
            }));
            assertSame(e, thrown.getSuppressed()[0]);
            assertFalse(Thread.interrupted());
        }
        Chan<Integer> chan = Chan.make();
        CancelContext c = Context.withCancel(Context.background());
        assertThrows(CancelledException.class, () -> c.call(() -> {
            c.cancel();
            return chan.iterator().hasNext();
        }));
        assertFalse(Thread.interrupted(), "the flag that goes with UncheckedInterruptedException");
        CancelContext d = Context.withCancel(Context.background());
        assertThrows(SocketTimeoutException.class, () -> d.call(() -> {
            d.cancel();
            throw new SocketTimeoutException();
        }));
        assertFalse(Thread.interrupted());
    }

    @Test
    void callsNest() throws Exception {
        CancelContext inner = Context.withCancel(Context.background());
        assertThrows(CancelledException.class, () -> ctx.call(() -> {
            assertThrows(CancelledException.class, () -> inner.call(() -> {
                inner.cancel(cause);
                Thread.sleep(10_000);
                return 1;
            }));
            assertFalse(Thread.currentThread().isInterrupted());
            ctx.cancel();
            Thread.sleep(10_000);
            return 1;
        }));
        assertFalse(Thread.interrupted());
    }

    @Test
    void aContextOfAnotherClass() throws Exception {
        Callable<Object> task = () -> {
            ctx.cancel(cause);
            return Chan.nil().receive();
        };
        CancelledException e = assertThrows(CancelledException.class,
                () -> new Forwarding.DoneOnly(ctx, ctx.done()).call(task));
        assertSame(cause, e.getCause());
        assertFalse(Thread.interrupted());
    }

    /**
     * The end and the return of the task race; so do interrupts from elsewhere, one at a time, in half of the rounds. After
     * each round the interrupts that were seen are those that were sent: a cancellation is never left as a flag, and one
     * from elsewhere is seen, by the task or after the call. Both pending at once count as one, which the task may
     * take for either.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void theFlagIsRightWhateverTheOrder(int procs) throws Exception {
        long seed = Bounded.seed("theFlagIsRightWhateverTheOrder");
        AtomicInteger cancelled = new AtomicInteger();
        AtomicInteger returned = new AtomicInteger();
        // A slow machine is given more time to show both ends.
        long latest = Bounded.until(Duration.ofMillis(400)) + Duration.ofSeconds(20).toNanos();
        BooleanSupplier oneIsMissing = () -> (cancelled.get() == 0 || returned.get() == 0)
                && System.nanoTime() < latest;
        try (Runners.Crew crew = new Runners.Crew(procs)) {
            for (int k = 0; k < Runners.values().length; k++) {
                Random random = new Random(seed + k);
                crew.start(k, () -> {
                    long until = Bounded.until(Duration.ofMillis(400));
                    while (System.nanoTime() < until || oneIsMissing.getAsBoolean()) {
                        CancelContext c = Context.withCancel(Context.background());
                        int spins = random.nextInt(2_000);
                        boolean sleeps = random.nextInt(4) == 0;
                        Thread canceller = Thread.startVirtualThread(c::cancel);
                        try {
                            c.call(() -> {
                                for (int i = 0; i < spins; i++) {
                                    Thread.onSpinWait();
                                }
                                if (sleeps) {
                                    Thread.sleep(10_000);
                                }
                                return 1;
                            });
                            returned.incrementAndGet();
                            assertFalse(sleeps);
                        } catch (CancelledException e) {
                            cancelled.incrementAndGet();
                        }
                        assertFalse(Thread.interrupted(), "a stale flag");
                        canceller.join();
                        assertFalse(Thread.interrupted(), "an interrupt after the call");
                    }
                });
            }
            crew.join();
        }
        assertTrue(cancelled.get() > 0 && returned.get() > 0, cancelled + " cancelled, " + returned + " returned");
    }

    /** An interrupt from elsewhere races with the return of a task whose context does not end: it is never lost. */
    @Test
    void interruptsFromElsewhereArriveOnce() throws Exception {
        long seed = Bounded.seed("interruptsFromElsewhereArriveOnce");
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int k = 0; k < Runners.values().length; k++) {
                Random random = new Random(seed + k);
                crew.start(k, () -> {
                    long until = Bounded.until(Duration.ofMillis(200));
                    while (System.nanoTime() < until) {
                        Thread me = Thread.currentThread();
                        Thread interrupter = Thread.startVirtualThread(me::interrupt);
                        int spins = random.nextInt(2_000);
                        int seen = 0;
                        try {
                            ctx.call(() -> {
                                for (int i = 0; i < spins; i++) {
                                    Thread.onSpinWait();
                                }
                                Thread.sleep(0);
                                return 1;
                            });
                        } catch (InterruptedException e) {
                            seen++;
                        }
                        for (boolean joined = false; !joined;) {
                            try {
                                interrupter.join();
                                joined = true;
                            } catch (InterruptedException e) {
                                seen++;
                            }
                        }
                        if (Thread.interrupted()) {
                            seen++;
                        }
                        assertEquals(1, seen);
                    }
                });
            }
            crew.join();
        }
        assertEquals(0, children(ctx));
    }

    // -- futures --

    @Test
    void aFutureFailsWhenTheContextEnds() throws Exception {
        CompletableFuture<String> future = new CompletableFuture<>();
        assertSame(future, ctx.bind(future));
        assertFalse(future.isDone());
        ctx.cancel(cause);
        ExecutionException e = assertThrows(ExecutionException.class, () -> future.get(30, TimeUnit.SECONDS));
        assertInstanceOf(CancelledException.class, e.getCause());
        assertSame(cause, e.getCause().getCause());
        CompletableFuture<String> late = ctx.bind(new CompletableFuture<>());
        assertThrows(ExecutionException.class, () -> late.get(30, TimeUnit.SECONDS));
        assertThrows(CompletionException.class, () -> ctx.bind(new CompletableFuture<>()).thenRun(() -> {}).join());
    }

    @Test
    void aFutureThatCompletesFirstIsLetGo() {
        CompletableFuture<String> future = ctx.bind(new CompletableFuture<>());
        assertEquals(1, children(ctx));
        future.complete("x");
        assertEquals(0, children(ctx));
        ctx.bind(future);
        assertEquals(0, children(ctx));
        ctx.cancel();
        assertEquals("x", future.join());
        assertFalse(Context.background().bind(new CompletableFuture<>()).isDone());
    }

    @Test
    void waitingForAFutureWithinAContext() {
        CompletableFuture<String> never = new CompletableFuture<>();
        FakeAlarms alarms = new FakeAlarms();
        CancelCtx c = CancelCtx.derive(ctx, Duration.ofSeconds(1), null, alarms);
        Thread.startVirtualThread(() -> alarms.advance(Duration.ofSeconds(2)));
        DeadlineExceededException e = assertThrows(DeadlineExceededException.class, () -> c.call(never::get));
        assertEquals("context deadline exceeded", e.getMessage());
        assertFalse(Thread.interrupted());
    }
}
