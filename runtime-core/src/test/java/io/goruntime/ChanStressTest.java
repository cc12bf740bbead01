package io.goruntime;

import static io.goruntime.Chans.assertAtRest;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.OnProcs;
import io.goruntime.testing.Runners;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;

/**
 * Many threads of all kinds send, receive, try, wait with a limit, interrupt each other and close, at random. What was
 * sent is received once or left; what one sender sent comes to any one receiver in the order of sending.
 */
class ChanStressTest {
    private static final double SCALE = Double.parseDouble(System.getProperty("goruntime.stress.scale", "1"));
    private static final int WORKERS = 12;
    private static final int OPERATIONS = (int) Math.max(100, 6_000 * SCALE);
    private static final int SENDER_SHIFT = 32;

    private static final class Worker {
        private final int id;
        private final Chan<Long> c;
        private final SplittableRandom random;
        private final Worker[] all;
        private final List<Long> received = new ArrayList<>();
        private final BitSet sent = new BitSet();
        private volatile Thread thread;
        private volatile boolean hasSent;
        private int next;
        private int interrupts;
        private int timeouts;

        Worker(int id, Chan<Long> c, Worker[] all, SplittableRandom random) {
            this.id = id;
            this.c = c;
            this.all = all;
            this.random = random;
        }

        void run() {
            for (int i = 0; i < OPERATIONS; i++) {
                try {
                    if (!step()) {
                        return;
                    }
                } catch (InterruptedException e) {
                    interrupts++;
                } catch (Panic e) {
                    assertEquals("send on closed channel", e.getMessage());
                    return;
                }
            }
        }

        /** Returns false when the channel is closed and drained. */
        private boolean step() throws InterruptedException {
            Duration wait = Duration.ofNanos(random.nextInt(-10, 100_000));
            int operation = random.nextInt(16);
            switch (operation) {
                case 0, 1, 2 -> {
                    c.send(value());
                    note(true);
                }
                case 3, 4, 5 -> note(c.trySend(value()));
                case 6 -> note(c.trySend(value(), wait));
                case 7, 8 -> {
                    return took(c.receiveOk());
                }
                case 9 -> {
                    Long value = c.receive();
                    return took(new Received<>(value, value != null));
                }
                case 10, 11, 12 -> {
                    Received<Long> value = c.tryReceive();
                    return value == null || took(value);
                }
                case 13 -> {
                    Received<Long> value = c.tryReceive(wait);
                    if (value == null) {
                        timeouts++;
                    }
                    return value == null || took(value);
                }
                case 14 -> {
                    Thread other = all[random.nextInt(all.length)].thread;
                    if (other != null) {
                        other.interrupt();
                    }
                }
                default -> Thread.yield();
            }
            return true;
        }

        /** A new value at each try: one that was not sent must never be received. */
        private long value() {
            return (long) id << SENDER_SHIFT | ++next;
        }

        private void note(boolean wasSent) {
            sent.set(next, wasSent);
            if (wasSent && !hasSent) {
                hasSent = true;
            }
        }

        private boolean took(Received<Long> value) {
            if (value.ok()) {
                received.add(value.value());
            }
            return value.ok();
        }
    }

    @OnProcs
    @Timeout(600)
    void nothingIsLostOrDoubled(int procs) throws Exception {
        for (int cap : new int[]{0, 1, 2, 100}) {
            for (boolean closes : new boolean[]{false, true}) {
                stress(procs, cap, closes);
            }
        }
    }

    private static void stress(int procs, int cap, boolean closes) throws InterruptedException {
        long seed = System.nanoTime();
        String what = procs + " Ps, cap " + cap + (closes ? ", closed" : "") + ", seed " + seed;
        SplittableRandom random = new SplittableRandom(seed);
        Chan<Long> c = Chan.make(cap);
        Worker[] workers = new Worker[WORKERS];
        for (int i = 0; i < WORKERS; i++) {
            workers[i] = new Worker(i, c, workers, random.split());
        }
        try (Runners.Crew crew = new Runners.Crew(procs)) {
            AtomicInteger running = new AtomicInteger(WORKERS);
            for (int i = 0; i < WORKERS; i++) {
                Worker worker = workers[i];
                worker.thread = crew.start(i, () -> {
                    try {
                        worker.run();
                    } finally {
                        running.decrementAndGet();
                    }
                });
            }
            // All may be senders, or receivers, at the same time: interrupts keep them going.
            int shakes = 0;
            while (running.get() > 0) {
                LockSupport.parkNanos(20_000);
                workers[random.nextInt(WORKERS)].thread.interrupt();
                shakes++;
                // Not before something was sent: on a loaded machine the workers may have hardly begun by now.
                if (closes && (running.get() < WORKERS / 2
                        || shakes >= 200 && Arrays.stream(workers).anyMatch(w -> w.hasSent))) {
                    closes = false;
                    c.close();
                }
            }
            crew.join();
        }
        assertAtRest(c);
        check(c, workers, what);
    }

    private static void check(Chan<Long> c, Worker[] workers, String what) {
        BitSet[] got = new BitSet[workers.length];
        for (int i = 0; i < got.length; i++) {
            got[i] = new BitSet();
        }
        List<Long> left = new ArrayList<>();
        for (Received<Long> value; (value = c.tryReceive()) != null && value.ok();) {
            left.add(value.value());
        }
        assertTrue(left.size() <= c.cap());
        int interrupts = 0;
        int timeouts = 0;
        long sum = 0;
        for (Worker worker : workers) {
            note(worker.received, got, what + ", received by " + worker.id);
            interrupts += worker.interrupts;
            timeouts += worker.timeouts;
            sum += worker.sent.cardinality();
        }
        note(left, got, what + ", left");
        for (Worker worker : workers) {
            BitSet difference = (BitSet) worker.sent.clone();
            difference.xor(got[worker.id]);
            assertEquals(-1, difference.nextSetBit(0), what + ": sent or received, not both, of " + worker.id);
        }
        System.out.println(what + ": sent " + sum + ", left " + left.size() + ", interrupts " + interrupts
                + ", time-outs " + timeouts);
        assertTrue(sum > 0, what);
    }

    private static void note(List<Long> values, BitSet[] got, String what) {
        int[] last = new int[got.length];
        for (long value : values) {
            int sender = (int) (value >> SENDER_SHIFT);
            int number = (int) value;
            assertTrue(number > last[sender], what + ": " + number + " after " + last[sender] + " of " + sender);
            last[sender] = number;
            assertTrue(!got[sender].get(number), what + ": twice: " + number + " of " + sender);
            got[sender].set(number);
        }
    }
}
