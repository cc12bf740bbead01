package io.goruntime.internal.poll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The part of docs/GO-MAP.md about this module: what it names exists, and our "Counterpart of" comments have rows. */
class NetGoMapTest {
    private static final List<String> PACKAGES = List.of("io.goruntime.internal.poll", "io.goruntime.net");
    private static final Pattern ROW = Pattern.compile("\\| `(\\w+\\.go): (\\w+)` \\| `(\\w+)(?:\\.(\\w+))?` \\|.*\\|");
    private static final Pattern COUNTERPART = Pattern.compile("Counterpart of (.*?)\\.(?: |$)");
    private static final Pattern GO_NAMES = Pattern.compile("(\\w+\\.go): (\\w+(?:, \\w+)*)");

    private final Set<String> goNames = new TreeSet<>();
    private final List<String> missing = new ArrayList<>();

    @Test
    void tableAndCommentsAgree() throws Exception {
        read();
        assertTrue(goNames.size() > 15, goNames.toString());
        assertEquals(List.of(), missing);
        Set<String> named = counterparts();
        assertTrue(named.size() > 5, named.toString());
        named.removeAll(goNames);
        assertEquals(Set.of(), named, "no row in docs/GO-MAP.md");
    }

    /** The check itself: it must notice what does not exist. */
    @Test
    void noticesWhatDoesNotExist() {
        assertTrue(exists("Side", "await"));
        assertFalse(exists("Side", "awaits"));
        assertFalse(exists("Sides", null));
    }

    private void read() throws IOException {
        boolean ours = false;
        for (String line : Files.readAllLines(Path.of("..", "docs", "GO-MAP.md"))) {
            if (line.startsWith("## ")) {
                ours = line.equals("## The network");
            }
            if (ours && line.startsWith("| `")) {
                Matcher row = ROW.matcher(line);
                assertTrue(row.matches(), "not a row of this table: " + line);
                goNames.add(row.group(1) + ": " + row.group(2));
                if (!exists(row.group(3), row.group(4))) {
                    missing.add(line);
                }
            }
        }
    }

    private static boolean exists(String className, String member) {
        for (String each : PACKAGES) {
            try {
                Class<?> found = Class.forName(each + "." + className, false, NetGoMapTest.class.getClassLoader());
                return member == null
                        || Stream.of(found.getDeclaredMethods()).anyMatch(m -> m.getName().equals(member));
            } catch (ClassNotFoundException e) {
                continue;
            }
        }
        return false;
    }

    private static Set<String> counterparts() throws IOException {
        Set<String> named = new TreeSet<>();
        try (Stream<Path> files = Files.walk(Path.of("src/main/java/io"))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                String text = Files.readString(file).replaceAll("\\s*\\n\\s*(?:\\*/|\\*|//)?\\s*", " ").replace("*/",
                        " ");
                Matcher counterpart = COUNTERPART.matcher(text);
                while (counterpart.find()) {
                    Matcher names = GO_NAMES.matcher(counterpart.group(1));
                    while (names.find()) {
                        for (String name : names.group(2).split(", ")) {
                            if (!name.equals("and")) {
                                named.add(names.group(1) + ": " + name);
                            }
                        }
                    }
                }
            }
        }
        return named;
    }
}
