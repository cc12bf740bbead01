package io.goruntime.testing;

import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.jdk.Mode;
import java.time.Duration;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Prints every thread, goroutines included, shortly before a test reaches JUnit's time-out: JUnit's own dump shows
 * platform threads only. A child program calls {@link #guard} instead, which also ends it.
 */
public final class DumpOnTimeout implements BeforeEachCallback, AfterEachCallback {
    private static final Duration LIMIT = Duration.ofSeconds(50);
    private static final int MAX_FRAMES = 50;
    public static final int EXIT_CODE = 99;

    private volatile Thread watchdog;

    @Override
    public void beforeEach(ExtensionContext context) {
        String name = context.getDisplayName();
        watchdog = Thread.ofPlatform().daemon().name("watchdog " + name).start(() -> {
            try {
                Thread.sleep(LIMIT);
                System.err.println(name + " is about to time out\n" + allThreads());
            } catch (InterruptedException e) {
                // The test has ended.
            }
        });
    }

    @Override
    public void afterEach(ExtensionContext context) {
        watchdog.interrupt();
    }

    /** Ends this JVM, after a dump of all threads, when so much time has passed. */
    public static void guard(Duration limit) {
        Thread.ofPlatform().daemon().name("watchdog").start(() -> {
            try {
                Thread.sleep(limit);
            } catch (InterruptedException e) {
                return;
            }
            System.out.println("not done after " + limit + "\n" + allThreads());
            Runtime.getRuntime().halt(EXIT_CODE);
        });
    }

    /**
     * All threads with their stacks, goroutines of any runtime included. Not by HotSpotDiagnosticMXBean.dumpThreads,
     * which crashes JDK 25.0.3 when it meets a virtual thread that is just leaving its carrier.
     */
    public static String allThreads() {
        Mode.ensure();
        StringBuilder text = new StringBuilder();
        if (Mode.Chosen.GMP) {
            for (Thread thread : Jdk.liveThreads()) {
                append(text, thread, thread.getStackTrace());
            }
        } else {
            Thread.getAllStackTraces().forEach((thread, stack) -> append(text, thread, stack));
        }
        return text.toString();
    }

    private static void append(StringBuilder text, Thread thread, StackTraceElement[] stack) {
        text.append(thread).append(' ').append(thread.getState()).append('\n');
        for (int i = 0; i < Math.min(stack.length, MAX_FRAMES); i++) {
            text.append("    at ").append(stack[i]).append('\n');
        }
    }
}
