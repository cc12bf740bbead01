package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.goruntime.testing.Bounded;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
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
     * must wait for its waker then: only the waker says how the wait ended, and it must not do so in the next wait.
     */
    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void aClaimedWaiterThatIsInterruptedStillLearnsOfTheClose(int procs) throws Exception {
        ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
        AtomicInteger ends = new AtomicInteger();
        int rounds = 200 * Bounded.scale();
        try (GoRuntime runtime = GoRuntime.builder().name("close-chan").maxProcs(procs).closeTimeout(Duration.ZERO)
                .onPanic((g, e) -> wrong.add(e.toString())).build()) {
            Bounded.run(Duration.ofSeconds(25), runtime, () -> {
                for (int round = 0; round < rounds; round++) {
                    Chan<Integer> ch = Chan.make();
                    Chan<Integer> after = Chan.make();
                    Goroutine[] all = new Goroutine[WAITERS];
                    for (int i = 0; i < WAITERS; i++) {
                        all[i] = runtime.spawn(() -> {
                            try {
                                if (ch.receiveOk().ok()) {
                                    wrong.add("an element that nobody sent");
                                }
                            } catch (InterruptedException e) {
                                if (!after.receiveOk().ok()) {
                                    wrong.add("woken by the close that came too late");
                                }
                            }
                            ends.incrementAndGet();
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
                        while (!g.isDone()) {
                            after.trySend(1);
                            Chans.pause();
                        }
                    }
                    Chans.assertAtRest(ch);
                    Chans.assertAtRest(after);
                }
            });
        }
        assertEquals(List.of(), List.copyOf(wrong));
        assertEquals(WAITERS * rounds, ends.get());
    }
}
