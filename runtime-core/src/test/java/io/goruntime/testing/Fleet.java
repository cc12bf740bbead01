package io.goruntime.testing;

import io.goruntime.GoRuntime;
import io.goruntime.Goroutine;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;

/**
 * Goroutines of one test that are waited for together. What they throw becomes the failure of the test; if they do not
 * end in time, a dump of all goroutines does.
 */
public final class Fleet {
    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);
    private static final Duration SLICE = Duration.ofMillis(50);

    private final GoRuntime runtime;
    private final List<Goroutine> members = new ArrayList<>();
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();

    /** The body of one of many goroutines. */
    @FunctionalInterface
    public interface Body {
        void run(int index) throws Exception;
    }

    public Fleet(GoRuntime runtime) {
        this.runtime = runtime;
    }

    /** Starts goroutines that run the body with the indices from 0. */
    public Fleet start(int count, Body body) {
        for (int i = 0; i < count; i++) {
            int index = i;
            members.add(runtime.spawn(() -> {
                try {
                    body.run(index);
                } catch (Exception | Error e) {
                    failures.add(e);
                }
            }));
        }
        return this;
    }

    public List<Goroutine> members() {
        return List.copyOf(members);
    }

    /** Waits for all of them; once one has failed, only a little longer: the others may be waiting for it for ever. */
    public void join() throws InterruptedException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        for (Goroutine member : members) {
            while (!member.join(SLICE)) {
                if (!failures.isEmpty()) {
                    deadline = Math.min(deadline, System.nanoTime() + AFTER_FAILURE.toNanos());
                }
                if (System.nanoTime() > deadline) {
                    throw failure(member + " did not end in time");
                }
            }
        }
        if (!failures.isEmpty()) {
            throw failure("a goroutine failed");
        }
    }

    /** Waits until the condition holds. */
    public void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline || !failures.isEmpty()) {
                throw failure("waited in vain: " + what);
            }
            Thread.sleep(1);
        }
    }

    private AssertionError failure(String message) {
        AssertionError error = new AssertionError(message + "\n" + dump(runtime), failures.peek());
        failures.stream().skip(1).forEach(error::addSuppressed);
        return error;
    }

    /** Runs the body in so many goroutines and waits for them. */
    public static void run(GoRuntime runtime, int count, Body body) throws InterruptedException {
        new Fleet(runtime).start(count, body).join();
    }

    /** All goroutines of the runtime. */
    public static String dump(GoRuntime runtime) {
        StringBuilder text = new StringBuilder(runtime + ", " + runtime.numGoroutine() + " goroutines\n");
        try {
            runtime.dump(text);
        } catch (IOException e) {
            text.append(e); // a StringBuilder throws none
        }
        return text.toString();
    }
}
