package io.goruntime.benchmarks.impl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoRuntime;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A library that does less than the others would win: each batch tells how much was done. */
class ImplementationTest {
    /** So many that the tasks run side by side: without the lock some would be lost. */
    private static final int LOCKED = 800_000;

    @RegisterExtension
    static final AfterTestExecutionCallback DUMP = context -> {
        if (context.getExecutionException().isPresent()) {
            GoRuntime.defaultRuntime().dump(System.err);
        }
    };

    @ParameterizedTest
    @ValueSource(strings = {"goruntime", "jdk", "jox", "kotlin"})
    void channels(String id) throws Exception {
        Implementation scenarios = Implementation.of(id);
        long sum = Implementation.sumOfValues(1000);
        assertEquals(sum, scenarios.pingPong(1000));
        assertEquals(sum, scenarios.prodCons(0, 1000));
        assertEquals(sum, scenarios.prodCons(10, 1000));
        assertEquals(sum, scenarios.uncontended(1, 1000));
        assertEquals(10 * sum, scenarios.contended(10, 10, 10_000));
    }

    @ParameterizedTest
    @ValueSource(strings = {"goruntime", "jdk"})
    void submit(String id) throws Exception {
        assertEquals(Implementation.sumOfValues(1000), Implementation.of(id).submit(1000));
    }

    @ParameterizedTest
    @ValueSource(strings = {"goruntime", "jdk", "kotlin"})
    void mutex(String id) throws Exception {
        Implementation scenarios = Implementation.of(id);
        assertEquals(LOCKED, scenarios.mutex(1, LOCKED));
        assertEquals(LOCKED, scenarios.mutex(8, LOCKED));
    }

    @ParameterizedTest
    @ValueSource(strings = {"goruntime", "jdk"})
    void rwMutex(String id) throws Exception {
        assertEquals(LOCKED, Implementation.of(id).rwMutex(8, LOCKED));
    }

    @ParameterizedTest
    @ValueSource(strings = {"goruntime", "jdk", "kotlin"})
    void fanOut(String id) throws Exception {
        assertEquals(3000, Implementation.of(id).fanOut(100, 30));
    }

    @ParameterizedTest
    @ValueSource(strings = {"goruntime", "jdk", "kotlin"})
    void sleep(String id) throws Exception {
        Implementation scenarios = Implementation.of(id);
        long start = System.nanoTime();
        assertEquals(1000, scenarios.sleep(1000));
        long nanos = System.nanoTime() - start;
        assertTrue(nanos >= 1_000_000, "nobody waited for those who sleep: " + nanos + " ns");
    }

    @ParameterizedTest
    @ValueSource(strings = {"goruntime", "jdk"})
    void startStop(String id) throws Exception {
        assertEquals(1000, Implementation.of(id).startStop(1000));
    }
}
