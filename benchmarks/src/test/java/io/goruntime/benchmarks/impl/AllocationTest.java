package io.goruntime.benchmarks.impl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each allocator does all of the work: the sums are those of the numbers in the objects. */
class AllocationTest {
    @ParameterizedTest
    @ValueSource(strings = {"goruntime", "libc", "netty", "nettypooled", "arena"})
    void pairsAndMixed(String id) throws Exception {
        Allocation allocation = Allocation.of(id);
        assertEquals(Allocation.sumOfNumbers(10_000), allocation.pairs(8, 1, 10_000));
        assertEquals(Allocation.sumOfNumbers(10_000), allocation.pairs(64, 2, 10_000));
        assertEquals(Allocation.sumOfNumbers(10_000), allocation.mixed(10_000));
    }

    @ParameterizedTest
    @ValueSource(strings = {"goruntime", "libc", "netty", "nettypooled"})
    void handoff(String id) throws Exception {
        assertEquals(Allocation.sumOfNumbers(10_000), Allocation.of(id).handoff(10_000));
    }

    @Test
    void loop() throws Exception {
        assertEquals(Allocation.sumOfNumbers(10_000), Allocation.of("loop").pairs(64, 2, 10_000));
    }

    @Test
    void zeroed() throws Exception {
        assertEquals(Allocation.sumOfNumbers(1_000), Allocation.of("goruntime").zeroed(64, 1_000));
        assertEquals(Allocation.sumOfNumbers(100), Allocation.of("goruntime").zeroed(1 << 20, 100));
    }

    @Test
    void sizesAreMixed() {
        long random = 1;
        int small = 0;
        for (int i = 0; i < 10_000; i++) {
            random = Allocation.next(random);
            int size = Allocation.mixedSize(random);
            assertTrue(size >= 8 && size <= 1_031, size + " bytes");
            small += size <= 64 ? 1 : 0;
        }
        assertTrue(small > 3_000 && small < 8_000, small + " are small");
    }
}
