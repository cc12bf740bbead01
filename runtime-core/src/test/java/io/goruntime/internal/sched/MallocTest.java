package io.goruntime.internal.sched;

import io.goruntime.GoRuntime;
import io.goruntime.LongChan;
import io.goruntime.Syscall;
import io.goruntime.internal.heap.MHeap;
import io.goruntime.internal.heap.MemStats;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.mem.Memory;
import io.goruntime.testing.Bounded;
import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import java.time.Duration;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Goroutines allocate from the caches of their Ps, and hand objects to others, while Ps come and go. When the runtime has
 * ended, its Ps have given everything back. In JVMs of their own: the heap is one for the whole library.
 */
class MallocTest {
    @Test
    void goroutinesAllocateAndFree() {
        var checked = ChildJvm.of(Program.class).flags("-Dgoruntime.mem.check=true").start();
        var jdk = ChildJvm.of(Program.class).flags("-Dgoruntime.scheduler=jdk").start();
        checked.await().expectExit(0).expect("all given back");
        jdk.await().expectExit(0).expect("all given back");
    }

    @Test
    void theLimitComesFromTheSettings() {
        var small = ChildJvm.of(Program.class).env("GOMEMLIMIT", "8KiB").start();
        var larger = ChildJvm.of(Program.class).env("GOMEMLIMIT", "8KiB").flags("-Dgoruntime.memlimit=64MiB").start();
        var wrong = ChildJvm.of(Program.class).flags("-Dgoruntime.memlimit=1KB").start();
        small.await().expectExit(1).expect("HeapExhaustedException").expect("and the limit is 8192 bytes");
        larger.await().expectExit(0).expect("all given back");
        wrong.await().expectExit(1).expect("goruntime.memlimit=1KB: must be off, or a number of bytes");
    }

    @Test
    void whereNativeAccessIsDeniedThereIsNoMemoryEachTime() {
        ChildJvm.of(Denied.class).flags("-Dgoruntime.scheduler=jdk", "--illegal-native-access=deny").start().await()
                .expectExit(0).expect("denied twice");
    }

    @Test
    void inASyscallSectionNobodyUsesTheCacheOfTheP() {
        ChildJvm.of(Section.class).start().await().expectExit(0).expect("all apart");
    }

    static final class Denied {
        private Denied() {}

        public static void main(String[] args) {
            for (int i = 0; i < 2; i++) {
                try {
                    Malloc.heap();
                    throw new AssertionError("not denied");
                } catch (UnsupportedOperationException e) {
                    if (!e.getMessage().contains("native access")) {
                        throw e;
                    }
                }
            }
            System.out.println("denied twice");
        }
    }

    /** Another goroutine has the P meanwhile, and its cache: both allocate at the same time. */
    static final class Section {
        private static final int OBJECTS = 20_000;
        private static volatile boolean taken;
        private static volatile boolean began;

        private Section() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(25));
            MHeap heap = Malloc.heap();
            long[] inside = new long[OBJECTS];
            long[] beside = new long[OBJECTS];
            GoRuntime.builder().maxProcs(1).<Exception>run(() -> {
                heap.free(heap.alloc(8, true, true)); // so that the P has a cache
                GoRuntime.go(() -> {
                    taken = true;
                    while (!began) {
                        Thread.onSpinWait();
                    }
                    allocate(heap, beside);
                });
                Syscall.call(() -> {
                    while (!taken) {
                        Thread.onSpinWait();
                    }
                    began = true;
                    allocate(heap, inside);
                    return null;
                });
                while (beside[OBJECTS - 1] == 0) {
                    GoRuntime.gosched();
                }
                heap.free(heap.alloc(8, true, true));
            });
            if (LongStream.concat(LongStream.of(inside), LongStream.of(beside)).distinct().count() != 2 * OBJECTS) {
                throw new AssertionError("an object was allocated twice");
            }
            for (int i = 0; i < OBJECTS; i++) {
                heap.free(inside[i]);
                heap.free(beside[i]);
            }
            Program.end(heap);
            System.out.println("all apart");
        }

        private static void allocate(MHeap heap, long[] objects) {
            for (int i = 0; i < OBJECTS; i++) {
                objects[i] = heap.alloc(8, true, true);
            }
        }
    }

    static final class Program {
        private static final int PAIRS = 6;
        private static final int OBJECTS = 20_000;

        private Program() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(25));
            long seed = Bounded.seed("MallocTest");
            MHeap heap = Malloc.heap();
            for (int round = 0; round < 3; round++) {
                try (GoRuntime runtime = GoRuntime.builder().maxProcs(4).build()) {
                    work(runtime, heap, new Random(seed + round));
                }
                end(heap);
            }
            System.out.println("all given back");
        }

        private static void work(GoRuntime runtime, MHeap heap, Random random) throws InterruptedException {
            Fleet fleet = new Fleet(runtime);
            for (int pair = 0; pair < PAIRS; pair++) {
                LongChan objects = LongChan.make(random.nextInt(3) * 50);
                long seed = random.nextLong();
                fleet.start(1, _ -> {
                    Random sizes = new Random(seed);
                    for (int i = 0; i < OBJECTS; i++) {
                        int size = 8 + sizes.nextInt(i % 500 == 0 ? 50_000 : 300);
                        long addr = heap.alloc(size, i % 2 == 0, true);
                        if (Memory.getLong(addr) != 0) {
                            throw new AssertionError("not zero");
                        }
                        Memory.putLong(addr, ~addr);
                        if (i % 3 == 0) {
                            heap.free(addr);
                        } else {
                            objects.send(addr);
                        }
                        if (i % 97 == 0) {
                            GoRuntime.gosched();
                        }
                    }
                    objects.close();
                });
                fleet.start(1, _ -> objects.range(addr -> {
                    if (Memory.getLong(addr) != ~addr) {
                        throw new AssertionError("overwritten: 0x" + Long.toHexString(addr));
                    }
                    Memory.putLong(addr, 1);
                    heap.free(addr);
                }));
            }
            for (int i = 0; i < 50 && Mode.Chosen.GMP; i++) {
                runtime.maxProcs(1 + random.nextInt(6)); // Ps die and come back, with caches in use
                Thread.sleep(2);
            }
            fleet.join();
        }

        /** The last M of a runtime may still be on its way out. */
        private static void end(MHeap heap) throws InterruptedException {
            long deadline = System.nanoTime() + 5_000_000_000L;
            for (;;) {
                heap.flushStripes();
                try {
                    heap.checkInvariants();
                    MemStats stats = heap.stats();
                    if (stats.spansInuse() != 0 || stats.heapObjects() != 0) {
                        throw new IllegalStateException(stats.toString());
                    }
                    return;
                } catch (IllegalStateException e) {
                    if (System.nanoTime() > deadline) {
                        throw e;
                    }
                }
                Thread.sleep(1);
            }
        }
    }
}
