package io.goruntime.benchmarks.impl;

import static io.goruntime.GoRuntime.go;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.goruntime.LongChan;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The C library's malloc and free, called by FFM. */
@SuppressWarnings("restricted")
final class LibcAllocation implements Allocation {
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final MethodHandle MALLOC = call("malloc", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
    private static final MethodHandle FREE = call("free", FunctionDescriptor.ofVoid(JAVA_LONG));

    private static MethodHandle call(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
    }

    private static long malloc(long size) {
        try {
            return (long) MALLOC.invokeExact(size);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static void free(long addr) {
        try {
            FREE.invokeExact(addr);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public long pairs(int size, int tasks, int operations) throws Exception {
        Outcome outcome = new Outcome(tasks);
        int share = operations / tasks;
        for (int task = 0; task < tasks; task++) {
            int first = task * share;
            Thread.ofPlatform().start(() -> outcome.run(() -> share(size, first, first + share)));
        }
        return outcome.await();
    }

    private static long share(int size, int first, int end) {
        long sum = 0;
        for (int i = first; i < end; i++) {
            long addr = malloc(size);
            ALL.set(JAVA_LONG_UNALIGNED, addr, i);
            sum += ALL.get(JAVA_LONG_UNALIGNED, addr);
            free(addr);
        }
        return sum;
    }

    @Override
    public long mixed(int operations) throws Exception {
        Outcome outcome = new Outcome(1);
        Thread.ofPlatform().start(() -> outcome.run(() -> {
            long[] live = new long[LIVE];
            long sum = 0;
            long random = 88172645463325252L;
            for (int i = 0; i < operations; i++) {
                random = Allocation.next(random);
                int slot = (int) random & LIVE - 1;
                if (live[slot] != 0) {
                    sum += ALL.get(JAVA_LONG_UNALIGNED, live[slot]);
                    free(live[slot]);
                }
                live[slot] = malloc(Allocation.mixedSize(random));
                ALL.set(JAVA_LONG_UNALIGNED, live[slot], i);
            }
            for (long addr : live) {
                if (addr != 0) {
                    sum += ALL.get(JAVA_LONG_UNALIGNED, addr);
                    free(addr);
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
                long addr = malloc(64);
                ALL.set(JAVA_LONG_UNALIGNED, addr, i);
                objects.send(addr);
            }
            return 0;
        }));
        go(() -> outcome.run(() -> {
            long sum = 0;
            for (int i = 0; i < operations; i++) {
                long addr = objects.receive();
                sum += ALL.get(JAVA_LONG_UNALIGNED, addr);
                free(addr);
            }
            return sum;
        }));
        return outcome.await();
    }
}
