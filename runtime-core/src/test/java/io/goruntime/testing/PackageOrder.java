package io.goruntime.testing;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An order of packages in which each uses only those before it. Looked at twice: in the class files, which name every class
 * that is really used, and in the sources, where an import may be for a constant or a comment.
 *
 * @param packages in their order
 */
public record PackageOrder(List<String> packages) {
    /** Those of runtime-core. A new package gets its place here. */
    public static final PackageOrder CORE = new PackageOrder(List.of(
            "io.goruntime.internal.jdk", // the bridge's only user
            "io.goruntime.internal.base", // its locks sleep on the carrier, through jdk
            "io.goruntime.internal.mem",
            "io.goruntime.internal.timer",
            "io.goruntime.internal.heap",
            "io.goruntime.internal.sched",
            "io.goruntime.internal.signal", // tells the deadlock check
            "io.goruntime.internal.sema", // the wait queues of io.goruntime.sync
            "io.goruntime.mem",
            "io.goruntime",
            "io.goruntime.time",
            "io.goruntime.context",
            "io.goruntime.sync",
            "io.goruntime.interop"));

    /** Exceptions that use nothing of ours; every package may throw them, wherever users find them. */
    private static final Set<String> LEAVES = Set.of("io.goruntime.mem.HeapExhaustedException");

    private static final String BRIDGE = "java.lang.GoRuntimeBridge";
    private static final String BRIDGE_USER = "io.goruntime.internal.jdk";

    private static final Pattern INTERNAL_NAME = Pattern.compile("(?:java/lang|io/goruntime(?:/[a-z]\\w*)*)/[A-Z]\\w*");
    private static final Pattern DESCRIPTOR = Pattern.compile("L([\\w/]+)[$\\w]*[;<]");
    private static final Pattern PACKAGE = Pattern.compile("(?m)^package ([\\w.]+);");
    private static final Pattern QUALIFIED = Pattern
            .compile("\\b(io\\.goruntime(?:\\.[a-z]\\w*)*|java\\.lang)\\.([A-Z]\\w*)");
    private static final Pattern COMMENT_OR_STRING = Pattern
            .compile("/\\*.*?\\*/|//[^\\n]*|\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\\n])*\"", Pattern.DOTALL);

    /** These, and behind them the packages of a module that uses this one. */
    public PackageOrder then(String... more) {
        return new PackageOrder(Stream.concat(packages.stream(), Stream.of(more)).toList());
    }

    /** Looks at every class of a module. */
    public void checkClasses(Path root) throws IOException {
        List<Path> files = filesUnder(root, ".class");
        for (Path file : files) {
            if (!file.endsWith("module-info.class") && !file.endsWith("package-info.class")) {
                checkClass(Files.readAllBytes(file));
            }
        }
        assertTrue(files.size() > 20, files.size() + " classes");
    }

    /** Looks at every source of a module. */
    public void checkSources(Path root) throws IOException {
        List<Path> files = filesUnder(root, ".java");
        for (Path file : files) {
            if (!file.endsWith("module-info.java")) {
                checkSource(file.toString(), Files.readString(file));
            }
        }
        assertTrue(files.size() > 20, files.size() + " sources");
    }

    public void checkClass(byte[] bytes) {
        ClassModel model = ClassFile.of().parse(bytes);
        String user = model.thisClass().asInternalName().replace('/', '.');
        Set<String> used = new TreeSet<>();
        for (PoolEntry entry : model.constantPool()) {
            if (entry instanceof ClassEntry c) {
                addInternalName(c.asInternalName(), used);
            } else if (entry instanceof Utf8Entry text) {
                Matcher descriptor = DESCRIPTOR.matcher(text.stringValue());
                while (descriptor.find()) {
                    addInternalName(descriptor.group(1), used);
                }
            }
        }
        used.forEach(each -> check(user, packageOf(user), each));
        used.removeIf(each -> each.equals(user) || !each.startsWith("io.goruntime."));
        if (LEAVES.contains(user) && !used.isEmpty()) {
            fail(user + ": a leaf must not use " + used);
        }
    }

    private static void addInternalName(String name, Set<String> used) {
        Matcher matcher = INTERNAL_NAME.matcher(name);
        if (matcher.find()) {
            used.add(matcher.group().replace('/', '.'));
        }
    }

    public void checkSource(String where, String source) {
        Matcher packageName = PACKAGE.matcher(source);
        assertTrue(packageName.find(), where);
        String user = packageName.group(1);
        if (!packages.contains(user)) {
            fail(where + ": " + user + " has no place in the order");
        }
        Matcher qualified = QUALIFIED.matcher(COMMENT_OR_STRING.matcher(source).replaceAll(" "));
        while (qualified.find()) {
            check(where, user, qualified.group());
        }
    }

    private void check(String where, String user, String used) {
        int place = packages.indexOf(packageOf(used));
        if (used.startsWith("java.")) {
            if (used.equals(BRIDGE) && !user.equals(BRIDGE_USER)) {
                fail(where + ": " + user + " must not use " + used);
            }
        } else if (!packages.contains(user)) {
            fail(where + ": " + user + " has no place in the order");
        } else if (place < 0) {
            fail(where + ": " + used + " is in no package of the order");
        } else if (place > packages.indexOf(user) && !LEAVES.contains(used)) {
            fail(where + ": " + user + " must not use " + used);
        }
    }

    private static String packageOf(String className) {
        return className.substring(0, className.lastIndexOf('.'));
    }

    private static List<Path> filesUnder(Path root, String suffix) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
        }
    }
}
