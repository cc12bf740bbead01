package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the build promises to the tests, and the tests to the users. */
class BuildTest {
    @Test
    void testsRunWithoutFlags() {
        List<String> flags = ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> !flag.startsWith("-Xmx") && !flag.startsWith("-D")).toList();
        assertEquals(List.of(), flags);
        assertFalse(Object.class.getModule().isOpen("java.lang", BuildTest.class.getModule()));
        assertFalse(BuildTest.class.getModule().isNamed());
    }

    @Test
    void bridgeIsAResourceAndNoClass() throws Exception {
        try (var in = Chan.class.getResourceAsStream("/META-INF/goruntime/GoRuntimeBridge-25.bin")) {
            assertNotNull(in);
            assertEquals(0xCAFEBABE, new DataInputStream(in).readInt());
        }
        assertFalse(Files.exists(Path.of(System.getProperty("goruntime.classes"), "java")));
    }

    @Test
    void propertiesAreThere() {
        assertTrue(Files.isDirectory(Path.of(System.getProperty("goruntime.test.classes"))));
        assertTrue(System.getProperty("goruntime.classpath").contains("junit-jupiter"));
        assertTrue(System.getProperty("goruntime.runtime.classpath").contains("slf4j-api"));
        assertFalse(System.getProperty("goruntime.runtime.classpath").contains("jspecify"));
        assertTrue(Double.parseDouble(System.getProperty("goruntime.stress.scale")) > 0);
    }
}
