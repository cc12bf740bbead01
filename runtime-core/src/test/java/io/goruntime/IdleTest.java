package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import io.goruntime.time.Timers;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A runtime whose goroutines all wait uses no processor: at most 10 ms in 10 s, all of its threads together. */
@Tag("gmp")
@ExtendWith(DumpOnTimeout.class)
class IdleTest {
    @Test
    void idleRuntimesUseNoProcessor() {
        ChildJvm.of(Program.class).timeout(Duration.ofSeconds(45)).run().expectExit(0).expect("idle: all quiet");
    }

    static final class Program {
        private static final long LIMIT_NANOS = 10_000_000;

        private Program() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(40));
            GoRuntime empty = GoRuntime.builder().name("empty").maxProcs(4).build();
            Fleet.run(empty, 100, i -> GoRuntime.gosched());
            GoRuntime parked = GoRuntime.builder().name("parked").maxProcs(2).build();
            Fleet fleet = new Fleet(parked);
            Object monitor = new Object();
            CountDownLatch latch = new CountDownLatch(1);
            fleet.start(1000, i -> {
                switch (i % 7) {
                    case 0 -> Chan.make().receive();
                    case 1 -> Thread.sleep(3_600_000);
                    case 2 -> LockSupport.park();
                    case 3 -> latch.await();
                    case 4 -> Timers.sleep(Duration.ofHours(1 + i));
                    case 5 -> Timers.after(Duration.ofHours(1)).receive();
                    default -> {
                        synchronized (monitor) {
                            monitor.wait();
                        }
                    }
                }
            });
            fleet.await("all wait", () -> fleet.members().stream()
                    .allMatch(g -> g.thread().getState().name().endsWith("WAITING")));
            Thread.sleep(500); // what was compiled, started or spun up for the beginning comes to rest
            Map<String, Long> before = cpuOfRuntimes();
            Thread.sleep(10_000);
            Map<String, Long> after = cpuOfRuntimes();
            boolean quiet = true;
            for (String name : new String[]{"empty", "parked"}) {
                long used = after.get(name) - before.get(name);
                System.out.println("idle: " + name + " used " + used / 1000 + " us in 10 s");
                quiet &= used <= LIMIT_NANOS;
            }
            assertEquals(1000, parked.numGoroutine());
            if (quiet) {
                System.out.println("idle: all quiet");
            }
            empty.close();
            parked.close();
        }

        private static Map<String, Long> cpuOfRuntimes() {
            ThreadMXBean bean = ManagementFactory.getThreadMXBean();
            Map<String, Long> sums = new HashMap<>();
            for (Thread t : Thread.getAllStackTraces().keySet()) {
                String[] parts = t.getName().split("-");
                if (parts.length == 3 && parts[0].equals("goruntime")) {
                    sums.merge(parts[1], bean.getThreadCpuTime(t.threadId()), Long::sum);
                }
            }
            return sums;
        }
    }
}
