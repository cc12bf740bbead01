package io.goruntime;

import static io.goruntime.GoRuntime.go;
import static io.goruntime.Select.after;
import static io.goruntime.Select.choose;
import static io.goruntime.Select.on;
import static io.goruntime.Select.otherwise;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.internal.sched.VirtualSeam;
import io.goruntime.testing.OnProcs;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Selects and waits of channels with a limit of time, most on a clock that the test moves. */
class SelectTimeoutTest {
    private final VirtualSeam clock = new VirtualSeam();

    private static Duration nanos(long n) {
        return Duration.ofNanos(n);
    }

    @Tag("gmp")
    @OnProcs
    void aTimeoutCountsFromEachAwait(int procs) throws Exception {
        VirtualClock.run(procs, clock, () -> {
            clock.run();
            Chan<Integer> c = Chan.make(1);
            Select sel = new Select();
            var in = sel.recv(c);
            var limit = sel.timeout(nanos(1_000_000));
            for (int i = 1; i <= 3; i++) {
                assertSame(limit, sel.await());
                assertEquals(i * 1_000_000L, clock.elapsedNanos());
            }
            c.send(7);
            assertSame(in, sel.await());
            assertEquals(7, in.value());
            assertEquals(3_000_000, clock.elapsedNanos());
            assertEquals(0, clock.timers(), "a timer stayed behind");
            Selects.assertAtRest(c);
        });
    }

    @Tag("gmp")
    @OnProcs
    void anElementBeforeTheTimeStopsTheTimer(int procs) throws Exception {
        VirtualClock.run(procs, clock, () -> {
            Chan<Integer> c = Chan.make();
            Chan<Integer> sums = Chan.make();
            go(() -> {
                Select sel = new Select();
                var in = sel.recv(c);
                sel.timeout(nanos(1_000));
                int sum = 0;
                while (sum < 5_050) {
                    assertSame(in, sel.await());
                    sum += in.value();
                }
                sums.send(sum);
            });
            for (int i = 1; i <= 100; i++) {
                c.send(i);
            }
            assertEquals(5_050, sums.receive());
            assertEquals(0, clock.timers(), "a timer stayed behind");
            assertEquals(0, clock.elapsedNanos());
        });
    }

    @Tag("gmp")
    @OnProcs
    void theShortestOfSeveralCounts(int procs) throws Exception {
        VirtualClock.run(procs, clock, () -> {
            clock.run();
            Select sel = new Select();
            var longer = sel.timeout(nanos(500));
            var shorter = sel.timeout(nanos(300));
            assertSame(shorter, sel.await(), "no case with a channel");
            sel.recv(Chan.<Integer>make());
            assertSame(shorter, sel.await());
            shorter.after(null);
            assertSame(longer, sel.await());
            assertEquals(1_100, clock.elapsedNanos());
            shorter.after(nanos(1));
            assertSame(shorter, sel.await());
        });
    }

    @Tag("gmp")
    @OnProcs
    void triesOfChannelsUseTheSameClock(int procs) throws Exception {
        VirtualClock.run(procs, clock, () -> {
            clock.run();
            Chan<Integer> c = Chan.make();
            assertNull(c.tryReceive(nanos(1_000)));
            assertFalse(c.trySend(1, nanos(2_000)));
            LongChan l = LongChan.make();
            assertNull(l.tryReceive(nanos(4_000)));
            assertEquals(7_000, clock.elapsedNanos());
            assertEquals(0, clock.timers());
        });
    }

    @Test
    void aTimeThatIsNotPositiveDoesNotWait() throws Exception {
        Chan<Integer> c = Chan.make(1);
        Select sel = new Select();
        var in = sel.recv(c);
        var limit = sel.timeout(Duration.ZERO);
        assertSame(limit, sel.await());
        limit.after(nanos(-5));
        assertSame(limit, sel.await());
        Thread.currentThread().interrupt();
        assertSame(limit, sel.await(), "like a try, it ignores the flag");
        assertTrue(Thread.interrupted());
        c.send(1);
        assertSame(in, sel.await(), "what is ready goes first");
        assertNull(sel.poll());
        in.from(null);
        assertSame(limit, sel.await());
    }

    @Test
    void anInterruptEndsTheWaitBeforeTheTime() throws Exception {
        GoRuntime.run(() -> {
            for (boolean live : new boolean[]{true, false}) {
                Chan<Integer> c = live ? Chan.make() : null;
                Chan<Class<?>> thrown = Chan.make(1);
                Goroutine waiter = GoRuntime.current().spawn(() -> {
                    Select sel = new Select();
                    sel.recv(c);
                    sel.timeout(Duration.ofDays(1));
                    thrown.send(assertThrows(InterruptedException.class, sel::await).getClass());
                });
                waiter.interrupt();
                assertSame(InterruptedException.class, thrown.receive());
                waiter.join();
            }
        });
    }

    @Test
    void aPlainThreadMayWaitSo() throws Exception {
        Chan<Integer> c = Chan.make();
        Select sel = new Select();
        sel.recv(c);
        var limit = sel.timeout(Duration.ofMillis(2));
        long start = System.nanoTime();
        assertSame(limit, sel.await());
        assertTrue(System.nanoTime() - start >= 2_000_000);
        Thread virtual = Thread.ofVirtual().start(() -> {
            try {
                assertSame(limit, sel.await());
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        virtual.join();
        limit.after(Duration.ofSeconds(Long.MAX_VALUE));
        go(() -> c.send(3));
        assertTrue(sel.await() instanceof Select.Recv<?> in && in.value().equals(3));
        Selects.assertAtRest(c);
    }

    @Test
    void asAnExpression() throws Exception {
        GoRuntime.run(() -> {
            Chan<String> primary = Chan.make();
            Chan<String> backup = Chan.make();
            Duration wait = Duration.ofMillis(1);
            assertEquals("late", choose(on(primary, s -> s), on(backup, s -> s), after(wait, () -> "late")));
            go(() -> backup.send("here"));
            assertEquals("here",
                    choose(on(primary, s -> s), on(backup, s -> s), after(Duration.ofDays(1), () -> "late")));
            assertEquals("none", choose(after(Duration.ZERO, () -> "late"), otherwise(() -> "none")));
            assertEquals("late", choose(after(wait, () -> "late"), after(Duration.ofDays(1), () -> "later")));
            assertThrows(NullPointerException.class, () -> after(null, () -> "late"));
        });
    }

    /** The time runs out while elements come: each wait ends in one of both ways, and nothing is lost. */
    @OnProcs
    void timesAndElementsRace(int procs) throws Exception {
        AtomicInteger timeouts = new AtomicInteger();
        GoRuntime.builder().maxProcs(procs).run(() -> {
            Chan<Integer> c = Chan.make();
            Chan<Integer> done = Chan.make();
            go(() -> {
                for (int i = 1; i <= 3_000; i++) {
                    if (i % 3 == 0) {
                        GoRuntime.gosched();
                    }
                    c.send(i);
                }
                c.close();
            });
            go(() -> {
                Select sel = new Select();
                var in = sel.recv(c);
                var limit = sel.timeout(nanos(1));
                int last = 0;
                for (int i = 1;; i++) {
                    limit.after(nanos(1 + i % 7 * 300));
                    if (sel.await() == limit) {
                        timeouts.incrementAndGet();
                    } else if (in.ok()) {
                        int value = in.value();
                        assertEquals(last + 1, value);
                        last = value;
                    } else {
                        break;
                    }
                }
                done.send(last);
            });
            assertEquals(3_000, done.receive());
        });
        System.out.println("timesAndElementsRace, " + procs + " Ps: " + timeouts + " time-outs");
        assertTrue(timeouts.get() > 0);
    }
}
