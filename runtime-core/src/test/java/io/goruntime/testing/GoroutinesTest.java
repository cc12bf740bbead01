package io.goruntime.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** A test that hangs fails and prints where its goroutines are. */
class GoroutinesTest {
    /** Hangs only when run by the test below, should somebody select it by name. */
    static final class Hanging {
        static volatile boolean stop = true;

        private final CountDownLatch hangs = new CountDownLatch(1);
        private Thread runner;

        /** Not in the test's own time: however slow the machine is, the dump finds the goroutines where they hang. */
        @BeforeEach
        void begin(TestInfo test) throws InterruptedException {
            if (stop) {
                return;
            }
            boolean waits = test.getDisplayName().startsWith("waiting");
            runner = Thread.ofPlatform().daemon().start(() -> {
                try {
                    Goroutines.run(2, waits ? this::waits : this::spins);
                } catch (InterruptedException e) {
                    // the end of the test
                }
            });
            hangs.await();
        }

        private void waits() throws InterruptedException {
            Chan<String> c = Chan.make();
            GoRuntime.go("sleeper", () -> c.send("x"));
            while (!c.toString().contains("senders=1")) {
                Thread.sleep(1);
            }
            hangs.countDown();
            Chan.nil().receive();
        }

        private void spins() {
            hangs.countDown();
            while (!stop) {
                Thread.onSpinWait();
            }
        }

        @AfterEach
        void end() {
            if (runner != null) {
                runner.interrupt();
            }
        }

        @Test
        @Timeout(1)
        void waiting() throws InterruptedException {
            if (!stop) {
                runner.join();
            }
        }

        /** Where no interrupt reaches it. */
        @Test
        @Timeout(1)
        void spinning() {
            while (!stop) {
                Thread.onSpinWait();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"waiting", "spinning"})
    void hangingTestFailsAndPrints(String method) {
        PrintStream err = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectMethod(Hanging.class, method)).build();
        Hanging.stop = false;
        System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
        PrintStream out = System.out;
        System.setOut(System.err);
        try {
            LauncherFactory.create().execute(request, listener);
        } finally {
            System.setErr(err);
            System.setOut(out);
            Hanging.stop = true;
        }
        String text = printed.toString(StandardCharsets.UTF_8);
        assertEquals(1, listener.getSummary().getTestsFailedCount(), text);
        assertInstanceOf(TimeoutException.class, listener.getSummary().getFailures().getFirst().getException());
        assertTrue(text.contains("--- runtime test-2, "), text);
        assertTrue(text.contains("GoroutinesTest$Hanging." + (method.equals("waiting") ? "waits" : "spins")), text);
        assertTrue(!method.equals("waiting") || text.contains("[chan send]:"), text);
        assertTrue(text.contains("--- end of goroutines"), text);
        assertTrue(text.contains("goruntime-test-2-sysmon"), "platform threads: " + text);
    }
}
