package io.goruntime.internal.jdk;

import io.goruntime.testing.ChildJvm;
import org.junit.jupiter.api.Test;

/** A goroutine whose resume ran out of memory half-way comes back. */
class RepairTest {
    @Test
    void threadsLeftInTransitionRunAgain() {
        ChildJvm.of(RepairProgram.class)
                .flags("--add-opens=java.base/java.lang=ALL-UNNAMED")
                .run()
                .expectExit(0)
                .expect("repair done")
                .expectNot("WRONG")
                .expectNot("Exception");
    }
}
