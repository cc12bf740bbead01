package io.goruntime.internal.heap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the rule makes is Go's table. */
class SizeClassesTest {
    private static final int[] GO_SIZES = {0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224,
            240,
            256, 288, 320, 352, 384, 416, 448, 480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792,
            2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240,
            10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768};
    private static final int[] GO_PAGES_FROM_35 = {2, 1, 2, 1, 2, 1, 3, 2, 3, 1, 3, 2, 3, 4, 5, 6, 1, 7, 6, 5, 4, 3, 5,
            7,
            2, 9, 7, 5, 8, 3, 10, 7, 4};

    @Test
    void equalsGosTable() {
        assertEquals(68, SizeClasses.COUNT);
        assertEquals(Arrays.toString(GO_SIZES),
                Arrays.toString(IntStream.range(0, SizeClasses.COUNT).map(SizeClasses::size).toArray()));
        for (int i = 1; i < SizeClasses.COUNT; i++) {
            assertEquals(i < 35 ? 1 : GO_PAGES_FROM_35[i - 35], SizeClasses.pages(i), "pages of class " + i);
        }
    }

    @Test
    void everySizeGetsTheSmallestClassThatHoldsIt() {
        assertEquals(1, SizeClasses.classOf(0));
        int expected = 1;
        for (int size = 1; size <= SizeClasses.MAX_SMALL_SIZE; size++) {
            while (GO_SIZES[expected] < size) {
                expected++;
            }
            assertEquals(expected, SizeClasses.classOf(size), "size " + size);
            assertEquals(GO_SIZES[expected], SizeClasses.roundUp(size));
        }
        assertEquals(40 << 10, SizeClasses.roundUp((32 << 10) + 1));
        assertEquals(40 << 10, SizeClasses.roundUp(40 << 10));
        assertEquals(Long.MAX_VALUE, SizeClasses.roundUp(Long.MAX_VALUE), "as in Go");
    }

    @Test
    void littleIsLeftBehindTheLastObject() {
        for (int i = 1; i < SizeClasses.COUNT; i++) {
            int bytes = SizeClasses.pages(i) * SizeClasses.PAGE_SIZE;
            assertTrue(bytes % SizeClasses.size(i) <= bytes / 8, "class " + i);
        }
    }

    /** The division by multiplication, for every offset into a span of every class. */
    @Test
    void everyOffsetFindsItsObject() {
        for (int i = 1; i < SizeClasses.COUNT; i++) {
            MSpan s = new MSpan(1 << 20, SizeClasses.pages(i), i << 1, null, false, 0);
            for (int offset = 0; offset < s.npages * SizeClasses.PAGE_SIZE; offset++) {
                if (s.indexOf(s.startAddr + offset) != offset / SizeClasses.size(i)) {
                    assertEquals(offset / SizeClasses.size(i), s.indexOf(s.startAddr + offset),
                            "class " + i + ", offset " + offset);
                }
            }
        }
    }
}
