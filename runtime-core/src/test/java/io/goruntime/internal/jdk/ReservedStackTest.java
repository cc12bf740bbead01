package io.goruntime.internal.jdk;

import io.goruntime.testing.ChildJvm;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Waking a goroutine at the very end of a stack happens wholly or not at all. */
class ReservedStackTest {
    /** The VM prints a warning whenever reserved stack is used, hundreds of times here. */
    private static final String QUIET = "-XX:-PrintWarnings";

    /** The same dives with LockSupport.unpark do lose goroutines, which shows that the program would notice. */
    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1", "-XX:+TieredCompilation"})
    void anOverflowDuringUnparkLosesNoGoroutine(String mode) {
        ChildJvm.of(ReservedStackProgram.class)
                .flags(QUIET, mode)
                .run()
                .expectExit(0)
                .expect("bridge: lost 0 of")
                .expect("LockSupport: lost ")
                .expectNot("LockSupport: lost 0 of");
    }
}
