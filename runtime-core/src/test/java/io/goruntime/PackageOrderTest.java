package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.PackageOrder;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The packages of this module have an order, and each uses only those before it. */
class PackageOrderTest {
    private static final String BRIDGE = "java.lang.GoRuntimeBridge";

    private static final PackageOrder CHECK = PackageOrder.CORE;

    @Test
    void classesUseOnlyPackagesBeforeTheirOwn() throws Exception {
        CHECK.checkClasses(Path.of(System.getProperty("goruntime.classes")));
    }

    @Test
    void sourcesNameOnlyPackagesBeforeTheirOwn() throws Exception {
        CHECK.checkSources(Path.of("src/main/java"));
    }

    @Test
    void everyPackageOfTheOrderExists() {
        for (String name : CHECK.packages()) {
            assertTrue(Files.isDirectory(Path.of("src/main/java", name.split("\\."))), name);
        }
    }

    // -- the checks find what they are for --

    @Test
    void findsAnImportAgainstTheOrder() {
        String source = "package io.goruntime.internal.base;\nimport static io.goruntime.internal.sched.G.x;\n";
        assertEquals("test: io.goruntime.internal.base must not use io.goruntime.internal.sched.G",
                failure(() -> CHECK.checkSource("test", source)));
        CHECK.checkSource("test",
                "package io.goruntime.internal.sched;\nimport io.goruntime.internal.base.SpinLock;\n");
        CHECK.checkSource("test", "package io.goruntime.internal.base;\n// io.goruntime.internal.sched.G\n"
                + "/* io.goruntime.Chan */ class A { String s = \"io.goruntime.Chan\"; }");
    }

    @Test
    void findsAQualifiedNameAndAPackageWithoutAPlace() {
        assertEquals("test: io.goruntime.internal.sched must not use io.goruntime.Chan",
                failure(() -> CHECK.checkSource(
                        "test", "package io.goruntime.internal.sched;\nclass A { io.goruntime.Chan<?> c; }\n")));
        assertEquals("test: io.goruntime.internal.other has no place in the order",
                failure(() -> CHECK.checkSource("test",
                        "package io.goruntime.internal.other;\n")));
        assertEquals("test: io.goruntime must not use java.lang.GoRuntimeBridge",
                failure(() -> CHECK.checkSource("test",
                        "package io.goruntime;\nclass A { java.lang.GoRuntimeBridge b; }\n")));
    }

    @Test
    void findsAClassAgainstTheOrder() throws Exception {
        assertEquals("io.goruntime.internal.sched.Made: io.goruntime.internal.sched must not use io.goruntime.Chan",
                failure(() -> CHECK.checkClass(made("io.goruntime.internal.sched.Made", "io.goruntime.Chan"))));
        assertEquals("io.goruntime.Made: io.goruntime must not use java.lang.GoRuntimeBridge",
                failure(() -> CHECK.checkClass(made("io.goruntime.Made", BRIDGE))));
        assertEquals("io.goruntime.mem.HeapExhaustedException: a leaf must not use [io.goruntime.internal.jdk.Mode]",
                failure(() -> CHECK.checkClass(made("io.goruntime.mem.HeapExhaustedException",
                        "io.goruntime.internal.jdk.Mode"))));
        CHECK.checkClass(made("io.goruntime.internal.jdk.Made", BRIDGE));
        CHECK.checkClass(made("io.goruntime.Made", "io.goruntime.internal.sched.G"));
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
}
