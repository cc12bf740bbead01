package io.goruntime.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.Panic;
import io.goruntime.context.CancelContext;
import io.goruntime.context.CancelledException;
import io.goruntime.context.Context;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Counterpart of the tests of golang.org/x/sync/errgroup. */
@Timeout(60)
public class ErrGroupTest {
    @OnProcs
    void testZeroGroup(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            IOException first = new IOException("1");
            IOException second = new IOException("2");
            IOException[][] cases = {{}, {null}, {null, null}, {first}, {first, null}, {first, null, second}};
            for (IOException[] each : cases) {
                ErrGroup g = new ErrGroup();
                Throwable firstFailure = null;
                for (IOException e : each) {
                    g.go(() -> {
                        if (e != null) {
                            throw e;
                        }
                    });
                    if (firstFailure == null && e != null) {
                        firstFailure = e;
                    }
                    assertSame(firstFailure, thrownBy(g));
                }
            }
        });
    }

    private static Throwable thrownBy(ErrGroup g) {
        try {
            g.await();
            return null;
        } catch (Exception | Error e) {
            return e;
        }
    }

    @OnProcs
    void testGoLimit(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            int limit = 10;
            ErrGroup g = new ErrGroup();
            g.setLimit(limit);
            AtomicInteger active = new AtomicInteger();
            AtomicInteger ran = new AtomicInteger();
            for (int i = 0; i <= 1 << 8; i++) {
                g.go(() -> {
                    int n = active.incrementAndGet();
                    Thread.yield();
                    active.decrementAndGet();
                    ran.incrementAndGet();
                    assertTrue(n <= limit, () -> "saw " + n + " active goroutines");
                });
            }
            awaitOk(g);
            assertEquals(257, ran.get());
        });
    }

    private static void awaitOk(ErrGroup g) {
        assertEquals(null, thrownBy(g));
    }

    @Test
    void testTryGo() throws Exception {
        Goroutines.run(2, () -> {
            ErrGroup g = new ErrGroup();
            int n = 42;
            g.setLimit(n);
            Chan<Boolean> ch = Chan.make();
            for (int i = 0; i < n; i++) {
                assertTrue(g.tryGo(ch::receive), "tryGo should succeed");
            }
            assertFalse(g.tryGo(ch::receive), "tryGo above the limit");
            assertEquals("errgroup: modify limit while 42 goroutines in the group are still active",
                    assertThrows(Panic.class, () -> g.setLimit(1)).getMessage());
            for (int i = 0; i < n; i++) {
                ch.send(true);
            }
            awaitOk(g);
            assertTrue(g.tryGo(() -> {}));
            awaitOk(g);
            g.setLimit(0);
            assertFalse(g.tryGo(() -> {}));
            g.setLimit(-1);
            assertTrue(g.tryGo(() -> {}));
            awaitOk(g);
        });
    }

    @OnProcs
    void testWithContext(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            IOException first = new IOException("1");
            IOException second = new IOException("2");
            IOException[][] cases = {{}, {null}, {null, null}, {first}, {first, null}, {first, null, second}};
            for (IOException[] each : cases) {
                ErrGroup g = ErrGroup.withContext(Context.background());
                assertNull(g.context().err());
                IOException wanted = null;
                for (IOException e : each) {
                    g.go(() -> {
                        if (e != null) {
                            throw e;
                        }
                    });
                    wanted = wanted == null ? e : wanted;
                }
                Throwable got = thrownBy(g);
                assertEquals(wanted == null, got == null);
                assertTrue(got == null || Arrays.asList(each).contains(got));
                assertInstanceOf(CancelledException.class, g.context().err());
                assertSame(got == null ? g.context().err() : got, g.context().cause());
            }
        });
    }

    @OnProcs
    void theFirstFailureEndsTheOthers(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            ErrGroup g = ErrGroup.withContext(Context.background());
            IOException failure = new IOException("the first");
            Chan<Integer> never = Chan.make();
            WaitGroup waiting = new WaitGroup();
            for (int i = 0; i < 20; i++) {
                waiting.add(1);
                g.go(() -> {
                    waiting.done();
                    g.context().call(never::receive);
                });
            }
            waiting.await();
            g.go(() -> {
                throw failure;
            });
            assertSame(failure, thrownBy(g));
            assertSame(failure, g.context().cause());
        });
    }

    @Test
    void theParentEndsTheParts() throws Exception {
        Goroutines.run(2, () -> {
            CancelContext parent = Context.withCancel(Context.background());
            ErrGroup g = ErrGroup.withContext(parent);
            g.go(() -> g.context().done().receive());
            parent.cancel();
            awaitOk(g);
            assertSame(Context.background(), new ErrGroup().context());
        });
    }

    @Test
    void failuresOfAllKinds() throws Exception {
        Goroutines.run(2, () -> {
            ErrGroup g = new ErrGroup();
            Error error = new Error("an error");
            g.go(() -> {
                throw error;
            });
            assertSame(error, thrownBy(g));
            ErrGroup exits = new ErrGroup();
            exits.setLimit(1);
            exits.go(GoRuntime::goexit);
            exits.go(() -> {});
            awaitOk(exits);
            assertEquals("go of nil func value", assertThrows(Panic.class, () -> exits.go(null)).getMessage());
            awaitOk(exits);
        });
    }
}
