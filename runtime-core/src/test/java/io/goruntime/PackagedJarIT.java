package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged jar as others meet it: as a module, on the class path, and as a dependency of a project. */
class PackagedJarIT {
    private static final String JAR = System.getProperty("goruntime.jar");
    private static final String RUNTIME = System.getProperty("goruntime.runtime.classpath");
    private static final String MODULE_PATH = JAR + File.pathSeparator + RUNTIME;

    @TempDir
    Path dir;

    @Test
    void describesItself() throws Exception {
        List<String> lines = jdk("java", "--module-path", MODULE_PATH, "--describe-module", "io.goruntime.core");
        assertTrue(lines.getFirst().startsWith("io.goruntime.core@"), lines.toString());
        assertTrue(lines.contains("exports io.goruntime"), lines.toString());
        assertTrue(lines.stream().noneMatch(l -> l.startsWith("exports io.goruntime.internal")), lines.toString());
    }

    @Test
    void resolvesAsAModuleWithoutOptionalOnes() throws Exception {
        jdk("java", "--module-path", MODULE_PATH, "--validate-modules");
        assertEquals(List.of("hello, module path"), jdk("java", "--module-path", MODULE_PATH, "--add-modules",
                "io.goruntime.core", program("module path").toString()));
    }

    @Test
    void worksOnTheClassPath() throws Exception {
        assertEquals(List.of("hello, class path"),
                jdk("java", "-cp", MODULE_PATH, program("class path").toString()));
    }

    @Test
    void containsNoClassOfAForeignPackageAndNoPathOfTheMachine() throws Exception {
        try (var jar = new JarFile(JAR)) {
            for (var entry : jar.stream().toList()) {
                String name = entry.getName();
                assertTrue(!name.endsWith(".class") || name.startsWith("io/goruntime/")
                        || name.equals("module-info.class"), name);
                if (entry.isDirectory() || name.startsWith("META-INF/maven/")) continue;
                String bytes = new String(jar.getInputStream(entry).readAllBytes(), StandardCharsets.ISO_8859_1);
                assertTrue(!bytes.contains(System.getProperty("user.dir")), name);
            }
            assertTrue(jar.getEntry("META-INF/goruntime/GoRuntimeBridge-25.bin") != null);
        }
    }

    @Test
    void aProjectThatOnlyDependsOnItRan() throws Exception {
        Path result = Path.of(JAR).resolveSibling("it").resolve("consumer").resolve("target").resolve("result.txt");
        assertEquals("hello, consumer from goroutine 1", Files.readString(result));
    }

    @Test
    void theSampleOfTheReadmeRunsAsItStandsThere() throws Exception {
        Matcher sample = Pattern.compile("```java\\R(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("..", "README.md")));
        assertTrue(sample.find());
        Path main = Files.writeString(dir.resolve("Main.java"), sample.group(1));
        assertEquals(List.of("1", "4", "9", "16", "25"), jdk("java", "-cp", MODULE_PATH, main.toString()));
    }

    private Path program(String argument) throws Exception {
        return Files.writeString(dir.resolve("Main.java"), """
                import io.goruntime.*;

                void main() throws Exception {
                    Chan<String> c = Chan.make();
                    GoRuntime.go(() -> c.send("hello, %s"));
                    IO.println(c.receive());
                    GoRuntime.defaultRuntime().close();
                }
                """.formatted(argument));
    }

    /**
     * Runs a tool of the JDK that runs the tests and returns the lines of its standard output; it must end with 0. On
     * standard error may stand the JDK's warning about native access, and SLF4J's that it has no provider.
     */
    private static List<String> jdk(String tool, String... arguments) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", tool).toString());
        command.addAll(List.of(arguments));
        Path out = Files.createTempFile("goruntime", ".out");
        Path err = Files.createTempFile("goruntime", ".err");
        try {
            Process process = new ProcessBuilder(command).redirectError(err.toFile()).redirectOutput(out.toFile())
                    .start();
            boolean ended = process.waitFor(50, TimeUnit.SECONDS);
            if (!ended) process.destroyForcibly().waitFor();
            List<String> lines = Files.readAllLines(out);
            List<String> errors = Files.readAllLines(err);
            assertTrue(ended, () -> "did not end: " + command + " " + lines + " " + errors);
            assertEquals(0, process.exitValue(), () -> command + " " + lines + " " + errors);
            return lines;
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }
}
