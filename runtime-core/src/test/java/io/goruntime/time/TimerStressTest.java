package io.goruntime.time;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.Goroutine;
import io.goruntime.testing.Bounded;
import io.goruntime.testing.Runners;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many timers, from many threads, against stops, resets, interrupts and changes of the number of Ps. */
public class TimerStressTest {
    private static final Duration WORK = Duration.ofMillis(1500);
    private static final Duration LIMIT = WORK.multipliedBy(Bounded.scale()).plusSeconds(45);
    private static final Duration HOUR = Duration.ofHours(1);

    /** A hang was seen: it need not be waited for in every other test too. */
    private static volatile boolean hung;

    private static void onRuntime(int procs, BodyOn body) throws Exception {
        if (hung) {
            throw new AssertionError("not run: a test before this one hung");
        }
        hung = true;
        try (GoRuntime runtime = GoRuntime.builder().name("timers").maxProcs(procs).closeTimeout(Duration.ZERO)
                .build()) {
            Bounded.run(LIMIT, runtime, () -> body.run(runtime));
            hung = false;
        }
    }

    @FunctionalInterface
    private interface BodyOn {
        void run(GoRuntime runtime) throws Exception;
    }

    /** Each sleeps its time at least, and all wake. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void aHundredThousandSleepers(int procs) throws Exception {
        long seed = Bounded.seed("aHundredThousandSleepers");
        int count = 100_000;
        AtomicInteger woken = new AtomicInteger();
        AtomicInteger early = new AtomicInteger();
        onRuntime(procs, runtime -> {
            Random random = new Random(seed);
            List<Goroutine> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                long nanos = 1 + random.nextInt(500_000_000);
                all.add(runtime.spawn(() -> {
                    long start = System.nanoTime();
                    Timers.sleep(Duration.ofNanos(nanos));
                    if (System.nanoTime() - start < nanos) {
                        early.incrementAndGet();
                    }
                    woken.incrementAndGet();
                }));
            }
            for (Goroutine each : all) {
                each.join();
            }
        });
        assertEquals(count, woken.get());
        assertEquals(0, early.get());
    }

    /** Each timer either fires or is stopped: exactly one of the two. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void aMillionTimersSetAndStopped(int procs) throws Exception {
        long seed = Bounded.seed("aMillionTimersSetAndStopped");
        int goroutines = 4;
        int each = 250_000;
        int batch = 500;
        AtomicInteger stopped = new AtomicInteger();
        AtomicInteger stoppedNear = new AtomicInteger();
        AtomicInteger near = new AtomicInteger();
        AtomicInteger fired = new AtomicInteger();
        onRuntime(procs, runtime -> {
            List<Goroutine> all = new ArrayList<>();
            for (int g = 0; g < goroutines; g++) {
                Random random = new Random(seed + g);
                all.add(runtime.spawn(() -> {
                    for (int done = 0; done < each; done += batch) {
                        List<Timer> timers = new ArrayList<>();
                        List<Timer> nearTimers = new ArrayList<>();
                        for (int i = 0; i < batch; i++) {
                            if (random.nextInt(20) == 0) {
                                near.incrementAndGet();
                                nearTimers.add(Timers.afterFunc(Duration.ofNanos(random.nextInt(300_000)),
                                        fired::incrementAndGet));
                            } else {
                                timers.add(Timers.afterFunc(HOUR, () -> fired.addAndGet(1_000_000)));
                            }
                        }
                        while (!timers.isEmpty()) {
                            Timer last = timers.removeLast();
                            if (last.stop()) {
                                stopped.incrementAndGet();
                            }
                        }
                        for (Timer timer : nearTimers) {
                            if (timer.stop()) {
                                stoppedNear.incrementAndGet();
                            }
                        }
                    }
                }));
            }
            for (Goroutine g : all) {
                g.join();
            }
            while (runtime.numGoroutine() > 0 || fired.get() + stoppedNear.get() < near.get()) {
                Thread.sleep(1);
            }
        });
        assertEquals(goroutines * each - near.get(), stopped.get());
        assertEquals(near.get(), fired.get() + stoppedNear.get());
        assertTrue(fired.get() > 0);
    }

    /**
     * A timer is set at a random moment of the few microseconds in which an M goes idle, or sleeps for a later one.
     * Nothing else happens meanwhile, so one that is overlooked hangs the round: the other timer is an hour away.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    @Tag("gmp")
    void noTimerIsOverlookedByAnMThatGoesIdle(int procs) throws Exception {
        Random random = new Random(Bounded.seed("noTimerIsOverlookedByAnMThatGoesIdle"));
        long until = Bounded.until(WORK);
        onRuntime(procs, runtime -> {
            Chan<Boolean> fired = Chan.make(1);
            Chan<Timer> made = Chan.make();
            runtime.spawn(() -> {
                made.send(Timers.afterFunc(HOUR, () -> fired.send(true)));
                made.send(Timers.afterFunc(HOUR, () -> fired.send(false)));
            });
            Timer timer = made.receive();
            Timer far = made.receive();
            while (System.nanoTime() < until) {
                if (random.nextBoolean()) {
                    far.stop();
                } else {
                    far.reset(HOUR);
                }
                timer.reset(Duration.ofNanos(random.nextInt(30_000)));
                assertTrue(fired.receive());
                long end = System.nanoTime() + random.nextInt(40_000);
                while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                }
            }
        });
    }

    /** The same from inside: sleeps of random short times, with goroutines that do not give way in between. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void shortSleepsBesideHogs(int procs) throws Exception {
        long seed = Bounded.seed("shortSleepsBesideHogs");
        long until = Bounded.until(WORK);
        onRuntime(procs, runtime -> {
            List<Goroutine> all = new ArrayList<>();
            for (int g = 0; g < 6; g++) {
                Random random = new Random(seed + g);
                boolean hog = g < 2;
                all.add(runtime.spawn(() -> {
                    while (System.nanoTime() < until) {
                        Timers.sleep(Duration.ofNanos(random.nextInt(200_000)));
                        long end = System.nanoTime() + (hog ? random.nextInt(20_000_000) : random.nextInt(10_000));
                        while (System.nanoTime() < end) {
                            Thread.onSpinWait();
                        }
                    }
                }));
            }
            for (Goroutine each : all) {
                each.join();
            }
        });
    }

    /** Interrupts against the end of the sleep, with the number of Ps going up and down: each sleep ends once. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    @Tag("gmp")
    void interruptsAndChangingPs(int procs) throws Exception {
        long seed = Bounded.seed("interruptsAndChangingPs");
        long until = Bounded.until(WORK);
        AtomicInteger sleeps = new AtomicInteger();
        AtomicInteger interrupted = new AtomicInteger();
        AtomicInteger slept = new AtomicInteger();
        // A thread that interrupts nobody for so long is given more time.
        long latest = until + Duration.ofSeconds(20).toNanos();
        BooleanSupplier goesOn = () -> System.nanoTime() < until
                || interrupted.get() == 0 && System.nanoTime() < latest;
        onRuntime(procs, runtime -> {
            List<Goroutine> all = new ArrayList<>();
            for (int g = 0; g < 20; g++) {
                Random random = new Random(seed + g);
                all.add(runtime.spawn(() -> {
                    while (goesOn.getAsBoolean()) {
                        sleeps.incrementAndGet();
                        try {
                            Timers.sleep(Duration.ofNanos(1 + random.nextInt(100_000)));
                            slept.incrementAndGet();
                        } catch (InterruptedException e) {
                            interrupted.incrementAndGet();
                        }
                    }
                }));
            }
            Random random = new Random(seed);
            while (goesOn.getAsBoolean()) {
                all.get(random.nextInt(all.size())).interrupt();
                if (random.nextInt(10) == 0) {
                    runtime.maxProcs(1 + random.nextInt(procs + 2));
                }
                long end = System.nanoTime() + random.nextInt(50_000);
                while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                }
            }
            for (Goroutine each : all) {
                each.join();
            }
        });
        assertEquals(sleeps.get(), slept.get() + interrupted.get());
        assertTrue(interrupted.get() > 0);
    }

    /** All kinds of thread receive from one timer that is set again after each value: none is lost, none is stale. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void oneTimerAmongAllKindsOfThread(int procs) throws Exception {
        int receivers = 8;
        int rounds = 1000;
        AtomicInteger received = new AtomicInteger();
        try (Runners.Crew crew = new Runners.Crew(procs)) {
            Chan<Timer> made = Chan.make();
            crew.start(0, () -> made.send(Timer.make(HOUR)));
            Timer timer = made.receive();
            timer.reset(Duration.ZERO);
            for (int i = 0; i < receivers; i++) {
                crew.start(i, () -> {
                    for (int k = 0; k < rounds; k++) {
                        timer.channel().receive();
                        received.incrementAndGet();
                        // Only the receiver of the last value sets it: nothing can be pending.
                        assertTrue(!timer.reset(Duration.ofNanos(1000 * (k % 20))));
                    }
                });
            }
            crew.join();
        }
        assertEquals(receivers * rounds, received.get());
    }
}
