package io.goruntime.internal.heap;

import static io.goruntime.internal.heap.Heaps.MB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.internal.mem.Memory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Free memory is given back: the resident set of the process says so. */
class ScavengerTest {
    private final MHeap heap = Heaps.open();

    @AfterEach
    void close() {
        heap.close();
        assertFalse(heap.scavenger().isRunning());
    }

    private long use(long bytes) {
        long addr = heap.alloc(bytes, true, false);
        for (long offset = 0; offset < bytes; offset += 4096) {
            Memory.putLong(addr + offset, offset);
        }
        return addr;
    }

    /** What is resident of the mapping in which the heap lies. */
    private long residentBytes() throws IOException {
        boolean inside = false;
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                String[] ends = line.substring(0, line.indexOf(' ')).split("-");
                inside = Long.parseUnsignedLong(ends[0], 16) <= heap.baseAddr()
                        && heap.baseAddr() < Long.parseUnsignedLong(ends[1], 16);
            } else if (inside && line.startsWith("Rss:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        throw new AssertionError("no mapping");
    }

    @Test
    void onDemand() throws IOException {
        long kept = use(MB);
        long before = residentBytes();
        List<Long> objects = new ArrayList<>();
        for (int i = 0; i < 64 * 16; i++) {
            objects.add(use(MB / 16));
        }
        long last = use(MB);
        assertTrue(residentBytes() - before >= 64 * MB);
        heap.scavenger().working.lock(); // else its thread releases a part of it, or is just about to
        try {
            objects.forEach(heap::free);
            long released = heap.freeOsMemory();
            assertTrue(released >= 60 * MB, released + " bytes");
            assertTrue(residentBytes() - before <= 5 * MB, residentBytes() + " bytes, before " + before);
            MemStats stats = heap.stats();
            assertEquals(stats.heapIdle(), stats.heapReleased());
        } finally {
            heap.scavenger().working.unlock();
        }
        assertEquals(MB - 4096, Memory.getLong(kept + MB - 4096));
        assertEquals(MB - 4096, Memory.getLong(last + MB - 4096));
        heap.checkInvariants();
        heap.free(kept);
        heap.free(last);
    }

    @Test
    void inTheBackground() throws Exception {
        long kept = use(8 * MB);
        long before = residentBytes();
        heap.free(use(64 * MB));
        await(() -> heap.stats().heapSys() - heap.stats().heapReleased() <= 9 * MB);
        assertTrue(residentBytes() - before <= 2 * MB, residentBytes() + " bytes, before " + before);
        await(() -> !heap.scavenger().isRunning()); // an idle heap has no thread
        MemStats stats = heap.stats();
        assertTrue(stats.heapSys() - stats.heapReleased() >= 8 * MB, "a tenth of what is in use is kept: " + stats);
        heap.checkInvariants();
        heap.free(kept);
    }

    /** Small objects, whose spans are dissolved one by one. */
    @Test
    void afterSmallObjects() throws Exception {
        long kept = use(8 * MB);
        List<Long> objects = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            objects.add(use(1024));
        }
        objects.forEach(heap::free);
        await(() -> heap.stats().heapSys() - heap.stats().heapReleased() <= 10 * MB);
        heap.free(kept);
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + 40_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "waited in vain");
            Thread.sleep(5);
        }
    }

    @Test
    void loweringTheLimitReleases() throws IOException {
        heap.free(use(32 * MB));
        heap.setMemoryLimit(4 * MB);
        MemStats stats = heap.stats();
        assertTrue(stats.heapSys() - stats.heapReleased() <= 4 * MB, stats.toString());
        heap.free(use(2 * MB));
        heap.checkInvariants();
    }
}
