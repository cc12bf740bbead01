package io.goruntime.internal.poll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.goruntime.GoRuntime;
import io.goruntime.internal.poll.Nets.Later;
import io.goruntime.internal.poll.Nets.Pair;
import io.goruntime.internal.sched.G;
import io.goruntime.internal.sched.Netpoller;
import io.goruntime.internal.sched.Sched;
import io.goruntime.internal.sched.Timing;
import io.goruntime.internal.timer.RuntimeTimer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.StandardProtocolFamily;
import java.nio.channels.AsynchronousCloseException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which poller there is, what it costs, and how it ends. */
class PollTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    // -- choice --

    @Test
    void epollIsTheDefaultOnLinux() throws Exception {
        GoRuntime.builder().maxProcs(1).<Exception>run(() -> {
            NetPoll poll = NetPoll.of(G.current().sched);
            assertEquals("epoll", poll.name());
            assertSame(poll, NetPoll.of(G.current().sched), "one a runtime");
        });
    }

    @Test
    void unknownNamesAreRefused() throws Exception {
        GoRuntime.builder().maxProcs(1).<Exception>run(() -> {
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Nets.open("iocp"));
            assertEquals("goruntime.netpoll=iocp: the value must be epoll, kqueue or nio", e.getMessage());
            assertEquals("nio", Nets.open("nio").name(), "the runtime can still have one");
        });
    }

    @Test
    void kqueueSaysWhatIsMissing() throws Exception {
        GoRuntime.builder().maxProcs(1).<Exception>run(() -> {
            IOException e = assertThrows(IOException.class, () -> Nets.open("kqueue"));
            assertTrue(e.getMessage().startsWith("kqueue: the C library of Linux has no such function"),
                    e.getMessage());
            assertTrue(e.getMessage().contains(KqueuePoll.LIBRARY_PROPERTY), e.getMessage());
            System.setProperty(KqueuePoll.LIBRARY_PROPERTY, "libno-such-thing.so");
            try {
                IOException second = assertThrows(IOException.class, () -> Nets.open("kqueue"));
                assertTrue(second.getMessage().contains("libno-such-thing.so"), second.getMessage());
            } finally {
                System.clearProperty(KqueuePoll.LIBRARY_PROPERTY);
            }
        });
    }

    // -- ending waits --

    /** While an M waits for events, a timer that is set must come through, again and again. */
    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void aTimerEndsAWaitForEvents(String poller) throws Exception {
        Nets.run(poller, poll -> {
            try (Pair pair = Nets.pair(poll)) {
                Later<Integer> reader = new Later<>(() -> pair.client().read(new byte[1], 0, 1));
                Nets.awaitWaiters(poll, 1);
                // From outside: the only thread that could run the timer waits for events.
                for (int i = 0; i < 50; i++) {
                    CountDownLatch fired = new CountDownLatch(1);
                    RuntimeTimer timer = new RuntimeTimer(t -> fired.countDown(), null);
                    Thread outside = Thread.ofPlatform()
                            .start(() -> Timing.set(poll.sched, timer, poll.now() + 1_000_000));
                    outside.join();
                    assertTrue(fired.await(Nets.SOON.toMillis(), TimeUnit.MILLISECONDS), "timer " + i);
                }
                pair.server().write(new byte[1], 0, 1);
                assertEquals(1, reader.get());
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void aLookLeavesTheWakeUp(String poller) throws Exception {
        Nets.run(poller, poll -> {
            Netpoller.Events looks = poll.newEvents();
            Netpoller.Events waits = poll.newEvents();
            for (int i = 0; i < 3; i++) {
                poll.wake();
                poll.wake();
                assertEquals(0, looks.poll(0));
                long before = System.nanoTime();
                assertEquals(0, waits.poll(Nets.SOON.toNanos()));
                assertTrue(System.nanoTime() - before < Nets.SOON.toNanos() / 2, "the wake-up was lost");
                assertEquals(0, waits.poll(1_000_000), "and is for one wait");
                assertTrue(System.nanoTime() - before >= 1_000_000);
            }
        });
    }

    // -- beginning to wait --

    /** A thread of no runtime waits for an event in one where every M sleeps: one of them must begin to look for it. */
    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void aThreadWaitsWhileEveryMSleeps(String poller) throws Exception {
        try (GoRuntime runtime = GoRuntime.builder().maxProcs(2).name("asleep").build()) {
            NetPoll poll = runtime.executor().submit(() -> Nets.open(poller)).get();
            Pair pair = runtime.executor().submit(() -> Nets.pair(poll)).get();
            for (int i = 0; i < 10; i++) {
                Thread.sleep(10); // a chance for all of them to fall asleep
                FutureTask<Integer> read = new FutureTask<>(() -> pair.client().read(new byte[1], 0, 1));
                Thread.ofPlatform().daemon().start(read);
                Nets.awaitWaiters(poll, 1);
                Thread.sleep(5); // the same, without a look at the socket
                pair.server().write(new byte[1], 0, 1);
                assertEquals(1, read.get(Nets.SOON.toMillis(), TimeUnit.MILLISECONDS));
            }
        }
    }

    // -- the end --

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void closeOfTheRuntimeEndsWaits(String poller) throws Exception {
        GoRuntime runtime = GoRuntime.builder().maxProcs(2).name("closing").build();
        Nets.Pair[] pair = new Nets.Pair[1];
        NetPoll[] poll = new NetPoll[1];
        runtime.spawn(() -> {
            poll[0] = Nets.open(poller);
            pair[0] = Nets.pair(poll[0]);
        }).join();
        Throwable[] failure = new Throwable[1];
        Thread waiter = Thread.ofPlatform().start(() -> {
            try {
                pair[0].client().read(new byte[1], 0, 1);
            } catch (Throwable e) {
                failure[0] = e;
            }
        });
        Nets.awaitWaiters(poll[0], 1);
        runtime.close();
        waiter.join();
        assertInstanceOf(AsynchronousCloseException.class, failure[0]);
        assertTrue(pair[0].server().isClosed());
        assertThrows(IOException.class, () -> poll[0].stream(StandardProtocolFamily.INET));
    }

    // -- what it costs --

    /** Reads and writes of byte arrays that need not wait allocate nothing: neither here nor in what they call. */
    @Test
    void readsAndWritesAllocateNothing() throws Exception {
        Nets.run("epoll", 1, poll -> {
            try (Pair pair = Nets.pair(poll)) {
                byte[] b = new byte[64];
                Sched sched = poll.sched;
                long perOperation = Long.MAX_VALUE;
                long end = System.nanoTime() + Nets.SOON.toNanos();
                // The compiler has to come to an end first; until then the interpreter allocates.
                while (perOperation != 0 && System.nanoTime() - end < 0) {
                    int n = 2_000;
                    long before = allocated(sched);
                    for (int i = 0; i < n; i++) {
                        pair.client().write(b, 0, b.length);
                        assertEquals(64, pair.server().read(b, 0, b.length));
                    }
                    perOperation = (allocated(sched) - before) / (2L * n);
                }
                assertEquals(0, perOperation, "bytes a call");
            }
        });
    }

    private static long allocated(Sched sched) {
        long sum = 0;
        for (Thread t : sched.threads()) {
            sum += Math.max(0, THREADS.getThreadAllocatedBytes(t.threadId()));
        }
        return sum;
    }

    /** A thousand connections on which nothing happens use no processor. */
    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void idleConnectionsUseNoProcessor(String poller) throws Exception {
        Nets.run(poller, poll -> {
            List<Pair> pairs = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                Pair pair = Nets.pair(poll);
                pairs.add(pair);
                new Later<>(() -> pair.client().read(new byte[1], 0, 1));
                new Later<>(() -> pair.server().read(new byte[1], 0, 1));
            }
            Nets.awaitWaiters(poll, 1_000);
            long used = Long.MAX_VALUE;
            // What was begun comes to rest first, and on a loaded machine that takes a while.
            for (int i = 0; i < 5 && used >= 20_000_000; i++) {
                Thread.sleep(300);
                long before = cpuNanos(poll.sched);
                Thread.sleep(1_000);
                used = cpuNanos(poll.sched) - before;
            }
            assertTrue(used < 20_000_000, "CPU time of the runtime's threads in 1 s: " + used + " ns");
            for (Pair pair : pairs) {
                pair.close();
            }
        });
    }

    private static long cpuNanos(Sched sched) {
        long sum = 0;
        for (Thread t : sched.threads()) {
            sum += Math.max(0, THREADS.getThreadCpuTime(t.threadId()));
        }
        return sum;
    }

    /** Nor from those of a P that is idle: sysmon looks, since the M that was to look computes. */
    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void eventsComeThroughWhileAnotherPIsIdle(String poller) throws Exception {
        Nets.run(poller, 2, poll -> {
            try (Pair pair = Nets.pair(poll)) {
                AtomicInteger got = new AtomicInteger();
                new Later<>(() -> {
                    while (pair.client().read(new byte[1], 0, 1) == 1) {
                        got.incrementAndGet();
                    }
                    return 0;
                });
                long end = System.nanoTime() + Nets.SOON.toNanos();
                for (int i = 1; i <= 20; i++) {
                    pair.server().write(new byte[1], 0, 1);
                    while (got.get() < i) {
                        assertTrue(System.nanoTime() - end < 0, i + " of 20");
                        Thread.onSpinWait();
                    }
                }
            }
        });
    }

    /** One P: a goroutine that computes does not keep events from the others for ever. */
    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void eventsComeThroughWhileTheOnlyPIsBusy(String poller) throws Exception {
        Nets.run(poller, 1, poll -> {
            try (Pair pair = Nets.pair(poll)) {
                int[] got = new int[1];
                new Later<>(() -> {
                    while (pair.client().read(new byte[1], 0, 1) == 1) {
                        got[0]++;
                    }
                    return 0;
                });
                Nets.awaitWaiters(poll, 1);
                long end = System.nanoTime() + Nets.SOON.toNanos();
                // The first event is found by an M that waits without a P; it finds none then, and leaves the next ones.
                for (int i = 1; i <= 5; i++) {
                    pair.server().write(new byte[1], 0, 1);
                    while (got[0] < i && System.nanoTime() - end < 0) {
                        GoRuntime.gosched(); // never idle: findRunnable always finds this one
                    }
                    assertEquals(i, got[0]);
                }
            }
        });
    }
}
