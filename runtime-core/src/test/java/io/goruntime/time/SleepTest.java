package io.goruntime.time;

import static io.goruntime.GoRuntime.go;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Go's tests of sleep and timers, by their names (time/sleep_test.go), and what Java adds. */
public class SleepTest {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration HUGE = Duration.ofSeconds(Long.MAX_VALUE);

    private static Duration millis(long n) {
        return Duration.ofMillis(n);
    }

    private static void assertSince(long startNanos, Duration least) {
        long took = System.nanoTime() - startNanos;
        assertTrue(took >= least.toNanos(), took + " ns, not " + least);
    }

    /** A timer made by afterFunc, with a channel that is sent to when it fires. */
    private record FuncTimer(Timer timer, Chan<Instant> c) {
        static FuncTimer make(Duration d) {
            Chan<Instant> c = Chan.make(1);
            return new FuncTimer(Timers.afterFunc(d, () -> c.trySend(Instant.now())), c);
        }
    }

    @OnProcs
    void testSleep(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            long start = System.nanoTime();
            Timers.sleep(millis(100));
            assertSince(start, millis(100));
        });
    }

    @Test
    void testSleepOutsideAGoroutine() throws Exception {
        long start = System.nanoTime();
        Timers.sleep(millis(20));
        assertSince(start, millis(20));
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, () -> Timers.sleep(millis(20)));
        assertFalse(Thread.interrupted());
    }

    @OnProcs
    void testAfterFunc(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Boolean> c = Chan.make();
            AtomicInteger left = new AtomicInteger(10);
            afterFuncAgain(left, c);
            c.receive();
        });
    }

    private static void afterFuncAgain(AtomicInteger left, Chan<Boolean> c) {
        Timers.afterFunc(Duration.ZERO, () -> {
            if (left.decrementAndGet() >= 0) {
                afterFuncAgain(left, c);
                Timers.sleep(HOUR); // until main is over
            } else {
                c.send(true);
            }
        });
    }

    @OnProcs
    void testTickerStress(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            AtomicBoolean stop = new AtomicBoolean();
            go(() -> {
                while (!stop.get()) {
                    Timers.sleep(Duration.ofNanos(1));
                }
            });
            try (Ticker ticker = Ticker.make(Duration.ofNanos(1))) {
                for (int i = 0; i < 1000; i++) {
                    ticker.channel().receive();
                }
            }
            stop.set(true);
        });
    }

    @OnProcs
    void testTickerConcurrentStress(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Boolean> done = Chan.make();
            try (Ticker ticker = Ticker.make(Duration.ofNanos(1))) {
                for (int i = 0; i < 10; i++) {
                    go(() -> {
                        for (int j = 0; j < 100; j++) {
                            ticker.channel().receive();
                        }
                        done.send(true);
                    });
                }
                for (int i = 0; i < 10; i++) {
                    done.receive();
                }
            }
        });
    }

    /** Two goroutines that ready each other for ever do not keep a timer from firing. */
    @OnProcs
    void testAfterFuncStarvation(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Boolean> there = Chan.make();
            Chan<Boolean> back = Chan.make();
            AtomicBoolean stop = new AtomicBoolean();
            Chan<Boolean> done = Chan.make();
            go(() -> {
                for (Boolean each : there) {
                    back.send(each);
                }
                done.send(true);
            });
            go(() -> {
                while (!stop.get()) {
                    there.send(true);
                    back.receive();
                }
                there.close();
            });
            Timers.afterFunc(millis(1), () -> Timers.afterFunc(millis(1), () -> stop.set(true)));
            done.receive();
        });
    }

    @OnProcs
    void testAfter(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            long start = System.nanoTime();
            Instant begin = Instant.now();
            Instant end = Timers.after(millis(100)).receive();
            assertSince(start, millis(100));
            assertFalse(end.isBefore(begin.plusMillis(99)), () -> begin + " " + end); // two clocks
        });
    }

    @OnProcs
    void testAfterTick(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            long start = System.nanoTime();
            for (int i = 0; i < 10; i++) {
                Timers.after(millis(10)).receive();
            }
            assertSince(start, millis(100));
        });
    }

    @OnProcs
    void testAfterStop(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            // Long enough never to fire before it is stopped; stopped, it must not fire in the time it was set to at first.
            for (boolean func : new boolean[]{false, true}) {
                Timer t0;
                RecvChan<Instant> c0;
                for (;;) {
                    FuncTimer withFunc = FuncTimer.make(HOUR);
                    t0 = func ? withFunc.timer : Timer.make(HOUR);
                    c0 = func ? withFunc.c : t0.channel();
                    assertTrue(t0.stop());
                    long set = System.nanoTime();
                    t0.reset(millis(60));
                    if (t0.stop()) {
                        break;
                    }
                    assertSince(set, millis(60)); // it may fire if this thread pauses for so long, and not before
                }
                Timers.after(millis(120)).receive();
                assertNull(c0.tryReceive());
                assertFalse(t0.stop());
            }
        });
    }

    @OnProcs
    void testAfterQueuing(int procs) throws Exception {
        int[] slots = {5, 3, 6, 6, 6, 1, 1, 2, 7, 9, 4, 8, 0};
        Goroutines.run(procs, () -> {
            Chan<Integer> result = Chan.make(slots.length);
            long start = System.nanoTime();
            List<RecvChan<Instant>> channels = new ArrayList<>();
            for (int slot : slots) {
                channels.add(Timers.after(millis(20 * slot)));
            }
            for (int i = 0; i < slots.length; i++) {
                int n = i;
                go(() -> {
                    channels.get(n).receive();
                    assertSince(start, millis(20 * slots[n]));
                    result.send(slots[n]);
                });
            }
            int sum = 0;
            for (int i = 0; i < slots.length; i++) {
                sum += result.receive();
            }
            assertEquals(IntStream.of(slots).sum(), sum);
        });
    }

    @OnProcs
    void testTimerStopStress(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            AtomicInteger fired = new AtomicInteger();
            Chan<Boolean> done = Chan.make();
            for (int i = 0; i < 100; i++) {
                go(() -> {
                    Timer timer = Timers.afterFunc(HOUR, fired::incrementAndGet);
                    Timers.sleep(millis(50));
                    done.send(timer.stop());
                });
            }
            for (int i = 0; i < 100; i++) {
                assertTrue(done.receive());
            }
            assertEquals(0, fired.get());
        });
    }

    @OnProcs
    void testSleepZeroDeadlock(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int i = 0; i < 1000; i++) {
                Timers.sleep(Duration.ZERO);
                Chan<Boolean> tmp = Chan.make(1);
                tmp.send(true);
                tmp.receive();
            }
        });
    }

    /** The goroutines that can run do so first. */
    @Tag("gmp")
    @Test
    void testSleepZeroYields() throws Exception {
        Goroutines.run(1, () -> {
            AtomicInteger ran = new AtomicInteger();
            go(ran::incrementAndGet);
            Timers.sleep(Duration.ofNanos(-1));
            assertEquals(1, ran.get());
            Thread.currentThread().interrupt();
            Timers.sleep(Duration.ZERO);
            assertTrue(Thread.interrupted());
        });
    }

    @OnProcs
    void testReset(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Timer t0 = Timer.make(HOUR);
            assertTrue(t0.reset(HOUR));
            assertNull(t0.channel().tryReceive());
            assertTrue(t0.reset(millis(1)));
            assertNotNull(t0.channel().receive());
            assertFalse(t0.reset(millis(50)));
            assertTrue(t0.stop());
        });
    }

    @OnProcs
    void testOverflowSleep(int procs) throws Exception {
        AtomicBoolean interrupted = new AtomicBoolean();
        Goroutines.run(procs, () -> {
            go(() -> {
                try {
                    Timers.sleep(HUGE);
                } catch (InterruptedException e) {
                    interrupted.set(true);
                }
            });
            Select select = new Select();
            var big = select.recv(Timers.after(HUGE));
            var small = select.recv(Timers.after(millis(25)));
            assertEquals(small, select.await());
            assertFalse(big.ok());
            Timers.sleep(HUGE.negated());
            assertNotNull(Timers.after(HUGE.negated()).receive());
            Timers.sleep(millis(1));
        });
        assertTrue(interrupted.get());
    }

    @OnProcs
    void testOverflowPeriodRuntimeTimer(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            try (Ticker ticker = Ticker.make(HUGE)) {
                ticker.reset(HUGE);
                Timers.after(millis(5)).receive();
                assertNull(ticker.channel().tryReceive());
            }
        });
    }

    /** Timers of no duration are not overlooked by the scheduler (Go issue 44868). */
    @OnProcs
    void testZeroTimer(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            FuncTimer cached = FuncTimer.make(HOUR);
            for (int i = 0; i < 3000; i++) {
                Timer.make(Duration.ZERO).channel().receive();
                FuncTimer.make(Duration.ZERO).c.receive();
                cached.timer.reset(Duration.ZERO);
                cached.c.receive();
            }
        });
    }

    /** A timer that is moved to an earlier time again and again is not dropped (Go issue 47329). */
    @OnProcs
    void testTimerModifiedEarlier(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int i = 0; i < 300; i++) {
                FuncTimer t = FuncTimer.make(HOUR);
                for (int j = 0; j < 10; j++) {
                    if (!t.timer.stop()) {
                        t.c.receive();
                    }
                    t.timer.reset(Duration.ofDays(-1));
                }
                t.c.receive();
            }
        });
    }

    @OnProcs
    void testStopResult(int procs) throws Exception {
        stopOrResetResult(procs, true);
    }

    @OnProcs
    void testResetResult(int procs) throws Exception {
        stopOrResetResult(procs, false);
    }

    /** While a timer fires, stop and reset tell truly whether there is a value to be received (Go issue 69312). */
    private static void stopOrResetResult(int procs, boolean stop) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Boolean> done = Chan.make();
            int goroutines = 100;
            for (int i = 0; i < goroutines; i++) {
                go(() -> {
                    for (int j = 0; j < 50; j++) {
                        Timer timer1 = Timer.make(millis(1));
                        Timer timer2 = Timer.make(millis(1));
                        Select select = new Select();
                        var first = select.recv(timer1.channel());
                        select.recv(timer2.channel());
                        Timer other = select.await() == first ? timer2 : timer1;
                        boolean pending = stop ? other.stop() : other.reset(HOUR);
                        if (!pending) {
                            throw new AssertionError("nobody has received from the other");
                        }
                        if (other.channel().tryReceive() != null) {
                            throw new AssertionError("a stale value");
                        }
                    }
                    done.send(true);
                });
            }
            for (int i = 0; i < goroutines; i++) {
                done.receive();
            }
        });
    }

    @OnProcs
    void testMultiWakeupTicker(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Boolean> done = Chan.make();
            try (Ticker ticker = Ticker.make(Duration.ofNanos(1000))) {
                for (int i = 0; i < 8; i++) {
                    go(() -> {
                        for (int j = 0; j < 500; j++) {
                            Select select = new Select();
                            select.recv(ticker.channel());
                            select.recv(Timers.after(millis(1)));
                            select.await();
                        }
                        done.send(true);
                    });
                }
                for (int i = 0; i < 8; i++) {
                    done.receive();
                }
            }
        });
    }

    @OnProcs
    void testMultiWakeupTimer(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Boolean> done = Chan.make();
            Timer timer = Timer.make(Duration.ofNanos(1));
            for (int i = 0; i < 8; i++) {
                go(() -> {
                    for (int j = 0; j < 2000; j++) {
                        timer.channel().tryReceive();
                        timer.reset(Duration.ofNanos(1));
                    }
                    done.send(true);
                });
            }
            for (int i = 0; i < 8; i++) {
                done.receive();
            }
            assertNotNull(timer.channel().receive());
        });
    }

    // -- interrupts, closing, other threads --

    @OnProcs
    void anInterruptEndsASleepAndClearsTheFlag(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Boolean> flag = Chan.make();
            var sleeper = GoRuntime.current().spawn(() -> {
                try {
                    Timers.sleep(HOUR);
                } catch (InterruptedException e) {
                    flag.send(Thread.currentThread().isInterrupted());
                }
                Timers.sleep(millis(1)); // the same goroutine sleeps again
                flag.send(true);
            });
            Timers.sleep(millis(5));
            sleeper.interrupt();
            assertFalse(flag.receive());
            assertTrue(flag.receive());
        });
    }

    @Test
    void afterCloseATimerCannotBeSet() throws Exception {
        GoRuntime runtime = GoRuntime.builder().name("closed-timers").build();
        Chan<Timer> timers = Chan.make(2);
        Chan<Ticker> tickers = Chan.make(1);
        AtomicInteger ran = new AtomicInteger();
        runtime.spawn(() -> {
            timers.send(Timer.make(millis(20)));
            timers.send(Timers.afterFunc(millis(20), ran::incrementAndGet));
            tickers.send(Ticker.make(millis(20)));
        }).join();
        runtime.close();
        int ranBefore = ran.get(); // 1 if it took 20 ms to get here
        for (int i = 0; i < 2; i++) {
            Timer timer = timers.receive();
            assertThrows(RejectedExecutionException.class, () -> timer.reset(millis(1)));
        }
        Ticker ticker = tickers.receive();
        assertThrows(RejectedExecutionException.class, () -> ticker.reset(millis(1)));
        Thread.sleep(50);
        assertEquals(ranBefore, ran.get());
        assertNull(ticker.channel().tryReceive());
    }

    /** A goroutine that ignores the end of its runtime sleeps on, and not shorter. */
    @Test
    void aSleepOutlivesItsRuntime() throws Exception {
        GoRuntime runtime = GoRuntime.builder().name("outlived").closeTimeout(millis(20)).build();
        Chan<Long> slept = Chan.make();
        Chan<Boolean> begun = Chan.make();
        runtime.spawn(() -> {
            try {
                begun.send(true);
                Timers.sleep(HOUR);
            } catch (InterruptedException e) {
                long start = System.nanoTime();
                Timers.sleep(millis(200));
                slept.send(System.nanoTime() - start);
            }
        });
        begun.receive();
        assertFalse(runtime.close(millis(20)));
        assertTrue(slept.receive() >= 200_000_000);
    }

    @Test
    void anyThreadMayUseATimer() throws Exception {
        Timer timer = Timer.make(millis(20));
        assertNotNull(timer.channel().receive());
        assertFalse(timer.reset(HOUR));
        Chan<Boolean> done = Chan.make(1);
        Timers.afterFunc(millis(1), () -> done.send(GoRuntime.goid() > 0));
        assertTrue(done.receive());
        Thread virtual = Thread.ofVirtual().start(() -> assertTrue(timer.reset(millis(1))));
        virtual.join();
        assertNotNull(timer.channel().receive());
    }

    @Test
    void aFunctionRunsOnTheRuntimeWhereItsTimerWasMade() throws Exception {
        GoRuntime runtime = GoRuntime.builder().name("maker").build();
        Chan<GoRuntime> ranOn = Chan.make(1);
        Chan<Timer> made = Chan.make(1);
        runtime.spawn(() -> made.send(Timers.afterFunc(HOUR, () -> ranOn.send(GoRuntime.current()))));
        made.receive().reset(Duration.ZERO);
        assertEquals(runtime, ranOn.receive());
        runtime.close();
    }

    @Test
    void aFunctionOfNothingIsRefused() {
        assertEquals("go of nil func value",
                assertThrows(Panic.class, () -> Timers.afterFunc(HOUR, null)).getMessage());
    }

    @Test
    void aSleeperIsShownAsOne() throws Exception {
        Goroutines.run(2, () -> {
            go("sleepy", () -> Timers.sleep(HOUR));
            StringBuilder text = new StringBuilder();
            while (text.indexOf("[sleep]") < 0) {
                GoRuntime.gosched();
                text.setLength(0);
                GoRuntime.current().dump(text);
            }
        });
    }
}
