package io.goruntime.benchmarks.impl;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.LongAdder;

/**
 * Where the tasks of one batch report that they ended, and the thread that started them waits. Each task adds the sum of
 * what it received, so that a batch can be checked; a task that fails ends the wait for the others.
 */
final class Outcome {
    /** What a task does. */
    @FunctionalInterface
    interface Task {
        long run() throws Exception;
    }

    private final CountDownLatch ended;
    private final LongAdder sum = new LongAdder();
    private volatile Throwable failure;

    Outcome(int tasks) {
        ended = new CountDownLatch(tasks);
    }

    /** Runs one task on the calling thread. */
    void run(Task task) {
        long received;
        try {
            received = task.run();
        } catch (Throwable t) {
            failed(t);
            return;
        }
        finished(received);
    }

    void finished(long received) {
        sum.add(received);
        ended.countDown();
    }

    void failed(Throwable t) {
        failure = t;
        // The others may now wait for ever: this batch is lost.
        while (ended.getCount() > 0) {
            ended.countDown();
        }
    }

    /** Waits for all tasks; returns the sum of what they received. */
    long await() throws InterruptedException {
        ended.await();
        Throwable t = failure;
        if (t != null) {
            throw new IllegalStateException("a task of the benchmark failed", t);
        }
        return sum.sum();
    }
}
