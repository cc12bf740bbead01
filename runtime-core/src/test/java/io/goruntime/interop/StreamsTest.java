package io.goruntime.interop;

import static io.goruntime.GoRuntime.go;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.Panic;
import io.goruntime.Received;
import io.goruntime.UncheckedInterruptedException;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Spliterator;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(DumpOnTimeout.class)
public class StreamsTest {
    /** Holds what was given, and is closed. */
    @SafeVarargs
    private static <T> Chan<T> closed(T... elements) throws InterruptedException {
        Chan<T> c = Chan.make(elements.length);
        for (T element : elements) {
            c.send(element);
        }
        c.close();
        return c;
    }

    // -- of a channel --

    @OnProcs
    void testAStreamGivesWhatIsSentInOrder(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int cap : new int[]{0, 1, 16}) {
                Chan<Integer> c = Chan.make(cap);
                go(() -> {
                    try (var _ = c.closer()) {
                        for (int i = 0; i < 1000; i++) {
                            c.send(i);
                        }
                    }
                });
                assertEquals(IntStream.range(0, 1000).filter(i -> i % 3 == 0).boxed().toList(),
                        Streams.of(c).filter(i -> i % 3 == 0).toList());
            }
        });
    }

    @Test
    void nullsAreElements() throws Exception {
        assertEquals(Arrays.asList("a", null, "b"), Streams.of(closed("a", null, "b")).toList());
        assertEquals(List.of(), Streams.of(closed()).toList());
    }

    /** Nothing is taken before the terminal operation, nor by it beyond what it needs. */
    @Test
    void itTakesOnlyWhatItNeeds() throws Exception {
        Chan<Integer> c = closed(1, 2, 3, 4, 5, 6);
        Stream<Integer> two = Streams.of(c).limit(2);
        assertEquals(6, c.len());
        assertEquals(List.of(1, 2), two.toList());
        assertEquals(4, c.len());
        assertEquals(3, Streams.of(c).findFirst().orElseThrow());
        assertEquals(3, c.len());
        assertTrue(Streams.of(c).anyMatch(i -> i == 5));
        assertEquals(6, c.receive());
    }

    @Test
    void itNeverSplits() throws Exception {
        Chan<Integer> c = closed(1, 2, 3, 4);
        Spliterator<Integer> s = Streams.of(c).spliterator();
        assertNull(s.trySplit());
        assertEquals(Long.MAX_VALUE, s.estimateSize());
        assertTrue(s.hasCharacteristics(Spliterator.ORDERED) && !s.hasCharacteristics(Spliterator.SIZED));
        assertThrows(NullPointerException.class, () -> s.tryAdvance(null));
        assertEquals(4, c.len());
        assertFalse(Streams.of(c).isParallel());
        assertEquals(List.of(1, 2), Streams.of(c).parallel().limit(2).toList());
        assertEquals(2, c.len());
        assertThrows(NullPointerException.class, () -> Streams.of(null));
    }

    @OnProcs
    void testInterruptedStream(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<String> c = Chan.make();
            AtomicBoolean flag = new AtomicBoolean();
            Chan<Throwable> thrown = Chan.make(1);
            var g = GoRuntime.current().spawn(() -> {
                try {
                    Streams.of(c).forEach(_ -> {});
                } catch (UncheckedInterruptedException e) {
                    flag.set(Thread.currentThread().isInterrupted());
                    thrown.send(e);
                }
            });
            c.send("taken");
            g.interrupt();
            assertInstanceOf(UncheckedInterruptedException.class, thrown.receive());
            assertTrue(flag.get());
            assertFalse(c.trySend("nobody waits"));
        });
    }

    /** The handler is how a consumer tells the sender to stop; the channel itself is left alone. */
    @Test
    void closingTheStreamRunsHandlersOnly() throws Exception {
        Chan<Integer> c = closed(1, 2, 3);
        AtomicInteger ran = new AtomicInteger();
        try (Stream<Integer> s = Streams.of(c).onClose(ran::incrementAndGet)) {
            assertEquals(1, s.limit(1).toList().getFirst());
            assertEquals(0, ran.get());
        }
        assertEquals(1, ran.get());
        assertEquals(2, c.receive());
    }

    /** Several streams of one channel share it as receivers do. */
    @OnProcs
    void testStreamsShareAChannel(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Integer> c = Chan.make(4);
            Chan<List<Integer>> parts = Chan.make(3);
            for (int i = 0; i < 3; i++) {
                go(() -> parts.send(Streams.of(c).toList()));
            }
            for (int i = 0; i < 3000; i++) {
                c.send(i);
            }
            c.close();
            List<Integer> all = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                all.addAll(parts.receive());
            }
            Collections.sort(all);
            assertEquals(IntStream.range(0, 3000).boxed().toList(), all);
        });
    }

    // -- a channel of a stream --

    @OnProcs
    void testAFeedSendsInOrderAndCloses(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int cap : new int[]{0, 1, 16}) {
                AtomicInteger closed = new AtomicInteger();
                Stream<Integer> stream = IntStream.range(0, 1000).boxed().parallel().onClose(closed::incrementAndGet);
                try (Feed<Integer> feed = Streams.feed(stream, cap)) {
                    assertEquals(cap, feed.chan().cap());
                    List<Integer> all = new ArrayList<>();
                    feed.chan().range(all::add);
                    assertEquals(IntStream.range(0, 1000).boxed().toList(), all);
                    assertEquals(1, closed.get());
                    assertNull(feed.cause());
                    feed.check();
                }
            }
        });
    }

    @Test
    void aFeedSendsNulls() throws Exception {
        Feed<String> feed = Streams.feed(Stream.of("a", null), 2);
        assertEquals("a", feed.chan().receive());
        assertEquals(new Received<>(null, true), feed.chan().receiveOk());
        assertFalse(feed.chan().receiveOk().ok());
    }

    /** The stream is not asked for more than fits, also within a flatMap. */
    @OnProcs
    void testAFeedIsLazy(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            AtomicInteger made = new AtomicInteger();
            Stream<Integer> endless = Stream.of(0).flatMap(i -> Stream.generate(made::incrementAndGet));
            try (Feed<Integer> feed = Streams.feed(endless, 2)) {
                for (int i = 1; i <= 100; i++) {
                    assertEquals(i, feed.chan().receive());
                    assertTrue(made.get() <= i + 3, () -> made.get() + " were made");
                }
            }
        });
    }

    @OnProcs
    void testCloseStopsAFeed(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Boolean> streamClosed = Chan.make();
            Feed<Integer> feed = Streams.feed(Stream.iterate(0, i -> i + 1).onClose(streamClosed::close), 1);
            assertEquals(0, feed.chan().receive());
            feed.close();
            feed.close();
            List<Integer> rest = new ArrayList<>();
            feed.chan().range(rest::add);
            // What stood in the buffer, and at most what took its place before the close.
            assertTrue(rest.size() <= 2, rest::toString);
            streamClosed.receive();
            assertNull(feed.cause());
            feed.check();
        });
    }

    /** One that waits in the source, and one that does not heed the interrupt but goes on. */
    @OnProcs
    void testCloseStopsAFeedThatWaitsForItsSource(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Feed<Object> waits = Streams.feed(Streams.of(Chan.nil()), 0);
            waits.close();
            assertFalse(waits.chan().receiveOk().ok());
            assertNull(waits.cause());

            Chan<Boolean> inSource = Chan.make(1);
            Chan<Boolean> release = Chan.make();
            Feed<String> deaf = Streams.feed(Stream.generate(() -> {
                inSource.trySend(true);
                while (release.tryReceive() == null) {
                    Thread.onSpinWait();
                    GoRuntime.gosched();
                }
                Thread.interrupted();
                return "x";
            }), 10);
            inSource.receive();
            deaf.close();
            release.close();
            assertFalse(deaf.chan().receiveOk().ok());
        });
    }

    @OnProcs
    void testAFeedTellsWhatTheStreamThrew(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            IllegalStateException failure = new IllegalStateException("broken");
            AtomicBoolean closed = new AtomicBoolean();
            Feed<Integer> feed = Streams.feed(Stream.of(1, 2, 3).peek(i -> {
                if (i == 3) {
                    throw failure;
                }
            }).onClose(() -> closed.set(true)), 0);
            List<Integer> received = new ArrayList<>();
            feed.chan().range(received::add);
            assertEquals(List.of(1, 2), received);
            assertSame(failure, feed.cause());
            assertSame(failure, assertThrows(ExecutionException.class, feed::check).getCause());
            assertTrue(closed.get());
            feed.close();
            assertSame(failure, feed.cause());
        });
    }

    @Test
    void anErrorIsThePanicOfTheGoroutineToo() throws Exception {
        AssertionError failure = new AssertionError("broken");
        assertSame(failure, assertThrows(AssertionError.class, () -> GoRuntime.run(() -> {
            Feed<Integer> feed = Streams.feed(Stream.of(1).peek(_ -> {
                throw failure;
            }), 0);
            assertFalse(feed.chan().receiveOk().ok());
            assertSame(failure, feed.cause());
            Chan.nil().receive();
        })));
    }

    /** Whoever receives from another runtime must not take the end of a closed runtime for the end of the stream. */
    @Test
    void closingTheRuntimeIsNoGoodEnd() throws Exception {
        GoRuntime runtime = GoRuntime.builder().build();
        Chan<Feed<Integer>> made = Chan.make();
        runtime.spawn(() -> made.send(Streams.feed(Stream.iterate(0, i -> i + 1), 0)));
        Feed<Integer> feed = made.receive();
        assertEquals(0, feed.chan().receive());
        assertTrue(runtime.close(Duration.ofSeconds(30)));
        feed.chan().range(_ -> {});
        assertInstanceOf(InterruptedException.class, feed.cause());
        assertThrows(ExecutionException.class, feed::check);

        assertThrows(Panic.class, () -> Streams.feed(Stream.of(1), -1));
        assertThrows(NullPointerException.class, () -> Streams.feed(null, 1));
    }

    /** A goroutine of a closing runtime cannot start a feed; the stream stays the caller's. */
    @Test
    void aClosedRuntimeRefusesFeeds() throws Exception {
        GoRuntime runtime = GoRuntime.builder().build();
        AtomicBoolean closed = new AtomicBoolean();
        Chan<Throwable> thrown = Chan.make(1);
        Chan<Boolean> ready = Chan.make();
        runtime.spawn(() -> {
            ready.send(true);
            try {
                Chan.nil().receive();
            } catch (InterruptedException e) {
                try {
                    Streams.feed(Stream.of(1).onClose(() -> closed.set(true)), 0);
                } catch (RejectedExecutionException refused) {
                    thrown.trySend(refused);
                }
            }
        });
        ready.receive();
        assertTrue(runtime.close(Duration.ofSeconds(30)));
        assertInstanceOf(RejectedExecutionException.class, thrown.receive());
        assertFalse(closed.get());
    }

    /** There and back: nothing is lost, added or exchanged. */
    @OnProcs
    void testRoundTrip(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Iterator<Integer> numbers = IntStream.range(0, 2000).iterator();
            Stream<Integer> source = Stream.generate(numbers::next).limit(2000);
            Feed<Integer> first = Streams.feed(source, 3);
            Feed<Integer> second = Streams.feed(Streams.of(first.chan()), 0);
            assertEquals(IntStream.range(0, 2000).boxed().toList(), Streams.of(second.chan()).toList());
        });
    }
}
