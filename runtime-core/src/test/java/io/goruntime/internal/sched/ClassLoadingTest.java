package io.goruntime.internal.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.testing.ChildJvm;
import io.goruntime.time.Ticker;
import io.goruntime.time.Timers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;

/**
 * No thread of the runtime loads a class once it runs: the lock it may need for that can be held by a goroutine that
 * waits for the thread. The child program uses all of the scheduler under a recording of class loads, and prints the
 * names of those that happened on an M or on the template thread, or on the second runtime's sysmon (the first one's
 * loads the management classes before it begins to watch).
 */
class ClassLoadingTest {
    @Test
    void runtimeThreadsLoadNoClasses() throws Exception {
        ChildJvm.Result result = ChildJvm.of(Program.class).run();
        result.expectExit(0);
        assertEquals(List.of("events seen"), result.out().lines().toList());
    }

    /** The checker sees what it looks for. */
    @Test
    void aLoadOnAnMWouldBeSeen() throws Exception {
        ChildJvm.Result result = ChildJvm.of(Program.class).args("load").run();
        result.expectExit(0);
        assertTrue(result.out().contains("M: " + LoadedLate.class.getName()), result.out());
    }

    static final class LoadedLate extends Seam {
        @Override
        int random(M mp, int bound) {
            new Inner();
            return super.random(mp, bound);
        }

        static final class Inner {
        }
    }

    static final class Program {
        private Program() {}

        public static void main(String[] args) throws Exception {
            Recording recording = new Recording();
            recording.enable("jdk.ClassLoad").withoutThreshold().withoutStackTrace();
            recording.start();
            for (String name : List.of("first", "second")) {
                GoRuntime.builder().name(name).maxProcs(2).run(Program::work);
            }
            if (args.length > 0) {
                lateLoad();
            }
            recording.stop();
            Path file = Files.createTempFile("classload", ".jfr");
            recording.dump(file);
            boolean seen = false;
            TreeSet<String> found = new TreeSet<>();
            for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
                seen = true;
                String thread = event.getThread() == null ? "" : "" + event.getThread().getJavaName();
                String loaded = event.getClass("loadedClass").getName();
                if (thread.matches("goruntime-.*-M\\d+")) {
                    found.add("M: " + loaded);
                } else if (thread.matches("goruntime-.*-template|goruntime-second-sysmon")) {
                    found.add(thread + ": " + loaded);
                }
            }
            Files.delete(file);
            found.forEach(System.out::println);
            System.out.println(seen ? "events seen" : "no events");
        }

        /** An M whose random numbers come from a class that was not loaded at boot. */
        private static void lateLoad() throws Exception {
            Sched sched = new Sched("late", 2, 10, 1 << 20, false, new QuietHooks(), new LoadedLate());
            sched.newproc(null, (Runnable) () -> {}, Program.class).thread.join();
            while (sched.npidle < sched.live) {
                Thread.onSpinWait(); // it looks into other queues, with random numbers, before it sleeps
            }
            Lifecycle.close(sched, 0);
        }

        private static final class QuietHooks implements GoroutineHooks {
            @Override
            public void run(Object fn) {
                ((Runnable) fn).run();
            }

            @Override
            public void panicked(G gp, Throwable failure) {}
        }

        private static void work() throws InterruptedException {
            Chan<String> c = Chan.make();
            Chan<String> done = Chan.make();
            for (int k = 0; k < 4; k++) {
                GoRuntime.go(() -> {
                    for (int i = 0; i < 500; i++) {
                        c.send("hello");
                        GoRuntime.gosched();
                    }
                });
            }
            for (int i = 0; i < 2_000; i++) {
                c.receive();
            }
            Timers.sleep(Duration.ofMillis(1));
            Timers.after(Duration.ofMillis(1)).receive();
            Timers.afterFunc(Duration.ofMillis(1), () -> done.send("called"));
            done.receive();
            try (Ticker ticker = Ticker.make(Duration.ofNanos(10_000))) {
                for (int i = 0; i < 10; i++) {
                    ticker.channel().receive();
                }
            }
            for (int k = 0; k < 100; k++) {
                GoRuntime.go(() -> {
                    Timers.sleep(Duration.ofMillis(1));
                    done.send("slept");
                });
            }
            for (int k = 0; k < 100; k++) {
                done.receive();
            }
            GoRuntime runtime = GoRuntime.current();
            runtime.maxProcs(1);
            GoRuntime.gosched();
            runtime.maxProcs(3);
            GoRuntime.go(() -> {
                GoRuntime.lockOSThread();
                GoRuntime.gosched();
                done.send("wired");
            });
            done.receive();
            for (int k = 0; k < 4; k++) {
                GoRuntime.go(() -> {
                    long end = System.nanoTime() + 50_000_000;
                    while (System.nanoTime() < end) {
                        Thread.onSpinWait(); // a hog, for sysmon to notice
                    }
                    done.send("hog");
                });
            }
            for (int k = 0; k < 4; k++) {
                done.receive();
            }
            Object lock = new Object();
            GoRuntime.go(() -> {
                synchronized (lock) {
                    Thread.sleep(5);
                }
                done.send("slept");
            });
            synchronized (lock) {
                lock.wait(1);
            }
            done.receive();
        }
    }
}
