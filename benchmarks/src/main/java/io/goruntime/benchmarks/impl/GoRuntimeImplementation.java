package io.goruntime.benchmarks.impl;

import static io.goruntime.GoRuntime.go;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.LongChan;
import io.goruntime.Select;
import io.goruntime.sync.Mutex;
import io.goruntime.sync.RWMutex;
import io.goruntime.sync.WaitGroup;
import io.goruntime.time.Timers;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;

/** This library: goroutines, and what they wait for, in the default runtime. */
final class GoRuntimeImplementation implements Implementation {
    @Override
    public long pingPong(int rounds) throws InterruptedException {
        Chan<Integer> pings = Chan.make();
        Chan<Integer> pongs = Chan.make();
        Outcome outcome = new Outcome(2);
        go(() -> outcome.run(() -> {
            for (int i = 0; i < rounds; i++) {
                pongs.send(pings.receive());
            }
            return 0;
        }));
        go(() -> outcome.run(() -> {
            long sum = 0;
            for (int i = 0; i < rounds; i++) {
                pings.send(i % VALUES);
                sum += pongs.receive();
            }
            return sum;
        }));
        return outcome.await();
    }

    @Override
    public long prodCons(int capacity, int elements) throws InterruptedException {
        Chan<Integer> chan = Chan.make(capacity);
        Outcome outcome = new Outcome(2);
        go(() -> outcome.run(() -> send(chan, elements)));
        go(() -> outcome.run(() -> receive(chan, elements)));
        return outcome.await();
    }

    @Override
    public long uncontended(int capacity, int elements) throws InterruptedException {
        Chan<Integer> chan = Chan.make(capacity);
        Outcome outcome = new Outcome(1);
        go(() -> outcome.run(() -> {
            long sum = 0;
            for (int i = 0; i < elements; i++) {
                chan.send(i % VALUES);
                sum += chan.receive();
            }
            return sum;
        }));
        return outcome.await();
    }

    @Override
    public long contended(int pairs, int capacity, int elements) throws InterruptedException {
        Chan<Integer> chan = Chan.make(capacity);
        Outcome outcome = new Outcome(2 * pairs);
        for (int i = 0; i < pairs; i++) {
            go(() -> outcome.run(() -> send(chan, elements / pairs)));
            go(() -> outcome.run(() -> receive(chan, elements / pairs)));
        }
        return outcome.await();
    }

    private static long send(Chan<Integer> chan, int elements) throws InterruptedException {
        for (int i = 0; i < elements; i++) {
            chan.send(i % VALUES);
        }
        return 0;
    }

    private static long receive(Chan<Integer> chan, int elements) throws InterruptedException {
        long sum = 0;
        for (int i = 0; i < elements; i++) {
            sum += chan.receive();
        }
        return sum;
    }

    @Override
    public long longProdCons(int capacity, int elements) throws InterruptedException {
        LongChan chan = LongChan.make(capacity);
        Outcome outcome = new Outcome(2);
        go(() -> outcome.run(() -> {
            for (int i = 0; i < elements; i++) {
                chan.send(i % VALUES);
            }
            return 0;
        }));
        go(() -> outcome.run(() -> {
            long sum = 0;
            for (int i = 0; i < elements; i++) {
                sum += chan.receive();
            }
            return sum;
        }));
        return outcome.await();
    }

    @Override
    public long longUncontended(int capacity, int elements) throws InterruptedException {
        LongChan chan = LongChan.make(capacity);
        Outcome outcome = new Outcome(1);
        go(() -> outcome.run(() -> {
            long sum = 0;
            for (int i = 0; i < elements; i++) {
                chan.send(i % VALUES);
                sum += chan.receive();
            }
            return sum;
        }));
        return outcome.await();
    }

    @Override
    public long select2(int elements) throws InterruptedException {
        Chan<Integer> first = Chan.make();
        Chan<Integer> second = Chan.make();
        Outcome outcome = new Outcome(3);
        go(() -> outcome.run(() -> send(first, elements / 2)));
        go(() -> outcome.run(() -> send(second, elements / 2)));
        go(() -> outcome.run(() -> {
            Select select = new Select();
            var fromFirst = select.recv(first);
            var fromSecond = select.recv(second);
            long sum = 0;
            for (int i = 0; i < elements; i++) {
                sum += select.await() == fromFirst ? fromFirst.value() : fromSecond.value();
            }
            return sum;
        }));
        return outcome.await();
    }

    @Override
    public long spawn(int tasks) throws InterruptedException {
        CountDownLatch ended = new CountDownLatch(tasks);
        Outcome outcome = new Outcome(1);
        go(() -> outcome.run(() -> {
            for (int i = 0; i < tasks; i++) {
                go(ended::countDown);
            }
            return tasks;
        }));
        ended.await();
        return outcome.await();
    }

    @Override
    public long submit(int tasks) throws InterruptedException {
        try (ExecutorService executor = GoRuntime.defaultRuntime().executor()) {
            Outcome outcome = new Outcome(1);
            go(() -> outcome.run(() -> {
                long sum = 0;
                for (int i = 0; i < tasks; i++) {
                    int value = i % VALUES;
                    sum += executor.submit(() -> value).get();
                }
                return sum;
            }));
            return outcome.await();
        }
    }

    @Override
    public long yieldTwo(int yields) throws InterruptedException {
        Outcome outcome = new Outcome(2);
        for (int i = 0; i < 2; i++) {
            go(() -> outcome.run(() -> {
                for (int k = 0; k < yields / 2; k++) {
                    GoRuntime.gosched();
                }
                return yields / 2;
            }));
        }
        return outcome.await();
    }

    @Override
    public long syscall(int calls) throws InterruptedException {
        Outcome outcome = new Outcome(1);
        go(() -> outcome.run(() -> {
            long sum = 0;
            for (int i = 0; i < calls; i++) {
                sum += NativeIdentity.call(i % VALUES);
            }
            return sum;
        }));
        return outcome.await();
    }

    @Override
    public long skynet(int leaves) throws InterruptedException {
        Outcome outcome = new Outcome(1);
        go(() -> outcome.run(() -> {
            LongChan sum = LongChan.make();
            go(() -> node(sum, 0, leaves));
            return sum.receive();
        }));
        return outcome.await();
    }

    private static void node(LongChan parent, long first, int leaves) throws InterruptedException {
        if (leaves == 1) {
            parent.send(first);
            return;
        }
        LongChan sums = LongChan.make(FAN_OUT);
        int each = leaves / FAN_OUT;
        for (int i = 0; i < FAN_OUT; i++) {
            long start = first + (long) i * each;
            go(() -> node(sums, start, each));
        }
        long sum = 0;
        for (int i = 0; i < FAN_OUT; i++) {
            sum += sums.receive();
        }
        parent.send(sum);
    }

    @Override
    public long mutex(int tasks, int operations) throws InterruptedException {
        Mutex mutex = new Mutex();
        long[] count = new long[1];
        Outcome outcome = new Outcome(tasks);
        for (int i = 0; i < tasks; i++) {
            go(() -> outcome.run(() -> {
                for (int k = 0; k < operations / tasks; k++) {
                    mutex.lock();
                    count[0]++;
                    mutex.unlock();
                }
                return 0;
            }));
        }
        return outcome.await() + count[0];
    }

    @Override
    public long rwMutex(int tasks, int operations) throws InterruptedException {
        RWMutex mutex = new RWMutex();
        long[] count = new long[1];
        Outcome outcome = new Outcome(tasks);
        for (int i = 0; i < tasks; i++) {
            go(() -> outcome.run(() -> {
                long written = 0;
                long reads = 0;
                for (int k = 0; k < operations / tasks; k++) {
                    if (k % (READS_PER_WRITE + 1) == 0) {
                        mutex.lock();
                        count[0]++;
                        mutex.unlock();
                        written++;
                    } else {
                        mutex.rLock();
                        long seen = count[0];
                        mutex.rUnlock();
                        reads += seen >= written ? 1 : 0;
                    }
                }
                return reads;
            }));
        }
        return outcome.await() + count[0];
    }

    @Override
    public long fanOut(int tasks, int rounds) throws InterruptedException {
        Outcome outcome = new Outcome(1);
        go(() -> outcome.run(() -> {
            for (int i = 0; i < rounds; i++) {
                WaitGroup ended = new WaitGroup();
                ended.add(tasks);
                for (int k = 0; k < tasks; k++) {
                    go(ended::done);
                }
                ended.await();
            }
            return (long) tasks * rounds;
        }));
        return outcome.await();
    }

    @Override
    public long sleep(int tasks) throws InterruptedException {
        Duration delay = Duration.ofMillis(1);
        Outcome outcome = new Outcome(1);
        go(() -> outcome.run(() -> {
            WaitGroup ended = new WaitGroup();
            ended.add(tasks);
            for (int i = 0; i < tasks; i++) {
                go(() -> {
                    Timers.sleep(delay);
                    ended.done();
                });
            }
            ended.await();
            return tasks;
        }));
        return outcome.await();
    }

    @Override
    public long startStop(int timers) throws InterruptedException {
        Duration delay = Duration.ofHours(1);
        Outcome outcome = new Outcome(1);
        go(() -> outcome.run(() -> {
            long stopped = 0;
            for (int i = 0; i < timers; i++) {
                stopped += Timers.afterFunc(delay, () -> {}).stop() ? 1 : 0;
            }
            return stopped;
        }));
        return outcome.await();
    }

    @Override
    public Release park(int tasks) throws InterruptedException {
        Chan<Integer> chan = Chan.make();
        CountDownLatch started = new CountDownLatch(tasks);
        CountDownLatch ended = new CountDownLatch(tasks);
        for (int i = 0; i < tasks; i++) {
            go(() -> {
                started.countDown();
                chan.receive();
                ended.countDown();
            });
        }
        started.await();
        return () -> {
            chan.close();
            ended.await();
        };
    }
}
