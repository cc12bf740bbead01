package io.goruntime.internal.heap;

import java.util.Arrays;

/**
 * Which sizes small objects come in. Counterpart of mksizeclasses.go: makeClasses, and of msize.go: roundupsize.
 */
/*
 * The rule. Sizes grow by a step: 8 bytes; 16 from 32 on; an eighth of the size from 128 on; 256 bytes from 2,048 on.
 * A size gets the least number of pages in which what is left behind its last object is at most an eighth. When a size
 * makes as many objects out of as many pages as the one before, the two are merged. At last each size grows to what its
 * share of its pages is, as far as it stays a multiple of 128: larger objects for the same memory.
 *
 * A size is looked up in steps of 8 up to 1,024 bytes, and in steps of 128 above.
 */
public final class SizeClasses {
    /** The pages of the heap; not those of the operating system. */
    public static final int PAGE_SHIFT = 13;
    public static final int PAGE_SIZE = 1 << PAGE_SHIFT;

    /** The largest small object. */
    public static final int MAX_SMALL_SIZE = 32 << 10;

    private static final int FINE_MAX = 1024;
    private static final int FINE_STEP = 8;
    private static final int COARSE_STEP = 128;

    /** Sizes and pages by class; class 0 is for large objects. */
    private static final int[] SIZES;
    private static final int[] PAGES;
    private static final byte[] CLASS_FINE;
    private static final byte[] CLASS_COARSE;

    static {
        int[] sizes = new int[128];
        int[] pages = new int[128];
        int count = make(sizes, pages);
        SIZES = Arrays.copyOf(sizes, count);
        PAGES = Arrays.copyOf(pages, count);
        CLASS_FINE = lookup(0, FINE_MAX, FINE_STEP);
        CLASS_COARSE = lookup(FINE_MAX, MAX_SMALL_SIZE, COARSE_STEP);
    }

    /** How many classes there are, 0 included. */
    public static final int COUNT = SIZES.length;

    private SizeClasses() {}

    private static int make(int[] sizes, int[] pages) {
        int count = 1;
        int step = 8;
        for (int size = 8; size <= MAX_SMALL_SIZE; size += step) {
            if (Integer.bitCount(size) == 1) {
                step = size >= 2048 ? 256 : size >= 128 ? size / 8 : size >= 32 ? 16 : 8;
            }
            int n = 1;
            while (n * PAGE_SIZE % size > n * PAGE_SIZE / 8) {
                n++;
            }
            int bytes = n * PAGE_SIZE;
            if (count > 1 && pages[count - 1] == n && bytes / sizes[count - 1] == bytes / size) {
                count--;
            }
            sizes[count] = size;
            pages[count] = n;
            count++;
        }
        for (int i = 1; i < count; i++) {
            int bytes = pages[i] * PAGE_SIZE;
            int share = bytes / (bytes / sizes[i]) & -COARSE_STEP;
            sizes[i] = Math.max(sizes[i], share);
        }
        return count;
    }

    /** The class of each size above from, in steps. Entry 0 of the fine table is for objects without content. */
    private static byte[] lookup(int from, int to, int step) {
        byte[] table = new byte[(to - from) / step + 1];
        int sizeClass = 1;
        for (int i = 0; i < table.length; i++) {
            while (SIZES[sizeClass] < from + i * step) {
                sizeClass++;
            }
            table[i] = (byte) sizeClass;
        }
        return table;
    }

    /**
     * The class of objects of this size.
     *
     * @param size from 0 to {@link #MAX_SMALL_SIZE}
     */
    static int classOf(int size) {
        if (size <= FINE_MAX - FINE_STEP) {
            return CLASS_FINE[size + FINE_STEP - 1 >> 3];
        }
        return CLASS_COARSE[size - FINE_MAX + COARSE_STEP - 1 >> 7];
    }

    /** The size of the objects of a class. */
    public static int size(int sizeClass) {
        return SIZES[sizeClass];
    }

    /** The pages of a span of a class. */
    static int pages(int sizeClass) {
        return PAGES[sizeClass];
    }

    /**
     * What an object of this size really takes.
     *
     * @param size 0 or more
     */
    public static long roundUp(long size) {
        if (size <= MAX_SMALL_SIZE) {
            return SIZES[classOf((int) size)];
        }
        long rounded = size + PAGE_SIZE - 1 & -PAGE_SIZE;
        return rounded < 0 ? size : rounded; // as Go does: who allocates so much is refused
    }
}
