package io.goruntime.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.RecvChan;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import io.goruntime.testing.Runners;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Counterpart of the tests of golang.org/x/sync/singleflight. */
@Timeout(60)
public class SingleFlightTest {
    @Test
    void testDo() throws Exception {
        SingleFlight<String, String> g = new SingleFlight<>();
        assertEquals(new SingleFlight.Result<>("bar", false), g.run("key", () -> "bar"));
        assertEquals(-1, g.duplicates("key"));
    }

    @Test
    void testDoErr() {
        SingleFlight<String, String> g = new SingleFlight<>();
        IOException some = new IOException("some error");
        assertSame(some, assertThrows(IOException.class, () -> g.run("key", () -> {
            throw some;
        })));
        assertEquals(-1, g.duplicates("key"));
    }

    @OnProcs
    void testDoDupSuppress(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            SingleFlight<String, String> g = new SingleFlight<>();
            int n = 10;
            AtomicInteger calls = new AtomicInteger();
            Chan<Boolean> proceed = Chan.make();
            WaitGroup wg = new WaitGroup();
            for (int i = 0; i < n; i++) {
                wg.go(() -> {
                    SingleFlight.Result<String> r = g.run("key", () -> {
                        calls.incrementAndGet();
                        proceed.receive();
                        return "bar";
                    });
                    assertEquals("bar", r.value());
                    assertTrue(r.shared());
                });
            }
            while (g.duplicates("key") != n - 1) {
                GoRuntime.gosched();
            }
            proceed.send(true);
            wg.await();
            assertEquals(1, calls.get());
        });
    }

    @Test
    void testForget() throws Exception {
        Goroutines.run(2, () -> {
            SingleFlight<String, Integer> g = new SingleFlight<>();
            Chan<Boolean> unblock = Chan.make();
            Chan<Boolean> started = Chan.make();
            RecvChan<SingleFlight.Outcome<Integer>> first = g.runChan("key", () -> {
                started.send(true);
                unblock.receive();
                return 1;
            });
            started.receive();
            g.forget("key");
            Chan<Boolean> unblockSecond = Chan.make();
            RecvChan<SingleFlight.Outcome<Integer>> second = g.runChan("key", () -> {
                unblockSecond.receive();
                return 2;
            });
            unblock.send(true);
            assertEquals(1, first.receive().value());
            RecvChan<SingleFlight.Outcome<Integer>> third = g.runChan("key", () -> 3);
            unblockSecond.send(true);
            assertEquals(new SingleFlight.Outcome<>(2, null, true), second.receive());
            assertEquals(new SingleFlight.Outcome<>(2, null, true), third.receive());
        });
    }

    @Test
    void testPanicDo() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            SingleFlight<String, String> g = new SingleFlight<>();
            Chan<Boolean> go = Chan.make();
            AtomicInteger panics = new AtomicInteger();
            IllegalStateException failure = new IllegalStateException("invalid memory address");
            for (int i = 0; i < 8; i++) {
                crew.start(i, () -> {
                    try {
                        g.run("key", () -> {
                            go.receive();
                            throw failure;
                        });
                    } catch (IllegalStateException e) {
                        assertSame(failure, e);
                        panics.incrementAndGet();
                    }
                });
            }
            while (g.duplicates("key") != 7) {
                Thread.yield();
            }
            go.send(true);
            crew.join();
            assertEquals(8, panics.get());
        }
    }

    @Test
    void testGoexitDo() throws Exception {
        Goroutines.run(2, () -> {
            SingleFlight<String, String> g = new SingleFlight<>();
            Chan<Boolean> go = Chan.make();
            AtomicInteger returned = new AtomicInteger();
            WaitGroup wg = new WaitGroup();
            for (int i = 0; i < 5; i++) {
                wg.go(() -> {
                    g.run("key", () -> {
                        go.receive();
                        GoRuntime.goexit();
                        return "";
                    });
                    returned.incrementAndGet();
                });
            }
            while (g.duplicates("key") != 4) {
                GoRuntime.gosched();
            }
            go.send(true);
            wg.await();
            assertEquals(0, returned.get());
            assertEquals(-1, g.duplicates("key"));
        });
    }

    @Test
    void anInterruptedCallerLeavesTheWorkAlone() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            SingleFlight<String, Integer> g = new SingleFlight<>();
            Chan<Boolean> go = Chan.make();
            crew.start(0, () -> assertEquals(7, g.run("key", () -> {
                go.receive();
                return 7;
            }).value()));
            while (g.duplicates("key") != 0) {
                Thread.yield();
            }
            Thread second = crew.start(1,
                    () -> assertThrows(InterruptedException.class, () -> g.run("key", () -> 8)));
            while (g.duplicates("key") != 1) {
                Thread.yield();
            }
            second.interrupt();
            second.join();
            assertFalse(second.isAlive());
            go.send(true);
            crew.join();
        }
    }
}
