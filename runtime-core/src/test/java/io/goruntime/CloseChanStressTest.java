package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.goruntime.testing.Bounded;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Close wakes every waiter, though the first ones are already waiting for something else, with the same sudog, when it
 * comes to the last.
 */
class CloseChanStressTest {
    private static final int WAITERS = 50;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void closeWakesAllThoughTheyWaitAgain(int procs) throws Exception {
        int rounds = 200 * Bounded.scale();
        AtomicInteger woken = new AtomicInteger();
        try (GoRuntime runtime = GoRuntime.builder().name("close-chan").maxProcs(procs).closeTimeout(Duration.ZERO)
                .build()) {
            Bounded.run(Duration.ofSeconds(25), runtime, () -> {
                // A chain of channels: whoever is woken at one waits at the next.
                Chan<?>[] chain = new Chan<?>[rounds];
                for (int i = 0; i < rounds; i++) {
                    chain[i] = Chan.make();
                }
                Goroutine[] all = new Goroutine[WAITERS];
                for (int i = 0; i < WAITERS; i++) {
                    all[i] = runtime.spawn(() -> {
                        for (int k = 0; k < rounds; k++) {
                            chain[k].receive();
                            woken.incrementAndGet();
                        }
                    });
                }
                for (int k = 0; k < rounds; k++) {
                    String everybodyWaits = "Chan[cap=0 len=0 receivers=" + WAITERS + " senders=0]";
                    while (!chain[k].toString().equals(everybodyWaits)) {
                        Thread.yield();
                        if (Thread.interrupted()) {
                            throw new IllegalStateException("gave up in round " + k);
                        }
                    }
                    chain[k].close();
                }
                for (Goroutine g : all) {
                    g.join();
                }
            });
        }
        assertEquals(WAITERS * rounds, woken.get());
    }

    /**
     * Between the moment when close claims a waiter and the moment when it wakes it, the waiter may be interrupted. It
     * must wait for its waker then: only the waker says how the wait ended.
     */
    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void aClaimedWaiterThatIsInterruptedStillLearnsOfTheClose(int procs) throws Exception {
        AtomicInteger phantoms = new AtomicInteger();
        AtomicInteger ends = new AtomicInteger();
        int rounds = 200 * Bounded.scale();
        try (GoRuntime runtime = GoRuntime.builder().name("close-chan").maxProcs(procs).closeTimeout(Duration.ZERO)
                .build()) {
            Bounded.run(Duration.ofSeconds(25), runtime, () -> {
                for (int round = 0; round < rounds; round++) {
                    Chan<Integer> ch = Chan.make();
                    Goroutine[] all = new Goroutine[WAITERS];
                    for (int i = 0; i < WAITERS; i++) {
                        all[i] = runtime.spawn(() -> {
                            try {
                                (ch.receiveOk().ok() ? phantoms : ends).incrementAndGet();
                            } catch (InterruptedException e) {
                                ends.incrementAndGet();
                            }
                        });
                    }
                    while (!ch.toString().contains("receivers=" + WAITERS)) {
                        Thread.yield();
                        if (Thread.interrupted()) {
                            throw new IllegalStateException("gave up in round " + round);
                        }
                    }
                    // From the last to the first: the last is woken last.
                    Thread interrupter = Thread.ofPlatform().daemon().start(() -> {
                        for (int i = WAITERS - 1; i >= 0; i--) {
                            all[i].interrupt();
                        }
                    });
                    ch.close();
                    interrupter.join();
                    for (Goroutine g : all) {
                        g.join();
                    }
                }
            });
        }
        assertEquals(0, phantoms.get(), "received from a channel to which nobody sent");
        assertEquals(WAITERS * rounds, ends.get());
    }
}
