package io.goruntime.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** A Spring Boot application as it is deployed: a jar of jars, started by nothing but {@code java -jar}. */
class SpringBootIT {
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "no signal there asks a process to end")
    void asynchronousMethodsRunInGoroutinesAndEndInTime() throws Exception {
        try (Child app = Child.java("-jar", System.getProperty("app.jar"))) {
            assertTrue(Long.parseLong(app.await("task started in goroutine (\\d+) and sees the plugin").group(1)) > 0);
            app.await("Goroutine scheduler ready: bridge to java.lang defined through JNI");
            app.await("Started Application in");
            app.terminate();
            List<String> end = app.linesWith("application is closing", "task finished");
            assertEquals(2, end.size(), app::toString);
            assertTrue(end.getLast().contains("task finished in goroutine"), app::toString);
            assertEquals(List.of(), app.linesWith(" WARN ", " ERROR ", "Exception"), app::toString);
        }
    }
}
