package io.goruntime.benchmarks;

import io.goruntime.benchmarks.impl.Implementation;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How much resident memory a parked task takes: the scenario sched/parkedmemory, for one library in a process of its own.
 * Prints bytes a task.
 */
/*
 * The method: a thousand tasks are parked and released first, so that classes, threads and queues are there. Then the
 * resident memory is read (VmRSS of /proc/self/status), the tasks are started and wait to receive from one unbuffered
 * channel, and it is read again; the difference is divided by their number. Before each reading the collector runs and
 * free memory goes back to the system, again and again until two readings 200 ms apart differ by less than 1 %. So the
 * figure is what the tasks keep, with what the heap holds in reserve for that much live data; the peak while they were
 * started is more. The heap starts at 16 MB (-Xms16m): with a large -Xms memory would be resident that nobody needs.
 * Go's benchmark of the same name does the same, with debug.FreeOSMemory.
 */
public final class ParkedMemory {
    private static final int WARM_UP = 1000;
    private static final int READINGS = 50;

    private ParkedMemory() {}

    /** Arguments: the library, and how many tasks. */
    public static void main(String[] args) throws Exception {
        System.out.printf("%.1f%n", bytesPerTask(Implementation.of(args[0]), Integer.parseInt(args[1])));
        // The tasks are still parked: nothing is gained by waking them.
        System.exit(0);
    }

    private static double bytesPerTask(Implementation implementation, int tasks) throws Exception {
        implementation.park(WARM_UP).release();
        long before = settledBytes();
        Implementation.Release parked = implementation.park(tasks);
        long after = settledBytes();
        // Keeps the channel reachable, and with it, in libraries that do not list their tasks, all of them.
        Reference.reachabilityFence(parked);
        return (double) (after - before) / tasks;
    }

    /** The resident memory of this process after garbage is gone and free memory given back. */
    public static long settledBytes() throws IOException, InterruptedException {
        long last = 0;
        for (int i = 0; i < READINGS; i++) {
            System.gc();
            Thread.sleep(200);
            long bytes = residentBytes();
            if (Math.abs(bytes - last) < bytes / 100) {
                return bytes;
            }
            last = bytes;
        }
        throw new IllegalStateException("the resident memory does not settle");
    }

    private static long residentBytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
            }
        }
        throw new IllegalStateException("no VmRSS in /proc/self/status");
    }
}
