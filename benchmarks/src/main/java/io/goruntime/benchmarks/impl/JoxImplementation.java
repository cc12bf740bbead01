package io.goruntime.benchmarks.impl;

import com.softwaremill.jox.Channel;
import com.softwaremill.jox.Select;
import java.util.concurrent.CountDownLatch;

/**
 * Jox: its channels between the JDK's virtual threads. Starting, yielding, locks and
 * timers are the JDK's, so not measured again.
 */
final class JoxImplementation implements Implementation {
    private static <T> Channel<T> channel(int capacity) {
        return capacity == 0 ? Channel.newRendezvousChannel() : Channel.newBufferedChannel(capacity);
    }

    private static void start(Outcome outcome, Outcome.Task task) {
        Thread.startVirtualThread(() -> outcome.run(task));
    }

    @Override
    public long pingPong(int rounds) throws InterruptedException {
        Channel<Integer> pings = channel(0);
        Channel<Integer> pongs = channel(0);
        Outcome outcome = new Outcome(2);
        start(outcome, () -> {
            for (int i = 0; i < rounds; i++) {
                pongs.send(pings.receive());
            }
            return 0;
        });
        start(outcome, () -> {
            long sum = 0;
            for (int i = 0; i < rounds; i++) {
                pings.send(i % VALUES);
                sum += pongs.receive();
            }
            return sum;
        });
        return outcome.await();
    }

    @Override
    public long prodCons(int capacity, int elements) throws InterruptedException {
        Channel<Integer> channel = channel(capacity);
        Outcome outcome = new Outcome(2);
        start(outcome, () -> send(channel, elements));
        start(outcome, () -> receive(channel, elements));
        return outcome.await();
    }

    @Override
    public long uncontended(int capacity, int elements) throws InterruptedException {
        Channel<Integer> channel = channel(capacity);
        Outcome outcome = new Outcome(1);
        start(outcome, () -> {
            long sum = 0;
            for (int i = 0; i < elements; i++) {
                channel.send(i % VALUES);
                sum += channel.receive();
            }
            return sum;
        });
        return outcome.await();
    }

    @Override
    public long contended(int pairs, int capacity, int elements) throws InterruptedException {
        Channel<Integer> channel = channel(capacity);
        Outcome outcome = new Outcome(2 * pairs);
        for (int i = 0; i < pairs; i++) {
            start(outcome, () -> send(channel, elements / pairs));
            start(outcome, () -> receive(channel, elements / pairs));
        }
        return outcome.await();
    }

    private static long send(Channel<Integer> channel, int elements) throws InterruptedException {
        for (int i = 0; i < elements; i++) {
            channel.send(i % VALUES);
        }
        return 0;
    }

    private static long receive(Channel<Integer> channel, int elements) throws InterruptedException {
        long sum = 0;
        for (int i = 0; i < elements; i++) {
            sum += channel.receive();
        }
        return sum;
    }

    @Override
    public long select2(int elements) throws InterruptedException {
        Channel<Integer> first = channel(0);
        Channel<Integer> second = channel(0);
        Outcome outcome = new Outcome(3);
        start(outcome, () -> send(first, elements / 2));
        start(outcome, () -> send(second, elements / 2));
        start(outcome, () -> {
            long sum = 0;
            for (int i = 0; i < elements; i++) {
                int value = Select.select(first.receiveClause(), second.receiveClause());
                sum += value;
            }
            return sum;
        });
        return outcome.await();
    }

    @Override
    public long spawn(int tasks) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long yieldTwo(int yields) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long skynet(int leaves) throws InterruptedException {
        Outcome outcome = new Outcome(1);
        start(outcome, () -> {
            Channel<Long> sum = channel(0);
            Thread.startVirtualThread(() -> node(sum, 0, leaves));
            return sum.receive();
        });
        return outcome.await();
    }

    private static void node(Channel<Long> parent, long first, int leaves) {
        try {
            if (leaves == 1) {
                parent.send(first);
                return;
            }
            Channel<Long> sums = channel(FAN_OUT);
            int each = leaves / FAN_OUT;
            for (int i = 0; i < FAN_OUT; i++) {
                long start = first + (long) i * each;
                Thread.startVirtualThread(() -> node(sums, start, each));
            }
            long sum = 0;
            for (int i = 0; i < FAN_OUT; i++) {
                sum += sums.receive();
            }
            parent.send(sum);
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts here", e);
        }
    }

    @Override
    public Release park(int tasks) throws InterruptedException {
        Channel<Integer> channel = channel(0);
        CountDownLatch started = new CountDownLatch(tasks);
        CountDownLatch ended = new CountDownLatch(tasks);
        for (int i = 0; i < tasks; i++) {
            Thread.startVirtualThread(() -> {
                started.countDown();
                try {
                    channel.receiveOrClosed();
                } catch (InterruptedException e) {
                    throw new IllegalStateException("nobody interrupts here", e);
                }
                ended.countDown();
            });
        }
        started.await();
        return () -> {
            channel.done();
            ended.await();
        };
    }
}
