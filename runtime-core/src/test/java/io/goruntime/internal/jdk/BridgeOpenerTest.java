package io.goruntime.internal.jdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.StderrLog;
import java.lang.module.FindException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How the bridge opens, or why not, under the options a user may give. Each scenario is a JVM of its own; all are
 * started first, two at a time, and each test looks at one.
 */
class BridgeOpenerTest {
    private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";
    private static final String OPEN = "--add-opens=java.base/java.lang=ALL-UNNAMED";
    private static final String DENY = "--illegal-native-access=deny";
    private static final String GMP = "-Dgoruntime.scheduler=gmp";
    private static final String JNI_WARNING = "WARNING: A restricted method";
    private static final String MODULE = "io.goruntime.core";

    private static final Map<String, ChildJvm.Running> children = new TreeMap<>();

    @BeforeAll
    static void startChildren() {
        child("no flags", "open");
        child("native access", "open", NATIVE);
        child("opens", "open", OPEN);
        child("opens, denied", "open", OPEN, DENY, "-Dgoruntime.selfOpen=false", GMP);
        child("denied", "open", DENY);
        child("denied, gmp", "open", DENY, GMP);
        child("selfOpen=false", "open", "-Dgoruntime.selfOpen=false", NATIVE);
        child("selfOpen=no", "open", "-Dgoruntime.selfOpen=no", NATIVE);
        child("gmp", "open", GMP, NATIVE);
        child("jdk", "open", "-Dgoruntime.scheduler=jdk");
        child("unknown", "open", "-Dgoruntime.scheduler=fast");
        child("no continuations", "open", NATIVE, "-XX:+UnlockExperimentalVMOptions", "-XX:-VMContinuations");
        child("linked", "linked", "-Dgoruntime.scheduler=jdk");
        child("virtual", "virtual", NATIVE);
        child("race", "race", NATIVE);
        child("interrupted", "interrupted", NATIVE);
        child("copies", "copies", NATIVE);
        child("other version", "other-version", OPEN);
        child("other version, gmp", "other-version", OPEN, GMP);
        child("check:jni", "open", NATIVE, "-Xcheck:jni", GMP);
        for (String flag : List.of("-XX:+UseG1GC", "-XX:+UseZGC", "-XX:+UseParallelGC", "-XX:+UseSerialGC", "-Xint")) {
            child(flag, "open", NATIVE, GMP, flag);
        }
        if (isModular()) {
            module("module", "--enable-native-access=" + MODULE);
            module("module, opens", "--add-opens=java.base/java.lang=" + MODULE);
            module("module, denied", DENY, GMP);
        }
    }

    private static void child(String name, String task, String... flags) {
        ChildJvm child = ChildJvm.of(OpenProgram.class).flags(StderrLog.FLAG);
        children.put(name, child.flags(flags).args(task).start());
    }

    private static ChildJvm.Result result(String name) {
        return children.get(name).await();
    }

    /** All scenarios in which the bridge works, whatever else they show. */
    private static ChildJvm.Result gmp(String name) {
        return result(name)
                .expectExit(0)
                .expect("mode gmp")
                .expect("reason: null")
                .expect("exercise ended")
                .expectNot("WARN io.goruntime")
                .expectNot("left behind");
    }

    // ---- Ways in ----

    @Test
    void opensWithoutFlagsAndLeavesTheJvmsWarningAlone() {
        ChildJvm.Result r = gmp("no flags").expect("defined through JNI").expect(JNI_WARNING);
        assertEquals(1, r.countLines("INFO io.goruntime"), r.toString());
    }

    @Test
    void isSilentWhenNativeAccessIsEnabled() {
        gmp("native access").expect("defined through JNI").expectNot("WARNING");
    }

    @Test
    void usesALookupWhenJavaLangIsOpen() {
        gmp("opens").expect("through a Lookup").expectNot("WARNING");
        gmp("opens, denied").expect("through a Lookup").expectNot("WARNING");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseG1GC", "-XX:+UseZGC", "-XX:+UseParallelGC", "-XX:+UseSerialGC", "-Xint",
            "check:jni"})
    void opensSilentlyOnEveryCollectorInterpretedAndChecked(String name) {
        gmp(name).expect("defined through JNI").expectNot("WARNING").expectNot("FATAL");
    }

    @Test
    void opensFromAVirtualThread() {
        result("virtual").expectExit(0).expect("gmp true carrier virtual false");
    }

    @Test
    void opensOnceWhenThreadsRace() {
        ChildJvm.Result r = result("race").expectExit(0).expect("all agree");
        assertEquals(1, r.countLines("INFO io.goruntime"), r.toString());
    }

    @Test
    void keepsTheInterruptFlagOfItsCaller() {
        result("interrupted").expectExit(0).expect("gmp true flag kept true");
    }

    // ---- Modules ----

    @Test
    void opensInAModule() {
        Assumptions.assumeTrue(isModular(), "the classes under test have no module-info");
        gmp("module").expectNot("WARNING");
        gmp("module, opens").expectNot("WARNING");
    }

    @Test
    void namesTheModuleInTheFlagItAsksFor() {
        Assumptions.assumeTrue(isModular(), "the classes under test have no module-info");
        result("module, denied")
                .expectExit(1)
                .expect("--enable-native-access=io.goruntime.core")
                .expect("--add-opens java.base/java.lang=io.goruntime.core");
    }

    // ---- Several copies ----

    @Test
    void sharesTheBridgeAmongClassLoadersAndKeepsNoneAlive() {
        ChildJvm.Result r = result("copies")
                .expectExit(0)
                .expect("defined through JNI")
                .expect("bridge to java.lang shared with file:")
                .expect("second reason: null")
                .expect("exercise ended")
                .expect("second loader collected");
        assertEquals(2, r.countLines("INFO io.goruntime"), r.toString());
    }

    @Test
    void refusesABridgeOfAnotherVersionAndNamesBothJars() {
        ChildJvm.Result fallback = result("other version").expectExit(0).expect("mode jdk");
        ChildJvm.Result refused = result("other version, gmp").expectExit(1).expect("IllegalStateException");
        for (ChildJvm.Result r : List.of(fallback, refused)) {
            r.expect("version 7").expect("file:/elsewhere/other.jar").expect(location(Mode.class).toUri().getPath());
        }
    }

    // ---- Refusals ----

    @Test
    void fallsBackWithOneWarningThatNamesTheFlags() {
        ChildJvm.Result r = result("denied").expectExit(0).expect("mode jdk").expect("bridge absent");
        assertEquals(1, r.countLines("WARN "), r.toString());
        assertEquals(0, r.countLines("INFO "), r.toString());
        r.expect("--enable-native-access=ALL-UNNAMED")
                .expect("--add-opens java.base/java.lang=ALL-UNNAMED")
                .expect("-Dgoruntime.scheduler=jdk");
    }

    @Test
    void throwsWithTheReasonWhenGmpWasAskedFor() {
        result("denied, gmp")
                .expectExit(1)
                .expect("IllegalStateException")
                .expect("--enable-native-access=ALL-UNNAMED")
                .expect("--add-opens java.base/java.lang=ALL-UNNAMED")
                .expectNot("WARN ");
    }

    @Test
    void leavesJniAloneWhenSelfOpeningIsForbidden() {
        result("selfOpen=false")
                .expectExit(0)
                .expect("mode jdk")
                .expect("bridge absent")
                .expect("-Dgoruntime.selfOpen=false forbids")
                .expect("--add-opens java.base/java.lang=ALL-UNNAMED");
        result("selfOpen=no").expectExit(0).expect("mode jdk").expect("-Dgoruntime.selfOpen=no forbids");
    }

    @Test
    void fallsBackOnAJvmWithoutContinuations() {
        result("no continuations").expectExit(0).expect("mode jdk").expect("no continuations");
    }

    // ---- The property ----

    @Test
    void usesTheSchedulerAskedFor() {
        gmp("gmp");
        result("jdk")
                .expectExit(0)
                .expect("mode jdk")
                .expect("bridge absent")
                .expect("goruntime.scheduler=jdk was asked for")
                .expectNot("WARN")
                .expectNot("INFO");
        result("unknown").expectExit(1).expect("IllegalArgumentException").expect("goruntime.scheduler=fast");
    }

    @Test
    void linksWithoutABridge() {
        result("linked").expectExit(0).expect("linked, bridge absent");
    }

    // ---- Module layout ----

    private static void module(String name, String... flags) {
        ChildJvm child = ChildJvm.of(OpenProgram.class)
                .module(modulePath(), MODULE)
                .flags("--patch-module=" + MODULE + "=" + location(OpenProgram.class));
        children.put(name, child.flags(flags).args("open").start());
    }

    private static boolean isModular() {
        return ModuleFinder.of(location(Mode.class)).find(MODULE).isPresent();
    }

    /** The classes under test and, from the class path, the modules they require. */
    private static List<Path> modulePath() {
        ModuleDescriptor self = ModuleFinder.of(location(Mode.class)).find(MODULE).orElseThrow().descriptor();
        List<Path> path = new ArrayList<>(List.of(location(Mode.class)));
        for (Path entry : ChildJvm.ownClassPath()) {
            ModuleFinder finder = ModuleFinder.of(entry);
            if (self.requires().stream().anyMatch(required -> isIn(finder, required.name()))) {
                path.add(entry);
            }
        }
        return path;
    }

    private static boolean isIn(ModuleFinder finder, String module) {
        try {
            return finder.find(module).isPresent();
        } catch (FindException e) {
            return false; // a jar that is no module at all
        }
    }

    private static Path location(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /** The check of the checks: a child that fails is seen to fail, with its output in the message. */
    @Test
    void reportsAChildThatFails() {
        ChildJvm.Result r = result("unknown");
        AssertionError error = null;
        try {
            r.expectExit(0);
        } catch (AssertionError e) {
            error = e;
        }
        assertTrue(error != null && error.getMessage().contains("IllegalArgumentException"), r.toString());
    }
}
