package io.goruntime.internal.jdk;

import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * The program of {@link ReservedStackTest}'s child. Threads recurse until their stacks overflow and, on the way up,
 * wake a parked goroutine from the first frame that can. An overflow between the change of the goroutine's state and
 * its submission loses it: later calls find its permit set and do nothing.
 */
final class ReservedStackProgram {
    private static final int PARKED = 4;
    private static final int DIVES = 200;
    private static final int STACK_BYTES = 256 << 10;

    private ReservedStackProgram() {}

    public static void main(String[] args) throws InterruptedException {
        Mode.ensure();
        System.out.println("bridge: lost " + lost(Jdk::unpark) + " of " + DIVES);
        System.out.println("LockSupport: lost " + lost(LockSupport::unpark) + " of " + DIVES);
    }

    private static int lost(Consumer<Thread> unpark) throws InterruptedException {
        int lost = 0;
        for (int i = 0; i < DIVES; i++) {
            int pad = i % 50;
            RunQueue g = RunQueue.start("deep", () -> Jdk.park(0));
            g.drain();
            Thread diver = new Thread(null, () -> dive(pad, g.thread, unpark), "diver", STACK_BYTES);
            diver.setUncaughtExceptionHandler((thread, e) -> {});
            diver.start();
            diver.join();
            if (Jdk.stateOf(g.thread) == PARKED || g.queue.size() != 1) {
                lost++;
            }
        }
        return lost;
    }

    /** Shifts the frames, so that the overflow strikes at another place each time. */
    private static int dive(int pad, Thread parked, Consumer<Thread> unpark) {
        return pad > 0 ? dive(pad - 1, parked, unpark) + 1 : diveOn(0, parked, unpark);
    }

    private static int diveOn(long depth, Thread parked, Consumer<Thread> unpark) {
        try {
            return diveOn(depth + 1, parked, unpark) + 1;
        } finally {
            unpark.accept(parked);
        }
    }
}
