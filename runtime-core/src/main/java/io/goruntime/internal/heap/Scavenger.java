package io.goruntime.internal.heap;

import static io.goruntime.internal.heap.SizeClasses.PAGE_SHIFT;
import static io.goruntime.internal.heap.SizeClasses.PAGE_SIZE;

import io.goruntime.internal.base.Stack;
import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.mem.OsMemory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Gives free memory back to the system. Counterpart of mgcscavenge.go: scavenge, bgscavenge.
 */
/*
 * From the highest address down, since the allocator fills the lowest first. Pages that are being released are taken as if
 * allocated meanwhile, so that the system call needs no lock.
 *
 * In the background it leaves as much as a tenth of what is in use: a heap that breathes keeps its memory. It uses about
 * 1 % of one processor: after each piece it sleeps for 100 times as long as that took. Its thread is there only while
 * there is something to release: an idle heap has no thread, and keeps no class loader alive. With a memory limit it
 * begins when 95 % of it are taken.
 */
final class Scavenger implements Runnable {
    /** Pages released by one system call. */
    private static final int PIECE = 64;
    private static final int SLEEP_FACTOR = 100;
    private static final long MIN_SLEEP_NANOS = 1_000_000;
    /** Less than this is not worth a thread: 1 MB. */
    private static final long WORTHWHILE_PAGES = 128;
    /** How often to look, and how many times to find nothing, before the thread ends. */
    private static final long LOOK_NANOS = 10_000_000;
    private static final int LOOKS = 10;

    private final MHeap heap;

    /** Pages are released in multiples of this, a power of two: a page of the system may be larger than ours. */
    private final int unit;

    /** Held by the thread while it changes the heap, and by who wants it not to. */
    final ReentrantLock working = new ReentrantLock();

    /** Whether there is a thread. */
    private final AtomicBoolean running = new AtomicBoolean();

    /** The last one. */
    @Nullable
    private volatile Thread thread;

    /** The system has refused to take memory, for instance because it is locked: it is not asked any more in the background. */
    private volatile boolean refused;

    private volatile boolean closed;

    Scavenger(MHeap heap, int osPageBytes) {
        this.heap = heap;
        this.unit = Math.max(1, osPageBytes / PAGE_SIZE);
    }

    /**
     * Releases at least so many pages, if there are as many and the system takes them.
     *
     * @return how many
     */
    long scavenge(long npages) {
        Stack.headroom();
        long done = 0;
        refused = false;
        heap.lock.lock();
        int index = heap.pages.endChunk();
        int start = heap.pages.startChunk();
        heap.lock.unlock();
        while (--index >= start && done < npages && !refused) {
            int end = PageBits.CHUNK_PAGES;
            int n;
            while (done < npages && !refused && (n = scavengeChunk(index, end)) >= 0) {
                done += n & 0xFFFF;
                end = n >> 16;
            }
        }
        return done;
    }

    /** Releases one piece. Returns page << 16 | number of pages released, -1 if the chunk has none below the end. */
    private int scavengeChunk(int index, int endPage) {
        heap.lock.lock();
        int found = heap.pages.takeUnreleased(index, endPage, unit, PIECE);
        int n = found < 0 ? 0 : found & 0xFFFF;
        heap.releasingPages += n;
        heap.lock.unlock();
        if (found < 0) {
            return -1;
        }
        long addr = ((long) index << PageAlloc.CHUNK_SHIFT) + ((long) (found >> 16) << PAGE_SHIFT);
        boolean released = false;
        try {
            released = OsMemory.release(addr, (long) n << PAGE_SHIFT);
        } finally {
            heap.lock.lock();
            heap.pages.free(addr, n, released);
            heap.releasingPages -= n;
            heap.lock.unlock();
        }
        if (!released) {
            refused = true;
            return found & ~0xFFFF;
        }
        return found;
    }

    // -- in the background --

    /** Starts the thread if there is enough to release. Outside of any cache; fails at nothing. */
    void wakeIfNeeded() {
        if (!refused && !running.get() && excess() >= WORTHWHILE_PAGES && running.compareAndSet(false, true)) {
            start();
        }
    }

    private void start() {
        try {
            Thread thread = new Thread(Jdk.rootThreadGroup(), this, "goruntime-scavenger", 0, false);
            thread.setDaemon(true);
            thread.setContextClassLoader(null);
            this.thread = thread;
            thread.start();
        } catch (OutOfMemoryError | StackOverflowError e) {
            running.set(false); // no thread now: a later free tries again
        }
    }

    /** Free pages with memory beyond what is to be kept. */
    private long excess() {
        heap.lock.lock();
        long used = heap.usedPages();
        long resident = heap.pages.mappedPages() - heap.pages.releasedPages();
        heap.lock.unlock();
        long goal = used + used / 10;
        long limit = heap.memoryLimit();
        if (limit != MemLimit.OFF) {
            goal = Math.max(used, Math.min(goal, (limit >>> PAGE_SHIFT) / 100 * 95));
        }
        return resident - goal;
    }

    @Override
    public void run() {
        do {
            try {
                scavengeUntilQuiet();
            } catch (OutOfMemoryError e) {
                refused = true; // of the Java heap: until somebody asks for it, or releases in order to keep the limit
            } finally {
                running.set(false);
            }
            // A free that saw the thread alive relied on it to look again.
        } while (!closed && !refused && excess() >= WORTHWHILE_PAGES && running.compareAndSet(false, true));
    }

    private void scavengeUntilQuiet() {
        int looks = 0;
        while (!closed && !refused && looks < LOOKS) {
            if (excess() <= 0) {
                looks++;
                LockSupport.parkNanos(LOOK_NANOS);
                continue;
            }
            long begin = System.nanoTime();
            working.lock();
            try {
                looks = scavenge(PIECE) > 0 ? 0 : looks + 1;
            } finally {
                working.unlock();
            }
            long took = System.nanoTime() - begin;
            LockSupport.parkNanos(Math.max(MIN_SLEEP_NANOS, took * SLEEP_FACTOR));
        }
    }

    boolean isRunning() {
        return running.get();
    }

    /** Ends the thread. */
    void close() {
        closed = true;
        while (running.get()) {
            LockSupport.unpark(thread);
            Thread.yield();
        }
    }
}
