package io.goruntime.context;

import static io.goruntime.GoRuntime.go;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.Select;
import io.goruntime.testing.Bounded;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import io.goruntime.testing.Runners;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The tree of contexts: depth, what is left behind, user code that throws, the end of the stack, and races. */
public class ContextTreeTest {
    private static final int DEEP = 100_000;
    private static final Key<Integer> KEY = Key.of("key");

    /** As one that a signal may end before it follows its parent. */
    @Test
    void oneThatEndedBeforeItFollowsIsNotKeptByItsParent() {
        CancelCtx parent = CancelCtx.derive(Context.background());
        CancelCtx child = new CancelCtx(parent);
        child.cancel();
        child.followLate();
        assertEquals(0, parent.children());
        CancelCtx late = new CancelCtx(parent);
        late.followLate();
        assertEquals(1, parent.children());
        late.cancel();
        assertEquals(0, parent.children());
    }

    @Test
    void aHundredThousandNestedContexts() {
        CancelContext root = Context.withCancel(Context.withValue(Context.background(), KEY, 7));
        Context c = root;
        for (int i = 0; i < DEEP; i++) {
            c = switch (i % 4) {
                case 0 -> Context.withValue(c, Key.<Integer>of("other"), i);
                case 1 -> new Forwarding(c);
                default -> Context.withCancel(c);
            };
            if (c instanceof Forwarding f) {
                c = Context.withCancel(f.inner); // a Forwarding passes on by recursion: one level is enough here
            }
        }
        assertEquals(7, c.value(KEY));
        assertNull(c.deadline());
        assertTrue(c.toString().length() > DEEP);
        assertNull(c.err());
        root.cancel();
        assertInstanceOf(CancelledException.class, c.err());
        assertFalse(c.done().tryReceive().ok());
    }

    @Test
    void aHundredThousandNestedContextsThroughAnotherClass() {
        CancelContext root = Context.withCancel(Context.background());
        CancelContext c = root;
        for (int i = 0; i < DEEP; i++) {
            c = Context.withCancel(new Forwarding(c));
        }
        root.cancel();
        assertInstanceOf(CancelledException.class, c.err());
    }

    @Test
    void aHundredThousandChildren() {
        CancelCtx root = CancelCtx.derive(Context.background());
        List<CancelContext> children = new ArrayList<>();
        for (int i = 0; i < DEEP; i++) {
            children.add(Context.withCancel(root));
        }
        assertEquals(DEEP, root.children());
        // In the middle, from the front and from the back; a search for each would take minutes.
        for (int i = 0; i < DEEP; i += 2) {
            children.get((int) ((i * 7919L) % DEEP) / 2 * 2).cancel();
        }
        children.getFirst().cancel();
        children.getLast().cancel();
        root.checkInvariants();
        assertEquals(children.stream().filter(c -> c.err() == null).count(), root.children());
        root.cancel();
        assertTrue(children.stream().allMatch(c -> c.err() != null));
        assertEquals(0, root.children());
    }

    @Test
    void cancelledChildrenAreNotKept() throws Exception {
        CancelCtx root = CancelCtx.derive(Context.background());
        FakeAlarms alarms = new FakeAlarms();
        List<WeakReference<Object>> gone = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            try (CancelCtx child = i % 2 == 0
                    ? CancelCtx.derive(root)
                    : CancelCtx.derive(root, Duration.ofHours(1), null, alarms)) {
                child.done();
                gone.add(new WeakReference<>(child));
            }
            Object stopped = new Object();
            root.afterFunc(stopped::hashCode).stop();
            gone.add(new WeakReference<>(stopped));
        }
        assertEquals(0, root.children());
        assertEquals(0, alarms.pending());
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (gone.stream().anyMatch(r -> r.get() != null)) {
            assertTrue(System.nanoTime() < deadline, () -> gone.stream().filter(r -> r.get() != null).count()
                    + " are kept");
            System.gc();
            Thread.sleep(10);
        }
        assertNull(root.err());
    }

    /** A context that has ended keeps no one alive but its parents, even if siblings ended with it. */
    @Test
    void siblingsThatEndedTogetherAreNotKept() throws Exception {
        CancelCtx root = CancelCtx.derive(Context.background());
        CancelCtx first = CancelCtx.derive(root);
        WeakReference<Object> second = new WeakReference<>(CancelCtx.derive(root));
        root.cancel();
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (second.get() != null) {
            assertTrue(System.nanoTime() < deadline, "kept");
            System.gc();
            Thread.sleep(10);
        }
        assertNotNull(first.err());
    }

    @Test
    void theChannelIsMadeOnceAndStaysTheSame() {
        CancelContext c = Context.withCancel(Context.background());
        assertSame(c.done(), c.done());
        Object before = c.done();
        c.cancel();
        assertSame(before, c.done());
        CancelContext late = Context.withCancel(Context.background());
        late.cancel();
        assertSame(late.done(), late.done());
        assertFalse(late.done().tryReceive().ok());
        late.cancel(new Exception("too late"));
        assertSame(late.err(), late.cause());
    }

    // -- user code --

    @Test
    void userCodeThatThrowsHoldsUpNobody() throws Exception {
        CancelContext root = Context.withCancel(Context.background());
        Context broken = new Forwarding(root) {
            @Override
            public ContextException err() {
                if (root.err() != null) {
                    throw new IllegalStateException("broken");
                }
                return null;
            }
        };
        CancelContext below = Context.withCancel(broken);
        CancelContext after = Context.withCancel(root);
        root.cancel();
        assertInstanceOf(CancelledException.class, below.err());
        assertEquals("broken", below.cause().getMessage());
        assertInstanceOf(CancelledException.class, after.err());

        CancelContext c = Context.withCancel(Context.background());
        Context noFuncs = new Forwarding(c) {
            @Override
            public Stop afterFunc(io.goruntime.GoFn fn) {
                throw new IllegalStateException("no functions");
            }
        };
        assertThrows(IllegalStateException.class, () -> Context.withCancel(noFuncs));
        assertThrows(IllegalStateException.class, () -> noFuncs.call(() -> 1));
        c.cancel();
        assertNotNull(c.err());
    }

    @Test
    void aDeadlineWithoutATimerLeavesNothingBehind() {
        CancelCtx root = CancelCtx.derive(Context.background());
        IllegalStateException closed = new IllegalStateException("no timers");
        assertSame(closed, assertThrows(IllegalStateException.class,
                () -> CancelCtx.derive(root, Duration.ofSeconds(1), null, (_, _) -> {
                    throw closed;
                })));
        assertEquals(0, root.children());
        assertNull(root.err());
    }

    @Test
    void doneIsACaseOfASelect() throws Exception {
        CancelContext c = Context.withCancel(Context.background());
        Chan<Integer> numbers = Chan.make(1);
        Select select = new Select();
        var number = select.recv(numbers);
        var done = select.recv(c.done());
        var never = select.recv(Context.background().done());
        numbers.send(3);
        assertSame(number, select.await());
        assertEquals(3, number.value());
        assertNull(select.poll());
        c.cancel();
        assertSame(done, select.await());
        assertFalse(done.ok());
        assertFalse(never.ok());
    }

    @Test
    void aFunctionMayUseTheContext() throws Exception {
        CancelContext c = Context.withCancel(Context.background());
        Chan<Object> seen = Chan.make(3);
        c.afterFunc(() -> {
            seen.send(c.err());
            c.cancel();
            c.afterFunc(() -> seen.send(Context.withCancel(c).err()));
        });
        c.cancel();
        assertSame(c.err(), seen.tryReceive(Duration.ofSeconds(30)).value());
        assertSame(c.err(), seen.tryReceive(Duration.ofSeconds(30)).value());
    }

    @Test
    void aFunctionRunsInTheRuntimeOfWhoeverAskedForIt() throws Exception {
        CancelContext c = Context.withCancel(Context.background());
        AtomicReference<GoRuntime> runtime = new AtomicReference<>();
        Chan<GoRuntime> ranIn = Chan.make(1);
        try (GoRuntime rt = GoRuntime.builder().name("own").build()) {
            runtime.set(rt);
            rt.spawn(() -> c.afterFunc(() -> ranIn.send(GoRuntime.current()))).join();
            c.cancel();
            assertSame(rt, ranIn.tryReceive(Duration.ofSeconds(30)).value());
        }
    }

    @Test
    void aFunctionOfAClosedRuntimeRunsAllTheSame() throws Exception {
        CancelContext c = Context.withCancel(Context.background());
        Chan<Boolean> virtual = Chan.make(1);
        try (GoRuntime rt = GoRuntime.builder().name("closed").build()) {
            rt.spawn(() -> c.afterFunc(() -> virtual.send(Thread.currentThread().isVirtual()))).join();
        }
        c.cancel();
        assertTrue(virtual.tryReceive(Duration.ofSeconds(30)).value());
    }

    /** Of two that cancel at the same time, neither returns with the channel open. */
    @OnProcs
    void everyCancelReturnsWithTheChannelClosed(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int i = 0; i < 2_000; i++) {
                CancelContext c = Context.withCancel(Context.background());
                c.done();
                Chan<Boolean> closed = Chan.make(2);
                for (int k = 0; k < 2; k++) {
                    go(() -> {
                        c.cancel();
                        closed.send(c.done().tryReceive() != null);
                    });
                }
                assertTrue(closed.receive() && closed.receive(), "round " + i);
            }
        });
    }

    // -- the end of the stack --

    /** Wherever the stack ends, a cancel has either happened as a whole or not at all, and no lock is held. */
    @Test
    void aCancelAtTheEndOfTheStack() throws Exception {
        int rounds = 40;
        AtomicReference<Throwable> wrong = new AtomicReference<>();
        int[] refused = {0};
        Thread thread = new Thread(null, () -> {
            try {
                for (int round = 0; round < rounds; round++) {
                    CancelContext root = Context.withCancel(Context.background());
                    CancelContext child = Context.withCancel(root);
                    root.done();
                    child.done();
                    deep(root, round, refused);
                    assertNotNull(root.err());
                    assertNotNull(child.err(), "ended in part");
                    assertFalse(root.done().tryReceive().ok());
                    assertFalse(child.done().tryReceive().ok());
                    ((CancelCtx) root).checkInvariants();
                }
            } catch (Throwable e) {
                wrong.set(e);
            }
        }, "small stack", 512 * 1024);
        thread.start();
        thread.join();
        if (wrong.get() != null) {
            throw new AssertionError(wrong.get());
        }
        assertTrue(refused[0] > rounds, refused[0] + " cancels met the end of the stack");
    }

    /** Cancels in the deepest frame, then in the next one up, until it works; the round shifts the frames a little. */
    private static void deep(CancelContext c, long round, int[] refused) {
        try {
            if (round % 2 == 0) {
                deep(c, round, refused);
            } else {
                deepWide(c, round, round, refused);
            }
        } catch (StackOverflowError e) {
            refused[0]++;
            c.cancel();
        }
    }

    private static void deepWide(CancelContext c, long a, long b, int[] refused) {
        long sum = a + b;
        deep(c, sum - a, refused);
    }

    // -- races --

    /**
     * Threads of every kind grow, cancel and watch one tree. Every function that was not stopped runs once, every one that
     * was stopped does not; in the end everything has ended and nobody is left in a list.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void aTreeUnderFire(int procs) throws Exception {
        long seed = Bounded.seed("aTreeUnderFire");
        long until = Bounded.until(Duration.ofMillis(600));
        int rounds = 0;
        try (Runners.Crew crew = new Runners.Crew(procs)) {
            do {
                rounds++;
                oneTree(crew, new Random(seed + rounds));
            } while (System.nanoTime() < until);
        }
    }

    private static void oneTree(Runners.Crew crew, Random random) throws Exception {
        CancelCtx root = CancelCtx.derive(Context.background());
        AtomicInteger started = new AtomicInteger();
        AtomicInteger stopped = new AtomicInteger();
        AtomicInteger ran = new AtomicInteger();
        List<List<CancelCtx>> made = new ArrayList<>();
        for (int k = 0; k < 4; k++) {
            List<CancelCtx> mine = new ArrayList<>();
            made.add(mine);
            Random own = new Random(random.nextLong());
            boolean ends = k == 0;
            crew.start(k, () -> {
                mine.add(CancelCtx.derive(root));
                for (int i = 0; i < 60; i++) {
                    CancelCtx one = mine.get(own.nextInt(mine.size()));
                    switch (own.nextInt(6)) {
                        case 0, 1 -> mine.add(CancelCtx.derive(one));
                        case 2 -> mine.add(CancelCtx.derive(new Forwarding(Context.withValue(one, KEY, i))));
                        case 3 -> {
                            Context.Stop stop = one.afterFunc(ran::incrementAndGet);
                            started.incrementAndGet();
                            if (own.nextBoolean() && stop.stop()) {
                                stopped.incrementAndGet();
                            }
                        }
                        case 4 -> {
                            one.done();
                            if (own.nextInt(4) == 0) {
                                one.cancel();
                                assertNotNull(one.done().tryReceive());
                            }
                        }
                        default -> {
                            if (one.err() != null) {
                                assertNotNull(one.done().tryReceive(), "an error before the channel is closed");
                            }
                        }
                    }
                    if (ends && i == 40) {
                        root.cancel();
                    }
                }
            });
        }
        crew.join();
        root.checkInvariants();
        for (List<CancelCtx> list : made) {
            for (CancelCtx each : list) {
                assertNotNull(each.err());
                assertFalse(each.done().tryReceive().ok());
                assertEquals(0, each.children());
                each.checkInvariants();
            }
        }
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (ran.get() < started.get() - stopped.get()) {
            assertTrue(System.nanoTime() < deadline, () -> ran + " ran of " + started + ", stopped " + stopped);
            Thread.sleep(1);
        }
        assertEquals(started.get(), ran.get() + stopped.get());
    }
}
