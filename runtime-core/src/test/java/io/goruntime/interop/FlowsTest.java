package io.goruntime.interop;

import static io.goruntime.GoRuntime.go;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.RecvChan;
import io.goruntime.testing.Bounded;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Names carry the numbers of the rules of Reactive Streams that they are about. */
@ExtendWith(DumpOnTimeout.class)
public class FlowsTest {
    private static final Object COMPLETE = new Object();

    /** Keeps what it is told, in order, and checks what holds for any subscriber. */
    private static class Recorder<T> implements Flow.Subscriber<T> {
        final Chan<Object> signals = Chan.make(100_000);
        final AtomicInteger inside = new AtomicInteger();
        final AtomicInteger broken = new AtomicInteger();
        final Chan<Flow.Subscription> subscribed = Chan.make(1);
        volatile Flow.Subscription subscription;
        volatile boolean ended;

        private void signal(Object what) {
            if (inside.getAndIncrement() != 0 || subscription == null || ended) {
                broken.incrementAndGet(); // 1.3, 1.9, 1.7
            }
            if (what == COMPLETE || what instanceof Throwable) {
                ended = true;
            }
            signals.trySend(what);
        }

        @Override
        public void onSubscribe(Flow.Subscription s) {
            boolean again = subscription != null;
            subscription = s;
            if (again || !subscribed.trySend(s)) {
                broken.incrementAndGet(); // 2.12
            }
        }

        @Override
        public void onNext(T item) {
            signal(item);
            inside.decrementAndGet();
        }

        @Override
        public void onError(Throwable e) {
            signal(e);
            inside.decrementAndGet();
        }

        @Override
        public void onComplete() {
            signal(COMPLETE);
            inside.decrementAndGet();
        }

        void expect(Object... expected) throws InterruptedException {
            for (Object each : expected) {
                assertEquals(each, signals.receive());
            }
        }

        void assertSound() {
            assertEquals(0, broken.get());
        }
    }

    @SafeVarargs
    private static <T> Chan<T> of(int cap, T... elements) throws InterruptedException {
        Chan<T> c = Chan.make(cap);
        for (T element : elements) {
            c.send(element);
        }
        return c;
    }

    private static <T> Recorder<T> subscribe(RecvChan<T> c) throws InterruptedException {
        Recorder<T> recorder = new Recorder<>();
        Flows.publisher(c).subscribe(recorder);
        recorder.subscribed.receive();
        return recorder;
    }

    /** All other goroutines have ended, those of subscriptions in particular (3.13). */
    private static void awaitNoOthers() throws InterruptedException {
        while (GoRuntime.current().numGoroutine() > 1) {
            Thread.sleep(1);
        }
    }

    /** All other goroutines wait: nothing more will happen by itself. */
    private static void awaitOthersParked() throws Exception {
        for (int quiet = 0; quiet < 3; quiet++) {
            StringBuilder dump = new StringBuilder();
            GoRuntime.current().dump(dump);
            if (dump.toString().lines().filter(l -> l.startsWith("goroutine ")).skip(1)
                    .anyMatch(l -> !l.contains("[chan ") && !l.contains("[select"))) {
                quiet = -1;
            }
            Thread.sleep(1);
        }
    }

    // -- a publisher of a channel --

    @OnProcs
    void rule101_noMoreThanRequested(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Integer> c = of(10, 1, 2, 3, 4, 5, 6);
            Recorder<Integer> r = subscribe(c);
            awaitOthersParked();
            assertEquals(6, c.len(), "taken without demand");
            r.subscription.request(2);
            r.expect(1, 2);
            awaitOthersParked();
            assertEquals(4, c.len(), "taken without demand");
            assertNull(r.signals.tryReceive());
            r.subscription.request(1);
            r.subscription.request(2); // 3.8: adds up
            r.expect(3, 4, 5);
            awaitOthersParked();
            assertEquals(1, c.len());
            r.assertSound();
            r.subscription.cancel();
            awaitNoOthers();
        });
    }

    @OnProcs
    void rule105_closeCompletes(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<String> c = of(2, "a", "b");
            c.close();
            Recorder<String> r = subscribe(c);
            r.subscription.request(10);
            r.expect("a", "b", COMPLETE);
            r.subscription.request(1); // 3.6
            r.subscription.cancel();
            awaitNoOthers();
            assertNull(r.signals.tryReceive()); // 1.7
            r.assertSound();

            Chan<String> waits = Chan.make();
            Recorder<String> early = subscribe(waits);
            early.subscription.request(1);
            waits.close();
            early.expect(COMPLETE);
            awaitNoOthers();
        });
    }

    @OnProcs
    void rule109_subscribe(int procs) throws Exception {
        GoRuntime closed = GoRuntime.builder().maxProcs(procs).build();
        Flow.Publisher<Integer> publisher = Flows.publisher(Chan.make());
        assertThrows(NullPointerException.class, () -> publisher.subscribe(null));
        assertThrows(NullPointerException.class, () -> Flows.publisher(null));
        Recorder<Integer> r = new Recorder<>();
        Chan<Boolean> ready = Chan.make();
        closed.spawn(() -> {
            ready.send(true);
            try {
                Chan.nil().receive();
            } catch (InterruptedException e) {
                publisher.subscribe(r); // returns normally
            }
        });
        ready.receive();
        assertTrue(closed.close(Duration.ofSeconds(30)));
        assertInstanceOf(RejectedExecutionException.class, r.signals.receive());
        r.assertSound();
    }

    /** Signals come from one goroutine of the runtime in which the subscription was made. */
    @OnProcs
    void rule103_signalsAreSerial(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Integer> c = Chan.make(4);
            Set<Long> ids = ConcurrentHashMap.newKeySet();
            Recorder<Integer> r = new Recorder<>() {
                @Override
                public void onNext(Integer item) {
                    ids.add(GoRuntime.goid());
                    super.onNext(item);
                }
            };
            Flows.publisher(c).subscribe(r);
            Flow.Subscription s = r.subscribed.receive();
            for (int i = 0; i < 4; i++) {
                go(() -> {
                    for (int k = 0; k < 250; k++) {
                        s.request(1);
                    }
                });
            }
            for (int i = 0; i < 1000; i++) {
                c.send(i);
            }
            for (int i = 0; i < 1000; i++) {
                r.expect(i);
            }
            r.assertSound();
            assertEquals(1, ids.size());
            assertFalse(ids.contains(0L));
            s.cancel();
        });
    }

    /** Each element goes to one of the subscribers. */
    @OnProcs
    void rule111_subscribersShare(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Integer> c = Chan.make(4);
            Flow.Publisher<Integer> publisher = Flows.publisher(c);
            List<Recorder<Integer>> recorders = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Recorder<Integer> r = new Recorder<>();
                publisher.subscribe(r);
                r.subscribed.receive().request(Long.MAX_VALUE);
                recorders.add(r);
            }
            for (int i = 0; i < 3000; i++) {
                c.send(i);
            }
            c.close();
            List<Integer> all = new ArrayList<>();
            for (Recorder<Integer> r : recorders) {
                for (Object signal; (signal = r.signals.receive()) != COMPLETE;) {
                    all.add((Integer) signal);
                }
                r.assertSound();
            }
            Collections.sort(all);
            assertEquals(IntStream.range(0, 3000).boxed().toList(), all);
        });
    }

    @OnProcs
    void rule213_null(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<String> c = of(3, "a", null, "b");
            Recorder<String> r = subscribe(c);
            r.subscription.request(5);
            r.expect("a");
            assertInstanceOf(NullPointerException.class, r.signals.receive());
            awaitNoOthers();
            assertEquals("b", c.receive());
            r.assertSound();
        });
    }

    /** A subscriber that throws is cancelled, and its exception is not lost. */
    @OnProcs
    void rule213_subscriberThrows(int procs) throws Exception {
        AtomicReference<Throwable> panic = new AtomicReference<>();
        IllegalStateException failure = new IllegalStateException("subscriber");
        try (GoRuntime runtime = GoRuntime.builder().maxProcs(procs).onPanic((g, e) -> panic.set(e)).build()) {
            Chan<Integer> c = of(3, 1, 2, 3);
            Recorder<Integer> r = new Recorder<>() {
                @Override
                public void onNext(Integer item) {
                    throw failure;
                }
            };
            Fleet.run(runtime, 1, i -> {
                Flows.publisher(c).subscribe(r);
                r.subscribed.receive().request(3);
            });
            new Fleet(runtime).await("the goroutine has ended", () -> runtime.numGoroutine() == 0);
            assertSame(failure, panic.get());
            assertEquals(2, c.len());
            assertNull(r.signals.tryReceive());
        }
    }

    /** A request from within onNext only counts. */
    @OnProcs
    void rule303_requestsDoNotRecur(int procs) throws Exception {
        int n = 20_000;
        Goroutines.run(procs, () -> {
            Chan<Integer> c = Chan.make(100);
            AtomicInteger depth = new AtomicInteger();
            AtomicInteger deepest = new AtomicInteger();
            Recorder<Integer> r = new Recorder<>() {
                @Override
                public void onNext(Integer item) {
                    deepest.accumulateAndGet(depth.incrementAndGet(), Math::max);
                    subscription.request(1);
                    super.onNext(item);
                    depth.decrementAndGet();
                }
            };
            Flows.publisher(c).subscribe(r);
            r.subscribed.receive().request(1);
            for (int i = 0; i < n; i++) {
                c.send(i);
            }
            c.close();
            for (int i = 0; i < n; i++) {
                r.expect(i);
            }
            r.expect(COMPLETE);
            assertEquals(1, deepest.get());
            r.assertSound();
        });
    }

    @OnProcs
    void rule309_requestsThatAreNotPositive(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (long n : new long[]{0, -1, Long.MIN_VALUE}) {
                Chan<Integer> c = of(2, 1, 2);
                Recorder<Integer> r = subscribe(c);
                r.subscription.request(1);
                r.expect(1);
                r.subscription.request(n);
                Object signal = r.signals.receive();
                assertInstanceOf(IllegalArgumentException.class, signal);
                assertEquals("3.9: requested " + n, ((Exception) signal).getMessage());
                r.subscription.request(1);
                awaitNoOthers();
                assertEquals(1, c.len());
                r.assertSound();
            }
        });
    }

    @OnProcs
    void rule317_demandWithoutEnd(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Integer> c = Chan.make(1);
            Recorder<Integer> r = subscribe(c);
            r.subscription.request(Long.MAX_VALUE - 1);
            r.subscription.request(Long.MAX_VALUE - 1);
            r.subscription.request(Long.MAX_VALUE);
            for (int i = 0; i < 100; i++) {
                c.send(i);
                r.expect(i);
            }
            c.close();
            r.expect(COMPLETE);
            r.assertSound();
        });
    }

    /** A cancelled subscription ends, wherever it waits, and takes nothing more. */
    @OnProcs
    void rule312_cancel(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Integer> c = Chan.make(3);
            Recorder<Integer> idle = subscribe(c);
            Recorder<Integer> waits = subscribe(c);
            waits.subscription.request(5);
            Recorder<Integer> fromWithin = new Recorder<>() {
                @Override
                public void onSubscribe(Flow.Subscription s) {
                    super.onSubscribe(s);
                    s.request(3);
                    s.cancel();
                    s.cancel(); // 3.7
                }
            };
            Flows.publisher(c).subscribe(fromWithin);
            idle.subscription.cancel();
            waits.subscription.cancel();
            idle.subscription.request(1);
            waits.subscription.request(-1);
            awaitNoOthers();
            c.send(1);
            assertEquals(1, c.len());
            for (Recorder<Integer> r : List.of(idle, waits, fromWithin)) {
                assertNull(r.signals.tryReceive());
                r.assertSound();
            }
        });
    }

    /** Cancels and elements race: what was taken was delivered, the rest is in the channel. */
    @OnProcs
    void cancelLosesNothing(int procs) throws Exception {
        Random random = new Random(Bounded.seed("cancelLosesNothing"));
        Goroutines.run(procs, () -> {
            Chan<Integer> c = Chan.make(2);
            int n = 1500;
            AtomicBoolean allSent = new AtomicBoolean();
            go(() -> {
                try (var _ = c.closer()) {
                    for (int i = 0; i < n; i++) {
                        c.send(i);
                    }
                } finally {
                    allSent.set(true);
                }
            });
            List<Integer> all = new ArrayList<>();
            for (boolean more = true; more;) {
                Recorder<Integer> r = subscribe(c);
                r.subscription.request(1 + random.nextInt(20));
                for (int i = random.nextInt(4); i > 0; i--) {
                    GoRuntime.gosched();
                }
                r.subscription.cancel();
                // The subscription's goroutine; the sender's may go on. Counted first: who is not counted has sent all.
                for (int others = 2; others > (allSent.get() ? 0 : 1);) {
                    GoRuntime.gosched();
                    others = GoRuntime.current().numGoroutine() - 1;
                }
                for (Object signal; more && r.signals.len() > 0;) {
                    signal = r.signals.receive();
                    more = signal != COMPLETE;
                    if (more) {
                        all.add((Integer) signal);
                    }
                }
                r.assertSound();
                if (c.len() == 0 && GoRuntime.current().numGoroutine() == 1) {
                    more = false;
                }
            }
            assertEquals(IntStream.range(0, n).boxed().toList(), all);
        });
    }

    // -- a channel of a publisher --

    /** A publisher in the hands of the test. It keeps what is asked of it. */
    private static final class ByHand implements Flow.Publisher<Integer>, Flow.Subscription {
        final AtomicLong requested = new AtomicLong();
        final Chan<Long> requests = Chan.make(10_000);
        final Chan<Boolean> cancelled = Chan.make(10);
        final Set<Thread> callers = ConcurrentHashMap.newKeySet();
        volatile Flow.Subscriber<? super Integer> subscriber;

        @Override
        public void subscribe(Flow.Subscriber<? super Integer> s) {
            subscriber = s;
            s.onSubscribe(this);
        }

        @Override
        public void request(long n) {
            callers.add(Thread.currentThread());
            requested.addAndGet(n);
            requests.trySend(n);
        }

        @Override
        public void cancel() {
            callers.add(Thread.currentThread());
            cancelled.trySend(true);
        }
    }

    /** At most so many elements are requested and not received. */
    @OnProcs
    void rule201_demandIsBounded(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int buffer : new int[]{1, 2, 3, 8}) {
                ByHand p = new ByHand();
                Feed<Integer> feed = Flows.feed(p, buffer);
                assertEquals((long) buffer, p.requests.receive());
                int sent = 0;
                for (int received = 0; received < 50; received++) {
                    while (sent < p.requested.get()) {
                        p.subscriber.onNext(sent++);
                    }
                    awaitOthersParked();
                    assertTrue(p.requested.get() - received <= buffer,
                            p.requested + " requested, " + received + " received");
                    assertEquals(received, feed.chan().receive());
                    while (p.requested.get() <= received + 1) {
                        Thread.sleep(1); // it must ask again before it has nothing left
                    }
                }
                feed.close();
                p.cancelled.receive();
                feed.chan().range(_ -> {});
                assertNull(feed.cause());
                assertEquals(1, p.callers.size(), "2.7: calls are serial");
            }
        });
    }

    @OnProcs
    void rule204_endAfterAllElements(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            IllegalStateException failure = new IllegalStateException("publisher");
            for (Throwable end : new Throwable[]{null, failure}) {
                ByHand p = new ByHand();
                Feed<Integer> feed = Flows.feed(p, 4);
                p.requests.receive();
                for (int i = 0; i < 4; i++) {
                    p.subscriber.onNext(i);
                }
                if (end == null) {
                    p.subscriber.onComplete();
                } else {
                    p.subscriber.onError(end);
                }
                assertEquals(List.of(0, 1, 2, 3), Streams.of(feed.chan()).toList());
                assertSame(end, feed.cause());
                if (end == null) {
                    feed.check();
                } else {
                    assertSame(end, assertThrows(ExecutionException.class, feed::check).getCause());
                }
                awaitNoOthers();
                assertEquals(4, p.requested.get(), "2.4: asked after the end");
                assertNull(p.cancelled.tryReceive(), "2.4: cancelled after the end");
                p.subscriber.onNext(5); // 1.7 broken: nothing happens
                p.subscriber.onComplete();
                p.subscriber.onError(new Exception());
                assertSame(end, feed.cause());
            }
        });
    }

    @OnProcs
    void rule205_oneSubscription(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            ByHand p = new ByHand();
            Feed<Integer> feed = Flows.feed(p, 2);
            p.requests.receive();
            ByHand second = new ByHand();
            p.subscriber.onSubscribe(second);
            second.cancelled.receive();
            assertEquals(0, second.requested.get());
            p.subscriber.onNext(1);
            assertEquals(1, feed.chan().receive());
            feed.close();
            p.cancelled.receive();
        });
    }

    @Test
    void rule213_nulls() throws Exception {
        GoRuntime.run(() -> {
            ByHand p = new ByHand();
            try (Feed<Integer> feed = Flows.feed(p, 2)) {
                assertThrows(NullPointerException.class, () -> p.subscriber.onSubscribe(null));
                assertThrows(NullPointerException.class, () -> p.subscriber.onNext(null));
                assertThrows(NullPointerException.class, () -> p.subscriber.onError(null));
                assertThrows(NullPointerException.class, () -> Flows.feed(null, 1));
                assertEquals("buffer 0 is less than 1",
                        assertThrows(IllegalArgumentException.class, () -> Flows.feed(p, 0)).getMessage());
                p.subscriber.onNext(1);
                assertEquals(1, feed.chan().receive());
            }
        });
    }

    /** A publisher that breaks 1.1 cannot fill the memory. */
    @OnProcs
    void rule101_brokenByThePublisher(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            ByHand p = new ByHand();
            Feed<Integer> feed = Flows.feed(p, 2);
            p.requests.receive();
            for (int i = 0; i < 100; i++) {
                p.subscriber.onNext(i);
            }
            List<Integer> received = Streams.of(feed.chan()).toList();
            // The buffer, one on its way, and what was received meanwhile.
            assertEquals(IntStream.range(0, received.size()).boxed().toList(), received);
            assertInstanceOf(IllegalStateException.class, feed.cause());
            p.cancelled.receive();
        });
    }

    /** No onSubscribe, or after the end: nothing hangs, nothing stays subscribed. */
    @OnProcs
    void rule109_brokenByThePublisher(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Exception failure = new Exception("at once");
            Feed<Integer> failed = Flows.<Integer>feed(s -> s.onError(failure), 1);
            assertFalse(failed.chan().receiveOk().ok());
            assertSame(failure, failed.cause());

            AtomicReference<Flow.Subscriber<? super Integer>> late = new AtomicReference<>();
            Feed<Integer> closed = Flows.<Integer>feed(late::set, 1);
            closed.close();
            assertFalse(closed.chan().receiveOk().ok());
            ByHand p = new ByHand();
            late.get().onSubscribe(p);
            p.cancelled.receive();
            late.get().onNext(1); // 2.8
            assertNull(closed.cause());

            IllegalStateException thrown = new IllegalStateException("subscribe");
            assertSame(thrown, assertThrows(IllegalStateException.class, () -> Flows.<Integer>feed(s -> {
                throw thrown;
            }, 1)));
            awaitNoOthers();
        });
    }

    /** One that publishes within request, on the thread that asks. */
    @OnProcs
    void aSynchronousPublisher(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int buffer : new int[]{1, 5, 64}) {
                Feed<Integer> feed = Flows.<Integer>feed(s -> s.onSubscribe(new Flow.Subscription() {
                    private int next;

                    @Override
                    public void request(long n) {
                        for (long i = 0; i < n && next < 1000; i++) {
                            s.onNext(next++);
                            if (next == 1000) {
                                s.onComplete();
                            }
                        }
                    }

                    @Override
                    public void cancel() {}
                }), buffer);
                assertEquals(IntStream.range(0, 1000).boxed().toList(), Streams.of(feed.chan()).toList());
                feed.check();
            }
        });
    }

    /** A publisher of somebody else, with threads of its own. */
    @OnProcs
    void aPublisherOfTheJdk(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int buffer : new int[]{1, 16}) {
                SubmissionPublisher<Integer> p = new SubmissionPublisher<>();
                Feed<Integer> feed = Flows.feed(p, buffer);
                go(() -> {
                    for (int i = 0; i < 1000; i++) {
                        p.submit(i);
                    }
                    p.close();
                });
                assertEquals(IntStream.range(0, 1000).boxed().toList(), Streams.of(feed.chan()).toList());
                feed.check();

                SubmissionPublisher<Integer> failing = new SubmissionPublisher<>();
                Exception failure = new Exception("exceptionally");
                Feed<Integer> failed = Flows.feed(failing, buffer);
                failing.closeExceptionally(failure);
                assertFalse(failed.chan().receiveOk().ok());
                assertSame(failure, failed.cause());
            }
        });
    }

    /** There and back, and the end of the middle is passed on in both directions. */
    @OnProcs
    void roundTrip(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Integer> c = Chan.make(2);
            Feed<Integer> feed = Flows.feed(Flows.publisher(c), 4);
            go(() -> {
                try (var _ = c.closer()) {
                    for (int i = 0; i < 1000; i++) {
                        c.send(i);
                    }
                }
            });
            assertEquals(IntStream.range(0, 1000).boxed().toList(), Streams.of(feed.chan()).toList());
            feed.check();
            awaitNoOthers();

            Chan<Integer> endless = Chan.make();
            Feed<Integer> closed = Flows.feed(Flows.publisher(endless), 4);
            endless.send(1);
            assertEquals(1, closed.chan().receive());
            closed.close();
            awaitNoOthers();
            assertNotEquals(true, endless.trySend(2));
        });
    }

    @Test
    void closingTheRuntimeIsNoGoodEnd() throws Exception {
        GoRuntime runtime = GoRuntime.builder().build();
        Recorder<Integer> r = new Recorder<>();
        Chan<Feed<Integer>> made = Chan.make();
        runtime.spawn(() -> {
            Flows.publisher(Chan.<Integer>make()).subscribe(r);
            made.send(Flows.feed(new ByHand(), 1));
        });
        Feed<Integer> feed = made.receive();
        r.subscribed.receive().request(1);
        assertTrue(runtime.close(Duration.ofSeconds(30)));
        assertFalse(feed.chan().receiveOk().ok());
        assertInstanceOf(InterruptedException.class, feed.cause());
        assertInstanceOf(InterruptedException.class, r.signals.receive());
    }
}
