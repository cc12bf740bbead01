package io.goruntime.internal.heap;

import io.goruntime.internal.mem.Memory;
import io.goruntime.testing.Bounded;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Threads with caches of their own, and threads that share stripes, allocate, and free what they find in slots that all of
 * them share: most objects are freed by another thread than the one that allocated them. Each object carries its size and
 * its address from the first word to the last, so that two that overlap are noticed. For more than one JVM.
 */
final class HeapProgram {
    private static final int THREADS = 6;
    private static final int SLOTS = 2_000;

    private final long seed;
    private final MHeap heap;
    private final MCache[] caches = new MCache[THREADS];
    private final AtomicLongArray slots = new AtomicLongArray(SLOTS);
    private final AtomicLong operations = new AtomicLong();
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();

    private HeapProgram(long seed, MHeap heap) {
        this.seed = seed;
        this.heap = heap;
    }

    public static void main(String[] args) throws Exception {
        System.out.println(run(Bounded.seed("HeapProgram"), Duration.ofSeconds(1), MemLimit.OFF));
    }

    /** Works for so long, checks everything, and says how much was done. */
    static String run(long seed, Duration time, long limitBytes) throws Exception {
        MHeap heap = Heaps.open(1 << 30, limitBytes);
        try {
            HeapProgram program = new HeapProgram(seed, heap);
            Bounded.run(time.multipliedBy(Bounded.scale()).plusSeconds(40), null, () -> program.work(time));
            return program.operations + " operations, " + heap.stats();
        } finally {
            heap.close();
        }
    }

    private void work(Duration time) throws InterruptedException {
        for (int round = 0; round < 3; round++) {
            long until = Bounded.until(time.dividedBy(3));
            Thread[] threads = new Thread[THREADS + 1];
            for (int i = 0; i < THREADS; i++) {
                int index = i;
                threads[i] = start(i % 3 == 2, () -> worker(index, until));
            }
            threads[THREADS] = start(false, () -> scavenge(until));
            for (Thread t : threads) {
                t.join();
            }
            if (!failures.isEmpty()) {
                throw new AssertionError("seed " + seed, failures.peek());
            }
            heap.checkInvariants(usedCaches());
        }
        for (int i = 0; i < SLOTS; i++) {
            free(slots.getAndSet(i, 0));
        }
        for (MCache c : usedCaches()) {
            c.flush();
        }
        heap.flushStripes();
        heap.checkInvariants(usedCaches());
        MemStats stats = heap.stats();
        if (stats.heapAlloc() != 0 || stats.spansInuse() != 0 || stats.heapIdle() != stats.heapSys()
                || stats.mallocs() != operations.get()) {
            throw new AssertionError("seed " + seed + ": " + operations + " allocations, but " + stats);
        }
    }

    private MCache[] usedCaches() {
        return Arrays.stream(caches).filter(c -> c != null).toArray(MCache[]::new);
    }

    private interface Work {
        void run() throws Exception;
    }

    private Thread start(boolean virtual, Work work) {
        Runnable task = () -> {
            try {
                work.run();
            } catch (Exception | Error e) {
                failures.add(e);
            }
        };
        return virtual ? Thread.ofVirtual().start(task) : Thread.ofPlatform().daemon().start(task);
    }

    /** The first three have a cache of their own, the others share stripes; the third and the sixth are virtual. */
    private void worker(int index, long until) {
        Random random = new Random(seed + index);
        if (index < 3 && caches[index] == null) {
            caches[index] = heap.newCache();
        }
        Heaps.Owned.use(caches[index]);
        long done = 0;
        long[] mine = new long[64];
        while (System.nanoTime() < until && failures.isEmpty()) {
            for (int i = 0; i < 1_000; i++) {
                int kind = random.nextInt(1_000);
                if (kind == 0 && index < 3) {
                    caches[index].flush();
                } else if (kind < 600) {
                    free(slots.getAndSet(random.nextInt(SLOTS), alloc(random)));
                    done++;
                } else {
                    int slot = random.nextInt(mine.length);
                    free(mine[slot]);
                    mine[slot] = alloc(random);
                    done++;
                }
            }
        }
        for (long addr : mine) {
            free(addr);
        }
        operations.addAndGet(done);
        Heaps.Owned.use(null);
    }

    /** Free memory loses its content all the time; what is in use must not. */
    private void scavenge(long until) throws InterruptedException {
        while (System.nanoTime() < until && failures.isEmpty()) {
            heap.freeOsMemory();
            heap.stats();
            Thread.sleep(1); // lets others have the processor
        }
    }

    private long alloc(Random random) {
        int size = switch (random.nextInt(300)) {
            case 0 -> random.nextInt(16, 60_000);
            case 1, 2, 3 -> random.nextInt(16, 9_000);
            default -> random.nextInt(16, 200);
        };
        boolean zero = random.nextBoolean();
        long addr = heap.alloc(size, random.nextBoolean() || !zero, zero);
        long last = addr + (size & -8) - 8;
        if (zero && (Memory.getLong(addr) != 0 || Memory.getLong(last) != 0)) {
            throw new AssertionError("not zero: 0x" + Long.toHexString(addr));
        }
        Memory.putLong(addr, size);
        Memory.putLong(last, addr ^ size);
        return addr;
    }

    private void free(long addr) {
        if (addr != 0) {
            long size = Memory.getLong(addr);
            long last = size < 16 || size > 60_000 ? 0 : Memory.getLong(addr + (size & -8) - 8);
            if (last != (addr ^ size)) {
                throw new AssertionError("overwritten: 0x" + Long.toHexString(addr) + ", size " + size);
            }
            Memory.putLong(addr, -1);
            heap.free(addr);
        }
    }
}
