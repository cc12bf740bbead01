package io.goruntime;

import io.goruntime.testing.Bounded;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * No wake-up is lost while Ms go idle. Each round makes work from outside at a random moment of the few microseconds in
 * which an M gives up looking for it, and waits for the work to be done: nothing else happens meanwhile, so a wake-up
 * that is lost hangs the round, and the time-out reports it with a dump.
 */
class WakeupStressTest {
    private static final Duration WORK = Duration.ofMillis(1500);

    /** Beyond the work, for a hang. */
    private static final Duration LIMIT = WORK.multipliedBy(Bounded.scale()).plusSeconds(20);

    /** An M looks for work for up to so long before it sleeps, roughly. */
    private static final int MAX_DELAY_NANOS = 30_000;

    private volatile int done;

    private static void spin(int nanos) {
        long until = System.nanoTime() + nanos;
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
    }

    private void awaitDone(int round) {
        int looks = 0;
        while (done != round) {
            if (++looks % 1000 == 0) {
                Thread.yield(); // the machine may have fewer processors than we have busy threads
                if (Thread.interrupted()) {
                    throw new IllegalStateException("gave up in round " + round);
                }
            } else {
                Thread.onSpinWait();
            }
        }
    }

    /** A hang was seen: it need not be waited for in every other test too. */
    private static volatile boolean hung;

    private static void onRuntime(int procs, BodyOn body) throws Exception {
        if (hung) {
            throw new AssertionError("not run: a test before this one hung");
        }
        try (GoRuntime runtime = GoRuntime.builder().name("wakeup").maxProcs(procs).closeTimeout(Duration.ZERO)
                .build()) {
            hung = true;
            Bounded.run(LIMIT, runtime, () -> body.run(runtime));
            hung = false;
        }
    }

    @FunctionalInterface
    private interface BodyOn {
        void run(GoRuntime runtime) throws Exception;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void spawnsFromOutside(int procs) throws Exception {
        Random random = new Random(Bounded.seed("spawnsFromOutside"));
        long until = Bounded.until(WORK);
        onRuntime(procs, runtime -> {
            for (int round = 1; System.nanoTime() < until; round++) {
                int mine = round;
                runtime.spawn(() -> done = mine);
                awaitDone(round);
                spin(random.nextInt(MAX_DELAY_NANOS));
            }
        });
    }

    /** Work that comes before there is an M to do it. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aNewRuntimeWorksFromTheStart(int procs) throws Exception {
        Random random = new Random(Bounded.seed("aNewRuntimeWorksFromTheStart"));
        long until = Bounded.until(WORK);
        for (int round = 1; System.nanoTime() < until; round += 3) {
            int first = round;
            onRuntime(procs, runtime -> {
                for (int i = 0; i < 3; i++) {
                    int mine = first + i;
                    runtime.spawn(() -> done = mine);
                    awaitDone(mine);
                    spin(random.nextInt(MAX_DELAY_NANOS));
                }
            });
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void sendsFromOutside(int procs) throws Exception {
        Random random = new Random(Bounded.seed("sendsFromOutside"));
        long until = Bounded.until(WORK);
        onRuntime(procs, runtime -> {
            Chan<Integer> ch = Chan.make();
            runtime.spawn(() -> ch.range(v -> done = v));
            for (int round = 1; System.nanoTime() < until; round++) {
                ch.send(round);
                awaitDone(round);
                spin(random.nextInt(MAX_DELAY_NANOS));
            }
            ch.close();
        });
    }

    /** Goroutines that spin until all of them run need a P each, whoever was awake when they came. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void everyoneMeets(int procs) throws Exception {
        Random random = new Random(Bounded.seed("everyoneMeets"));
        long until = Bounded.until(WORK);
        onRuntime(procs, runtime -> {
            for (int round = 1; System.nanoTime() < until; round++) {
                meet(runtime, procs, round, random);
                spin(random.nextInt(MAX_DELAY_NANOS));
            }
        });
    }

    private void meet(GoRuntime runtime, int parties, int round, Random random) {
        AtomicInteger arrived = new AtomicInteger();
        AtomicInteger left = new AtomicInteger(parties);
        for (int i = 0; i < parties; i++) {
            runtime.spawn(() -> {
                arrived.incrementAndGet();
                while (arrived.get() < parties) {
                    Thread.onSpinWait();
                }
                if (left.decrementAndGet() == 0) {
                    done = round;
                }
            });
            if (random.nextBoolean()) {
                spin(random.nextInt(MAX_DELAY_NANOS));
            }
        }
        while (done != round) {
            LockSupport.parkNanos(20_000); // the processors are for those that meet
            if (Thread.interrupted()) {
                throw new IllegalStateException("gave up in round " + round);
            }
        }
    }

    /** A child is in the runnext of a P whose goroutine does not give way: another P must take it from there. */
    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void aChildIsStolenFromABusyParent(int procs) throws Exception {
        Random random = new Random(Bounded.seed("aChildIsStolenFromABusyParent"));
        long until = Bounded.until(WORK);
        onRuntime(procs, runtime -> {
            Goroutine parent = runtime.spawn(() -> {
                for (int round = 1; System.nanoTime() < until; round++) {
                    int mine = round;
                    GoRuntime.go(() -> done = mine);
                    while (done != mine) {
                        Thread.onSpinWait();
                    }
                    spin(random.nextInt(MAX_DELAY_NANOS));
                }
            });
            parent.join();
        });
    }
}
