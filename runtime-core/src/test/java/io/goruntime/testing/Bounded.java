package io.goruntime.testing;

import io.goruntime.GoRuntime;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/**
 * Runs a body that may hang because the code under test is wrong: on a thread of its own, for so long. A body that does
 * not come back is an error with a dump of every goroutine of the given runtime and of every platform thread.
 */
public final class Bounded {
    private Bounded() {}

    @FunctionalInterface
    public interface Body {
        void run() throws Exception;
    }

    /** Runs the body; null for no runtime. */
    public static void run(Duration limit, GoRuntime runtime, Body body) throws Exception {
        Callable<Void> task = () -> {
            body.run();
            return null;
        };
        FutureTask<Void> future = new FutureTask<>(task);
        Thread thread = Thread.ofPlatform().daemon().name("bounded").start(future);
        thread.join(limit);
        if (thread.isAlive()) {
            String dump = dump(runtime);
            thread.interrupt();
            throw new AssertionError("not done within " + limit + "\n" + dump);
        }
        try {
            future.get();
        } catch (java.util.concurrent.ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw (Exception) e.getCause();
        }
    }

    private static String dump(GoRuntime runtime) {
        StringBuilder text = new StringBuilder();
        if (runtime != null) {
            try {
                runtime.dump(text);
            } catch (IOException e) {
                text.append(e);
            }
        }
        for (Map.Entry<Thread, StackTraceElement[]> each : Thread.getAllStackTraces().entrySet()) {
            text.append('\n').append(each.getKey()).append(' ').append(each.getKey().getState()).append('\n');
            for (StackTraceElement frame : each.getValue()) {
                text.append("\tat ").append(frame).append('\n');
            }
        }
        return text.toString();
    }

    /**
     * Until when a stress test should begin new rounds, on the clock of System.nanoTime: a time, not a number of rounds,
     * so that a loaded machine does less and not longer.
     */
    public static long until(Duration each) {
        return System.nanoTime() + each.toNanos() * scale();
    }

    /** The factor by which stress tests do more than in a build: -Dgoruntime.stress.scale. */
    public static int scale() {
        return Integer.getInteger("goruntime.stress.scale", 1);
    }

    /** The seed of a random test: -Dgoruntime.test.seed, else a new one; printed, to repeat a run. */
    public static long seed(String test) {
        Long given = Long.getLong("goruntime.test.seed");
        long seed = given != null ? given : System.nanoTime();
        System.out.println(test + ": seed " + seed);
        return seed;
    }
}
