package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.Bounded;
import io.goruntime.testing.Fleet;
import io.goruntime.testing.OnProcs;
import io.goruntime.testing.Runners;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Many threads submit while the executor is shut down: each task runs or is refused, and termination comes after all. */
class GoExecutorStressTest {
    private static final Duration LIMIT = Duration.ofSeconds(50);
    private static final Duration EACH = Duration.ofMillis(300);
    private static final int SUBMITTERS = 4;
    private static final int TASKS = 50;

    @OnProcs
    void submitDuringShutdown(int procs) throws Exception {
        Random random = new Random(Bounded.seed("submitDuringShutdown"));
        rounds(procs, random, (executor, accepted, ended) -> {
            executor.submit(ended::incrementAndGet);
            accepted.incrementAndGet();
        }, ExecutorService::shutdown);
    }

    /** Each task that was accepted is interrupted: else it would sleep for a day. */
    @OnProcs
    void submitDuringShutdownNow(int procs) throws Exception {
        Random random = new Random(Bounded.seed("submitDuringShutdownNow"));
        rounds(procs, random, (executor, accepted, ended) -> {
            executor.execute(() -> {
                try {
                    Thread.sleep(Duration.ofDays(1));
                } catch (InterruptedException e) {
                    ended.incrementAndGet();
                }
            });
            accepted.incrementAndGet();
        }, ExecutorService::shutdownNow);
    }

    @FunctionalInterface
    private interface Submit {
        void one(ExecutorService executor, AtomicInteger accepted, AtomicInteger ended);
    }

    @FunctionalInterface
    private interface Stop {
        void stop(ExecutorService executor);
    }

    private static void rounds(int procs, Random random, Submit submit, Stop stop) throws Exception {
        long until = Bounded.until(EACH);
        try (GoRuntime runtime = GoRuntime.builder().maxProcs(procs).build();
                Runners.Crew crew = new Runners.Crew(procs)) {
            Bounded.run(LIMIT, runtime, () -> {
                do {
                    int stopAfter = random.nextInt(SUBMITTERS * TASKS);
                    round(runtime, crew, stopAfter, submit, stop);
                } while (System.nanoTime() < until);
            });
        }
    }

    /** Half of those who submit are goroutines of the executor's runtime, the others are not. */
    private static void round(GoRuntime runtime, Runners.Crew crew, int stopAfter, Submit submit, Stop stop)
            throws Exception {
        ExecutorService executor = runtime.executor();
        AtomicInteger accepted = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        AtomicInteger ended = new AtomicInteger();
        Fleet.Body submitter = index -> {
            for (int k = 0; k < TASKS; k++) {
                try {
                    submit.one(executor, accepted, ended);
                } catch (RejectedExecutionException e) {
                    refused.incrementAndGet();
                }
            }
        };
        Fleet inside = new Fleet(runtime).start(SUBMITTERS / 2, submitter);
        for (int i = 0; i < SUBMITTERS / 2; i++) {
            crew.start(1 + i, () -> submitter.run(0));
        }
        while (accepted.get() < stopAfter) {
            Thread.onSpinWait();
        }
        stop.stop(executor);
        assertTrue(executor.awaitTermination(40, TimeUnit.SECONDS), executor::toString);
        int endedAtTermination = ended.get();
        inside.join();
        crew.join();
        assertEquals(SUBMITTERS * TASKS, accepted.get() + refused.get());
        assertEquals(accepted.get(), ended.get());
        assertEquals(ended.get(), endedAtTermination, "a task ended after the termination");
        assertTrue(executor.isTerminated());
    }
}
