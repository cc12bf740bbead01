package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.internal.jdk.Mode;
import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.time.SleepTest;
import io.goruntime.time.TickTest;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The same tests where goroutines are plain virtual threads: all but those tagged gmp, in children. */
@ExtendWith(DumpOnTimeout.class)
class JdkModeTest {
    private static final List<List<Class<?>>> GROUPS = List.of(
            List.of(JavaInGoroutinesTest.class, BlockingIoTest.class, ChildThreadsTest.class),
            List.of(GoroutineTest.class, RunTest.class, LifecycleTest.class, DumpTest.class, PanicTest.class),
            List.of(SleepTest.class, TickTest.class));
    private static final List<ChildJvm.Running> CHILDREN = new ArrayList<>();

    @BeforeAll
    static void startChildren() {
        for (List<Class<?>> group : GROUPS) {
            CHILDREN.add(ChildJvm.of(Program.class).flags("-Dgoruntime.scheduler=jdk")
                    .args(group.stream().map(Class::getName).toArray(String[]::new)).timeout(Duration.ofSeconds(55))
                    .start());
        }
    }

    @Test
    void theSelectionPassesInJdkMode() {
        for (ChildJvm.Running child : CHILDREN) {
            child.await().expectExit(0).expect("jdk mode: passed").expectNot("FAILED");
        }
    }

    @Test
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

    /** Runs the tests of classes without JUnit's engine, which is not on the class path. */
    static final class Program {
        private Program() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(50));
            Mode.ensure();
            assertTrue(!Mode.Chosen.GMP);
            int passed = 0;
            boolean failed = false;
            for (String name : args) {
                Class<?> type = Class.forName(name);
                for (Method method : type.getDeclaredMethods()) {
                    if (!method.isAnnotationPresent(Test.class) || method.getParameterCount() > 0
                            || Arrays.stream(method.getAnnotationsByType(Tag.class))
                                    .anyMatch(t -> t.value().equals("gmp"))) {
                        continue;
                    }
                    var constructor = type.getDeclaredConstructor();
                    constructor.setAccessible(true);
                    method.setAccessible(true);
                    try {
                        method.invoke(constructor.newInstance());
                        passed++;
                    } catch (InvocationTargetException e) {
                        failed = true;
                        System.out.println("FAILED " + type.getSimpleName() + "." + method.getName());
                        e.getCause().printStackTrace(System.out);
                    }
                }
            }
            System.out.println("jdk mode: " + (failed ? "failed" : "passed") + " " + passed);
            System.exit(failed ? 1 : 0);
        }
    }
}
