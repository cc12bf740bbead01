package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/GO-MAP.md names only what exists here, and all that our comments call a counterpart of something. */
class GoMapTest {
    private static final List<String> PACKAGES = List.of("io.goruntime.internal.sched", "io.goruntime",
            "io.goruntime.internal.base", "io.goruntime.internal.jdk", "io.goruntime.internal.sema",
            "io.goruntime.internal.signal", "io.goruntime.internal.timer", "io.goruntime.internal.mem",
            "io.goruntime.internal.heap", "io.goruntime.mem", "io.goruntime.sync", "io.goruntime.time",
            "io.goruntime.context");

    private static final Pattern ROW = Pattern
            .compile("\\| `(\\w+\\.go): (\\w+)` \\| `(\\w+)(?:\\.(\\w+))?` \\|(.*)\\|");
    private static final Pattern IN_NOTE = Pattern.compile("`([A-Z]\\w*)(?:\\.(\\w+))?`");
    private static final Pattern COUNTERPART = Pattern.compile("Counterpart of (.*?)\\.(?: |$)");
    private static final Pattern GO_NAMES = Pattern.compile("(\\w+\\.go): (\\w+(?:, \\w+)*)");

    private record Row(String goFile, String goName, String className, String member, String note) {
        String go() {
            return (goFile + ": " + goName).toLowerCase(Locale.ROOT);
        }
    }

    @Test
    void everythingNamedExists() throws Exception {
        List<String> missing = new ArrayList<>();
        for (Row row : rows()) {
            addIfMissing(row.className, row.member, missing);
            Matcher inNote = IN_NOTE.matcher(row.note);
            while (inNote.find()) {
                addIfMissing(inNote.group(1), inNote.group(2), missing);
            }
        }
        assertEquals(List.of(), missing);
    }

    @Test
    void eachGoNameHasOneRow() throws Exception {
        Set<String> seen = new TreeSet<>();
        for (Row row : rows()) {
            assertTrue(seen.add(row.goFile + ": " + row.goName), row::toString);
        }
    }

    @Test
    void everyCounterpartInACommentHasARow() throws Exception {
        Set<String> mapped = new TreeSet<>();
        rows().forEach(row -> mapped.add(row.go()));
        Set<String> named = counterparts();
        assertTrue(named.size() > 40, named.toString());
        named.removeAll(mapped);
        assertEquals(Set.of(), named, "no row in docs/GO-MAP.md");
    }

    /** The check itself: it must notice what does not exist. */
    @Test
    void noticesWhatDoesNotExist() {
        assertTrue(exists("Sched", "newproc"));
        assertTrue(exists("P", "preempt"));
        assertTrue(exists("Sched", null));
        assertFalse(exists("Sched", "newprocs"));
        assertFalse(exists("Schedule", null));
    }

    private static void addIfMissing(String className, String member, List<String> missing) {
        if (!exists(className, member)) {
            missing.add(member == null ? className : className + "." + member);
        }
    }

    private static boolean exists(String className, String member) {
        for (String each : PACKAGES) {
            try {
                Class<?> found = Class.forName(each + "." + className, false, GoMapTest.class.getClassLoader());
                return member == null
                        || Stream.of(found.getDeclaredMethods()).anyMatch(m -> m.getName().equals(member))
                        || Stream.of(found.getDeclaredFields()).anyMatch(f -> f.getName().equals(member));
            } catch (ClassNotFoundException e) {
                continue;
            }
        }
        return false;
    }

    private static List<Row> rows() throws IOException {
        List<Row> rows = new ArrayList<>();
        boolean ours = true;
        for (String line : Files.readAllLines(Path.of("..", "docs", "GO-MAP.md"))) {
            if (line.startsWith("## ")) {
                ours = !line.startsWith("## The network"); // that part is checked by a test of runtime-netpoll
            }
            if (ours && line.startsWith("| `")) {
                Matcher row = ROW.matcher(line);
                assertTrue(row.matches(), () -> "not a row of this table: " + line);
                rows.add(new Row(row.group(1), row.group(2), row.group(3), row.group(4), row.group(5)));
            }
        }
        assertTrue(rows.size() > 60, rows.size() + " rows");
        return rows;
    }

    /** What the comments of the library say, as "file.go: name" in lower case. */
    private static Set<String> counterparts() throws IOException {
        Set<String> named = new TreeSet<>();
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                String text = Files.readString(file).replaceAll("\\s*\\n\\s*(?:\\*/|\\*|//)?\\s*", " ")
                        .replace("*/", " ");
                Matcher counterpart = COUNTERPART.matcher(text);
                while (counterpart.find()) {
                    Matcher names = GO_NAMES.matcher(counterpart.group(1));
                    while (names.find()) {
                        for (String name : names.group(2).split(", ")) {
                            if (!name.equals("and")) {
                                named.add((names.group(1) + ": " + name).toLowerCase(Locale.ROOT));
                            }
                        }
                    }
                }
            }
        }
        return named;
    }
}
