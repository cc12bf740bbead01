package io.goruntime.net;

import io.goruntime.testing.PackageOrder;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The packages of this module come after those of the core, and the public one after the pollers. */
class NetPackageOrderTest {
    private static final PackageOrder CHECK = PackageOrder.CORE.then("io.goruntime.internal.poll", "io.goruntime.net");

    @Test
    void classesUseOnlyPackagesBeforeTheirOwn() throws Exception {
        CHECK.checkClasses(Path.of(System.getProperty("goruntime.classes")));
    }

    @Test
    void sourcesNameOnlyPackagesBeforeTheirOwn() throws Exception {
        CHECK.checkSources(Path.of("src/main/java"));
    }
}
