package io.goruntime;

import io.goruntime.testing.ChildJvm;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Selects that a StackOverflowError cuts off: each runs one case or none, and can be used again. Operations on channels of
 * longs too: each happens wholly or not at all.
 */
class SelectOverflowTest {
    private static final double SECONDS = 2 * Double.parseDouble(System.getProperty("goruntime.stress.scale", "1"));

    /** Overflows are cheap on a small stack; it is the smallest that an M may have, doubled. */
    private static final String MSTACK = "-Dgoruntime.mstack=2097152";

    /** The VM prints a warning whenever reserved stack is used. */
    private static final String QUIET = "-XX:-PrintWarnings";

    /** With regions of 8 MB, G1 freezes a goroutine at any depth of that stack; with those of 1 MB it refuses. */
    @ParameterizedTest
    @CsvSource({"platform,-Xint,1m", "platform,-XX:+TieredCompilation,1m", "goroutine,-Xint,1m",
            "goroutine,-XX:+TieredCompilation,1m", "goroutine,-XX:+TieredCompilation,8m"})
    @Timeout(600)
    void aCaseRunsWhollyOrNotAtAll(String who, String mode, String region) {
        child(who, mode, region, "keep").run().expectExit(0).expect("faults: 0").expect("enough overflows");
    }

    @Test
    @Timeout(600)
    void theBooksNoticeAForgottenElement() {
        child("platform", "-XX:+TieredCompilation", "1m", "forget").run().expectExit(1)
                .expect("(sent), received 0 times");
    }

    private static ChildJvm child(String who, String mode, String region, String what) {
        return ChildJvm.of(SelectOverflowProgram.class)
                .flags(QUIET, MSTACK, "-Xmx512m", "-XX:+UseG1GC", "-XX:G1HeapRegionSize=" + region, mode)
                .args(who, Double.toString(SECONDS), what).timeout(Duration.ofSeconds((long) (90 + 2 * SECONDS)));
    }
}
