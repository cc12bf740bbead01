package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.context.ContextCallTest;
import io.goruntime.context.ContextTest;
import io.goruntime.context.ContextTreeTest;
import io.goruntime.context.DeadlineTest;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.interop.FlowsTest;
import io.goruntime.interop.QueuesTest;
import io.goruntime.interop.StreamsTest;
import io.goruntime.sync.CondTest;
import io.goruntime.sync.ErrGroupTest;
import io.goruntime.sync.LockStressTest;
import io.goruntime.sync.MutexTest;
import io.goruntime.sync.OnceTest;
import io.goruntime.sync.PoolTest;
import io.goruntime.sync.RWMutexTest;
import io.goruntime.sync.SemaphoreTest;
import io.goruntime.sync.SingleFlightTest;
import io.goruntime.sync.SyncMapTest;
import io.goruntime.sync.WaitGroupTest;
import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.time.SleepTest;
import io.goruntime.time.TickTest;
import io.goruntime.time.TimerStressTest;
import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** The same tests where goroutines are plain virtual threads: all but those tagged gmp, in children. */
@ExtendWith(DumpOnTimeout.class)
class JdkModeTest {
    private static final List<List<Class<?>>> GROUPS = List.of(
            List.of(JavaInGoroutinesTest.class, BlockingIoTest.class, ChildThreadsTest.class, GoroutineTest.class,
                    RunTest.class, LifecycleTest.class, DumpTest.class, PanicTest.class, SamplesTest.class,
                    DecoratorTest.class, DeferTest.class, SyscallTest.class, CgoTest.class, GoExecutorTest.class,
                    StreamsTest.class, FlowsTest.class, QueuesTest.class),
            List.of(ChanTest.class, ChanInterruptTest.class, ChanStressTest.class, CancelStressTest.class,
                    CloseChanStressTest.class, LongChanTest.class, SelectTest.class, SelectsTest.class,
                    GoSelectTest.class, SelectStressTest.class, SelectTimeoutTest.class),
            List.of(SleepTest.class, TickTest.class, TimerStressTest.class, ContextTest.class, ContextCallTest.class,
                    ContextTreeTest.class, DeadlineTest.class, MutexTest.class, RWMutexTest.class,
                    WaitGroupTest.class, OnceTest.class, CondTest.class, PoolTest.class, SyncMapTest.class,
                    SemaphoreTest.class, ErrGroupTest.class, SingleFlightTest.class, LockStressTest.class));
    private static final Duration LIMIT = Duration.ofSeconds(150);
    private static final List<ChildJvm.Running> CHILDREN = new ArrayList<>();

    @BeforeAll
    static void startChildren() {
        for (List<Class<?>> group : GROUPS) {
            CHILDREN.add(ChildJvm.of(Program.class).flags("-Dgoruntime.scheduler=jdk")
                    .args(group.stream().map(Class::getName).toArray(String[]::new)).classPath(testClassPath())
                    .timeout(LIMIT).start());
        }
    }

    /** With JUnit on it: surefire's own is a jar that refers to the rest. */
    private static List<Path> testClassPath() {
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return Arrays.stream(path.split(File.pathSeparator)).map(Path::of).toList();
    }

    @Test
    @Timeout(170)
    void theSelectionPassesInJdkMode() {
        for (ChildJvm.Running child : CHILDREN) {
            var result = child.await().expectExit(0).expect("jdk mode: passed").expectNot("FAILED");
            System.err.println(result.out().lines().filter(l -> l.startsWith("jdk mode: ")).toList());
        }
    }

    @Test
    @Timeout(170) // it waits for its turn behind the others
    void whatNeedsTheSchedulerSaysSo() {
        ChildJvm.of(Unsupported.class).flags("-Dgoruntime.scheduler=jdk").run().expectExit(0)
                .expect("jdk mode: refused with the reason");
    }

    static final class Unsupported {
        private Unsupported() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(20));
            Chan<Boolean> refused = Chan.make();
            try (GoRuntime rt = GoRuntime.defaultRuntime()) {
                for (var call : List.<org.junit.jupiter.api.function.Executable>of(rt::maxProcs,
                        () -> rt.maxProcs(1))) {
                    var e = assertThrows(UnsupportedOperationException.class, call);
                    assertTrue(e.getMessage().contains("goruntime.scheduler=jdk"), e.getMessage());
                }
                rt.spawn(() -> {
                    var e = assertThrows(UnsupportedOperationException.class, GoRuntime::lockOSThread);
                    GoRuntime.unlockOSThread();
                    refused.send(e.getMessage().contains("goruntime.scheduler=jdk"));
                });
                System.out.println("jdk mode: refused " + (refused.receive() ? "with the reason" : "for no reason"));
            }
        }
    }

    /** Runs test classes, but for what is tagged gmp. */
    static final class Program {
        private Program() {}

        public static void main(String[] args) {
            DumpOnTimeout.guard(LIMIT.minusSeconds(10));
            Mode.ensure();
            assertTrue(!Mode.Chosen.GMP);
            LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                    .selectors(Arrays.stream(args).map(DiscoverySelectors::selectClass).toList())
                    .filters(TagFilter.excludeTags("gmp")).build();
            SummaryGeneratingListener listener = new SummaryGeneratingListener();
            LauncherFactory.create().execute(request, listener);
            TestExecutionSummary summary = listener.getSummary();
            for (TestExecutionSummary.Failure failure : summary.getFailures()) {
                System.out.println("FAILED " + failure.getTestIdentifier().getUniqueId());
                failure.getException().printStackTrace(System.out);
            }
            boolean passed = summary.getFailures().isEmpty() && summary.getTestsSucceededCount() > 0;
            System.out.println("jdk mode: " + (passed ? "passed " : "failed ") + summary.getTestsSucceededCount()
                    + " in " + (summary.getTimeFinished() - summary.getTimeStarted()) / 1000 + " s");
            System.exit(passed ? 0 : 1);
        }
    }
}
