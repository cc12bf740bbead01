package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.goruntime.context.Context;
import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

/** What comes first in a JVM: it leaves the library usable, and what is promised to be thrown is thrown each time. */
@SuppressWarnings("restricted") // it is what is tested
@ExtendWith(DumpOnTimeout.class)
class FirstUseTest {
    private static final long GETPID_X86_64 = 39;

    @Test
    void aRawSyscallMayComeFirst() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String processor = System.getProperty("os.arch");
        assumeTrue(system.contains("linux") && processor.equals("amd64"), system + " on " + processor);
        ChildJvm.of(RawSyscallFirst.class).run().expectExit(0).expect("received 7");
    }

    @Test
    void deniedNativeAccessIsSaidEachTime() {
        ChildJvm.of(Denied.class).flags("--illegal-native-access=deny").run().expectExit(0).expect("denied each time");
    }

    @Test
    void anUnknownSchedulerIsSaidEachTime() {
        ChildJvm.of(UnknownScheduler.class).flags("-Dgoruntime.scheduler=fast").run().expectExit(0)
                .expect("refused each time");
    }

    static final class RawSyscallFirst {
        private RawSyscallFirst() {}

        public static void main(String[] args) throws Exception {
            assertEquals(ProcessHandle.current().pid(), Syscall.rawSyscall(GETPID_X86_64).r1());
            Chan<Integer> c = Chan.make();
            GoRuntime.go(() -> c.send(7));
            System.out.println("received " + c.receive());
        }
    }

    static final class Denied {
        private Denied() {}

        public static void main(String[] args) {
            for (int i = 0; i < 3; i++) {
                assertThrows(IllegalCallerException.class, () -> Syscall.rawSyscall(GETPID_X86_64));
                assertThrows(IllegalCallerException.class, () -> Syscall.syscall6(GETPID_X86_64));
            }
            System.out.println("denied each time");
        }
    }

    static final class UnknownScheduler {
        private UnknownScheduler() {}

        public static void main(String[] args) {
            Context parent = Context.background();
            Duration hour = Duration.ofHours(1);
            MemorySegment address = Linker.nativeLinker().defaultLookup().findOrThrow("abs");
            List<Executable> uses = List.of(() -> Context.withCancel(parent), () -> Context.withCancelCause(parent),
                    () -> Context.withTimeout(parent, hour), () -> Context.withTimeoutCause(parent, hour, null),
                    () -> Context.withDeadline(parent, Instant.MAX),
                    () -> Context.withDeadlineCause(parent, Instant.MAX, null),
                    () -> Context.withSignals(parent, "WINCH"),
                    () -> Cgo.downcall(address, FunctionDescriptor.ofVoid()));
            for (int i = 0; i < 2; i++) {
                for (Executable use : uses) {
                    assertThrows(IllegalArgumentException.class, use);
                }
            }
            System.out.println("refused each time");
        }
    }
}
