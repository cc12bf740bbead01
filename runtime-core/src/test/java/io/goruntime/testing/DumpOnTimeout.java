package io.goruntime.testing;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
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

    /** All threads with their stacks, virtual threads of any scheduler included. */
    public static String allThreads() {
        try {
            Path dir = Files.createTempDirectory("threads");
            Path file = dir.resolve("dump.txt");
            try {
                ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                        .dumpThreads(file.toString(), ThreadDumpFormat.TEXT_PLAIN);
                return Files.readString(file);
            } finally {
                Files.deleteIfExists(file);
                Files.delete(dir);
            }
        } catch (IOException e) {
            return "no dump of all threads: " + e;
        }
    }
}
