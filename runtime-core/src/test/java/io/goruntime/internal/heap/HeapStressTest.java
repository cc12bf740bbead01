package io.goruntime.internal.heap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.Bounded;
import io.goruntime.testing.ChildJvm;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The heap used by many threads at once; see {@link HeapProgram}. */
class HeapStressTest {
    @Test
    void manyThreadsFreeWhatOthersAllocated() throws Exception {
        HeapProgram.run(Bounded.seed("HeapStressTest"), Duration.ofSeconds(3), MemLimit.OFF);
    }

    @Test
    void nearTheLimit() throws Exception {
        HeapProgram.run(Bounded.seed("HeapStressTest, limit"), Duration.ofSeconds(1), 24 << 20);
    }

    /** As users run it, without checks: other code is compiled. And without the bridge. */
    @Test
    void inOtherJvms() {
        var plain = ChildJvm.of(HeapProgram.class).start();
        var jdk = ChildJvm.of(HeapProgram.class).flags("-Dgoruntime.scheduler=jdk").start();
        plain.await().expectExit(0).expect(" operations, MemStats");
        jdk.await().expectExit(0).expect(" operations, MemStats");
    }

    // -- the end of the stack --

    private static final int OVERFLOWS = 120;

    private final long[] live = new long[100_000];
    private int objects;
    private int overflows;

    /** Recurses, and in each frame allocates two and frees one. */
    private void dig(MHeap heap, int size, long a, long b) {
        live[objects] = heap.alloc(a % 256 == 0 ? 40_000 : size, false, true);
        objects++;
        live[objects] = heap.alloc(size + 7, true, false);
        objects++;
        if (a % 2 == 0) {
            heap.free(live[objects - 1]);
            objects--;
        }
        dig(heap, size, b, a + 1);
    }

    /** A StackOverflowError may strike at each call: the object is there or not, no lock stays held. */
    @Test
    void atTheEndOfTheStack() throws Exception {
        long seed = Bounded.seed("HeapStressTest, stack");
        Random random = new Random(seed);
        MHeap heap = Heaps.open();
        MCache own = heap.newCache();
        Bounded.run(Duration.ofSeconds(50), null, () -> {
            Thread digger = new Thread(null, () -> {
                for (int i = 0; i < OVERFLOWS * Bounded.scale(); i++) {
                    Heaps.Owned.use(i % 2 == 0 ? own : null);
                    int size = 1 + random.nextInt(random.nextBoolean() ? 3_000 : 100);
                    try {
                        dig(heap, size, i, i);
                    } catch (StackOverflowError e) {
                        overflows++;
                    }
                    if (i % 20 == 0) {
                        heap.checkInvariants(own);
                    }
                    if (heap.stats().heapObjects() != objects) {
                        throw new AssertionError(objects + " objects, but " + heap.stats());
                    }
                    while (objects > 0) {
                        heap.free(live[--objects]);
                    }
                }
                heap.checkInvariants(own);
            }, "digger", 256 << 10, false);
            Throwable[] failure = new Throwable[1];
            digger.setUncaughtExceptionHandler((t, e) -> failure[0] = e);
            digger.start();
            digger.join();
            if (failure[0] != null) {
                throw new AssertionError("seed " + seed, failure[0]);
            }
        });
        assertTrue(overflows >= OVERFLOWS, overflows + " overflows");
        assertEquals(0, heap.stats().heapObjects(), "seed " + seed);
        heap.close();
    }
}
