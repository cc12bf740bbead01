package io.goruntime;

/** The settings that come from outside: system properties and the environment. */
final class Settings {
    private static final int MAX_MAX_PROCS = 100_000;
    private static final int DEFAULT_MAX_THREADS = 10_000;
    private static final long DEFAULT_MSTACK_BYTES = 256L << 20;

    private Settings() {}

    /** GOMAXPROCS: the property, else the environment, else the processors available to this process. */
    static int maxProcs() {
        String property = System.getProperty("goruntime.maxprocs");
        if (property != null) {
            return (int) parse("goruntime.maxprocs", property, 1, MAX_MAX_PROCS);
        }
        String environment = System.getenv("GOMAXPROCS");
        if (environment != null && !environment.isEmpty()) {
            return (int) parse("GOMAXPROCS", environment, 1, MAX_MAX_PROCS);
        }
        return Runtime.getRuntime().availableProcessors();
    }

    static int checkMaxProcs(int n) {
        if (n < 1 || n > MAX_MAX_PROCS) {
            throw new IllegalArgumentException("maxProcs " + n + ": must be from 1 to " + MAX_MAX_PROCS);
        }
        return n;
    }

    static int maxThreads() {
        return (int) property("goruntime.maxthreads", DEFAULT_MAX_THREADS, 2, Integer.MAX_VALUE);
    }

    static long mStackBytes() {
        return property("goruntime.mstack", DEFAULT_MSTACK_BYTES, 1 << 20, 1L << 40);
    }

    private static long property(String name, long otherwise, long min, long max) {
        String value = System.getProperty(name);
        return value == null ? otherwise : parse(name, value, min, max);
    }

    private static long parse(String name, String value, long min, long max) {
        try {
            long n = Long.parseLong(value.trim());
            if (n >= min && n <= max) {
                return n;
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        throw new IllegalArgumentException(name + "=" + value + ": must be a number from " + min + " to " + max);
    }
}
