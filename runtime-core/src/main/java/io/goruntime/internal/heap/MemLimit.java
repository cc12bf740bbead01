package io.goruntime.internal.heap;

/**
 * How much memory a heap may take. Counterpart of mgcpacer.go: readGOMEMLIMIT, and of string.go: parseByteCount.
 */
public final class MemLimit {
    /** The property; it goes before the variable GOMEMLIMIT of the environment. */
    public static final String PROPERTY = "goruntime.memlimit";

    public static final long OFF = Long.MAX_VALUE;

    private static final String UNITS = "KMGT";

    private MemLimit() {}

    /** What the property or the environment says. */
    static long fromSettings() {
        String property = System.getProperty(PROPERTY);
        if (property != null) {
            return parse(PROPERTY, property);
        }
        String environment = System.getenv("GOMEMLIMIT");
        return environment == null || environment.isEmpty() ? OFF : parse("GOMEMLIMIT", environment);
    }

    /**
     * Reads Go's form: {@code off}, or a number of bytes with a suffix B, KiB, MiB, GiB, TiB, or none.
     *
     * @param name for the message
     * @throws IllegalArgumentException if it is anything else
     */
    static long parse(String name, String value) {
        if (value.equals("off")) {
            return OFF;
        }
        String digits = value;
        int shift = 0;
        if (value.endsWith("B")) {
            digits = value.substring(0, value.length() - 1);
            if (digits.endsWith("i")) {
                int unit = digits.length() < 2 ? -1 : UNITS.indexOf(digits.charAt(digits.length() - 2));
                shift = 10 * (unit + 1);
                digits = unit < 0 ? "" : digits.substring(0, digits.length() - 2);
            }
        }
        if (!digits.isEmpty() && digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            try {
                long n = Long.parseLong(digits);
                if (n <= Long.MAX_VALUE >> shift) {
                    return n << shift;
                }
            } catch (NumberFormatException e) {
                // reported below
            }
        }
        throw new IllegalArgumentException(name + "=" + value
                + ": must be off, or a number of bytes with a suffix B, KiB, MiB, GiB or TiB, or without one");
    }
}
