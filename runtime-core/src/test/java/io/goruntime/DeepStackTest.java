package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Goroutines that go deep: they park at the bottom on every collector, and an overflow is theirs alone. */
@Tag("gmp")
@ExtendWith(DumpOnTimeout.class)
class DeepStackTest {
    private static final List<String> COLLECTORS = List.of("-XX:+UseG1GC", "-XX:+UseSerialGC", "-XX:+UseZGC",
            "-XX:+UseParallelGC");
    private static final List<ChildJvm.Running> DEEP = new ArrayList<>();
    private static ChildJvm.Running overflowing;

    @BeforeAll
    static void startChildren() {
        for (String collector : COLLECTORS) {
            DEEP.add(ChildJvm.of(Deep.class).flags("-Xmx512m", collector).start());
        }
        overflowing = ChildJvm.of(Overflowing.class).flags("-Xmx256m", "-Dgoruntime.mstack=8388608").start();
    }

    @Test
    void twentyThousandFramesParkAtTheBottom() {
        for (ChildJvm.Running child : DEEP) {
            child.await().expectExit(0).expect("deep: all returned");
        }
    }

    static final class Deep {
        private static final int DEPTH = 20_000;

        private Deep() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(25));
            try (GoRuntime rt = GoRuntime.builder().maxProcs(2).build()) {
                Chan<Integer> c = Chan.make();
                AtomicLong sum = new AtomicLong();
                AtomicInteger bottom = new AtomicInteger();
                Fleet fleet = new Fleet(rt);
                fleet.start(4, i -> sum.addAndGet(descend(DEPTH, c, bottom)));
                fleet.await("all at the bottom", () -> bottom.get() == 4);
                System.gc();
                fleet.start(1, i -> {
                    for (int k = 0; k < 4 * 3; k++) {
                        Thread.sleep(1);
                        c.send(1);
                    }
                });
                fleet.join();
                assertEquals(4L * (DEPTH + 3), sum.get());
                Fleet.run(rt, 100, i -> Thread.sleep(1));
                System.out.println("deep: all returned");
            }
        }

        private static long descend(int depth, Chan<Integer> c, AtomicInteger bottom) throws InterruptedException {
            if (depth == 0) {
                bottom.incrementAndGet();
                long got = c.receive();
                got += c.receive();
                return got + c.receive();
            }
            return 1 + descend(depth - 1, c, bottom);
        }
    }

    @Test
    void anOverflowIsThePanicOfItsGoroutine() {
        overflowing.await().expectExit(0).expect("overflow: 30 panics, 30 caught, same threads");
    }

    /** With stacks of 8 MB, so that an overflow is quick. */
    static final class Overflowing {
        private static volatile int sink;

        private Overflowing() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(25));
            AtomicInteger panics = new AtomicInteger();
            AtomicInteger caught = new AtomicInteger();
            try (GoRuntime rt = GoRuntime.builder().maxProcs(1).onPanic((g, e) -> {
                if (e instanceof StackOverflowError) {
                    panics.incrementAndGet();
                }
            }).build()) {
                Mode.ensure();
                Set<Thread> carriers = ConcurrentHashMap.newKeySet();
                Fleet.run(rt, 5, i -> carriers.add(Jdk.carrier()));
                for (int round = 0; round < 30; round++) {
                    rt.spawn(() -> overflow(1)).join();
                    Chan<Integer> c = Chan.make();
                    Fleet.run(rt, 1, i -> {
                        try {
                            overflow(1);
                        } catch (StackOverflowError e) {
                            caught.incrementAndGet();
                        }
                        GoRuntime.go(() -> c.send(1)); // the goroutine itself goes on
                        caught.addAndGet(c.receive() - 1);
                    });
                }
                Thread last = carriers.iterator().next();
                System.out.println("overflow: " + panics + " panics, " + caught + " caught, "
                        + (last.isAlive() ? "same threads" : "a thread has ended"));
            }
        }

        private static int overflow(int depth) {
            sink = depth;
            return overflow(depth + 1) + depth;
        }
    }
}
