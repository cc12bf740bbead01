package io.goruntime.internal.mem;

import io.goruntime.internal.jdk.Mode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/** Random accesses to a piece of memory against a byte array, and against the FFM back end. For more than one JVM. */
final class MemoryProgram {
    private static final int SIZE = 4096;

    private MemoryProgram() {}

    public static void main(String[] args) {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        System.out.println("back end: " + run(seed));
    }

    /** Memory that a test has got from the system itself. */
    record Range(long from, long bytes) implements Guard {
        @Override
        public boolean owns(long addr) {
            return addr >= from && addr < from + bytes;
        }

        @Override
        public void check(long addr, long sizeBytes) {
            if (addr + sizeBytes > from + bytes) {
                throw new IllegalStateException("beyond the range");
            }
        }
    }

    /** Returns which back end it was. */
    static String run(long seed) {
        Mode.ensure();
        Random random = new Random(seed);
        long base = OsMemory.reserve(1 << 20);
        require(OsMemory.commit(base, 1 << 20) == 0, "commit");
        Guard guard = new Range(base, SIZE);
        Memory.add(guard);
        ByteBuffer model = ByteBuffer.allocate(SIZE).order(ByteOrder.nativeOrder());
        for (int step = 0; step < 200_000; step++) {
            String at = "seed " + seed + ", step " + step;
            int any = random.nextInt(SIZE - 8);
            int aligned = any & -8;
            long value = random.nextLong();
            switch (random.nextInt(14)) {
                case 0 -> {
                    require(Memory.getByte(base + any) == model.get(any), at);
                    Memory.putByte(base + any, (byte) value);
                    model.put(any, (byte) value);
                }
                case 1 -> {
                    require(Memory.getShort(base + any) == model.getShort(any), at);
                    Memory.putShort(base + any, (short) value);
                    model.putShort(any, (short) value);
                }
                case 2 -> {
                    require(Memory.getInt(base + any) == model.getInt(any), at);
                    Memory.putInt(base + any, (int) value);
                    model.putInt(any, (int) value);
                }
                case 3, 4 -> {
                    require(Memory.getLong(base + any) == model.getLong(any), at);
                    Memory.putLong(base + any, value);
                    model.putLong(any, value);
                }
                case 5 -> {
                    require(Memory.getIntVolatile(base + aligned) == model.getInt(aligned), at);
                    Memory.putIntVolatile(base + aligned, (int) value);
                    model.putInt(aligned, (int) value);
                }
                case 6 -> {
                    require(Memory.getLongVolatile(base + aligned) == model.getLong(aligned), at);
                    Memory.putLongVolatile(base + aligned, value);
                    model.putLong(aligned, value);
                }
                case 7 -> {
                    require(Memory.getLongAcquire(base + aligned) == model.getLong(aligned), at);
                    Memory.putLongRelease(base + aligned, value);
                    model.putLong(aligned, value);
                }
                case 8 -> {
                    int expected = random.nextBoolean() ? model.getInt(aligned) : (int) value;
                    boolean same = expected == model.getInt(aligned);
                    require(Memory.compareAndSetInt(base + aligned, expected, step) == same, at);
                    if (same) {
                        model.putInt(aligned, step);
                    }
                }
                case 9 -> {
                    long expected = random.nextBoolean() ? model.getLong(aligned) : value;
                    boolean same = expected == model.getLong(aligned);
                    require(Memory.compareAndSetLong(base + aligned, expected, step) == same, at);
                    if (same) {
                        model.putLong(aligned, step);
                    }
                }
                case 10 -> {
                    int n = random.nextInt(Math.min(600, SIZE - any));
                    Memory.clear(base + any, n);
                    model.put(any, new byte[n]);
                }
                case 11 -> {
                    int n = 8 * random.nextInt(Math.min(40, (SIZE - aligned) / 8));
                    Memory.clearUnchecked(base + aligned, n);
                    model.put(aligned, new byte[n]);
                }
                case 12 -> {
                    int to = random.nextInt(SIZE - 8);
                    int n = random.nextInt(SIZE - Math.max(any, to));
                    Memory.copy(base + any, base + to, n);
                    System.arraycopy(model.array(), any, model.array(), to, n);
                }
                default -> {
                    require(Foreign.getLong(base + any) == model.getLong(any), at);
                    require(Foreign.getByte(base + any) == model.get(any), at);
                }
            }
        }
        for (int i = 0; i < SIZE; i++) {
            require(Memory.getByte(base + i) == model.get(i), "seed " + seed + ", at the end, byte " + i);
        }
        long long1 = base + (1 << 19); // longer than one part
        if (!Memory.CHECKED) {
            Memory.putByte(long1 - 1, (byte) 7);
            Memory.clear(base, 1 << 20);
            require(Memory.getByte(long1 - 1) == 0, "cleared");
        }
        Memory.remove(guard);
        OsMemory.unmap(base, 1 << 20);
        return (Memory.UNSAFE ? "bridge" : "ffm") + (Memory.CHECKED ? ", checked" : "");
    }

    private static void require(boolean holds, String where) {
        if (!holds) {
            throw new AssertionError(where);
        }
    }
}
