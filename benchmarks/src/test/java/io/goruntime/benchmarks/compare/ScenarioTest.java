package io.goruntime.benchmarks.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Param;

/** The list of scenarios agrees with what it names. */
class ScenarioTest {
    @Test
    void idsDiffer() {
        Set<String> ids = new HashSet<>();
        for (Scenario scenario : Scenario.ALL) {
            assertTrue(ids.add(scenario.id()), scenario.id() + " is there twice");
        }
    }

    /** JMH ignores a parameter that the benchmark has not, and runs all values of one that it is not given. */
    @Test
    void parametersAreThoseOfTheBenchmark() {
        for (Scenario scenario : Scenario.ALL) {
            if (scenario.benchmark() == null) {
                continue;
            }
            Set<String> params = Arrays.stream(scenario.benchmark().getFields())
                    .filter(field -> field.isAnnotationPresent(Param.class))
                    .map(field -> field.getName())
                    .filter(name -> !name.equals("impl"))
                    .collect(Collectors.toCollection(TreeSet::new));
            assertEquals(params, new TreeSet<>(scenario.params().keySet()), scenario.id());
        }
    }

    /** A scenario without its twin would fail only when it is measured. */
    @Test
    void goHasTheSame() throws Exception {
        for (Scenario scenario : Scenario.ALL) {
            if (!scenario.implementations().contains(Scenario.GO)) {
                continue;
            }
            Path file = Path.of("go", scenario.group() + "_test.go");
            String name = scenario.id().substring(scenario.group().length() + 1);
            // Over the network it is a server, and the client is the same for all.
            String twin = !scenario.overNetwork()
                    ? "b.Run(\"" + name + "\","
                    : scenario.params().get("kind").equals("http") ? "case \"http\":" : "case \"echo\":";
            assertTrue(Files.readString(file).contains(twin),
                    scenario.id() + " is not in " + file);
        }
    }
}
