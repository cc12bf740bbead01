package io.goruntime.benchmarks.impl;

/**
 * The scenarios, each written once for every library as a user of that library would write it. A call runs one batch: it
 * starts the tasks, waits for them on the calling thread, which takes no part, and returns a figure that shows that all
 * the work was done.
 *
 * <p>What is sent are the numbers i mod {@value #VALUES}: Java has all of them boxed already, so that a channel of
 * references is not charged for the boxes.
 */
public interface Implementation {
    /** How many different values are sent; a power of two. */
    int VALUES = 64;

    /** How many children a node of {@link #skynet} has, and how much room the channel that they send to. */
    int FAN_OUT = 10;

    /** How often {@link #rwMutex} reads for each time that it writes. */
    int READS_PER_WRITE = 100;

    /** Makes the one with this id: {@code goruntime}, {@code jdk}, {@code jox} or {@code kotlin}. */
    static Implementation of(String id) {
        return switch (id) {
            case "goruntime" -> new GoRuntimeImplementation();
            case "jdk" -> new JdkImplementation();
            case "jox" -> new JoxImplementation();
            case "kotlin" -> new KotlinImplementation();
            default -> throw new IllegalArgumentException("no implementation " + id);
        };
    }

    /** The sum that a batch returns in which the values of so many indices, from 0, were each received once. */
    static long sumOfValues(int count) {
        long rounds = count / VALUES;
        long rest = count % VALUES;
        return rounds * (VALUES * (VALUES - 1) / 2) + rest * (rest - 1) / 2;
    }

    /** Two tasks, two unbuffered channels: one sends a value, the other sends it back. Returns the sum of what came back. */
    long pingPong(int rounds) throws Exception;

    /** One task sends, one receives. Returns the sum of what was received. */
    long prodCons(int capacity, int elements) throws Exception;

    /** One task sends to a buffered channel and receives what it sent. Returns the sum of what was received. */
    long uncontended(int capacity, int elements) throws Exception;

    /**
     * Many tasks send to one channel, and as many receive from it. Each sends or receives {@code elements / pairs}
     * elements. Returns the sum of what was received.
     */
    long contended(int pairs, int capacity, int elements) throws Exception;

    /** As {@link #prodCons}, with a channel of primitive numbers. */
    default long longProdCons(int capacity, int elements) throws Exception {
        throw new UnsupportedOperationException();
    }

    /** As {@link #uncontended}, with a channel of primitive numbers. */
    default long longUncontended(int capacity, int elements) throws Exception {
        throw new UnsupportedOperationException();
    }

    /**
     * Two tasks send half of the elements each, to an unbuffered channel of their own; one selects from both. Returns
     * the sum of what was received.
     */
    default long select2(int elements) throws Exception {
        throw new UnsupportedOperationException();
    }

    /** One task starts so many others, which end at once. Returns how many ended. */
    long spawn(int tasks) throws Exception;

    /**
     * One task submits so many others to an executor that runs each in a new thread, one after the other, and waits for
     * the result of each. Returns the sum of the results.
     */
    default long submit(int tasks) throws Exception {
        throw new UnsupportedOperationException();
    }

    /** Two tasks yield, each half of the times. Returns how often. */
    long yieldTwo(int yields) throws Exception;

    /**
     * One task calls a C function that does nothing but return its argument, so many times, each a syscall section.
     * Returns the sum of what it returned.
     */
    default long syscall(int calls) throws Exception {
        throw new UnsupportedOperationException();
    }

    /** A tree of tasks that sums up the numbers of its leaves, a power of {@value #FAN_OUT}. Returns the sum. */
    long skynet(int leaves) throws Exception;

    /**
     * Tasks, perhaps only one, take a mutex, add one to a count that it guards, and release it, {@code operations /
     * tasks} times each. Returns the count.
     */
    default long mutex(int tasks, int operations) throws Exception {
        throw new UnsupportedOperationException();
    }

    /**
     * Tasks take a lock for readers and writers, {@code operations / tasks} times each. Before every
     * {@value #READS_PER_WRITE} times that one reads a count, it takes the lock to add one to it. Returns the count and
     * how many reads found what the reader itself had written.
     */
    default long rwMutex(int tasks, int operations) throws Exception {
        throw new UnsupportedOperationException();
    }

    /** One task starts so many others, which end at once, and waits until they have; again and again. Returns how many. */
    default long fanOut(int tasks, int rounds) throws Exception {
        throw new UnsupportedOperationException();
    }

    /** One task starts so many others, which sleep for a millisecond, and waits until they have ended. Returns how many. */
    default long sleep(int tasks) throws Exception {
        throw new UnsupportedOperationException();
    }

    /**
     * One task sets a timer that would run a function in an hour, and stops it, so many times. Returns how many of them
     * it stopped.
     */
    default long startStop(int timers) throws Exception {
        throw new UnsupportedOperationException();
    }

    /**
     * Starts so many tasks that wait to receive from an unbuffered channel; returns when each has reached its receive.
     * What is returned releases them, and waits until they have ended.
     */
    Release park(int tasks) throws Exception;

    /** Ends parked tasks. */
    @FunctionalInterface
    interface Release {
        void release() throws Exception;
    }
}
