package io.goruntime.internal.mem;

import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.jdk.Mode;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Access to memory outside the Java heap, by address. Nothing else in the library reads or writes such memory. To be
 * touched after {@link Mode#ensure} only.
 */
/*
 * Two back ends, chosen once, so that the JIT compiler sees one: Unsafe through the bridge, which compiles to the
 * bare instruction, and where there is no bridge, one MemorySegment of all addresses.
 *
 * An address that is wrong ends the JVM. In checked mode (-Dgoruntime.mem.check=true, as in our tests) each access must
 * lie in one live object of some heap, and fails with what is known about the address otherwise. The heap itself, for
 * which memory between objects is memory too, uses clearUnchecked.
 *
 * Numbers are in the byte order of the machine. Plain accesses need no alignment, the others are aligned to their size.
 */
public final class Memory {
    /** {@code ffm} takes the second back end in spite of the bridge. */
    public static final String BACK_END_PROPERTY = "goruntime.mem.backend";

    /** {@code true} turns checked mode on. */
    public static final String CHECK_PROPERTY = "goruntime.mem.check";

    /** Whether every access is checked. */
    public static final boolean CHECKED = Boolean.getBoolean(CHECK_PROPERTY);

    /** Whether accesses go through the bridge. */
    static final boolean UNSAFE = Mode.Chosen.GMP && !"ffm".equals(System.getProperty(BACK_END_PROPERTY));

    /** The most that is cleared or copied without a chance for the VM to stop this thread. */
    private static final long PART_BYTES = 1 << 20;

    /** Up to here a loop is cheaper than the call. */
    private static final long LOOP_BYTES = 256;

    private static final CopyOnWriteArrayList<Guard> guards = new CopyOnWriteArrayList<>();

    private Memory() {}

    // -- plain --

    public static byte getByte(long addr) {
        if (CHECKED) {
            check(addr, 1);
        }
        if (UNSAFE) {
            return Jdk.getByte(addr);
        }
        return Foreign.getByte(addr);
    }

    public static void putByte(long addr, byte value) {
        if (CHECKED) {
            check(addr, 1);
        }
        if (UNSAFE) {
            Jdk.putByte(addr, value);
        } else {
            Foreign.putByte(addr, value);
        }
    }

    public static short getShort(long addr) {
        if (CHECKED) {
            check(addr, 2);
        }
        if (UNSAFE) {
            return Jdk.getShort(addr);
        }
        return Foreign.getShort(addr);
    }

    public static void putShort(long addr, short value) {
        if (CHECKED) {
            check(addr, 2);
        }
        if (UNSAFE) {
            Jdk.putShort(addr, value);
        } else {
            Foreign.putShort(addr, value);
        }
    }

    public static int getInt(long addr) {
        if (CHECKED) {
            check(addr, 4);
        }
        if (UNSAFE) {
            return Jdk.getInt(addr);
        }
        return Foreign.getInt(addr);
    }

    public static void putInt(long addr, int value) {
        if (CHECKED) {
            check(addr, 4);
        }
        if (UNSAFE) {
            Jdk.putInt(addr, value);
        } else {
            Foreign.putInt(addr, value);
        }
    }

    public static long getLong(long addr) {
        if (CHECKED) {
            check(addr, 8);
        }
        if (UNSAFE) {
            return Jdk.getLong(addr);
        }
        return Foreign.getLong(addr);
    }

    public static void putLong(long addr, long value) {
        if (CHECKED) {
            check(addr, 8);
        }
        if (UNSAFE) {
            Jdk.putLong(addr, value);
        } else {
            Foreign.putLong(addr, value);
        }
    }

    // -- ordered --

    public static int getIntVolatile(long addr) {
        if (CHECKED) {
            check(addr, 4);
        }
        if (UNSAFE) {
            return Jdk.getIntVolatile(addr);
        }
        return Foreign.getIntVolatile(addr);
    }

    public static void putIntVolatile(long addr, int value) {
        if (CHECKED) {
            check(addr, 4);
        }
        if (UNSAFE) {
            Jdk.putIntVolatile(addr, value);
        } else {
            Foreign.putIntVolatile(addr, value);
        }
    }

    public static long getLongVolatile(long addr) {
        if (CHECKED) {
            check(addr, 8);
        }
        if (UNSAFE) {
            return Jdk.getLongVolatile(addr);
        }
        return Foreign.getLongVolatile(addr);
    }

    public static void putLongVolatile(long addr, long value) {
        if (CHECKED) {
            check(addr, 8);
        }
        if (UNSAFE) {
            Jdk.putLongVolatile(addr, value);
        } else {
            Foreign.putLongVolatile(addr, value);
        }
    }

    public static long getLongAcquire(long addr) {
        if (CHECKED) {
            check(addr, 8);
        }
        if (UNSAFE) {
            return Jdk.getLongAcquire(addr);
        }
        return Foreign.getLongAcquire(addr);
    }

    public static void putLongRelease(long addr, long value) {
        if (CHECKED) {
            check(addr, 8);
        }
        if (UNSAFE) {
            Jdk.putLongRelease(addr, value);
        } else {
            Foreign.putLongRelease(addr, value);
        }
    }

    public static boolean compareAndSetInt(long addr, int expected, int value) {
        if (CHECKED) {
            check(addr, 4);
        }
        if (UNSAFE) {
            return Jdk.compareAndSetInt(addr, expected, value);
        }
        return Foreign.compareAndSetInt(addr, expected, value);
    }

    public static boolean compareAndSetLong(long addr, long expected, long value) {
        if (CHECKED) {
            check(addr, 8);
        }
        if (UNSAFE) {
            return Jdk.compareAndSetLong(addr, expected, value);
        }
        return Foreign.compareAndSetLong(addr, expected, value);
    }

    // -- ranges --

    /** Sets the range to 0. */
    public static void clear(long addr, long sizeBytes) {
        if (CHECKED && sizeBytes > 0) {
            check(addr, sizeBytes);
        }
        clearUnchecked(addr, sizeBytes);
    }

    /**
     * The same for the heap, whatever lies in the range.
     *
     * @param addr a multiple of 8 if the size is
     */
    public static void clearUnchecked(long addr, long sizeBytes) {
        if (UNSAFE && sizeBytes <= LOOP_BYTES && (sizeBytes & 7) == 0) {
            for (long offset = 0; offset < sizeBytes; offset += 8) {
                Jdk.putLong(addr + offset, 0);
            }
            return;
        }
        for (long done = 0; done < sizeBytes; done += PART_BYTES) {
            long part = Math.min(PART_BYTES, sizeBytes - done);
            if (UNSAFE) {
                Jdk.setMemory(addr + done, part, (byte) 0);
            } else {
                Foreign.clear(addr + done, part);
            }
        }
    }

    /** Copies a range; the two may overlap. */
    public static void copy(long fromAddr, long toAddr, long sizeBytes) {
        if (CHECKED && sizeBytes > 0) {
            check(fromAddr, sizeBytes);
            check(toAddr, sizeBytes);
        }
        boolean fromEnd = fromAddr < toAddr; // else a part would overwrite what is yet to be copied
        for (long done = 0; done < sizeBytes; done += PART_BYTES) {
            long part = Math.min(PART_BYTES, sizeBytes - done);
            long offset = fromEnd ? sizeBytes - done - part : done;
            if (UNSAFE) {
                Jdk.copyMemory(fromAddr + offset, toAddr + offset, part);
            } else {
                Foreign.copy(fromAddr + offset, toAddr + offset, part);
            }
        }
    }

    // -- checked mode --

    /** Makes a guard's memory accessible; does nothing if nothing is checked. */
    public static void add(Guard guard) {
        if (CHECKED) {
            guards.add(guard);
        }
    }

    /** Ends what {@link #add} began. */
    public static void remove(Guard guard) {
        guards.remove(guard);
    }

    private static void check(long addr, long sizeBytes) {
        for (Guard guard : guards) {
            if (guard.owns(addr)) {
                guard.check(addr, sizeBytes);
                return;
            }
        }
        throw new IllegalStateException(
                "access to " + sizeBytes + " bytes at 0x" + Long.toHexString(addr) + ": not in a heap");
    }
}
