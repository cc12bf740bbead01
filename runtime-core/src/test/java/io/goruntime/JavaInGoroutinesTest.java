package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import io.goruntime.time.Timers;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What Java offers a thread works in a goroutine: monitors, locks, sleep, thread-locals, scoped values, futures. */
@ExtendWith(DumpOnTimeout.class)
class JavaInGoroutinesTest {
    private static GoRuntime runtime(int procs) {
        return GoRuntime.builder().maxProcs(procs).build();
    }

    // -- monitors --

    private static final class Counter {
        private int count;
        private Thread owner;

        synchronized void increment(int round) throws InterruptedException {
            owner = Thread.currentThread();
            int before = count;
            if (round % 64 == 0) {
                Thread.sleep(1);
            } else if (round % 8 == 0) {
                GoRuntime.gosched();
            }
            count = before + 1;
            assertSame(Thread.currentThread(), owner);
        }
    }

    @Test
    void contendedSynchronizedExcludesOthersOverSleepAndYield() throws Exception {
        for (int procs = 1; procs <= 3; procs++) {
            try (GoRuntime rt = runtime(procs)) {
                Counter counter = new Counter();
                Fleet.run(rt, 16, i -> {
                    for (int round = 1; round <= 200; round++) {
                        counter.increment(round);
                    }
                });
                assertEquals(16 * 200, counter.count);
            }
        }
    }

    private static final class Buffer {
        private final ArrayDeque<Integer> values = new ArrayDeque<>();

        synchronized void put(int value) throws InterruptedException {
            while (values.size() >= 4) {
                wait();
            }
            values.add(value);
            notifyAll();
        }

        synchronized int take() throws InterruptedException {
            while (values.isEmpty()) {
                wait(1000);
            }
            notifyAll();
            return values.remove();
        }
    }

    @Test
    void waitAndNotifyHandOverEveryValue() throws Exception {
        for (int procs = 1; procs <= 2; procs++) {
            try (GoRuntime rt = runtime(procs)) {
                Buffer buffer = new Buffer();
                AtomicLong sum = new AtomicLong();
                Fleet fleet = new Fleet(rt);
                fleet.start(5, i -> {
                    for (int k = 0; k < 400; k++) {
                        sum.addAndGet(buffer.take());
                    }
                });
                fleet.start(5, i -> {
                    for (int k = 0; k < 400; k++) {
                        buffer.put(i * 400 + k);
                    }
                });
                fleet.join();
                assertEquals(2000L * 1999 / 2, sum.get());
                assertTrue(buffer.values.isEmpty());
            }
        }
    }

    @Test
    void timedWaitEndsByTimeNotifyOrInterrupt() throws Exception {
        try (GoRuntime rt = runtime(1)) {
            Object monitor = new Object();
            Fleet.run(rt, 20, i -> {
                long start = System.nanoTime();
                synchronized (monitor) {
                    monitor.wait(30);
                }
                assertTrue(System.nanoTime() - start >= 30_000_000, "woke too early");
            });
            boolean[] told = {false};
            Fleet waiting = new Fleet(rt).start(10, i -> {
                synchronized (monitor) {
                    while (!told[0]) {
                        monitor.wait(3_600_000);
                    }
                }
            });
            Goroutine interrupted = rt.spawn(() -> {
                synchronized (monitor) {
                    assertThrows(InterruptedException.class, () -> monitor.wait(3_600_000));
                    assertTrue(Thread.holdsLock(monitor));
                }
            });
            waiting.await("a timed wait", () -> interrupted.thread().getState() == Thread.State.TIMED_WAITING);
            interrupted.interrupt();
            interrupted.join();
            synchronized (monitor) {
                told[0] = true;
                monitor.notifyAll();
            }
            waiting.join();
        }
    }

    // -- java.util.concurrent --

    @Test
    void reentrantLockKeepsItsOwnerOverYieldAndPark() throws Exception {
        try (GoRuntime rt = runtime(2)) {
            ReentrantLock lock = new ReentrantLock();
            Condition turned = lock.newCondition();
            int[] state = {0, 0};
            Fleet.run(rt, 8, i -> {
                for (int round = 0; round < 100; round++) {
                    assertFalse(lock.isHeldByCurrentThread());
                    lock.lock();
                    try {
                        int before = state[0];
                        GoRuntime.gosched();
                        assertTrue(lock.isHeldByCurrentThread());
                        assertEquals(1, lock.getHoldCount());
                        if (round % 10 == 0) {
                            Thread.sleep(1);
                        }
                        assertTrue(lock.isHeldByCurrentThread());
                        assertEquals(before, state[0]);
                        state[0] = before + 1;
                    } finally {
                        lock.unlock();
                    }
                }
            });
            assertEquals(800, state[0]);
            Fleet.run(rt, 6, i -> {
                for (int round = 0; round < 50; round++) {
                    lock.lock();
                    try {
                        while (state[1] % 6 != i) {
                            turned.await();
                        }
                        state[1]++;
                        turned.signalAll();
                    } finally {
                        lock.unlock();
                    }
                }
            });
            assertEquals(300, state[1]);
        }
    }

    @Test
    void queuesLatchesSemaphoresAndBarriers() throws Exception {
        try (GoRuntime rt = runtime(2)) {
            ArrayBlockingQueue<Integer> bounded = new ArrayBlockingQueue<>(3);
            SynchronousQueue<Integer> direct = new SynchronousQueue<>();
            AtomicLong sum = new AtomicLong();
            CountDownLatch moved = new CountDownLatch(1000);
            Semaphore two = new Semaphore(2);
            AtomicInteger inside = new AtomicInteger();
            Fleet fleet = new Fleet(rt);
            fleet.start(2, i -> {
                for (int k = 0; k < 500; k++) {
                    bounded.put(k);
                }
            });
            fleet.start(2, i -> {
                for (int k = 0; k < 500; k++) {
                    direct.put(bounded.take());
                }
            });
            fleet.start(2, i -> {
                for (int k = 0; k < 500; k++) {
                    sum.addAndGet(direct.take());
                    moved.countDown();
                }
            });
            fleet.start(6, i -> {
                for (int k = 0; k < 50; k++) {
                    two.acquire();
                    assertTrue(inside.incrementAndGet() <= 2);
                    GoRuntime.gosched();
                    inside.decrementAndGet();
                    two.release();
                }
            });
            fleet.start(1, i -> assertTrue(moved.await(30, TimeUnit.SECONDS)));
            CyclicBarrier barrier = new CyclicBarrier(7);
            fleet.start(7, i -> {
                for (int k = 0; k < 30; k++) {
                    barrier.await();
                }
            });
            fleet.join();
            assertEquals(2 * 499 * 500 / 2, sum.get());
            assertEquals(2, two.availablePermits());
        }
    }

    @Test
    void completableFutureIsWaitedFor() throws Exception {
        try (GoRuntime rt = runtime(1); var executor = rt.executor()) {
            CompletableFuture<String> outside = new CompletableFuture<>();
            CompletableFuture<Long> chained = CompletableFuture.supplyAsync(GoRuntime::goid, executor)
                    .thenApplyAsync(id -> id * 0 + GoRuntime.goid(), executor);
            Fleet fleet = new Fleet(rt).start(10, i -> {
                assertEquals("done", outside.get());
                assertTrue(chained.get(30, TimeUnit.SECONDS) > 0);
                assertThrows(TimeoutException.class,
                        () -> new CompletableFuture<String>().get(5, TimeUnit.MILLISECONDS));
            });
            Thread.ofPlatform().start(() -> outside.complete("done"));
            fleet.join();
        }
    }

    // -- sleep and park --

    @Test
    void thousandsSleepAtTheSameTime() throws Exception {
        try (GoRuntime rt = runtime(2)) {
            long begin = System.nanoTime();
            Fleet.run(rt, 5000, i -> {
                long millis = 1 + i % 200;
                long start = System.nanoTime();
                Thread.sleep(millis);
                assertTrue(System.nanoTime() - start >= millis * 1_000_000, "slept less than " + millis + " ms");
            });
            long tookMillis = (System.nanoTime() - begin) / 1_000_000;
            assertTrue(tookMillis < 20_000, "one after the other they would take 500 s; took " + tookMillis + " ms");
        }
    }

    @Test
    void interruptEndsASleepAndAPermitOutlivesIt() throws Exception {
        try (GoRuntime rt = runtime(1)) {
            Goroutine sleeper = rt.spawn(() -> {
                assertThrows(InterruptedException.class, () -> Thread.sleep(3_600_000));
                assertFalse(Thread.currentThread().isInterrupted());
                LockSupport.unpark(Thread.currentThread());
                Thread.sleep(1);
                Chan<Integer> c = Chan.make();
                GoRuntime.go(() -> {
                    Thread.sleep(2);
                    c.send(7);
                });
                assertEquals(7, c.receive()); // a stale permit must not pass for a value
            });
            Fleet fleet = new Fleet(rt);
            fleet.await("a sleeper", () -> sleeper.thread().getState() == Thread.State.TIMED_WAITING);
            sleeper.interrupt();
            fleet.await("its end", sleeper::isDone);
        }
    }

    // -- what belongs to a thread --

    @Test
    void threadLocalsAreOfTheGoroutine() throws Exception {
        ThreadLocal<Integer> local = new ThreadLocal<>();
        local.set(-1);
        try (GoRuntime rt = runtime(2)) {
            Fleet.run(rt, 200, i -> {
                assertNull(local.get());
                local.set(i);
                for (int k = 0; k < 20; k++) {
                    GoRuntime.gosched();
                    assertEquals(i, local.get());
                }
                Thread.sleep(1);
                assertEquals(i, local.get());
            });
        }
        assertEquals(-1, local.get());
    }

    @Test
    void inheritableThreadLocalsCrossOnlyWhenAskedFor() throws Exception {
        InheritableThreadLocal<String> local = new InheritableThreadLocal<>();
        local.set("caller");
        try (GoRuntime none = runtime(1);
                GoRuntime inherits = GoRuntime.builder().maxProcs(1).inheritThreadLocals(true).build()) {
            Fleet.run(none, 1, i -> assertNull(local.get()));
            Fleet.run(inherits, 1, i -> assertEquals("caller", local.get()));
        }
    }

    @Test
    void theContextClassLoaderIsThatOfTheCreator() throws Exception {
        ClassLoader loader = new ClassLoader(JavaInGoroutinesTest.class.getClassLoader()) {};
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        Thread.currentThread().setContextClassLoader(loader);
        try (GoRuntime rt = runtime(1); var executor = rt.executor()) {
            Chan<ClassLoader> seen = Chan.make(5);
            GoFn look = () -> seen.send(Thread.currentThread().getContextClassLoader());
            rt.spawn(look);
            rt.spawn(() -> {
                GoRuntime.go(look);
                Timers.afterFunc(Duration.ofMillis(1), look);
            });
            executor.submit(() -> {
                look.run();
                return null;
            });
            GoRuntime.run(look::run);
            for (int i = 0; i < 5; i++) {
                assertSame(loader, seen.receive());
            }
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }

    private static final ScopedValue<Integer> SCOPED = ScopedValue.newInstance();

    @Test
    void scopedValuesAreBoundOverParksAndNotInherited() throws Exception {
        try (GoRuntime rt = runtime(2)) {
            Fleet.run(rt, 50, i -> {
                Chan<Boolean> boundInChild = Chan.make();
                int result = ScopedValue.where(SCOPED, i).call(() -> {
                    GoRuntime.go(() -> boundInChild.send(SCOPED.isBound()));
                    assertEquals(false, boundInChild.receive());
                    int inner = ScopedValue.where(SCOPED, i + 1).call(() -> {
                        Thread.sleep(1);
                        GoRuntime.gosched();
                        return SCOPED.get();
                    });
                    assertEquals(i, SCOPED.get());
                    return inner;
                });
                assertEquals(i + 1, result);
                assertFalse(SCOPED.isBound());
            });
        }
    }

    // -- being looked at --

    @Test
    void getStackTraceInALoopLosesNoGoroutine() throws Exception {
        int pairs = 40;
        int rounds = 300;
        try (GoRuntime rt = runtime(2)) {
            AtomicLong received = new AtomicLong();
            CountDownLatch started = new CountDownLatch(1);
            Fleet fleet = new Fleet(rt);
            for (int pair = 0; pair < pairs; pair++) {
                Chan<Integer> ping = Chan.make();
                Chan<Integer> pong = Chan.make(pair % 3);
                fleet.start(1, i -> {
                    started.await();
                    for (int k = 0; k < rounds; k++) {
                        ping.send(k);
                        assertEquals(k, pong.receive());
                        received.incrementAndGet();
                        if (k % 50 == 0) {
                            Thread.sleep(1);
                        }
                    }
                });
                fleet.start(1, i -> {
                    started.await();
                    for (int k = 0; k < rounds; k++) {
                        pong.send(ping.receive());
                        if (k % 7 == 0) {
                            GoRuntime.gosched();
                        }
                    }
                });
            }
            AtomicLong looks = new AtomicLong();
            Thread[] lookers = new Thread[2];
            for (int i = 0; i < lookers.length; i++) {
                lookers[i] = Thread.ofPlatform().start(() -> {
                    while (!Thread.currentThread().isInterrupted()) {
                        for (Goroutine member : fleet.members()) {
                            member.thread().getStackTrace();
                            looks.incrementAndGet();
                        }
                    }
                });
            }
            try {
                fleet.await("looks", () -> looks.get() > 100);
                started.countDown();
                fleet.join();
            } finally {
                for (Thread looker : lookers) {
                    looker.interrupt();
                    looker.join();
                }
            }
            assertEquals((long) pairs * rounds, received.get());
        }
    }
}
