package io.goruntime;

import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The decorator of the default runtime is found as a service; other runtimes do not look for it. */
@ExtendWith(DumpOnTimeout.class)
class DecoratorTest {
    @Test
    void theDefaultRuntimeFindsItsDecorator(@TempDir Path dir) throws Exception {
        Path services = Files.createDirectories(dir.resolve("META-INF").resolve("services"));
        Files.writeString(services.resolve(GoRuntime.Decorator.class.getName()), Carrying.class.getName() + "\n");
        List<Path> path = new ArrayList<>(ChildJvm.ownClassPath());
        path.add(dir);
        ChildJvm.of(Program.class).classPath(path).run().expectExit(0)
                .expect("default: carried main, own: carried null");
        ChildJvm.of(Program.class).run().expectExit(0).expect("default: carried null, own: carried null");
    }

    static final ThreadLocal<String> CONTEXT = new ThreadLocal<>();

    /** Carries a thread-local across go. */
    public static final class Carrying implements GoRuntime.Decorator {
        public Carrying() {}

        @Override
        public GoFn apply(GoFn fn) {
            String carried = CONTEXT.get();
            return () -> {
                CONTEXT.set(carried);
                fn.run();
            };
        }
    }

    static final class Program {
        private Program() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(20));
            CONTEXT.set("main");
            Chan<String> seen = Chan.make(2);
            GoRuntime.go(() -> seen.send("default: carried " + CONTEXT.get()));
            String first = seen.receive();
            GoRuntime.run(() -> GoRuntime.go(() -> seen.trySend("own: carried " + CONTEXT.get())));
            System.out.println(first + ", " + seen.receive());
        }
    }
}
