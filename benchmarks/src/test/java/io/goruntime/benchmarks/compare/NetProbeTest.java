package io.goruntime.benchmarks.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every server answers what it is asked; the client checks that, and ends with an error if not. */
class NetProbeTest {
    private static final List<String> US = List.of(Scenario.OURS);

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final PrintStream log = new PrintStream(said, true, StandardCharsets.UTF_8);
    private final NetProbe probe = new NetProbe(
            new Options("test", 1, 1, Duration.ZERO, 1, 1, Duration.ofMillis(100), 2,
                    "64m", List.of(Variant.G1), false, Path.of("unused"), List.of()),
            null, log);

    @ParameterizedTest
    @ValueSource(strings = {"goruntime", "jdk", "netty"})
    void serversAnswer(String implementation) throws Exception {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "the figures are from /proc, and netty's epoll");
        for (Map<String, String> params : List.of(Map.of("kind", "echo", "connections", "3", "bytes", "64"),
                Map.of("kind", "echo", "connections", "2", "bytes", "65536"),
                Map.of("kind", "http", "connections", "3", "client", "own"))) {
            Map<String, Double> values = measure(new Scenario("net/test", null, params, US, "op/s"), implementation);
            assertTrue(values.get("net/test") > 0, values::toString);
            assertTrue(values.get("net/test_p50") > 0, values::toString);
            assertTrue(values.get("net/test_p50") <= values.get("net/test_p999"), values::toString);
        }
    }

    @Test
    void connectionsComeAndGo() throws Exception {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "the figures are from /proc");
        assertTrue(measure(new Scenario("net/test", null, Map.of("kind", "connect", "connections", "3", "bytes", "64"),
                US, "op/s"), Scenario.OURS).get("net/test") > 0);
        assertEquals(1, measure(new Scenario("net/test", null, Map.of("kind", "idle", "connections", "100", "bytes",
                "64"), US, "B"), Scenario.OURS).size());
    }

    private Map<String, Double> measure(Scenario scenario, String implementation) {
        try {
            return probe.measure(scenario, implementation, Variant.G1);
        } catch (Exception e) {
            throw new AssertionError(scenario + "\n" + said.toString(StandardCharsets.UTF_8), e);
        }
    }

    @Test
    void systemCallsAreReadFromWhatTheToolsPrint() {
        assertEquals(OptionalLong.of(1155677), SyscallCount.parse(
                "begun\n1155677,,raw_syscalls:sys_enter,1004957173,100.00,,\n"));
        assertEquals(OptionalLong.empty(), SyscallCount.parse("<not counted>,,raw_syscalls:sys_enter,0,0.00,,\n"));
        assertEquals(OptionalLong.of(32852), SyscallCount.parse("""
                strace: Process 2537 attached
                    calls syscall
                --------- ----------------
                    32851 getppid
                        1 read
                --------- ----------------
                    32852 total
                """));
    }
}
