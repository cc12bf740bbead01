package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import io.goruntime.testing.StderrLog;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What happens to an exception that leaves a goroutine. */
@ExtendWith(DumpOnTimeout.class)
class PanicTest {
    @Test
    void onPanicGetsTheGoroutineAndTheThrowableInTheGoroutine() throws Exception {
        var seen = new ConcurrentHashMap<Throwable, Long>();
        AtomicInteger inside = new AtomicInteger();
        var failures = new Throwable[]{new IllegalStateException("a"), new IOException("b"), new AssertionError("c")};
        try (GoRuntime rt = GoRuntime.builder().maxProcs(2).onPanic((g, e) -> {
            if (GoRuntime.goid() == g.id() && Thread.currentThread() == g.thread()) {
                inside.incrementAndGet();
            }
            seen.put(e, g.id());
            throw new IllegalStateException("a handler that fails must not matter");
        }).build()) {
            for (Throwable failure : failures) {
                Goroutine g = rt.spawn(() -> GoroutineThrow.sneak(failure));
                g.join();
                assertTrue(g.isDone());
                assertEquals(g.id(), seen.get(failure));
            }
            assertEquals(3, inside.get());
            new Fleet(rt).await("all gone", () -> rt.numGoroutine() == 0);
            Fleet.run(rt, 10, i -> Thread.sleep(1)); // the runtime goes on
        }
    }

    private static final class GoroutineThrow {
        @SuppressWarnings("unchecked")
        static <X extends Throwable> void sneak(Throwable e) throws X {
            throw (X) e;
        }
    }

    /** The interruption of I/O is told by an IOException; a deadline that has passed is no interruption. */
    @Test
    void anInterruptionOfIoIsNoPanic() throws Exception {
        var seen = ConcurrentHashMap.<Throwable>newKeySet();
        var ended = new IOException[]{new ClosedByInterruptException(), new InterruptedIOException("interrupted")};
        var panics = new IOException[]{new SocketTimeoutException("deadline"), new IOException("another")};
        try (GoRuntime rt = GoRuntime.builder().maxProcs(1).onPanic((g, e) -> seen.add(e)).build()) {
            for (IOException[] failures : new IOException[][]{ended, panics}) {
                for (IOException failure : failures) {
                    rt.spawn(() -> {
                        Thread.currentThread().interrupt();
                        throw failure;
                    }).join();
                }
            }
            InterruptedIOException ofSomebodyElse = new InterruptedIOException("the flag is not set");
            rt.spawn(() -> {
                throw ofSomebodyElse;
            }).join();
            assertEquals(Set.of(panics[0], panics[1], ofSomebodyElse), seen);
        }
    }

    @Test
    void theHandlerOfTheThreadIsUsedWithoutOnPanic() throws Exception {
        try (GoRuntime rt = GoRuntime.builder().maxProcs(1).build()) {
            AtomicReference<Throwable> seen = new AtomicReference<>();
            IllegalStateException failure = new IllegalStateException("for the handler");
            rt.spawn(() -> {
                Thread.currentThread().setUncaughtExceptionHandler((t, e) -> {
                    assertSame(Thread.currentThread(), t);
                    seen.set(e);
                });
                throw failure;
            }).join();
            assertSame(failure, seen.get());
        }
    }

    /** Standard error carries the log, so a child tells how often something was logged. */
    @Test
    void eachPanicIsLoggedOnceAndInterruptionNever() {
        var result = ChildJvm.of(Program.class).flags(StderrLog.FLAG).run().expectExit(0);
        for (String text : new String[]{"one", "two", "three", "four"}) {
            assertEquals(1, result.err().lines().filter(l -> l.startsWith("ERROR") && l.contains("panic " + text))
                    .count(), text + "\n" + result);
        }
        assertEquals(4, result.err().lines().filter(l -> l.startsWith("ERROR")).count(), result.toString());
        assertTrue(result.out().contains("default handler: panic one"), result.toString());
        assertTrue(result.out().contains("onPanic: panic two"), result.toString());
        assertEquals(1, result.out().lines().filter(l -> l.startsWith("default handler")).count(), result.toString());
        result.expect("run threw java.lang.IllegalStateException: panic three suppressed 1");
        // Nobody else, such as the JVM itself, prints a second report.
        result.expectNot("Exception in thread");
    }

    static final class Program {
        private Program() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(20));
            Thread.setDefaultUncaughtExceptionHandler(
                    (_, e) -> System.out.println("default handler: " + e.getMessage()));
            try (GoRuntime rt = GoRuntime.builder().build()) {
                rt.spawn(() -> {
                    throw new IOException("panic one");
                }).join();
                rt.spawn(() -> {
                    throw new InterruptedException("panic of interruption");
                }).join();
                rt.spawn(() -> {
                    throw new UncheckedInterruptedException(new InterruptedException());
                }).join();
                rt.spawn(GoRuntime::goexit).join();
            }
            try (GoRuntime rt = GoRuntime.builder()
                    .onPanic((_, e) -> System.out.println("onPanic: " + e.getMessage())).build()) {
                rt.spawn(() -> {
                    throw new IllegalStateException("panic two");
                }).join();
            }
            try {
                GoRuntime.run(() -> {
                    Goroutine g = GoRuntime.current().spawn(() -> {
                        throw new IllegalStateException("panic three");
                    });
                    GoFns.joinUninterruptibly(g);
                    GoFns.joinUninterruptibly(GoRuntime.current().spawn(() -> {
                        throw new IllegalStateException("panic four");
                    }));
                });
            } catch (IllegalStateException e) {
                System.out.println("run threw " + e + " suppressed " + e.getSuppressed().length);
            }
        }
    }

    private static final class GoFns {
        static void joinUninterruptibly(Goroutine g) {
            for (;;) {
                try {
                    g.join();
                    return;
                } catch (InterruptedException e) {
                    // The panic interrupts main; the other one is still to come.
                }
            }
        }
    }
}
