package io.goruntime.benchmarks.impl;

import static io.goruntime.GoRuntime.go;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * No allocator, but what the scaling of one is held against: goroutines that take places from a stack of their own and put
 * them back, so that they share nothing. An operation does that often enough to last about as long as with an allocator.
 */
final class LoopAllocation implements Allocation {
    private static final int PLACES = 32;
    private static final int TURNS = 4;

    @Override
    public long pairs(int size, int tasks, int operations) throws Exception {
        Outcome outcome = new Outcome(tasks);
        int share = operations / tasks;
        for (int task = 0; task < tasks; task++) {
            int first = task * share;
            go(() -> outcome.run(() -> share(size, first, first + share)));
        }
        return outcome.await();
    }

    private static long share(int size, int first, int end) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate((long) PLACES * size, 64);
            long[] free = new long[PLACES];
            for (int i = 0; i < PLACES; i++) {
                free[i] = (long) i * size;
            }
            int top = PLACES;
            long sum = 0;
            for (int i = first; i < end; i++) {
                int depth = 1 + i % (PLACES / TURNS);
                for (int turn = 0; turn < TURNS; turn++) {
                    top -= depth;
                    memory.set(JAVA_LONG, free[top], i);
                }
                sum += memory.get(JAVA_LONG, free[top]);
                top = PLACES;
            }
            return sum;
        }
    }

    @Override
    public long mixed(int operations) {
        throw new UnsupportedOperationException();
    }
}
