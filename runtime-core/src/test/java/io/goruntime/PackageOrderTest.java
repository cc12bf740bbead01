package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The packages of this module have an order, and each uses only those before it. Looked at twice: in the class files,
 * which name every class that is really used, and in the sources, where an import may be for a constant or a comment.
 */
class PackageOrderTest {
    /** Each package with what it may use besides itself: everything before it. A new package gets its place here. */
    private static final List<String> ORDER = List.of(
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
            "io.goruntime.interop");

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

    @Test
    void classesUseOnlyPackagesBeforeTheirOwn() throws Exception {
        Path root = Path.of(System.getProperty("goruntime.classes"));
        int checked = 0;
        for (Path file : filesUnder(root, ".class")) {
            if (!file.endsWith("module-info.class") && !file.endsWith("package-info.class")) {
                checkClass(Files.readAllBytes(file));
                checked++;
            }
        }
        assertTrue(checked > 40, checked + " classes");
    }

    @Test
    void sourcesNameOnlyPackagesBeforeTheirOwn() throws Exception {
        int checked = 0;
        for (Path file : filesUnder(Path.of("src/main/java"), ".java")) {
            if (!file.endsWith("module-info.java")) {
                checkSource(file.toString(), Files.readString(file));
                checked++;
            }
        }
        assertTrue(checked > 40, checked + " sources");
    }

    @Test
    void everyPackageOfTheOrderExists() {
        for (String name : ORDER) {
            assertTrue(Files.isDirectory(Path.of("src/main/java", name.split("\\."))), name);
        }
    }

    // -- the checks find what they are for --

    @Test
    void findsAnImportAgainstTheOrder() {
        String source = "package io.goruntime.internal.base;\nimport static io.goruntime.internal.sched.G.x;\n";
        assertEquals("test: io.goruntime.internal.base must not use io.goruntime.internal.sched.G",
                failure(() -> checkSource("test", source)));
        checkSource("test", "package io.goruntime.internal.sched;\nimport io.goruntime.internal.base.SpinLock;\n");
        checkSource("test", "package io.goruntime.internal.base;\n// io.goruntime.internal.sched.G\n"
                + "/* io.goruntime.Chan */ class A { String s = \"io.goruntime.Chan\"; }");
    }

    @Test
    void findsAQualifiedNameAndAPackageWithoutAPlace() {
        assertEquals("test: io.goruntime.internal.sched must not use io.goruntime.Chan", failure(() -> checkSource(
                "test", "package io.goruntime.internal.sched;\nclass A { io.goruntime.Chan<?> c; }\n")));
        assertEquals("test: io.goruntime.internal.other has no place in the order", failure(() -> checkSource("test",
                "package io.goruntime.internal.other;\n")));
        assertEquals("test: io.goruntime must not use java.lang.GoRuntimeBridge", failure(() -> checkSource("test",
                "package io.goruntime;\nclass A { java.lang.GoRuntimeBridge b; }\n")));
    }

    @Test
    void findsAClassAgainstTheOrder() throws Exception {
        assertEquals("io.goruntime.internal.sched.Made: io.goruntime.internal.sched must not use io.goruntime.Chan",
                failure(() -> checkClass(made("io.goruntime.internal.sched.Made", "io.goruntime.Chan"))));
        assertEquals("io.goruntime.Made: io.goruntime must not use java.lang.GoRuntimeBridge",
                failure(() -> checkClass(made("io.goruntime.Made", BRIDGE))));
        assertEquals("io.goruntime.mem.HeapExhaustedException: a leaf must not use [io.goruntime.internal.jdk.Mode]",
                failure(() -> checkClass(made("io.goruntime.mem.HeapExhaustedException",
                        "io.goruntime.internal.jdk.Mode"))));
        checkClass(made("io.goruntime.internal.jdk.Made", BRIDGE));
        checkClass(made("io.goruntime.Made", "io.goruntime.internal.sched.G"));
    }

    /** A class with a method that returns another. */
    private static byte[] made(String name, String returned) {
        return ClassFile.of().build(ClassDesc.of(name), builder -> builder.withMethod("m",
                MethodTypeDesc.of(ClassDesc.of(returned)),
                ClassFile.ACC_ABSTRACT | ClassFile.ACC_PUBLIC, _ -> {}));
    }

    @FunctionalInterface
    private interface Check {
        void run() throws Exception;
    }

    private static String failure(Check check) {
        try {
            check.run();
        } catch (Exception e) {
            throw new AssertionError(e);
        } catch (AssertionError e) {
            return e.getMessage();
        }
        throw new AssertionError("nothing was found");
    }

    // -- the checks --

    private static void checkClass(byte[] bytes) {
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

    private static void checkSource(String where, String source) {
        Matcher packageName = PACKAGE.matcher(source);
        assertTrue(packageName.find(), where);
        String user = packageName.group(1);
        if (!ORDER.contains(user)) {
            fail(where + ": " + user + " has no place in the order");
        }
        Matcher qualified = QUALIFIED.matcher(COMMENT_OR_STRING.matcher(source).replaceAll(" "));
        while (qualified.find()) {
            check(where, user, qualified.group());
        }
    }

    private static void check(String where, String user, String used) {
        int place = ORDER.indexOf(packageOf(used));
        if (used.startsWith("java.")) {
            if (used.equals(BRIDGE) && !user.equals(BRIDGE_USER)) {
                fail(where + ": " + user + " must not use " + used);
            }
        } else if (!ORDER.contains(user)) {
            fail(where + ": " + user + " has no place in the order");
        } else if (place < 0) {
            fail(where + ": " + used + " is in no package of the order");
        } else if (place > ORDER.indexOf(user) && !LEAVES.contains(used)) {
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
