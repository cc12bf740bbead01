package io.goruntime.testing;

import java.util.stream.IntStream;

/** Numbers of Ps; see {@link OnProcs}. */
final class Procs {
    private Procs() {}

    static IntStream counts() {
        return System.getProperty("goruntime.scheduler", "auto").equals("jdk")
                ? IntStream.of(2)
                : IntStream.of(1, 2, 4, 64);
    }
}
