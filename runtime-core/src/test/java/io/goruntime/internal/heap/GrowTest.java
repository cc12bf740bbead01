package io.goruntime.internal.heap;

import io.goruntime.testing.Bounded;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** Whoever makes the heap grow gets the pages it grew for, though others take pages at the same moment. */
class GrowTest {
    private static final int THREADS = 4;
    private static final int OBJECTS = 20;

    @Test
    void whoGrowsTheHeapGetsItsPages() throws Exception {
        for (int round = 0; round < 30; round++) {
            MHeap heap = Heaps.open();
            try {
                Bounded.run(Duration.ofSeconds(20), null, () -> growTogether(heap));
                heap.flushStripes();
                heap.checkInvariants();
            } finally {
                heap.close();
            }
        }
    }

    private static void growTogether(MHeap heap) throws Exception {
        CyclicBarrier start = new CyclicBarrier(THREADS);
        List<FutureTask<Void>> tasks = new ArrayList<>();
        for (int t = 0; t < THREADS; t++) {
            long bytes = PageAlloc.CHUNK_BYTES >> t; // one needs all that the heap grows by, others take of that
            FutureTask<Void> task = new FutureTask<>(() -> {
                List<Long> objects = new ArrayList<>();
                start.await();
                for (int i = 0; i < OBJECTS; i++) {
                    objects.add(heap.alloc(bytes, true, false));
                }
                objects.forEach(heap::free);
                return null;
            });
            tasks.add(task);
            Thread.ofPlatform().daemon().start(task);
        }
        for (FutureTask<Void> task : tasks) {
            task.get();
        }
    }
}
