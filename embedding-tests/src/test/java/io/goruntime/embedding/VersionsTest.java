package io.goruntime.embedding;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The table in README.md has the versions that are tested with. */
class VersionsTest {
    @ParameterizedTest
    @CsvSource({
            "Jetty, jetty", "HikariCP, hikaricp", "H2, h2", "Spring Boot, spring-boot",
            "OpenTelemetry API, opentelemetry", "OpenTelemetry Java agent, opentelemetry-javaagent",
            "Micrometer context propagation, micrometer-context"})
    void theReadmeHasTheVersion(String part, String property) throws Exception {
        String row = "| " + part + " | " + System.getProperty(property + ".version") + " |";
        assertTrue(Files.readString(Path.of("..", "README.md")).contains(row), row);
    }
}
