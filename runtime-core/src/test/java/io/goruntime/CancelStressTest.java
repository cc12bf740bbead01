package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.Bounded;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Goroutines that wait on a channel while interrupts and deadlines end their waits. Every element that was sent is
 * received once. Every interrupt is noticed once: as an InterruptedException, or as the flag after an operation that had
 * completed already. The interrupter waits for that before it interrupts the same goroutine again, so an interrupt that
 * is lost hangs the test.
 */
class CancelStressTest {
    private static final int SENDERS = 3;
    private static final int RECEIVERS = 3;
    private static final int EACH = 8_000;

    private final int each = EACH * Bounded.scale();
    private final AtomicIntegerArray received = new AtomicIntegerArray(SENDERS * each);
    private final AtomicIntegerArray noticed = new AtomicIntegerArray(SENDERS + RECEIVERS);
    private final AtomicInteger receivedInAll = new AtomicInteger();
    private volatile boolean over;

    @ParameterizedTest
    @CsvSource({"0,1", "0,2", "1,2", "3,4"})
    void elementsAndInterruptsAreConserved(int cap, int procs) throws Exception {
        long seed = Bounded.seed("CancelStressTest");
        List<Throwable> failures = new ArrayList<>();
        Chan<Integer> ch = Chan.make(cap);
        try (GoRuntime runtime = GoRuntime.builder().name("cancel").maxProcs(procs).closeTimeout(Duration.ZERO)
                .onPanic((g, e) -> {
                    synchronized (failures) {
                        failures.add(e);
                    }
                }).build()) {
            Bounded.run(Duration.ofSeconds(25), runtime, () -> {
                List<Goroutine> all = new ArrayList<>();
                for (int i = 0; i < SENDERS; i++) {
                    int me = i;
                    all.add(runtime.spawn(() -> sender(ch, me, new Random(seed + me))));
                }
                for (int i = 0; i < RECEIVERS; i++) {
                    int me = SENDERS + i;
                    all.add(runtime.spawn(() -> receiver(ch, me, new Random(seed + me))));
                }
                Thread interrupter = Thread.ofPlatform().daemon().start(() -> interruptAll(all, new Random(seed - 1)));
                for (Goroutine g : all.subList(0, SENDERS)) {
                    g.join();
                }
                ch.close();
                for (Goroutine g : all) {
                    g.join();
                }
                over = true;
                interrupter.join();
            });
        } finally {
            over = true;
        }
        assertEquals(List.of(), failures);
        assertEquals(SENDERS * each, receivedInAll.get());
        ch.checkInvariants();
    }

    /** Clears the flag and counts it. */
    private void notice(int me) {
        if (Thread.interrupted()) {
            noticed.incrementAndGet(me);
        }
    }

    private void sender(Chan<Integer> ch, int me, Random random) {
        for (int i = 0; i < each; i++) {
            int v = me * each + i;
            for (boolean sent = false; !sent;) {
                stalePermit(random);
                try {
                    if (random.nextInt(4) == 0) {
                        sent = ch.trySend(v, Duration.ofNanos(random.nextInt(50_000)));
                    } else {
                        ch.send(v);
                        sent = true;
                    }
                } catch (InterruptedException e) {
                    noticed.incrementAndGet(me);
                }
                notice(me);
            }
        }
    }

    private void receiver(Chan<Integer> ch, int me, Random random) {
        for (boolean open = true; open;) {
            stalePermit(random);
            try {
                Received<Integer> got;
                if (random.nextInt(4) == 0) {
                    got = ch.tryReceive(Duration.ofNanos(random.nextInt(50_000)));
                } else {
                    got = ch.receiveOk();
                }
                if (got != null) {
                    open = got.ok();
                    if (open) {
                        assertEquals(1, received.incrementAndGet(got.value()), "received twice");
                        receivedInAll.incrementAndGet();
                    }
                }
            } catch (InterruptedException e) {
                noticed.incrementAndGet(me);
            }
            notice(me);
        }
    }

    /** What Thread.sleep may leave behind: the next park returns at once, without a reason. */
    private static void stalePermit(Random random) {
        if (random.nextInt(8) == 0) {
            LockSupport.unpark(Thread.currentThread());
        }
    }

    private void interruptAll(List<Goroutine> all, Random random) {
        int[] sent = new int[all.size()];
        while (!over) {
            int i = random.nextInt(all.size());
            Goroutine g = all.get(i);
            g.interrupt();
            sent[i]++;
            while (noticed.get(i) < sent[i] && !g.isDone() && !over) {
                Thread.onSpinWait();
            }
            assertTrue(noticed.get(i) <= sent[i], "an interrupt was noticed twice");
        }
    }
}
