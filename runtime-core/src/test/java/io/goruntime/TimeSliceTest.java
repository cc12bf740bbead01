package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.Bounded;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Goroutines that could go on for ever leave room for the others. */
class TimeSliceTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private volatile boolean flag;
    private volatile boolean over;
    private volatile int turn;

    private static GoRuntime oneP() {
        return GoRuntime.builder().name("slice").maxProcs(1).closeTimeout(Duration.ZERO).build();
    }

    /**
     * A goroutine that yields goes behind those that wait, not into runnext. If the system takes the processor away from
     * the other one before it has set the flag, a P stands in for its own, on which nobody else waits; so it may take more
     * yields than two, but not each time.
     */
    @Test
    void aYieldLetsTheOtherOneRun() throws Exception {
        List<Integer> yields = new ArrayList<>();
        do {
            yields.add(yieldsUntilTheOtherRan());
        } while (yields.getLast() > 2 && yields.size() < 10);
        assertTrue(yields.getLast() <= 2, yields + " yields");
    }

    private int yieldsUntilTheOtherRan() throws Exception {
        AtomicInteger yields = new AtomicInteger();
        flag = false;
        try (GoRuntime runtime = oneP()) {
            Bounded.run(LIMIT, runtime, () -> runtime.spawn(() -> {
                Goroutine other = GoRuntime.current().spawn(() -> flag = true);
                // Two, not one: sysmon may have asked for a time slice's end just before.
                while (!flag && yields.incrementAndGet() < 100) {
                    GoRuntime.gosched();
                }
                other.join();
            }).join());
        }
        return yields.get();
    }

    /** Two goroutines that wake each other share one time slice; when it is over the third gets its turn. */
    @Test
    void aPairThatWakesEachOtherGivesWay() throws Exception {
        try (GoRuntime runtime = oneP()) {
            Bounded.run(LIMIT, runtime, () -> {
                Thread[] pair = new Thread[2];
                Chan<Integer> ready = Chan.make();
                try {
                    for (int i = 0; i < 2; i++) {
                        int me = i;
                        pair[i] = runtime.spawn(() -> {
                            ready.receive();
                            while (!over) {
                                while (turn != me && !over) {
                                    LockSupport.park();
                                }
                                turn = 1 - me;
                                LockSupport.unpark(pair[1 - me]);
                            }
                        }).thread();
                    }
                    ready.send(0);
                    ready.send(1);
                    // Comes into the local queue of the one P, which the pair never lets run empty.
                    runtime.spawn(() -> GoRuntime.go(() -> flag = true)).join();
                    while (!flag) {
                        Thread.sleep(1);
                    }
                } finally {
                    over = true;
                    LockSupport.unpark(pair[0]);
                    LockSupport.unpark(pair[1]);
                }
            });
        } finally {
            over = true;
        }
    }

    /**
     * One goroutine readies another, which then computes until the first goes on, and yields to it. With an idle P it
     * does not have to wait for anything.
     */
    @Test
    void whoYieldsToARunnextFindsTheIdleP() throws Exception {
        try (GoRuntime runtime = GoRuntime.builder().name("slice").maxProcs(2).closeTimeout(Duration.ZERO).build()) {
            Bounded.run(LIMIT, runtime, () -> runtime.spawn(() -> {
                Chan<Integer> start = Chan.make();
                Chan<Integer> done = Chan.make();
                for (int i = 0; i < 50; i++) {
                    flag = false;
                    GoRuntime.go(() -> {
                        start.receive();
                        while (!flag) {
                            Thread.onSpinWait();
                        }
                        done.send(0);
                    });
                    while (!start.toString().contains("receivers=1")) {
                        Thread.sleep(1); // meanwhile the Ms go idle
                    }
                    start.send(0);
                    GoRuntime.gosched();
                    flag = true;
                    done.receive();
                }
            }).join());
        } finally {
            flag = true;
        }
    }
}
