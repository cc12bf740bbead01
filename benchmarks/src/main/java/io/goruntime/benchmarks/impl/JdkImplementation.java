package io.goruntime.benchmarks.impl;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The JDK: virtual threads, {@link SynchronousQueue} and {@link ArrayBlockingQueue}, and what java.util.concurrent has of
 * locks and timers. It has no select.
 */
final class JdkImplementation implements Implementation {
    private static <T> BlockingQueue<T> queue(int capacity) {
        return capacity == 0 ? new SynchronousQueue<>() : new ArrayBlockingQueue<>(capacity);
    }

    private static void start(Outcome outcome, Outcome.Task task) {
        Thread.startVirtualThread(() -> outcome.run(task));
    }

    @Override
    public long pingPong(int rounds) throws InterruptedException {
        BlockingQueue<Integer> pings = queue(0);
        BlockingQueue<Integer> pongs = queue(0);
        Outcome outcome = new Outcome(2);
        start(outcome, () -> {
            for (int i = 0; i < rounds; i++) {
                pongs.put(pings.take());
            }
            return 0;
        });
        start(outcome, () -> {
            long sum = 0;
            for (int i = 0; i < rounds; i++) {
                pings.put(i % VALUES);
                sum += pongs.take();
            }
            return sum;
        });
        return outcome.await();
    }

    @Override
    public long prodCons(int capacity, int elements) throws InterruptedException {
        BlockingQueue<Integer> queue = queue(capacity);
        Outcome outcome = new Outcome(2);
        start(outcome, () -> send(queue, elements));
        start(outcome, () -> receive(queue, elements));
        return outcome.await();
    }

    @Override
    public long uncontended(int capacity, int elements) throws InterruptedException {
        BlockingQueue<Integer> queue = queue(capacity);
        Outcome outcome = new Outcome(1);
        start(outcome, () -> {
            long sum = 0;
            for (int i = 0; i < elements; i++) {
                queue.put(i % VALUES);
                sum += queue.take();
            }
            return sum;
        });
        return outcome.await();
    }

    @Override
    public long contended(int pairs, int capacity, int elements) throws InterruptedException {
        BlockingQueue<Integer> queue = queue(capacity);
        Outcome outcome = new Outcome(2 * pairs);
        for (int i = 0; i < pairs; i++) {
            start(outcome, () -> send(queue, elements / pairs));
            start(outcome, () -> receive(queue, elements / pairs));
        }
        return outcome.await();
    }

    private static long send(BlockingQueue<Integer> queue, int elements) throws InterruptedException {
        for (int i = 0; i < elements; i++) {
            queue.put(i % VALUES);
        }
        return 0;
    }

    private static long receive(BlockingQueue<Integer> queue, int elements) throws InterruptedException {
        long sum = 0;
        for (int i = 0; i < elements; i++) {
            sum += queue.take();
        }
        return sum;
    }

    @Override
    public long spawn(int tasks) throws InterruptedException {
        CountDownLatch ended = new CountDownLatch(tasks);
        Outcome outcome = new Outcome(1);
        start(outcome, () -> {
            for (int i = 0; i < tasks; i++) {
                Thread.startVirtualThread(ended::countDown);
            }
            return tasks;
        });
        ended.await();
        return outcome.await();
    }

    @Override
    public long submit(int tasks) throws InterruptedException {
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            Outcome outcome = new Outcome(1);
            start(outcome, () -> {
                long sum = 0;
                for (int i = 0; i < tasks; i++) {
                    int value = i % VALUES;
                    sum += executor.submit(() -> value).get();
                }
                return sum;
            });
            return outcome.await();
        }
    }

    @Override
    public long yieldTwo(int yields) throws InterruptedException {
        Outcome outcome = new Outcome(2);
        for (int i = 0; i < 2; i++) {
            start(outcome, () -> {
                for (int k = 0; k < yields / 2; k++) {
                    Thread.yield();
                }
                return yields / 2;
            });
        }
        return outcome.await();
    }

    @Override
    public long skynet(int leaves) throws InterruptedException {
        Outcome outcome = new Outcome(1);
        start(outcome, () -> {
            BlockingQueue<Long> sum = queue(0);
            Thread.startVirtualThread(() -> node(sum, 0, leaves));
            return sum.take();
        });
        return outcome.await();
    }

    private static void node(BlockingQueue<Long> parent, long first, int leaves) {
        try {
            if (leaves == 1) {
                parent.put(first);
                return;
            }
            BlockingQueue<Long> sums = queue(FAN_OUT);
            int each = leaves / FAN_OUT;
            for (int i = 0; i < FAN_OUT; i++) {
                long start = first + (long) i * each;
                Thread.startVirtualThread(() -> node(sums, start, each));
            }
            long sum = 0;
            for (int i = 0; i < FAN_OUT; i++) {
                sum += sums.take();
            }
            parent.put(sum);
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts here", e);
        }
    }

    @Override
    public long mutex(int tasks, int operations) throws InterruptedException {
        Lock lock = new ReentrantLock();
        long[] count = new long[1];
        Outcome outcome = new Outcome(tasks);
        for (int i = 0; i < tasks; i++) {
            start(outcome, () -> {
                for (int k = 0; k < operations / tasks; k++) {
                    lock.lock();
                    count[0]++;
                    lock.unlock();
                }
                return 0;
            });
        }
        return outcome.await() + count[0];
    }

    @Override
    public long rwMutex(int tasks, int operations) throws InterruptedException {
        ReadWriteLock lock = new ReentrantReadWriteLock();
        Lock readers = lock.readLock();
        Lock writers = lock.writeLock();
        long[] count = new long[1];
        Outcome outcome = new Outcome(tasks);
        for (int i = 0; i < tasks; i++) {
            start(outcome, () -> {
                long written = 0;
                long reads = 0;
                for (int k = 0; k < operations / tasks; k++) {
                    if (k % (READS_PER_WRITE + 1) == 0) {
                        writers.lock();
                        count[0]++;
                        writers.unlock();
                        written++;
                    } else {
                        readers.lock();
                        long seen = count[0];
                        readers.unlock();
                        reads += seen >= written ? 1 : 0;
                    }
                }
                return reads;
            });
        }
        return outcome.await() + count[0];
    }

    @Override
    public long fanOut(int tasks, int rounds) throws InterruptedException {
        Outcome outcome = new Outcome(1);
        start(outcome, () -> {
            for (int i = 0; i < rounds; i++) {
                CountDownLatch ended = new CountDownLatch(tasks);
                for (int k = 0; k < tasks; k++) {
                    Thread.startVirtualThread(ended::countDown);
                }
                ended.await();
            }
            return (long) tasks * rounds;
        });
        return outcome.await();
    }

    @Override
    public long sleep(int tasks) throws InterruptedException {
        Outcome outcome = new Outcome(1);
        start(outcome, () -> {
            CountDownLatch ended = new CountDownLatch(tasks);
            for (int i = 0; i < tasks; i++) {
                Thread.startVirtualThread(() -> {
                    try {
                        Thread.sleep(1);
                    } catch (InterruptedException e) {
                        throw new IllegalStateException("nobody interrupts here", e);
                    }
                    ended.countDown();
                });
            }
            ended.await();
            return tasks;
        });
        return outcome.await();
    }

    @Override
    public long startStop(int timers) throws InterruptedException {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1);
        // Else what was stopped stays in the queue for its hour.
        executor.setRemoveOnCancelPolicy(true);
        try {
            Outcome outcome = new Outcome(1);
            start(outcome, () -> {
                long stopped = 0;
                for (int i = 0; i < timers; i++) {
                    stopped += executor.schedule(() -> {}, 1, TimeUnit.HOURS).cancel(false) ? 1 : 0;
                }
                return stopped;
            });
            return outcome.await();
        } finally {
            executor.shutdownNow();
        }
    }

    @Override
    public Release park(int tasks) throws InterruptedException {
        BlockingQueue<Integer> queue = queue(0);
        CountDownLatch started = new CountDownLatch(tasks);
        CountDownLatch ended = new CountDownLatch(tasks);
        for (int i = 0; i < tasks; i++) {
            Thread.startVirtualThread(() -> {
                started.countDown();
                try {
                    queue.take();
                } catch (InterruptedException e) {
                    throw new IllegalStateException("nobody interrupts here", e);
                }
                ended.countDown();
            });
        }
        started.await();
        return () -> {
            for (int i = 0; i < tasks; i++) {
                queue.put(0);
            }
            ended.await();
        };
    }
}
