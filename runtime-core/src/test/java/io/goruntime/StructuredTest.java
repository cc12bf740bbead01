package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.goruntime.testing.ChildJvm;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Structured concurrency with goroutines: {@code StructuredTaskScope} with a runtime's thread factory. It is a preview
 * API, so the program is compiled by the JVM that runs it.
 */
class StructuredTest {
    private static final List<String> SCENARIOS = Stream.of("join", "any", "failure", "timeout", "interrupt",
            "scoped values", "nested", "runtime closed", "dump").map(name -> name + ": well").toList();

    private static ChildJvm.Running gmp;
    private static ChildJvm.Running jdk;

    @BeforeAll
    static void startChildren() throws Exception {
        Path program = Path.of(StructuredTest.class.getResource("StructuredProgram.java").toURI());
        gmp = start(program, "gmp");
        jdk = start(program, "jdk");
    }

    private static ChildJvm.Running start(Path program, String mode) {
        return ChildJvm.ofSource(program)
                .flags("--enable-preview", "--source", "25", "-Dgoruntime.scheduler=" + mode)
                .timeout(Duration.ofSeconds(50)).start();
    }

    @Test
    void scopesOfGoroutines() {
        assertWell(gmp);
    }

    @Test
    void scopesInJdkMode() {
        assertWell(jdk);
    }

    private static void assertWell(ChildJvm.Running child) {
        ChildJvm.Result result = child.await().expectExit(0).expect("end");
        assertEquals(SCENARIOS, result.out().lines().filter(line -> line.endsWith(": well")).toList(),
                result::toString);
    }
}
