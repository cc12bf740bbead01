package io.goruntime;

import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * While another thread exhausts the heap again and again, parking and waking fail with OutOfMemoryError in the middle.
 * When memory is back every goroutine must still be there: each beats until the end, and none that beat stops.
 */
@Tag("gmp")
@ExtendWith(DumpOnTimeout.class)
class OutOfMemoryTest {
    private static final List<ChildJvm.Running> CHILDREN = new ArrayList<>();

    @BeforeAll
    static void startChildren() {
        for (String collector : List.of("-XX:+UseG1GC", "-XX:+UseSerialGC")) {
            CHILDREN.add(
                    ChildJvm.of(Program.class).flags("-Xmx48m", collector).timeout(Duration.ofSeconds(45)).start());
        }
    }

    @Test
    void noGoroutineIsLostWhenTheHeapIsExhausted() {
        for (ChildJvm.Running child : CHILDREN) {
            child.await().expectExit(0).expect("memory: all beat on");
        }
    }

    static final class Program {
        private static final int COUNT = 200;
        private static final long EXHAUST_NANOS = 4_000_000_000L;
        private static final int[] SIZES = {1 << 20, 1 << 16, 1 << 12, 256, 16};
        private static final AtomicInteger FAILED = new AtomicInteger();
        private static volatile boolean stop;

        private Program() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(40));
            AtomicLongArray beats = new AtomicLongArray(COUNT);
            GoRuntime rt = GoRuntime.builder().maxProcs(2).build();
            Chan<Integer> c = Chan.make(8);
            List<Goroutine> all = new ArrayList<>();
            for (int i = 0; i < COUNT; i++) {
                int me = i;
                all.add(rt.spawn(() -> beat(me, beats, c)));
            }
            AtomicInteger exhausted = new AtomicInteger();
            Thread eater = Thread.ofPlatform().start(() -> eat(exhausted));
            eater.join();
            System.gc();
            long[] before = new long[COUNT];
            for (int i = 0; i < COUNT; i++) {
                before[i] = beats.get(i);
            }
            long deadline = System.nanoTime() + 15_000_000_000L;
            int still;
            do {
                Thread.sleep(20);
                still = 0;
                for (int i = 0; i < COUNT; i++) {
                    still += beats.get(i) == before[i] ? 1 : 0;
                }
            } while (still > 0 && System.nanoTime() < deadline);
            // The threads that watch and help must have outlived it too: a hog on every P needs them.
            for (int i = 0; i < 2; i++) {
                rt.spawn(() -> {
                    while (!stop) {
                        Thread.onSpinWait();
                    }
                });
            }
            Goroutine beside = rt.spawn(() -> {
                for (int i = 0; i < 5; i++) {
                    Thread.sleep(20);
                }
            });
            if (!beside.join(Duration.ofSeconds(10))) {
                System.out.println("hogs are not compensated any more\n" + DumpOnTimeout.allThreads());
                Runtime.getRuntime().halt(3);
            }
            System.out.println("memory: exhausted " + exhausted + " times, " + FAILED + " operations failed, " + still
                    + " of " + COUNT + " goroutines never ran again");
            if (still > 0) {
                System.out.println(Fleet.dump(rt));
                Runtime.getRuntime().halt(1);
            }
            stop = true;
            for (Goroutine g : all) {
                if (!g.join(Duration.ofSeconds(10))) {
                    System.out.println("did not end: " + g + "\n" + Fleet.dump(rt));
                    Runtime.getRuntime().halt(2);
                }
            }
            System.out.println(
                    exhausted.get() > 0 ? "memory: all beat on" : "memory: the heap was never exhausted");
            rt.close();
        }

        private static void beat(int me, AtomicLongArray beats, Chan<Integer> c) {
            while (!stop) {
                try {
                    switch (me % 4) {
                        case 0 -> Thread.sleep(1);
                        case 1 -> {
                            LockSupport.parkNanos(1_000_000);
                            GoRuntime.gosched();
                        }
                        case 2 -> c.trySend(me, Duration.ofMillis(1));
                        default -> c.tryReceive(Duration.ofMillis(1));
                    }
                } catch (OutOfMemoryError e) {
                    FAILED.incrementAndGet();
                } catch (InterruptedException e) {
                    return;
                }
                beats.incrementAndGet(me);
            }
        }

        /**
         * Fills the heap to the last few bytes, keeps it full for a while, lets go, and begins again. The large pieces
         * come first: a heap full of small objects only takes the collector much longer.
         */
        private static void eat(AtomicInteger exhausted) {
            long end = System.nanoTime() + EXHAUST_NANOS;
            while (System.nanoTime() < end) {
                Object[] kept = null;
                for (int size : SIZES) {
                    try {
                        for (;;) {
                            kept = new Object[]{kept, new byte[size]};
                        }
                    } catch (OutOfMemoryError e) {
                        // on to the next smaller size
                    }
                }
                try {
                    long until = System.nanoTime() + 20_000_000;
                    while (System.nanoTime() < until) {
                        Thread.onSpinWait();
                    }
                    Reference.reachabilityFence(kept);
                } catch (OutOfMemoryError e) {
                    // The first call of a method needs memory too.
                }
                kept = null;
                exhausted.incrementAndGet();
            }
        }
    }
}
