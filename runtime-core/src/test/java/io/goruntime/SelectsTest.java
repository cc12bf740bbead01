package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.Bounded;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The oracles of the select tests: they must notice what is wrong, and only that. */
class SelectsTest {
    /** Against a printed table: the chance of 13.816 with two degrees of freedom is 0.001, that is 3.09 deviations. */
    @Test
    void deviationsAgreeWithTheTable() {
        assertEquals(3.09, Selects.deviations(10.828, 1), 0.1);
        assertEquals(3.09, Selects.deviations(13.816, 2), 0.1);
        assertEquals(3.09, Selects.deviations(18.467, 4), 0.05);
        assertEquals(3.09, Selects.deviations(26.124, 8), 0.05);
        assertEquals(0, Selects.deviations(7.344, 8), 0.02);
    }

    @Test
    void chiSquareOfKnownCounts() {
        assertEquals(4, Selects.chiSquare(new long[]{60, 40}, new double[]{1, 1}), 1e-9);
        assertEquals(0, Selects.chiSquare(new long[]{60, 40}, new double[]{3, 2}), 1e-9);
    }

    @Test
    void aFairDiePassesAndALoadedOneDoesNot() {
        Random random = new Random(Bounded.seed("SelectsTest"));
        for (int sides = 2; sides <= 5; sides++) {
            long[] fair = new long[sides];
            long[] loaded = new long[sides];
            for (int i = 0; i < 100_000; i++) {
                fair[random.nextInt(sides)]++;
                loaded[random.nextInt(12) == 0 ? 0 : random.nextInt(sides)]++;
            }
            assertTrue(Selects.looksFair(fair));
            assertFalse(Selects.looksFair(loaded));
        }
    }

    @Test
    void allocationIsNoticed() throws Exception {
        Object[] escape = new Object[1];
        double bytes = Selects.allocatedPerCall(10_000, times -> {
            for (int i = 0; i < times; i++) {
                escape[0] = new Object();
            }
        });
        assertTrue(bytes >= 8, bytes + " bytes");
        double none = Selects.allocatedPerCall(10_000, times -> {
            for (int i = 0; i < times; i++) {
                escape[0] = escape;
            }
        });
        assertTrue(none < 1, none + " bytes");
    }
}
