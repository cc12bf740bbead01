package io.goruntime.time;

import static io.goruntime.GoRuntime.go;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.Received;
import io.goruntime.RecvChan;
import io.goruntime.VirtualClock;
import io.goruntime.internal.sched.VirtualSeam;
import io.goruntime.testing.Bounded;
import io.goruntime.testing.OnProcs;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;

/** Timers on a clock that the test moves: what happens at which time, to the nanosecond, at any speed of the machine. */
@Tag("gmp")
class VirtualTimersTest {
    private final VirtualSeam clock = new VirtualSeam();

    private static Duration nanos(long n) {
        return Duration.ofNanos(n);
    }

    private Instant at(long n) {
        return Instant.EPOCH.plusNanos(n);
    }

    /** Sleepers wake in the order of their times and exactly then, also across the wrap of the clock after 1 s. */
    @OnProcs
    void sleepersWakeInOrder(int procs) throws Exception {
        long seed = Bounded.seed("sleepersWakeInOrder");
        Random random = new Random(seed);
        List<Long> wanted = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            wanted.add(1 + random.nextLong(2_000_000_000L));
        }
        List<Long> woken = Collections.synchronizedList(new ArrayList<>());
        VirtualClock.run(procs, clock, () -> {
            Chan<Long> done = Chan.make();
            Chan<Boolean> start = Chan.make();
            for (long d : wanted) {
                go(() -> {
                    start.receive();
                    Timers.sleep(nanos(d));
                    woken.add(d);
                    done.send(clock.elapsedNanos());
                });
            }
            start.close();
            // All must have set their timers at time 0.
            while (clock.timers() < wanted.size()) {
                GoRuntime.gosched();
            }
            clock.run();
            List<Long> sorted = wanted.stream().sorted().toList();
            for (long d : sorted) {
                assertEquals(d, done.receive(), "seed " + seed);
            }
            assertEquals(sorted, woken, "seed " + seed);
            assertEquals(0, clock.timers());
        });
    }

    @OnProcs
    void nothingFiresBeforeItsTime(int procs) throws Exception {
        VirtualClock.run(procs, clock, () -> {
            RecvChan<Instant> c = Timers.after(nanos(100));
            assertNull(c.tryReceive());
            clock.advance(99);
            assertNull(c.tryReceive());
            clock.advance(1);
            assertEquals(new Received<>(at(100), true), c.tryReceive());
            assertNull(c.tryReceive());
            clock.advance(1000);
            assertNull(c.tryReceive());
        });
    }

    /** What is sent is the time that was asked for, however late it is received. */
    @OnProcs
    void aLateReceiverGetsTheTimeThatWasDue(int procs) throws Exception {
        VirtualClock.run(procs, clock, () -> {
            Timer timer = Timer.make(nanos(100));
            clock.advance(5000);
            assertEquals(at(100), timer.channel().receive());
        });
    }

    @OnProcs
    void stopAndResetLeaveNoStaleValue(int procs) throws Exception {
        VirtualClock.run(procs, clock, () -> {
            Timer timer = Timer.make(nanos(100));
            clock.advance(200);
            assertEquals(0, timer.channel().len());
            assertEquals(0, timer.channel().cap());
            assertTrue(timer.stop(), "it was due, but nobody had received");
            assertNull(timer.channel().tryReceive());
            assertFalse(timer.stop());
            assertFalse(timer.reset(nanos(100)));
            clock.advance(100);
            // Somebody has looked, so the value is in the channel itself.
            assertEquals(at(300), timer.channel().tryReceive(Duration.ZERO).value());
            assertFalse(timer.reset(nanos(50)));
            clock.advance(50);
            assertTrue(timer.reset(nanos(10)));
            assertNull(timer.channel().tryReceive());
            clock.advance(10);
            assertEquals(at(360), timer.channel().receive());
            assertFalse(timer.stop());
        });
    }

    /** A timer is in a heap only while somebody waits on its channel. */
    @OnProcs
    void isInAHeapOnlyWhileSomebodyWaits(int procs) throws Exception {
        VirtualClock.run(procs, clock, () -> {
            Timer timer = Timer.make(nanos(100));
            Ticker ticker = Ticker.make(nanos(100));
            assertEquals(0, clock.timers());
            Chan<Instant> got = Chan.make();
            go(() -> got.send(timer.channel().receive()));
            go(() -> got.send(timer.channel().receive()));
            go(() -> got.send(ticker.channel().receive()));
            while (clock.timers() < 2) {
                GoRuntime.gosched();
            }
            clock.advance(100);
            assertEquals(at(100), got.receive());
            assertEquals(at(100), got.receive());
            while (clock.timers() > 0) {
                GoRuntime.gosched();
            }
            timer.reset(nanos(7)); // the second receiver still waits, or is about to
            while (clock.timers() < 1) {
                GoRuntime.gosched();
            }
            clock.advance(7);
            assertEquals(at(107), got.receive());
            assertEquals(0, clock.timers());
        });
    }

    @OnProcs
    void aTickerLeavesTicksOutForASlowReceiver(int procs) throws Exception {
        VirtualClock.run(procs, clock, () -> {
            try (Ticker ticker = Ticker.make(nanos(100))) {
                clock.advance(350);
                assertEquals(at(100), ticker.channel().receive());
                assertNull(ticker.channel().tryReceive());
                clock.advance(49);
                assertNull(ticker.channel().tryReceive());
                clock.advance(1);
                assertEquals(at(400), ticker.channel().receive());
                ticker.reset(nanos(30));
                clock.run();
                assertEquals(at(430), ticker.channel().receive());
                assertEquals(at(460), ticker.channel().receive());
                assertEquals(460, clock.elapsedNanos());
                ticker.stop();
                assertNull(ticker.channel().tryReceive());
            }
        });
    }

    @OnProcs
    void functionsRunAtTheirTimes(int procs) throws Exception {
        VirtualClock.run(procs, clock, () -> {
            Chan<Long> times = Chan.make(10);
            Timer first = Timers.afterFunc(nanos(300), () -> times.send(clock.elapsedNanos()));
            Timer stopped = Timers.afterFunc(nanos(150), () -> times.send(-1L));
            Timer moved = Timers.afterFunc(nanos(500), () -> times.send(clock.elapsedNanos()));
            assertEquals(3, clock.timers());
            assertTrue(stopped.stop());
            assertFalse(stopped.stop());
            assertTrue(moved.reset(nanos(200)));
            clock.run();
            assertEquals(200, times.receive());
            assertEquals(300, times.receive());
            assertFalse(first.stop());
            assertFalse(moved.reset(nanos(50)));
            assertEquals(350, times.receive());
            assertNull(first.channel().tryReceive());
            Timers.sleep(nanos(1000));
            assertEquals(0, times.len());
        });
    }

    /** An earlier timer is not held up by the sleep until a later one. */
    @OnProcs
    void anEarlierTimerWakesTheWaiter(int procs) throws Exception {
        VirtualClock.run(procs, clock, () -> {
            clock.run();
            Chan<Long> times = Chan.make();
            for (long d : new long[]{1_000_000, 10_000, 100, 1}) {
                go(() -> {
                    Timers.sleep(nanos(d));
                    times.send(clock.elapsedNanos() >= d ? d : -d);
                });
            }
            for (long d : new long[]{1, 100, 10_000, 1_000_000}) {
                assertEquals(d, times.receive());
            }
        });
    }

    @OnProcs
    void anInterruptedSleepLeavesNoTimer(int procs) throws Exception {
        VirtualClock.run(procs, clock, () -> {
            var sleeper = GoRuntime.current().spawn(() -> Timers.sleep(nanos(1000)));
            while (clock.timers() == 0) {
                GoRuntime.gosched();
            }
            sleeper.interrupt();
            sleeper.join();
            assertEquals(0, clock.timers());
            assertEquals(0, clock.elapsedNanos());
        });
    }

    /** Timers of Ps that are given up fire all the same. */
    @OnProcs
    void fewerPs(int procs) throws Exception {
        VirtualClock.run(procs, clock, () -> {
            Chan<Integer> done = Chan.make();
            int count = 50 * procs;
            for (int i = 1; i <= count; i++) {
                int n = i;
                go(() -> {
                    Timers.sleep(nanos(n));
                    done.send(n);
                });
            }
            while (clock.timers() < count) {
                GoRuntime.gosched();
            }
            GoRuntime.current().maxProcs(1);
            clock.run();
            for (int i = 1; i <= count; i++) {
                assertEquals(i, done.receive());
            }
        });
    }
}
