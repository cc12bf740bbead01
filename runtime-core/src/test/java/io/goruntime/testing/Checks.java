package io.goruntime.testing;

import java.util.function.BooleanSupplier;

/** Checks of a child program, one after the other: each that passes is a line of its output. */
public final class Checks {
    private Checks() {}

    /** What is checked; it throws if it is not so. */
    @FunctionalInterface
    public interface Check {
        void run() throws Throwable;
    }

    /** Runs a check and says that it passed. What it throws is printed, and ends the program. */
    public static void check(String name, Check check) {
        long start = System.nanoTime();
        try {
            check.run();
        } catch (Throwable e) {
            System.out.println("failed: " + name);
            e.printStackTrace(System.out);
            System.out.println(DumpOnTimeout.allThreads());
            System.exit(1);
        }
        System.out.println("passed: " + name + " (" + (System.nanoTime() - start) / 1_000_000 + " ms)");
    }

    /** Waits until it is so; the program's time-out is the limit. */
    public static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(1);
        }
    }
}
