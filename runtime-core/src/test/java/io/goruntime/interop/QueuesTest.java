package io.goruntime.interop;

import static io.goruntime.GoRuntime.go;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.Panic;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

/** Names of tests that begin with "test" are those of ArrayBlockingQueueTest and SynchronousQueueTest of JSR 166. */
@ExtendWith(DumpOnTimeout.class)
public class QueuesTest {
    private static void interruptMeWhenParked() {
        Thread me = Thread.currentThread();
        Thread.ofPlatform().daemon().start(() -> {
            while (me.getState() != Thread.State.WAITING && me.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
            me.interrupt();
        });
    }

    @Test
    void testEmptyFull() throws Exception {
        Chan<String> c = Chan.make(2);
        BlockingQueue<String> q = Queues.of(c);
        assertTrue(q.isEmpty());
        assertEquals(0, q.size());
        assertEquals(2, q.remainingCapacity());
        q.put("a");
        assertFalse(q.isEmpty());
        assertTrue(q.offer("b"));
        assertEquals(2, q.size());
        assertEquals(2, c.len());
        assertEquals(0, q.remainingCapacity());
        assertFalse(q.offer("c"));
        assertFalse(q.offer("c", 1, TimeUnit.MILLISECONDS));
        assertThrows(IllegalStateException.class, () -> q.add("c"));
        assertEquals("a", q.take());
        assertEquals("b", c.receive());
        assertNull(q.poll());
        assertNull(q.poll(1, TimeUnit.MILLISECONDS));
        assertNull(q.poll(-1, TimeUnit.DAYS));
        assertThrows(NoSuchElementException.class, q::remove);
        assertTrue(q.addAll(List.of("x", "y")));
        assertEquals("x", q.remove());
        q.clear();
        assertEquals(0, c.len());
    }

    @Test
    void testNulls() {
        BlockingQueue<String> q = Queues.of(Chan.make(2));
        for (Executable each : List.<Executable>of(() -> q.put(null), () -> q.offer(null), () -> q.add(null),
                () -> q.offer(null, 1, TimeUnit.SECONDS), () -> q.offer("a", 1, null), () -> q.poll(1, null),
                () -> q.drainTo(null), () -> q.drainTo(null, 1), () -> q.addAll(null), () -> Queues.of(null))) {
            assertThrows(NullPointerException.class, each);
        }
        assertEquals(0, q.size());
    }

    /** A queue has no null: one that was sent to the channel is an exception, once. */
    @Test
    void aNullThatWasSent() throws Exception {
        Chan<String> c = Chan.make(4);
        BlockingQueue<String> q = Queues.of(c);
        c.send(null);
        c.send(null);
        c.send(null);
        c.send("a");
        assertThrows(NullPointerException.class, q::take);
        assertThrows(NullPointerException.class, q::poll);
        assertThrows(NullPointerException.class, () -> q.drainTo(new ArrayList<>()));
        assertEquals("a", q.take());
    }

    @OnProcs
    void testBlockingPutAndTake(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            BlockingQueue<Integer> q = Queues.of(Chan.make(1));
            interruptMeWhenParked();
            assertThrows(InterruptedException.class, q::take);
            assertFalse(Thread.interrupted());
            interruptMeWhenParked();
            assertThrows(InterruptedException.class, () -> q.poll(1, TimeUnit.DAYS));
            q.put(1);
            interruptMeWhenParked();
            assertThrows(InterruptedException.class, () -> q.put(2));
            interruptMeWhenParked();
            assertThrows(InterruptedException.class, () -> q.offer(2, Long.MAX_VALUE, TimeUnit.DAYS));
            assertFalse(Thread.interrupted());
            assertEquals(1, q.size());
            go(() -> q.put(3));
            assertEquals(1, q.take());
            assertEquals(3, q.poll(1, TimeUnit.MINUTES));
            go(() -> q.put(4));
            assertEquals(4, q.poll(Long.MAX_VALUE, TimeUnit.DAYS));
        });
    }

    @Test
    void testDrainTo() throws Exception {
        Chan<Integer> c = Chan.make(5);
        BlockingQueue<Integer> q = Queues.of(c);
        List<Integer> into = new ArrayList<>();
        assertEquals(0, q.drainTo(into));
        q.addAll(List.of(1, 2, 3, 4, 5));
        assertEquals(0, q.drainTo(into, 0));
        assertEquals(0, q.drainTo(into, -1));
        assertEquals(2, q.drainTo(into, 2));
        assertEquals(3, q.drainTo(into));
        assertEquals(List.of(1, 2, 3, 4, 5), into);
        assertThrows(IllegalArgumentException.class, () -> q.drainTo(q));
        assertThrows(IllegalArgumentException.class, () -> q.drainTo(Queues.of(c), 1));
    }

    /** The channel has no room: whoever waits at the other end makes the difference. */
    @OnProcs
    void testRendezvous(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Integer> c = Chan.make();
            BlockingQueue<Integer> q = Queues.of(c);
            assertFalse(q.offer(1));
            assertNull(q.poll());
            assertEquals(0, q.remainingCapacity());
            var receiver = GoRuntime.current().spawn(() -> assertEquals(2, q.take()));
            while (!q.offer(2)) {
                GoRuntime.gosched();
            }
            receiver.join();
            for (int i = 0; i < 3; i++) {
                int n = i;
                go(() -> q.put(n));
            }
            List<Integer> into = new ArrayList<>();
            while (into.size() < 3) {
                q.drainTo(into);
                GoRuntime.gosched();
            }
            assertEquals(List.of(0, 1, 2), into.stream().sorted().toList());
        });
    }

    @Test
    void aClosedChannel() throws Exception {
        Chan<String> c = Chan.make(2);
        BlockingQueue<String> q = Queues.of(c);
        q.put("a");
        c.close();
        for (Executable each : List.<Executable>of(() -> q.put("b"), () -> q.offer("b"), () -> q.add("b"),
                () -> q.offer("b", 1, TimeUnit.DAYS))) {
            assertEquals("send on closed channel", assertThrows(Panic.class, each).getMessage());
        }
        assertEquals("a", q.take());
        assertEquals("the channel is closed and drained",
                assertThrows(IllegalStateException.class, q::take).getMessage());
        assertNull(q.poll());
        assertNull(q.poll(Long.MAX_VALUE, TimeUnit.DAYS));
        assertEquals(0, q.drainTo(new ArrayList<>()));
        assertTrue(q.isEmpty());
    }

    /** Whoever waits learns of the close. */
    @OnProcs
    void testCloseWakesTake(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<String> c = Chan.make();
            BlockingQueue<String> q = Queues.of(c);
            Chan<Throwable> thrown = Chan.make(1);
            go(() -> thrown.send(assertThrows(IllegalStateException.class, q::take)));
            GoRuntime.gosched();
            c.close();
            thrown.receive();
        });
    }

    @Test
    void whatAChannelCannotDo() throws Exception {
        Chan<String> c = Chan.make(2);
        BlockingQueue<String> q = Queues.of(c);
        q.put("a");
        for (Executable each : List.<Executable>of(q::peek, q::element, q::iterator, () -> q.contains("a"),
                () -> q.remove("a"), () -> q.removeIf("a"::equals), () -> q.removeAll(List.of("a")),
                () -> q.retainAll(List.of()), () -> q.containsAll(List.of("a")), q::toArray,
                () -> q.toArray(new String[0]), () -> q.forEach(_ -> {}), () -> q.stream().toList())) {
            assertTrue(assertThrows(UnsupportedOperationException.class, each).getMessage().contains("channel"));
        }
        assertEquals(1, q.size());
        assertEquals("queue of " + c, q.toString());
    }

    /** Producers and consumers on both sides of the view. */
    @OnProcs
    void testConservation(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int cap : new int[]{0, 3}) {
                Chan<Integer> c = Chan.make(cap);
                BlockingQueue<Integer> q = Queues.of(c);
                LongAdder sum = new LongAdder();
                Chan<Boolean> done = Chan.make(8);
                for (int i = 0; i < 2; i++) {
                    go(() -> put(q, done));
                    go(() -> {
                        for (int k = 1; k <= 500; k++) {
                            c.send(k);
                        }
                        done.send(true);
                    });
                    go(() -> {
                        for (int k = 0; k < 500; k++) {
                            sum.add(q.take());
                        }
                        done.send(true);
                    });
                    go(() -> {
                        for (int k = 0; k < 500; k++) {
                            sum.add(c.receive());
                        }
                        done.send(true);
                    });
                }
                for (int i = 0; i < 8; i++) {
                    done.receive();
                }
                assertEquals(4L * 500 * 501 / 2, sum.sum());
                assertEquals(0, q.size());
            }
        });
    }

    private static void put(BlockingQueue<Integer> q, Chan<Boolean> done) throws InterruptedException {
        for (int k = 1; k <= 500; k++) {
            while (!(k % 2 == 0 ? q.offer(k, 1, TimeUnit.MINUTES) : q.offer(k))) {
                GoRuntime.gosched();
            }
        }
        done.send(true);
    }

    /** The most demanding user of a queue in the JDK. */
    @OnProcs
    void testAsTheQueueOfAThreadPool(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            AtomicInteger ran = new AtomicInteger();
            List<Future<?>> futures = new ArrayList<>();
            BlockingQueue<Runnable> q = Queues.of(Chan.make(1000));
            try (ExecutorService pool = new ThreadPoolExecutor(2, 2, 1, TimeUnit.MINUTES, q,
                    GoRuntime.current().threadFactory("pool-"))) {
                for (int i = 0; i < 200; i++) {
                    futures.add(pool.submit(ran::incrementAndGet));
                }
                for (Future<?> future : futures) {
                    future.get();
                }
            }
            assertEquals(200, ran.get());
        });
    }
}
