package io.goruntime.benchmarks.impl;

/**
 * The scenarios of memory outside the Java heap, each written once for every allocator in its own terms. A call runs one
 * batch and returns a figure that shows that all objects were there: the sum of the numbers of the operations, which are
 * written to the objects and read from them.
 */
public interface Allocation {
    /** Objects that live at a time in {@link #mixed}; a power of two. */
    int LIVE = 1024;

    /** Objects under way in {@link #handoff}. */
    int UNDER_WAY = 128;

    /** Makes the one with this id: goruntime, libc, netty (adaptive), nettypooled, arena or loop. */
    static Allocation of(String id) {
        return switch (id) {
            case "goruntime" -> new GoRuntimeAllocation();
            case "libc" -> new LibcAllocation();
            case "netty" -> NettyAllocation.adaptive();
            case "nettypooled" -> NettyAllocation.pooled();
            case "arena" -> new ArenaAllocation();
            case "loop" -> new LoopAllocation();
            default -> throw new IllegalArgumentException("no allocator " + id);
        };
    }

    /** The sum of the numbers from 0 to so many. */
    static long sumOfNumbers(int operations) {
        return (long) operations * (operations - 1) / 2;
    }

    /** The next of a sequence of sizes: 8 to 1,024 bytes, small ones more often. Another number follows from the one before. */
    static int mixedSize(long random) {
        return 8 + (int) (random >>> 40 & (8L << (random >>> 60 & 7)) - 1);
    }

    /** Marsaglia's xorshift. */
    static long next(long random) {
        random ^= random << 13;
        random ^= random >>> 7;
        return random ^ random << 17;
    }

    /** Tasks allocate an object, write to it, read from it and free it, {@code operations / tasks} times each. */
    long pairs(int size, int tasks, int operations) throws Exception;

    /** A task allocates an object that is zero and frees the one before it. */
    default long zeroed(int size, int operations) throws Exception {
        throw new UnsupportedOperationException();
    }

    /** A task replaces one of {@link #LIVE} objects by one of another size. */
    long mixed(int operations) throws Exception;

    /** One task allocates, another one frees. */
    default long handoff(int operations) throws Exception {
        throw new UnsupportedOperationException();
    }
}
