package io.goruntime.benchmarks.impl;

import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.concurrent.ArrayBlockingQueue;

/** Netty's buffers, direct ones, on threads as Netty makes them for its users. */
final class NettyAllocation implements Allocation {
    private final ByteBufAllocator allocator;

    private NettyAllocation(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    static NettyAllocation adaptive() {
        return new NettyAllocation(new AdaptiveByteBufAllocator(true));
    }

    static NettyAllocation pooled() {
        return new NettyAllocation(PooledByteBufAllocator.DEFAULT);
    }

    @Override
    public long pairs(int size, int tasks, int operations) throws Exception {
        Outcome outcome = new Outcome(tasks);
        int share = operations / tasks;
        for (int task = 0; task < tasks; task++) {
            int first = task * share;
            start(outcome, () -> {
                long sum = 0;
                for (int i = first; i < first + share; i++) {
                    ByteBuf buf = allocator.directBuffer(size, size);
                    buf.setLong(0, i);
                    sum += buf.getLong(0);
                    buf.release();
                }
                return sum;
            });
        }
        return outcome.await();
    }

    private static void start(Outcome outcome, Outcome.Task task) {
        new FastThreadLocalThread(() -> outcome.run(task)).start();
    }

    @Override
    public long mixed(int operations) throws Exception {
        Outcome outcome = new Outcome(1);
        start(outcome, () -> {
            ByteBuf[] live = new ByteBuf[LIVE];
            long sum = 0;
            long random = 88172645463325252L;
            for (int i = 0; i < operations; i++) {
                random = Allocation.next(random);
                int slot = (int) random & LIVE - 1;
                sum += end(live[slot]);
                int size = Allocation.mixedSize(random);
                ByteBuf buf = allocator.directBuffer(size, size);
                buf.setLong(0, i);
                live[slot] = buf;
            }
            for (ByteBuf buf : live) {
                sum += end(buf);
            }
            return sum;
        });
        return outcome.await();
    }

    private static long end(ByteBuf buf) {
        if (buf == null) {
            return 0;
        }
        long number = buf.getLong(0);
        buf.release();
        return number;
    }

    @Override
    public long handoff(int operations) throws Exception {
        ArrayBlockingQueue<ByteBuf> objects = new ArrayBlockingQueue<>(UNDER_WAY);
        Outcome outcome = new Outcome(2);
        start(outcome, () -> {
            for (int i = 0; i < operations; i++) {
                ByteBuf buf = allocator.directBuffer(64, 64);
                buf.setLong(0, i);
                objects.put(buf);
            }
            return 0;
        });
        start(outcome, () -> {
            long sum = 0;
            for (int i = 0; i < operations; i++) {
                sum += end(objects.take());
            }
            return sum;
        });
        return outcome.await();
    }
}
