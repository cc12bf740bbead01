package io.goruntime.benchmarks.impl;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The JDK: an arena for each object. */
final class ArenaAllocation implements Allocation {
    @Override
    public long pairs(int size, int tasks, int operations) throws Exception {
        Outcome outcome = new Outcome(tasks);
        int share = operations / tasks;
        for (int task = 0; task < tasks; task++) {
            int first = task * share;
            Thread.ofPlatform().start(() -> outcome.run(() -> {
                long sum = 0;
                for (int i = first; i < first + share; i++) {
                    try (Arena arena = Arena.ofConfined()) {
                        MemorySegment object = arena.allocate(size, 8);
                        object.set(JAVA_LONG, 0, i);
                        sum += object.get(JAVA_LONG, 0);
                    }
                }
                return sum;
            }));
        }
        return outcome.await();
    }

    @Override
    public long mixed(int operations) throws Exception {
        Outcome outcome = new Outcome(1);
        Thread.ofPlatform().start(() -> outcome.run(() -> {
            Arena[] arenas = new Arena[LIVE];
            MemorySegment[] live = new MemorySegment[LIVE];
            long sum = 0;
            long random = 88172645463325252L;
            for (int i = 0; i < operations; i++) {
                random = Allocation.next(random);
                int slot = (int) random & LIVE - 1;
                if (live[slot] != null) {
                    sum += live[slot].get(JAVA_LONG, 0);
                    arenas[slot].close();
                }
                arenas[slot] = Arena.ofConfined();
                live[slot] = arenas[slot].allocate(Allocation.mixedSize(random), 8);
                live[slot].set(JAVA_LONG, 0, i);
            }
            for (int slot = 0; slot < LIVE; slot++) {
                if (live[slot] != null) {
                    sum += live[slot].get(JAVA_LONG, 0);
                    arenas[slot].close();
                }
            }
            return sum;
        }));
        return outcome.await();
    }
}
