package io.goruntime.internal.mem;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** The back end of {@link Memory} that needs no bridge: one segment of all addresses. */
@SuppressWarnings("restricted")
final class Foreign {
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final VarHandle INT_HANDLE = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle LONG_HANDLE = ValueLayout.JAVA_LONG.varHandle();

    /** The largest small object. */
    private static final long LOOP_BYTES = 32 << 10;

    private Foreign() {}

    static byte getByte(long addr) {
        return ALL.get(BYTE, addr);
    }

    static void putByte(long addr, byte value) {
        ALL.set(BYTE, addr, value);
    }

    static short getShort(long addr) {
        return ALL.get(SHORT, addr);
    }

    static void putShort(long addr, short value) {
        ALL.set(SHORT, addr, value);
    }

    static int getInt(long addr) {
        return ALL.get(INT, addr);
    }

    static void putInt(long addr, int value) {
        ALL.set(INT, addr, value);
    }

    static long getLong(long addr) {
        return ALL.get(LONG, addr);
    }

    static void putLong(long addr, long value) {
        ALL.set(LONG, addr, value);
    }

    static int getIntVolatile(long addr) {
        return (int) INT_HANDLE.getVolatile(ALL, addr);
    }

    static void putIntVolatile(long addr, int value) {
        INT_HANDLE.setVolatile(ALL, addr, value);
    }

    static boolean compareAndSetInt(long addr, int expected, int value) {
        return INT_HANDLE.compareAndSet(ALL, addr, expected, value);
    }

    static long getLongVolatile(long addr) {
        return (long) LONG_HANDLE.getVolatile(ALL, addr);
    }

    static void putLongVolatile(long addr, long value) {
        LONG_HANDLE.setVolatile(ALL, addr, value);
    }

    static boolean compareAndSetLong(long addr, long expected, long value) {
        return LONG_HANDLE.compareAndSet(ALL, addr, expected, value);
    }

    static long getLongAcquire(long addr) {
        return (long) LONG_HANDLE.getAcquire(ALL, addr);
    }

    static void putLongRelease(long addr, long value) {
        LONG_HANDLE.setRelease(ALL, addr, value);
    }

    /** A small object is cleared inside of a cache, where nothing on the Java heap may be allocated: no slice for it. */
    static void clear(long addr, long sizeBytes) {
        if (sizeBytes > LOOP_BYTES) {
            ALL.asSlice(addr, sizeBytes).fill((byte) 0);
            return;
        }
        long words = sizeBytes & -8;
        for (long offset = 0; offset < words; offset += 8) {
            ALL.set(LONG, addr + offset, 0);
        }
        for (long offset = words; offset < sizeBytes; offset++) {
            ALL.set(BYTE, addr + offset, (byte) 0);
        }
    }

    static void copy(long fromAddr, long toAddr, long sizeBytes) {
        MemorySegment.copy(ALL, fromAddr, ALL, toAddr, sizeBytes);
    }
}
