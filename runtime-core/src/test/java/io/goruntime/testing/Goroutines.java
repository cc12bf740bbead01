package io.goruntime.testing;

import io.goruntime.GoRuntime;
import io.goruntime.MainFn;
import io.goruntime.internal.sched.Dump;
import io.goruntime.internal.sched.LiveScheds;
import io.goruntime.internal.sched.Sched;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.PreInterruptCallback;
import org.junit.jupiter.api.extension.PreInterruptContext;

/**
 * Runs test bodies on runtimes, and prints every goroutine of every live runtime when a test's time-out strikes.
 *
 * <p>JUnit finds it as a service and applies it to every test; see junit-platform.properties. JUnit's own part of the
 * report is the stacks of the platform threads.
 */
public final class Goroutines implements PreInterruptCallback {
    /** A test may have a million goroutines. */
    private static final int MAX_CHARS = 400_000;

    /** The dump takes locks of the runtime, and the test may have failed because such a lock is held for ever. */
    private static final Duration DUMP_LIMIT = Duration.ofSeconds(10);

    /** Runtimes made by {@link #run}; those with Ms are found without it. */
    private static final Set<GoRuntime> RUNNING = ConcurrentHashMap.newKeySet();

    /**
     * Runs a main goroutine in a runtime with so many Ps. What any of its goroutines throws is thrown here; goroutines
     * that are left when main returns are interrupted.
     */
    public static <X extends Exception> void run(int procs, MainFn<X> main) throws X, InterruptedException {
        GoRuntime.builder().maxProcs(procs).name("test-" + procs).<X>run(() -> {
            GoRuntime runtime = GoRuntime.current();
            RUNNING.add(runtime);
            try {
                main.run();
            } finally {
                RUNNING.remove(runtime);
            }
        });
    }

    @Override
    public void beforeThreadInterrupt(PreInterruptContext context, ExtensionContext test) {
        System.err.println("Time-out of " + test.getUniqueId() + "\n" + dump());
    }

    /** All goroutines, in Go's text form. */
    public static String dump() {
        StringBuffer text = new StringBuffer();
        Thread dumper = Thread.ofPlatform().daemon().name("goroutine-dump").start(() -> dump(text));
        try {
            if (!dumper.join(DUMP_LIMIT)) {
                text.append("\n... the dump does not end: a lock of the runtime is held\n");
                for (StackTraceElement frame : dumper.getStackTrace()) {
                    text.append("\tat ").append(frame).append('\n');
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return text.toString();
    }

    private static void dump(StringBuffer text) {
        Appendable limited = new Limited(text);
        try {
            for (Sched sched : LiveScheds.all()) {
                text.append("--- ").append(sched).append(", ").append(sched.numGoroutine()).append(" goroutines\n");
                Dump.write(sched, limited);
            }
            if (LiveScheds.all().isEmpty()) {
                for (GoRuntime runtime : RUNNING) {
                    text.append("--- ").append(runtime).append('\n');
                    runtime.dump(limited);
                }
            }
            text.append("--- end of goroutines\n");
        } catch (IOException | RuntimeException | Error e) {
            text.append("\n... ").append(e).append('\n');
        }
    }

    private static final class Limited implements Appendable {
        private final StringBuffer text;

        Limited(StringBuffer text) {
            this.text = text;
        }

        @Override
        public Appendable append(CharSequence part) throws IOException {
            if (text.length() > MAX_CHARS) {
                throw new IOException("more goroutines are not printed");
            }
            text.append(part);
            return this;
        }

        @Override
        public Appendable append(CharSequence part, int from, int to) throws IOException {
            return append(part.subSequence(from, to));
        }

        @Override
        public Appendable append(char c) throws IOException {
            return append(String.valueOf(c));
        }
    }
}
