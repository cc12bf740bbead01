package io.goruntime.context;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoFn;
import io.goruntime.GoRuntime;
import io.goruntime.Received;
import io.goruntime.testing.Bounded;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Go's tests of package context, by name; with a clock moved by hand where Go waits. */
public class ContextTest {
    private static final Duration SHORT = Duration.ofMillis(1);
    private static final Duration VERY_LONG = Duration.ofHours(1000);
    private static final long LIMIT_SECONDS = 30;

    private final FakeAlarms alarms = new FakeAlarms();

    private CancelCtx withTimeout(Context parent, Duration timeout) {
        return CancelCtx.derive(parent, timeout, null, alarms);
    }

    private CancelCtx withTimeoutCause(Context parent, Duration timeout, Throwable cause) {
        return CancelCtx.derive(parent, timeout, cause, alarms);
    }

    private static void assertOpen(Context c) {
        assertNull(c.done().tryReceive(), () -> c + " is done");
        assertNull(c.err());
        assertNull(c.cause());
    }

    private static void assertCancelled(Context c) {
        assertDone(c, CancelledException.class, "context canceled");
    }

    private static void assertExceeded(Context c) {
        assertDone(c, DeadlineExceededException.class, "context deadline exceeded");
    }

    private static void assertDone(Context c, Class<? extends ContextException> type, String message) {
        Received<Void> got = c.done().tryReceive();
        assertNotNull(got, () -> c + " is not done");
        assertFalse(got.ok());
        assertInstanceOf(type, c.err());
        assertEquals(message, c.err().getMessage());
        assertSame(c.err(), c.err());
        assertNotNull(c.cause());
    }

    private static void awaitDone(Context c) throws InterruptedException {
        assertNotNull(c.done().tryReceive(Duration.ofSeconds(LIMIT_SECONDS)), "never done");
    }

    private static void checkAll(Context... contexts) {
        for (Context each : contexts) {
            if (each instanceof CancelCtx c) {
                c.checkInvariants();
            }
        }
    }

    @Test
    void testBackground() {
        assertOpen(Context.background());
        assertEquals("context.Background", Context.background().toString());
        assertSame(Context.background(), Context.background());
        assertTrue(Context.background().done().toString().contains("nil"));
    }

    @Test
    void testTODO() {
        assertOpen(Context.todo());
        assertEquals("context.TODO", Context.todo().toString());
    }

    @Test
    void testWithCancel() {
        CancelContext c1 = Context.withCancel(Context.background());
        assertEquals("context.Background.WithCancel", c1.toString());
        Context other = new Forwarding(c1);
        CancelContext c2 = Context.withCancel(other);
        for (Context each : List.of(c1, other, c2)) {
            assertOpen(each);
        }
        c1.cancel();
        for (Context each : List.of(c1, other, c2)) {
            assertCancelled(each);
            assertSame(each.err(), each.cause());
        }
        checkAll(c1, c2);
    }

    @Test
    void testParentFinishesChild() {
        CancelCtx parent = CancelCtx.derive(Context.background());
        CancelCtx cancelChild = CancelCtx.derive(parent);
        Key<String> key = Key.of("key");
        Context valueChild = Context.withValue(parent, key, "value");
        CancelCtx timerChild = withTimeout(valueChild, VERY_LONG);
        try (var stop = parent.afterFunc(() -> {})) {
            for (Context each : List.of(parent, cancelChild, valueChild, timerChild)) {
                assertOpen(each);
            }
            assertEquals(3, parent.children());
            assertTrue(stop.stop());
        }
        assertEquals(2, parent.children());
        checkAll(parent, cancelChild, timerChild);
        parent.cancel();
        assertEquals(0, parent.children());
        assertEquals(0, alarms.pending(), "the child's timer is still there");
        for (Context each : List.of(parent, cancelChild, valueChild, timerChild)) {
            assertCancelled(each);
        }
        assertCancelled(Context.withValue(parent, key, "value"));
        assertCancelled(Context.withCancel(parent));
        checkAll(parent, cancelChild, timerChild);
    }

    @Test
    void testChildFinishesFirst() {
        CancelCtx cancelable = CancelCtx.derive(Context.background());
        for (Context parent : List.of(Context.background(), cancelable)) {
            CancelContext child = Context.withCancel(parent);
            assertOpen(parent);
            assertOpen(child);
            assertEquals(parent == cancelable ? 1 : 0, cancelable.children());
            child.cancel();
            assertEquals(0, cancelable.children());
            assertCancelled(child);
            assertOpen(parent);
        }
        checkAll(cancelable);
    }

    @Test
    void testDeadline() {
        Instant soon = Instant.now().plusSeconds(50);
        CancelCtx c = CancelCtx.derive(Context.background(), soon, null, alarms);
        assertTrue(c.toString().startsWith("context.Background.WithDeadline(" + soon), c.toString());
        assertEquals(soon, c.deadline());
        assertOpen(c);
        CancelCtx plain = CancelCtx.derive(new Forwarding(c));
        CancelCtx later = CancelCtx.derive(new Forwarding(c), soon.plusSeconds(4), null, alarms);
        assertEquals(soon, plain.deadline());
        assertEquals(soon, later.deadline());
        assertEquals(soon, CancelCtx.derive(plain).deadline());
        assertEquals(1, alarms.pending());
        alarms.advance(Duration.ofSeconds(51));
        assertExceeded(c);
        assertExceeded(plain);
        assertExceeded(later);
        assertExceeded(CancelCtx.derive(Context.background(), Instant.now().minusMillis(1), null, alarms));
        assertExceeded(CancelCtx.derive(Context.background(), Instant.now(), null, alarms));
        assertExceeded(CancelCtx.derive(Context.background(), Instant.MIN, null, alarms));
        assertEquals(0, alarms.pending());
        CancelCtx never = CancelCtx.derive(Context.background(), Instant.MAX, null, alarms);
        assertOpen(never);
        never.toString();
        never.cancel();
        assertEquals(0, alarms.pending());
    }

    @Test
    void testTimeout() {
        CancelCtx c = withTimeout(Context.background(), Duration.ofMillis(50));
        assertTrue(c.toString().startsWith("context.Background.WithDeadline("), c.toString());
        alarms.advance(Duration.ofMillis(49));
        assertOpen(c);
        alarms.advance(Duration.ofMillis(1));
        assertExceeded(c);
        c.cancel();
        assertExceeded(c);
        for (Duration huge : List.of(Duration.ofSeconds(Long.MAX_VALUE), Duration.ofDays(365L * 1000))) {
            try (CancelCtx far = withTimeout(Context.background(), huge)) {
                assertOpen(far);
                assertOpen(withTimeout(far, huge));
            }
        }

        // Which deadline is the earlier one is asked of the real clock: far apart, for a machine that pauses in between.
        CancelCtx first = withTimeout(Context.background(), Duration.ofMinutes(50));
        CancelCtx second = withTimeout(new Forwarding(first), Duration.ofHours(3));
        CancelCtx third = withTimeout(second, Duration.ofMinutes(10));
        alarms.advance(Duration.ofMinutes(10));
        assertExceeded(third);
        assertOpen(second);
        alarms.advance(Duration.ofMinutes(40));
        assertExceeded(first);
        assertExceeded(second);
        assertExceeded(withTimeout(Context.background(), Duration.ofSeconds(Long.MIN_VALUE)));
        assertEquals(0, alarms.pending());
    }

    @Test
    void testCanceledTimeout() {
        CancelCtx parent = withTimeout(Context.background(), Duration.ofSeconds(1));
        CancelCtx c = withTimeout(new Forwarding(parent), Duration.ofSeconds(2));
        c.cancel();
        assertCancelled(c);
        assertOpen(parent);
        alarms.advance(Duration.ofSeconds(3));
        assertCancelled(c);
        assertExceeded(parent);
    }

    private static final Key<String> K1 = Key.of("k");
    private static final Key<String> K2 = Key.of("k"); // the same name, another key
    private static final Key<String> K3 = Key.of("k3");

    private static void assertValues(Context c, String v1, String v2, String v3) {
        assertEquals(v1, c.value(K1));
        assertEquals(v2, c.value(K2));
        assertEquals(v3, c.value(K3));
    }

    @Test
    void testValues() {
        Context c0 = Context.background();
        assertValues(c0, null, null, null);
        Context c1 = Context.withValue(c0, K1, "c1k1");
        assertValues(c1, "c1k1", null, null);
        assertEquals("context.Background.WithValue(k, c1k1)", c1.toString());
        assertEquals("context.Background.WithValue(o, java.lang.Integer)",
                Context.withValue(c0, Key.<Integer>of("o"), 7).toString());
        Context c2 = Context.withValue(c1, K2, "c2k2");
        assertValues(c2, "c1k1", "c2k2", null);
        Context c3 = Context.withValue(c2, K3, "c3k3");
        assertValues(c3, "c1k1", "c2k2", "c3k3");
        Context c4 = Context.withValue(c3, K1, null);
        assertValues(c4, null, "c2k2", "c3k3");
        assertValues(Context.withCancel(c4), null, "c2k2", "c3k3");
        assertValues(new Forwarding(c0), null, null, null);
        Context o1 = new Forwarding(c1);
        assertValues(o1, "c1k1", null, null);
        assertValues(Context.withValue(o1, K2, "o2k2"), "c1k1", "o2k2", null);
        Context o3 = new Forwarding(c4);
        assertValues(o3, null, "c2k2", "c3k3");
        assertValues(Context.withValue(o3, K3, null), null, "c2k2", null);
    }

    @OnProcs
    void testSimultaneousCancels(int procs) throws Exception {
        long seed = Bounded.seed("testSimultaneousCancels");
        Goroutines.run(procs, () -> {
            List<CancelContext> all = new ArrayList<>();
            all.add(Context.withCancel(Context.background()));
            for (int i = 0; all.size() < 100; i++) {
                for (int k = 0; k < 4; k++) {
                    all.add(Context.withCancel(all.get(i)));
                }
            }
            List<CancelContext> inOrder = List.copyOf(all);
            Collections.shuffle(all, new Random(seed));
            Chan<Integer> ended = Chan.make(all.size());
            for (CancelContext each : all) {
                GoRuntime.go(() -> {
                    each.cancel();
                    ended.send(1);
                });
            }
            for (CancelContext each : inOrder) {
                awaitDone(each);
                assertCancelled(each);
            }
            for (int i = 0; i < all.size(); i++) {
                assertNotNull(ended.tryReceive(Duration.ofSeconds(LIMIT_SECONDS)), "a cancel does not return");
            }
            inOrder.forEach(ContextTest::checkAll);
        });
    }

    @OnProcs
    void testInterlockedCancels(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int i = 0; i < 200; i++) {
                CancelContext parent = Context.withCancel(Context.background());
                CancelContext child = Context.withCancel(parent);
                GoRuntime.go(() -> {
                    parent.done();
                    child.cancel();
                });
                parent.cancel();
                awaitDone(child);
                assertCancelled(child);
            }
        });
    }

    @Test
    void testLayersCancel() {
        testLayers(false);
    }

    @Test
    void testLayersTimeout() {
        testLayers(true);
    }

    private void testLayers(boolean testTimeout) {
        long seed = Bounded.seed("testLayers");
        Random random = new Random(seed);
        Duration timeout = Duration.ofMillis(200);
        List<Key<Object>> keys = new ArrayList<>();
        List<CancelContext> cancels = new ArrayList<>();
        int timers = 0;
        Context ctx = Context.background();
        for (int i = 0; i < 30 || timers == 0 || cancels.isEmpty() || keys.isEmpty(); i++) {
            switch (random.nextInt(4)) {
                case 0 -> {
                    Key<Object> key = Key.of("layer " + i);
                    ctx = Context.withValue(ctx, key, key);
                    keys.add(key);
                }
                case 1 -> {
                    CancelContext c = Context.withCancel(ctx);
                    cancels.add(c);
                    ctx = c;
                }
                case 2 -> {
                    CancelContext c = withTimeout(ctx, timeout);
                    cancels.add(c);
                    ctx = c;
                    timers++;
                }
                default -> ctx = new Forwarding(ctx);
            }
        }
        assertOpen(ctx);
        for (Key<Object> key : keys) {
            assertSame(key, ctx.value(key));
        }
        if (testTimeout) {
            alarms.advance(timeout);
            assertExceeded(ctx);
        } else {
            cancels.get(random.nextInt(cancels.size())).cancel();
            assertCancelled(ctx);
        }
        for (Key<Object> key : keys) {
            assertSame(key, ctx.value(key));
        }
        cancels.forEach(ContextTest::checkAll);
    }

    @Test
    void testCancelRemoves() {
        CancelCtx ctx = CancelCtx.derive(Context.background());
        assertEquals(0, ctx.children());
        for (CancelCtx child : List.of(CancelCtx.derive(ctx), withTimeout(ctx, VERY_LONG))) {
            assertEquals(child.toString().contains("Deadline") ? 1 : 2, ctx.children());
            child.cancel();
        }
        assertEquals(0, ctx.children());
        Context.Stop stop = ctx.afterFunc(() -> {});
        assertEquals(1, ctx.children());
        assertTrue(stop.stop());
        assertEquals(0, ctx.children());
        assertEquals(0, alarms.pending());
    }

    @Test
    void testWithCancelCanceledParent() {
        CancelContext parent = Context.withCancelCause(Context.background());
        Exception cause = new Exception("Because!");
        parent.cancel(cause);
        CancelContext c = Context.withCancel(parent);
        assertCancelled(c);
        assertSame(cause, c.cause());
        assertSame(cause, c.err().getCause());
    }

    @OnProcs
    void testWithCancelSimultaneouslyCanceledParent(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int i = 0; i < 200; i++) {
                CancelContext parent = Context.withCancel(Context.background());
                Exception cause = new Exception("Because!");
                GoRuntime.go(() -> parent.cancel(cause));
                CancelContext c = Context.withCancel(parent);
                awaitDone(c);
                assertCancelled(c);
                assertSame(cause, c.cause());
            }
        });
    }

    @Test
    void testWithValueChecksKey() {
        assertThrows(NullPointerException.class, () -> Context.withValue(Context.background(), null, "bar"));
        assertThrows(NullPointerException.class, () -> Context.background().value(null));
    }

    @Test
    void testInvalidDerivedFail() {
        assertThrows(NullPointerException.class, () -> Context.withCancel(null));
        assertThrows(NullPointerException.class, () -> withTimeout(null, SHORT));
        assertThrows(NullPointerException.class, () -> Context.withValue(null, K1, "bar"));
        assertThrows(NullPointerException.class, () -> Context.withoutCancel(null));
    }

    @Test
    void testDeadlineExceededSupportsTimeout() {
        assertTrue(withTimeout(Context.background(), Duration.ZERO).err().timeout());
        CancelContext c = Context.withCancel(Context.background());
        c.cancel();
        assertFalse(c.err().timeout());
    }

    private static void checkCause(Class<?> err, Throwable cause, Supplier<Context> made) {
        Context c = made.get();
        if (err == null) {
            assertNull(c.err());
            assertNull(c.cause());
            return;
        }
        assertInstanceOf(err, c.err());
        assertSame(cause == null ? c.err() : cause, c.cause());
        ContextException thrown = assertThrows(ContextException.class, c::check);
        assertEquals(err, thrown.getClass());
        assertSame(cause, thrown.getCause());
        assertNotSame(c.err(), thrown);
        assertEquals(0, c.err().getStackTrace().length);
        assertTrue(List.of(thrown.getStackTrace()).toString().contains("checkCause"), "where check was called");
    }

    @Test
    void testCause() {
        Exception parentCause = new Exception("parentCause");
        Exception childCause = new Exception("childCause");
        Exception tooSlow = new Exception("tooSlow");
        Exception finishedEarly = new Exception("finishedEarly");
        Class<?> cancelled = CancelledException.class;
        Class<?> exceeded = DeadlineExceededException.class;
        Context bg = Context.background();

        checkCause(null, null, Context::background);
        checkCause(null, null, Context::todo);
        checkCause(cancelled, null, () -> ended(Context.withCancel(bg)));
        checkCause(cancelled, parentCause, () -> ended(Context.withCancelCause(bg), parentCause));
        checkCause(cancelled, null, () -> ended(Context.withCancelCause(bg), null));
        checkCause(cancelled, parentCause, () -> {
            CancelContext parent = Context.withCancelCause(bg);
            CancelContext child = Context.withCancelCause(parent);
            parent.cancel(parentCause);
            return ended(child, childCause);
        });
        checkCause(cancelled, childCause, () -> {
            CancelContext parent = Context.withCancelCause(bg);
            CancelContext child = Context.withCancelCause(parent);
            child.cancel(childCause);
            parent.cancel(parentCause);
            return child;
        });
        checkCause(cancelled, parentCause, () -> {
            CancelContext parent = Context.withCancelCause(bg);
            CancelContext child = Context.withCancel(parent);
            parent.cancel(parentCause);
            return ended(child);
        });
        checkCause(cancelled, null, () -> {
            CancelContext parent = Context.withCancelCause(bg);
            CancelContext child = Context.withCancel(parent);
            child.cancel();
            parent.cancel(parentCause);
            return child;
        });
        checkCause(cancelled, childCause, () -> {
            CancelContext parent = Context.withCancel(bg);
            CancelContext child = Context.withCancelCause(parent);
            child.cancel(childCause);
            parent.cancel();
            return child;
        });
        checkCause(exceeded, null, () -> ended(withTimeout(bg, Duration.ZERO)));
        checkCause(cancelled, null, () -> ended(withTimeout(bg, VERY_LONG)));
        checkCause(exceeded, tooSlow, () -> ended(withTimeoutCause(bg, Duration.ZERO, tooSlow)));
        checkCause(exceeded, tooSlow, () -> {
            CancelContext c = withTimeoutCause(bg, SHORT, tooSlow);
            alarms.advance(SHORT);
            return Context.withValue(c, K1, "x");
        });
        checkCause(cancelled, null, () -> ended(withTimeoutCause(bg, VERY_LONG, tooSlow)));
        checkCause(exceeded, tooSlow, () -> {
            CancelContext parent = Context.withCancelCause(bg);
            CancelContext child = withTimeoutCause(parent, Duration.ZERO, tooSlow);
            parent.cancel(finishedEarly);
            return child;
        });
        checkCause(cancelled, finishedEarly, () -> {
            CancelContext parent = Context.withCancelCause(bg);
            CancelContext child = withTimeoutCause(parent, VERY_LONG, tooSlow);
            parent.cancel(finishedEarly);
            return child;
        });
        checkCause(null, null, () -> Context.withoutCancel(bg));
        checkCause(null, null, () -> Context.withoutCancel(ended(Context.withCancelCause(bg), finishedEarly)));
        checkCause(null, null, () -> Context.withoutCancel(withTimeoutCause(bg, Duration.ZERO, tooSlow)));
    }

    private static Context ended(CancelContext c) {
        c.cancel();
        return c;
    }

    private static Context ended(CancelContext c, Throwable cause) {
        c.cancel(cause);
        return c;
    }

    @OnProcs
    void testCauseRace(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Exception cause = new Exception("testCauseRace");
            CancelContext c = Context.withCancelCause(Context.background());
            GoRuntime.go(() -> c.cancel(cause));
            Throwable seen;
            while ((seen = c.cause()) == null) {
                GoRuntime.gosched();
            }
            assertSame(cause, seen);
            assertNotNull(c.done().tryReceive(), "a cause before the channel is closed");
        });
    }

    @Test
    void testWithoutCancel() {
        CancelCtx parent = withTimeout(Context.withValue(Context.background(), K1, "value"), SHORT);
        Context c = Context.withoutCancel(parent);
        parent.cancel();
        assertNull(c.deadline());
        assertSame(Context.background().done(), c.done());
        assertOpen(c);
        assertEquals("value", c.value(K1));
        assertTrue(c.toString().endsWith(".WithoutCancel"), c.toString());
        CancelContext below = Context.withCancel(c);
        assertOpen(below);
        assertNull(below.deadline());
        below.cancel();
        assertCancelled(below);
    }

    @Test
    void testCustomContextPropagation() throws Exception {
        Exception cause = new Exception("testCustomContextPropagation");
        Chan<Void> done = Chan.make();
        CancelContext c1 = Context.withCancelCause(Context.background());
        Context c2 = new Forwarding.DoneOnly(c1, done);
        CancelContext c3 = Context.withCancel(c2);
        c1.cancel(cause);
        assertOpen(c3);
        done.close();
        awaitDone(c3);
        assertCancelled(c3);
        assertSame(cause, c3.cause());
    }

    @Test
    void testCustomContextCause() throws Exception {
        CancelContext hidden = Context.withCancel(Context.background());
        Context custom = new Forwarding(hidden) {
            @Override
            public Throwable cause() {
                return err(); // as the default does
            }
        };
        Exception cause = new Exception("testCustomContextCause");
        CancelContext child = Context.withCancelCause(custom);
        CancelContext other = Context.withCancel(custom);
        child.cancel(cause);
        assertSame(cause, child.cause());
        assertOpen(custom);
        hidden.cancel(new Exception("not shown"));
        assertSame(cause, child.cause());
        assertSame(custom.err(), custom.cause());
        assertCancelled(other);
        assertSame(custom.err(), other.cause());
        assertCancelled(Context.withCancel(custom));
    }

    /** Goroutines are needed only for contexts of which nothing is known but the channel. */
    @Test
    void testCustomContextGoroutines() throws Exception {
        try (GoRuntime rt = GoRuntime.builder().maxProcs(2).build()) {
            rt.spawn(() -> {
                CancelContext lone = Context.withCancel(new Forwarding.DoneOnly(Context.background(), Chan.make()));
                assertEquals(2, rt.numGoroutine());
                lone.cancel();
                awaitGoroutines(rt, 1);
                Context.withCancel(new Forwarding.DoneOnly(Context.background(), Context.background().done()));
                CancelContext c1 = Context.withCancel(Context.background());
                CancelContext c3 = Context.withCancel(new Forwarding(c1));
                CancelContext c4 = withTimeout(c3, VERY_LONG);
                CancelContext c5 = Context.withCancel(new Forwarding(new Forwarding(c4)));
                assertEquals(1, rt.numGoroutine());
                c5.cancel();
                withTimeout(c5, VERY_LONG).cancel();
                c1.cancel();
                Context.withCancel(new Forwarding(c4)).cancel();
                assertEquals(1, rt.numGoroutine());
                assertCancelled(c4);
            }).join();
        }
    }

    private static void awaitGoroutines(GoRuntime rt, int n) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (rt.numGoroutine() != n) {
            assertTrue(System.nanoTime() < deadline, () -> rt.numGoroutine() + " goroutines");
            GoRuntime.gosched();
        }
    }

    // -- after-functions --

    @Test
    void testAfterFuncCalledAfterCancel() throws Exception {
        for (boolean wrapped : new boolean[]{false, true}) {
            CancelContext c = Context.withCancel(Context.background());
            Context used = wrapped ? new Forwarding.DoneOnly(c, c.done()) : c;
            Chan<Void> called = Chan.make();
            Context.Stop stop = used.afterFunc(called::close);
            assertNull(called.tryReceive(SHORT));
            c.cancel();
            assertNotNull(called.tryReceive(Duration.ofSeconds(LIMIT_SECONDS)));
            assertFalse(stop.stop());
        }
    }

    @Test
    void testAfterFuncCalledAfterTimeout() throws Exception {
        CancelContext c = withTimeout(Context.background(), SHORT);
        Chan<Void> called = Chan.make();
        c.afterFunc(called::close);
        alarms.advance(SHORT);
        assertNotNull(called.tryReceive(Duration.ofSeconds(LIMIT_SECONDS)));
    }

    @Test
    void testAfterFuncCalledImmediately() throws Exception {
        CancelContext c = Context.withCancel(Context.background());
        c.cancel();
        Chan<Void> called = Chan.make();
        assertFalse(c.afterFunc(called::close).stop());
        assertNotNull(called.tryReceive(Duration.ofSeconds(LIMIT_SECONDS)));
    }

    @Test
    void testAfterFuncNotCalledAfterStop() throws Exception {
        CancelContext c = Context.withCancel(Context.background());
        AtomicInteger called = new AtomicInteger();
        for (Context each : List.of(c, Context.background(), Context.withValue(c, K1, "x"),
                new Forwarding.DoneOnly(c, c.done()))) {
            Context.Stop stop = each.afterFunc(called::incrementAndGet);
            assertTrue(stop.stop());
            assertFalse(stop.stop());
        }
        c.cancel();
        Chan<Void> after = Chan.make();
        c.afterFunc(after::close);
        assertNotNull(after.tryReceive(Duration.ofSeconds(LIMIT_SECONDS)));
        assertEquals(0, called.get());
    }

    @OnProcs
    void testAfterFuncCalledAsynchronously(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            CancelContext c = Context.withCancel(Context.background());
            Chan<Integer> called = Chan.make();
            c.afterFunc(() -> called.send(1));
            c.cancel();
            assertNotNull(called.tryReceive(Duration.ofSeconds(LIMIT_SECONDS)));
        });
    }

    /** A context of another class that keeps its functions itself. */
    private static final class OwnFuncs extends Forwarding {
        private final List<GoFn> functions = Collections.synchronizedList(new ArrayList<>());

        OwnFuncs() {
            super(Context.withCancel(Context.background()));
        }

        @Override
        public Stop afterFunc(GoFn fn) {
            functions.add(fn);
            return () -> functions.remove(fn);
        }

        void cancel() throws Exception {
            ((CancelContext) inner).cancel();
            for (GoFn fn : List.copyOf(functions)) {
                fn.run();
            }
            functions.clear();
        }
    }

    @Test
    void testCustomContextAfterFuncCancel() throws Exception {
        OwnFuncs c0 = new OwnFuncs();
        CancelContext c1 = Context.withCancel(c0);
        CancelContext c2 = withTimeout(c0, VERY_LONG);
        CountDownLatch called = new CountDownLatch(1);
        c0.afterFunc(called::countDown);
        c0.cancel();
        assertCancelled(c1);
        assertCancelled(c2);
        assertTrue(called.await(LIMIT_SECONDS, TimeUnit.SECONDS));
    }

    @Test
    void testCustomContextAfterFuncUnregisterCancel() throws Exception {
        OwnFuncs c0 = new OwnFuncs();
        CancelContext c1 = Context.withCancel(c0);
        CancelContext c2 = withTimeout(c0, VERY_LONG);
        Context.Stop stop = c0.afterFunc(() -> {});
        assertEquals(3, c0.functions.size());
        c1.cancel();
        c2.cancel();
        stop.stop();
        assertEquals(0, c0.functions.size());
        assertEquals(0, alarms.pending());
    }
}
