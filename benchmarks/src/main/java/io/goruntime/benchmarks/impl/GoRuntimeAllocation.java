package io.goruntime.benchmarks.impl;

import static io.goruntime.GoRuntime.go;

import io.goruntime.GoRuntime;
import io.goruntime.LongChan;
import io.goruntime.internal.heap.MHeap;
import io.goruntime.internal.mem.Memory;
import io.goruntime.internal.sched.Malloc;

/** This library: goroutines, which allocate from the caches of their Ps. */
final class GoRuntimeAllocation implements Allocation {
    private final MHeap heap = heap();

    private static MHeap heap() {
        GoRuntime.defaultRuntime(); // decides about the scheduler
        return Malloc.heap();
    }

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

    private long share(int size, int first, int end) {
        long sum = 0;
        for (int i = first; i < end; i++) {
            long addr = heap.alloc(size, true, false);
            Memory.putLong(addr, i);
            sum += Memory.getLong(addr);
            heap.free(addr);
        }
        return sum;
    }

    @Override
    public long zeroed(int size, int operations) throws Exception {
        Outcome outcome = new Outcome(1);
        go(() -> outcome.run(() -> {
            long sum = 0;
            long last = heap.alloc(size, true, true);
            for (int i = 0; i < operations; i++) {
                long addr = heap.alloc(size, true, true);
                sum += Memory.getLong(addr) + i;
                Memory.putLong(addr, -1);
                heap.free(last);
                last = addr;
            }
            heap.free(last);
            return sum;
        }));
        return outcome.await();
    }

    @Override
    public long mixed(int operations) throws Exception {
        Outcome outcome = new Outcome(1);
        go(() -> outcome.run(() -> {
            long[] live = new long[LIVE];
            long sum = 0;
            long random = 88172645463325252L;
            for (int i = 0; i < operations; i++) {
                random = Allocation.next(random);
                int slot = (int) random & LIVE - 1;
                if (live[slot] != 0) {
                    sum += Memory.getLong(live[slot]);
                    heap.free(live[slot]);
                }
                live[slot] = heap.alloc(Allocation.mixedSize(random), true, false);
                Memory.putLong(live[slot], i);
            }
            for (long addr : live) {
                if (addr != 0) {
                    sum += Memory.getLong(addr);
                    heap.free(addr);
                }
            }
            return sum;
        }));
        return outcome.await();
    }

    @Override
    public long handoff(int operations) throws Exception {
        LongChan objects = LongChan.make(UNDER_WAY);
        Outcome outcome = new Outcome(2);
        go(() -> outcome.run(() -> {
            for (int i = 0; i < operations; i++) {
                long addr = heap.alloc(64, true, false);
                Memory.putLong(addr, i);
                objects.send(addr);
            }
            return 0;
        }));
        go(() -> outcome.run(() -> {
            long sum = 0;
            for (int i = 0; i < operations; i++) {
                long addr = objects.receive();
                sum += Memory.getLong(addr);
                heap.free(addr);
            }
            return sum;
        }));
        return outcome.await();
    }
}
