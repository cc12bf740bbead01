package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.lang.reflect.Field;
import java.util.Arrays;

/** Looking at selects, and at channels of both kinds, from tests. */
final class Selects {
    /** A fair choice gets beyond this many deviations once in a thousand million runs. */
    private static final double MAX_DEVIATIONS = 6;

    private Selects() {}

    /** Returns once exactly so many waiters stand in the queues; a select counts once for each of its cases. */
    static void awaitWaiters(HChan c, int receivers, int senders) throws InterruptedException {
        String waiters = " receivers=" + receivers + " senders=" + senders + "]";
        while (!c.toString().endsWith(waiters)) {
            Chans.pause();
        }
    }

    /** Nobody waits, nothing is damaged. */
    static void assertAtRest(HChan... chans) {
        for (HChan c : chans) {
            c.checkInvariants();
            assertTrue(c.nil || c.toString().contains(" receivers=0 senders=0"), c::toString);
        }
    }

    /** Makes the order in which a select looks at its cases a function of the seed. */
    static void seed(Select select, long seed) throws ReflectiveOperationException {
        Field random = Select.class.getDeclaredField("random");
        random.setAccessible(true);
        // Seeds are clock readings: similar ones must give orders that have nothing in common.
        long mixed = seed * 0x9E3779B97F4A7C15L;
        random.setLong(select, mixed ^ mixed >>> 32 | 1);
    }

    /** The weighted sum of squares by which counts differ from what their shares let expect. */
    static double chiSquare(long[] counts, double[] shares) {
        assertEquals(counts.length, shares.length);
        double total = Arrays.stream(counts).sum();
        double allShares = Arrays.stream(shares).sum();
        double sum = 0;
        for (int i = 0; i < counts.length; i++) {
            double expected = total * shares[i] / allShares;
            sum += (counts[i] - expected) * (counts[i] - expected) / expected;
        }
        return sum;
    }

    /** How many standard deviations a chi-square lies above what chance gives, by Wilson and Hilferty. */
    static double deviations(double chiSquare, int freedom) {
        double spread = 2.0 / (9 * freedom);
        return (Math.cbrt(chiSquare / freedom) - (1 - spread)) / Math.sqrt(spread);
    }

    static boolean looksFair(long... counts) {
        double[] shares = new double[counts.length];
        Arrays.fill(shares, 1);
        return deviations(chiSquare(counts, shares), counts.length - 1) < MAX_DEVIATIONS;
    }

    static void assertFair(String what, long... counts) {
        assertTrue(looksFair(counts), () -> what + " is not chosen fairly: " + Arrays.toString(counts));
    }

    /** What the body does, many times. */
    @FunctionalInterface
    interface Repeated {
        void run(int times) throws Exception;
    }

    /**
     * Bytes a call of the body, in all threads of this JVM together: goroutines have no account of their own. Others
     * allocate meanwhile, now and then, so the least of some rounds counts.
     */
    static double allocatedPerCall(int times, Repeated body) throws Exception {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        body.run(times);
        double least = Double.MAX_VALUE;
        for (int round = 0; round < 10 && least >= 1; round++) {
            long before = threads.getTotalThreadAllocatedBytes();
            body.run(times);
            least = Math.min(least, (double) (threads.getTotalThreadAllocatedBytes() - before) / times);
        }
        return least;
    }
}
