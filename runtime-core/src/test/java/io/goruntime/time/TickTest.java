package io.goruntime.time;

import static io.goruntime.GoRuntime.go;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.Panic;
import io.goruntime.RecvChan;
import io.goruntime.Select;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Go's tests of tickers and of timers' channels, by their names (time/tick_test.go). */
public class TickTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private static Duration millis(long n) {
        return Duration.ofMillis(n);
    }

    @OnProcs
    void testTicker(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            long start = System.nanoTime();
            Ticker ticker = Ticker.make(millis(10));
            for (int i = 0; i < 5; i++) {
                ticker.channel().receive();
            }
            assertTrue(System.nanoTime() - start >= 50_000_000);
            start = System.nanoTime();
            ticker.reset(millis(20));
            ticker.channel().receive();
            assertTrue(System.nanoTime() - start >= 20_000_000);
            ticker.stop();
            Timers.sleep(millis(50));
            assertNull(ticker.channel().tryReceive());
        });
    }

    @OnProcs
    void testTeardown(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int i = 0; i < 3; i++) {
                Ticker ticker = Ticker.make(millis(1));
                ticker.channel().receive();
                ticker.stop();
            }
        });
    }

    @Test
    void testTick() throws Exception {
        assertNull(Timers.tick(Duration.ofNanos(-1)).tryReceive());
        assertEquals("Chan[nil]", Timers.tick(Duration.ZERO).toString());
        int n = 0;
        for (Instant tick : Timers.tick(millis(1))) {
            assertNotNull(tick);
            if (++n == 3) {
                break;
            }
        }
    }

    @Test
    void testNewTickerLtZeroDuration() {
        assertThrows(Panic.class, () -> Ticker.make(Duration.ofNanos(-1)));
        assertThrows(Panic.class, () -> Ticker.make(Duration.ZERO));
    }

    @Test
    void testTickerResetLtZeroDuration() {
        try (Ticker ticker = Ticker.make(HOUR)) {
            assertThrows(Panic.class, () -> ticker.reset(Duration.ZERO));
        }
    }

    /** Many timers that have been, and a queue that goes through the scheduler with a time-out for each step. */
    @OnProcs
    void testLongAdjustTimers(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Boolean> done = Chan.make();
            int count = 5000;
            for (int i = 0; i < count; i++) {
                go(() -> {
                    Timers.sleep(Duration.ofNanos(10_000));
                    done.send(true);
                });
            }
            for (int i = 0; i < count; i++) {
                done.receive();
            }
            Chan<Integer> in = Chan.make();
            Chan<Integer> out = Chan.make(20);
            go(() -> in.range(out::send));
            for (int i = 0; i < 200; i++) {
                for (int k = 0; k < 20; k++) {
                    in.send(k);
                }
                for (int k = 0; k < 20; k++) {
                    Select select = new Select();
                    var next = select.recv(out);
                    select.recv(Timers.after(Duration.ofSeconds(30)));
                    assertEquals(next, select.await());
                    assertEquals(k, next.value());
                }
            }
        });
    }

    /** What nobody refers to any more goes with the garbage, stopped or not. */
    @Test
    void testTimerGC() throws Exception {
        Goroutines.run(2, () -> {
            List<WeakReference<?>> all = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                all.add(new WeakReference<>(Timers.after(HOUR)));
                all.add(new WeakReference<>(Timers.tick(HOUR)));
                all.add(new WeakReference<>(Timer.make(HOUR)));
                all.add(new WeakReference<>(Ticker.make(HOUR)));
                Timer stopped = Timer.make(HOUR);
                stopped.stop();
                all.add(new WeakReference<>(stopped));
                // Somebody has waited on it, and does not any more.
                RecvChan<Instant> waited = Timers.after(HOUR);
                assertNull(waited.tryReceive(Duration.ofNanos(100_000)));
                all.add(new WeakReference<>(waited));
            }
            Object[] call = {new Object()};
            WeakReference<?> function = new WeakReference<>(call[0]);
            Object captured = call[0];
            Timer stopped = Timers.afterFunc(HOUR, captured::hashCode);
            call[0] = null;
            captured = null;
            stopped.stop();
            stopped = null;
            all.add(function);
            long deadline = System.nanoTime() + 20_000_000_000L;
            while (all.stream().anyMatch(each -> each.get() != null)) {
                assertTrue(System.nanoTime() < deadline, () -> all.stream().filter(e -> e.get() != null).count()
                        + " are still there");
                System.gc();
                Thread.sleep(1);
            }
        });
    }

    /** No value from before stop or reset is ever received; nobody sees the buffer. */
    @OnProcs
    void testChan(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Timer timer = Timer.make(HOUR);
            Ticker ticker = Ticker.make(HOUR);
            for (RecvChan<Instant> c : List.of(timer.channel(), ticker.channel())) {
                boolean once = c == timer.channel();
                for (int i = 0; i < 20; i++) {
                    reset(timer, ticker, once, millis(1));
                    if (i % 2 == 0) {
                        assertNotNull(c.receive());
                        reset(timer, ticker, once, millis(1));
                    }
                    Timers.sleep(millis(2));
                    assertEquals(0, c.len());
                    assertEquals(0, c.cap());
                    if (i % 4 < 2) {
                        reset(timer, ticker, once, HOUR);
                    } else if (once) {
                        assertTrue(timer.stop());
                    } else {
                        ticker.stop();
                    }
                    assertNull(c.tryReceive());
                    assertNull(c.tryReceive(millis(1)));
                }
                // A receiver who waits already is served by a later reset.
                Chan<Instant> got = Chan.make();
                go(() -> got.send(c.receive()));
                Timers.sleep(millis(1));
                reset(timer, ticker, once, millis(1));
                assertNotNull(got.receive());
            }
            ticker.stop();
        });
    }

    private static void reset(Timer timer, Ticker ticker, boolean once, Duration d) {
        if (once) {
            timer.reset(d);
        } else {
            ticker.reset(d);
        }
    }

    /**
     * The times that are sent are those of the timers, not of the receivers. This one comes 190 ms after its timer at
     * least; a pause anywhere makes it more.
     */
    @OnProcs
    void testAfterTimes(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            RecvChan<Instant> c = Timers.after(millis(10));
            Timers.sleep(millis(200));
            assertLate(c.receive());
        });
    }

    private static void assertLate(Instant sent) {
        Instant received = Instant.now();
        assertTrue(Duration.between(sent, received).toMillis() >= 100, () -> sent + " " + received);
    }

    @OnProcs
    void testTickTimes(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            try (Ticker ticker = Ticker.make(millis(10))) {
                Timers.sleep(millis(200));
                assertLate(ticker.channel().receive());
            }
        });
    }

    /** A pending timer wakes main: no deadlock; a stopped one does not. */
    @Test
    void aTimerIsNoDeadlock() throws Exception {
        Goroutines.run(1, () -> {
            Timers.sleep(millis(150));
            Timers.after(millis(150)).receive();
            Chan<Boolean> c = Chan.make();
            Timers.afterFunc(millis(150), () -> c.send(true));
            c.receive();
        });
    }

    @Test
    void aTickerDrivesOtherGoroutines() throws Exception {
        GoRuntime.run(() -> {
            Chan<Integer> numbers = Chan.make();
            go(() -> {
                int n = 0;
                for (Instant tick : Timers.tick(millis(1))) {
                    assertNotNull(tick);
                    numbers.send(n++);
                }
            });
            for (int i = 0; i < 20; i++) {
                assertEquals(i, numbers.receive());
            }
        });
    }
}
