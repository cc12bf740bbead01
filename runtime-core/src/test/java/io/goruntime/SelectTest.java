package io.goruntime;

import static io.goruntime.Chans.assertPanic;
import static io.goruntime.Chans.awaitParked;
import static io.goruntime.GoRuntime.go;
import static io.goruntime.Select.choose;
import static io.goruntime.Select.on;
import static io.goruntime.Select.otherwise;
import static io.goruntime.Selects.assertAtRest;
import static io.goruntime.Selects.assertFair;
import static io.goruntime.Selects.awaitWaiters;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.Bounded;
import io.goruntime.testing.Fleet;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import io.goruntime.testing.Runners;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the documentation of Select says, sentence by sentence. */
class SelectTest {
    private static final int KINDS = Runners.values().length;
    private static final int TRIALS = 100_000;
    private static final Chan<Integer> OFF = null;

    // ------------------------------------------------------------------------------------------------------------
    // Which case runs
    // ------------------------------------------------------------------------------------------------------------

    /** Of receives that are all ready, and of sends that are. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5})
    void readyCasesAreChosenWithTheSameProbability(int n) throws Exception {
        long seed = Bounded.seed("readyCasesAreChosenWithTheSameProbability " + n);
        for (boolean sends : new boolean[]{false, true}) {
            Select sel = new Select();
            List<Chan<Integer>> chans = new ArrayList<>();
            List<Select.Case> cases = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                Chan<Integer> c = Chan.make(1);
                chans.add(c);
                cases.add(sends ? sel.send(c, i) : sel.recv(c));
                if (!sends) {
                    c.send(i);
                }
            }
            Selects.seed(sel, seed);
            long[] counts = new long[n];
            long[] pairs = new long[n * n];
            int last = 0;
            for (int i = 0; i < TRIALS; i++) {
                int k = cases.indexOf(i % 2 == 0 ? sel.await() : sel.poll());
                counts[k]++;
                pairs[last * n + k]++;
                last = k;
                if (sends) {
                    assertEquals(k, chans.get(k).receive());
                } else {
                    chans.get(k).send(k);
                }
            }
            assertFair("one of " + n, counts);
            assertFair("a pair of successive choices of " + n, pairs);
        }
    }

    @Test
    void theSameChannelCountsForEachOfItsCases() throws Exception {
        long seed = Bounded.seed("theSameChannelCountsForEachOfItsCases");
        Select sel = new Select();
        Chan<Integer> a = Chan.make(1);
        Chan<Integer> b = Chan.make(1);
        List<Select.Case> cases = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            cases.add(sel.recv(i < 3 ? a : b));
        }
        Selects.seed(sel, seed);
        long[] counts = new long[5];
        a.send(1);
        b.send(2);
        for (int i = 0; i < TRIALS; i++) {
            int k = cases.indexOf(sel.await());
            counts[k]++;
            (k < 3 ? a : b).send(1);
        }
        assertFair("one of five on two channels", counts);
    }

    /** Cases that are not ready, or off, take nothing from the others' chances: receives, sends and a closed channel. */
    @Test
    void onlyReadyCasesShareTheChances() throws Exception {
        long seed = Bounded.seed("onlyReadyCasesShareTheChances");
        Select sel = new Select();
        Chan<Integer> full = Chan.make(1);
        Chan<Integer> empty = Chan.make(1);
        Chan<Integer> closed = Chan.make();
        closed.close();
        full.send(1);
        List<Select.Case> cases = List.of(sel.recv(Chan.<Integer>make()), sel.recv(full), sel.send(Chan.make(), 1),
                sel.send(empty, 1), sel.recv(OFF), sel.recv(closed), sel.send(full, 1));
        Selects.seed(sel, seed);
        long[] counts = new long[cases.size()];
        for (int i = 0; i < TRIALS; i++) {
            int k = cases.indexOf(sel.await());
            counts[k]++;
            if (k == 1) {
                full.send(1);
            } else if (k == 3) {
                empty.receive();
            }
        }
        assertFair("a receive, a send, a closed channel", counts[1], counts[3], counts[5]);
        assertEquals(TRIALS, counts[1] + counts[3] + counts[5]);
    }

    /** Each select begins somewhere else. */
    @Test
    void newSelectsAreFairToo() throws Exception {
        Chan<Integer> a = Chan.make(1);
        Chan<Integer> b = Chan.make(1);
        Chan<Integer> c = Chan.make(1);
        a.send(0);
        b.send(1);
        c.send(2);
        List<Chan<Integer>> all = List.of(a, b, c);
        long[] counts = new long[3];
        for (int i = 0; i < TRIALS; i++) {
            int k = choose(on(a, v -> v), on(b, v -> v), on(c, v -> v));
            counts[k]++;
            all.get(k).send(k);
        }
        assertFair("one of three clauses", counts);
    }

    @Test
    void sendAndReceiveMixed() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int i = 0; i < 2 * KINDS; i++) {
                boolean sendRuns = i < KINDS;
                Chan<String> in = Chan.make();
                Chan<Integer> out = Chan.make();
                Chan<Integer> got = Chan.make(1);
                crew.start(i, () -> {
                    Select sel = new Select();
                    var recv = sel.recv(in);
                    var send = sel.send(out, 7);
                    var ran = sel.await();
                    assertSame(sendRuns ? send : recv, ran);
                    assertEquals(!sendRuns, recv.ok());
                    assertEquals(sendRuns ? null : "x", recv.value());
                    got.send(1);
                });
                awaitWaiters(in, 1, 0);
                awaitWaiters(out, 0, 1);
                if (sendRuns) {
                    assertEquals(7, out.receive());
                } else {
                    in.send("x");
                }
                crew.join();
                assertEquals(1, got.receive());
                assertAtRest(in, out);
            }
        }
    }

    /** A select among plain waiters is served when its turn comes. */
    @Test
    void selectsStandInLine() throws Exception {
        int n = 4 * KINDS;
        try (Runners.Crew crew = new Runners.Crew(2)) {
            Chan<Integer> c = Chan.make();
            Chan<Integer> other = Chan.make();
            int[] got = new int[n];
            for (int i = 0; i < n; i++) {
                int at = i;
                crew.start(i, () -> {
                    if (at % 3 == 0) {
                        got[at] = c.receive();
                    } else {
                        Select sel = new Select();
                        var in = sel.recv(c);
                        sel.recv(other);
                        sel.await();
                        got[at] = in.value();
                    }
                });
                awaitWaiters(c, i + 1, 0);
            }
            for (int i = 0; i < n; i++) {
                c.send(1_000 + i);
                c.checkInvariants();
            }
            crew.join();
            for (int i = 0; i < n; i++) {
                assertEquals(1_000 + i, got[i]);
            }
            assertAtRest(c, other);
        }
    }

    /**
     * A select that one channel has claimed and that has not run since is still in the queues of the others. It is passed
     * over there: who comes next is served, and nobody gets its element.
     */
    @Test
    void aSelectThatIsTakenIsPassedOver() throws Exception {
        Goroutines.run(1, () -> {
            for (boolean others : new boolean[]{false, true}) {
                Chan<Integer> c = Chan.make();
                Chan<Integer> in = Chan.make();
                Chan<Integer> out = Chan.make();
                Chan<Integer> got = Chan.make(3);
                go(() -> {
                    Select sel = new Select();
                    sel.recv(c);
                    sel.recv(in);
                    sel.send(out, 1);
                    sel.recv(in);
                    sel.send(out, 2);
                    sel.await();
                    got.send(0);
                });
                awaitWaiters(in, 2, 0);
                if (others) {
                    go(() -> got.send(in.receive()));
                    go(() -> out.send(20));
                    awaitWaiters(in, 3, 0);
                    awaitWaiters(out, 0, 3);
                }
                c.send(9);
                // The only P is ours, so the select has not run; if our time slice was over it has, to the same effect.
                assertEquals(others, in.trySend(10));
                awaitWaiters(in, 0, 0);
                assertEquals(others ? new Received<>(20, true) : null, out.tryReceive());
                awaitWaiters(out, 0, 0);
                assertAtRest(c, in, out);
                int sum = got.receive();
                assertEquals(others ? 10 : 0, others ? sum + got.receive() : sum);
                assertAtRest(c, in, out);
            }
        });
    }

    /** The same select in the queues of channels that are closed: the close passes it over, and tells the others. */
    @Test
    void aCloseDoesNotTellASelectThatIsTaken() throws Exception {
        Goroutines.run(1, () -> {
            Chan<Integer> c = Chan.make();
            Chan<Integer> in = Chan.make();
            Chan<Integer> out = Chan.make();
            Chan<Boolean> got = Chan.make(3);
            go(() -> {
                Select sel = new Select();
                sel.send(out, 1);
                sel.recv(in);
                var fromC = sel.recv(c);
                got.send(sel.await() == fromC && fromC.ok());
            });
            awaitWaiters(in, 1, 0);
            go(() -> got.send(!in.receiveOk().ok()));
            go(() -> {
                assertPanic("send on closed channel", () -> out.send(1));
                got.send(true);
            });
            awaitWaiters(in, 2, 0);
            awaitWaiters(out, 0, 2);
            c.send(9);
            in.close();
            out.close();
            for (int i = 0; i < 3; i++) {
                assertTrue(got.receive());
            }
            assertAtRest(c, in, out);
        });
    }

    // ------------------------------------------------------------------------------------------------------------
    // Cases that are off
    // ------------------------------------------------------------------------------------------------------------

    @Test
    void nullAndNilChannelsAreNeverChosen() throws Exception {
        Select sel = new Select();
        sel.recv(OFF);
        sel.recv(Chan.<Integer>nil());
        sel.send(OFF, 1);
        sel.send(Chan.<Integer>nil(), 2);
        sel.recv((LongChan) null);
        sel.recv(LongChan.nil());
        sel.send((LongChan) null, 1);
        sel.send(LongChan.nil(), 1);
        assertNull(sel.poll());
        Chan<Integer> c = Chan.make(1);
        c.send(5);
        var in = sel.recv(c);
        assertSame(in, sel.await());
        assertEquals(5, in.value());
        assertNull(sel.poll());
    }

    @Test
    void casesAreSwitchedOffAndOn() throws Exception {
        Select sel = new Select();
        Chan<Integer> a = Chan.make(1);
        Chan<Integer> b = Chan.make(1);
        LongChan l = LongChan.make(1);
        var in = sel.recv(a);
        var out = sel.send(OFF, 0);
        var longIn = sel.recv(LongChan.nil());
        var longOut = sel.send((LongChan) null, 0);
        for (int i = 0; i < 3; i++) {
            a.send(i);
            assertSame(in, sel.await());
            assertEquals(i, in.value());
            a.send(9);
            assertSame(in, in.from(null));
            assertNull(sel.poll());
            in.from(Chan.nil());
            assertNull(sel.poll());
            assertSame(out, out.to(b, 10 + i));
            assertSame(out, sel.await());
            assertNull(sel.poll(), "the buffer is full");
            assertEquals(10 + i, b.receive());
            out.to(Chan.nil(), 1);
            assertNull(sel.poll());
            assertSame(longOut, longOut.to(l, i));
            assertSame(longOut, sel.await());
            longOut.to(null, 0);
            assertSame(longIn, longIn.from(l));
            assertSame(longIn, sel.await());
            assertEquals(i, longIn.value());
            longIn.from(null);
            assertNull(sel.poll());
            b.send(20 + i);
            in.from(b);
            assertSame(in, sel.await());
            assertEquals(20 + i, in.value());
            out.to(null, 0);
            in.from(a);
            assertSame(in, sel.await());
            assertEquals(9, in.value());
        }
        assertAtRest(a, b, l);
    }

    /** The merge of two channels from the documentation. */
    @OnProcs
    void mergeUntilBothAreClosed(int procs) throws Exception {
        int each = 2_000;
        Goroutines.run(procs, () -> {
            Chan<Integer> a = Chan.make();
            Chan<Integer> b = Chan.make(3);
            for (Chan<Integer> c : List.of(a, b)) {
                go(() -> {
                    try (var _ = c.closer()) {
                        for (int i = 0; i < each; i++) {
                            c.send(i);
                        }
                    }
                });
            }
            Select sel = new Select();
            var fromA = sel.recv(a);
            var fromB = sel.recv(b);
            int[] next = new int[2];
            for (int open = 2; open > 0;) {
                var in = sel.await() == fromA ? fromA : fromB;
                if (in.ok()) {
                    assertEquals(next[in == fromA ? 0 : 1]++, in.value());
                } else {
                    assertNull(in.value());
                    in.from(null);
                    open--;
                }
            }
            assertEquals(each, next[0]);
            assertEquals(each, next[1]);
        });
    }

    @Test
    void noLiveCaseBlocksUntilInterrupted() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int i = 0; i < 2 * KINDS; i++) {
                boolean empty = i < KINDS;
                Thread thread = crew.start(i, () -> {
                    Select sel = new Select();
                    if (!empty) {
                        sel.recv(Chan.<Integer>nil());
                        sel.send(OFF, 1);
                    }
                    assertThrows(InterruptedException.class, sel::await);
                    assertFalse(Thread.currentThread().isInterrupted());
                    assertNull(sel.poll());
                    Chan<Integer> c = Chan.make(1);
                    c.send(1);
                    var in = sel.recv(c);
                    assertSame(in, sel.await(), "the select can be used again");
                });
                awaitParked(thread);
                assertTrue(thread.isAlive());
                thread.interrupt();
                crew.join();
            }
        }
    }

    @Test
    void dumpsNameTheWait() throws Exception {
        try (GoRuntime runtime = GoRuntime.builder().maxProcs(2).build()) {
            Goroutine none = runtime.spawn(() -> new Select().await());
            Goroutine off = runtime.spawn(() -> choose(on(OFF, v -> v)));
            Goroutine some = runtime.spawn(() -> choose(on(Chan.make(), v -> v)));
            List<String> waits = List.of("goroutine " + none.id() + " [select (no cases)]:",
                    "goroutine " + off.id() + " [select (no cases)]:", "goroutine " + some.id() + " [select]:");
            // The state of the threads does not say it: one waits for a lock of the runtime, too, on its carrier.
            new Fleet(runtime).await("the dump has " + waits,
                    () -> waits.stream().allMatch(Fleet.dump(runtime)::contains));
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Closed channels
    // ------------------------------------------------------------------------------------------------------------

    @Test
    void receiveFromAClosedChannel() throws Exception {
        for (int cap = 0; cap < 3; cap++) {
            Chan<Integer> c = Chan.make(cap);
            for (int i = 0; i < cap; i++) {
                c.send(i);
            }
            c.close();
            Select sel = new Select();
            var in = sel.recv(c);
            assertFalse(in.ok(), "not run yet");
            for (int i = 0; i < cap; i++) {
                assertSame(in, sel.await());
                assertTrue(in.ok());
                assertEquals(i, in.value());
            }
            for (int i = 0; i < 3; i++) {
                assertSame(in, i == 1 ? sel.poll() : sel.await());
                assertFalse(in.ok());
                assertNull(in.value());
            }
        }
    }

    @Test
    void closeWakesWaitingSelects() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int i = 0; i < 2 * KINDS; i++) {
                boolean send = i < KINDS;
                Chan<Integer> c = Chan.make();
                Chan<Integer> other = Chan.make();
                crew.start(i, () -> {
                    Select sel = new Select();
                    var in = send ? sel.recv(other) : sel.recv(c);
                    var out = send ? sel.send(c, 1) : sel.send(other, 1);
                    if (send) {
                        assertPanic("send on closed channel", sel::await);
                        assertAtRest(c, other);
                        assertPanic("send on closed channel", sel::await);
                        out.to(null, 0);
                    } else {
                        assertSame(in, sel.await());
                        assertFalse(in.ok());
                        assertNull(in.value());
                        in.from(null);
                    }
                    assertNull(sel.poll());
                    Chan<Integer> more = Chan.make(1);
                    out.to(more, 8);
                    assertSame(out, sel.await(), "the select can be used again");
                    assertEquals(8, more.receive());
                });
                awaitWaiters(c, send ? 0 : 1, send ? 1 : 0);
                awaitWaiters(other, send ? 1 : 0, send ? 0 : 1);
                c.close();
                crew.join();
                assertAtRest(c, other);
            }
        }
    }

    /** One select that both sends to and receives from a channel that is closed: one of the two cases runs. */
    @Test
    void closeUnderASelectThatDoesBoth() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            AtomicInteger panics = new AtomicInteger();
            AtomicInteger ends = new AtomicInteger();
            for (int i = 0; i < 20 * KINDS; i++) {
                Chan<Integer> c = Chan.make();
                crew.start(i, () -> {
                    Select sel = new Select();
                    var in = sel.recv(c);
                    sel.send(c, 1);
                    try {
                        assertSame(in, sel.await());
                        assertFalse(in.ok());
                        ends.incrementAndGet();
                    } catch (Panic e) {
                        panics.incrementAndGet();
                    }
                });
                awaitWaiters(c, 1, 1);
                c.checkInvariants();
                c.close();
                crew.join();
                assertAtRest(c);
            }
            assertEquals(20 * KINDS, panics.get() + ends.get());
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Poll
    // ------------------------------------------------------------------------------------------------------------

    @Test
    void pollIsTheDefault() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int i = 0; i < KINDS; i++) {
                crew.start(i, () -> {
                    Select sel = new Select();
                    assertNull(sel.poll(), "no cases");
                    Chan<Integer> c = Chan.make(1);
                    Chan<Integer> d = Chan.make();
                    var in = sel.recv(c);
                    sel.send(d, 1);
                    Thread.currentThread().interrupt();
                    assertNull(sel.poll());
                    assertAtRest(c, d);
                    c.send(1);
                    assertSame(in, sel.poll());
                    assertTrue(Thread.interrupted(), "poll ignores the flag and leaves it");
                    c.close();
                    assertSame(in, sel.poll());
                    assertFalse(in.ok());
                    d.close();
                    in.from(null);
                    assertPanic("send on closed channel", sel::poll);
                    assertPanic("send on closed channel", sel::poll);
                });
                crew.join();
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Interruption
    // ------------------------------------------------------------------------------------------------------------

    @Test
    void interruptedBefore() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int i = 0; i < KINDS; i++) {
                crew.start(i, () -> {
                    Chan<Integer> c = Chan.make(1);
                    Chan<Integer> full = Chan.make();
                    Select sel = new Select();
                    var in = sel.recv(c);
                    sel.send(full, 1);
                    Thread.currentThread().interrupt();
                    assertThrows(InterruptedException.class, sel::await);
                    assertFalse(Thread.currentThread().isInterrupted(), "the flag is cleared");
                    assertAtRest(c, full);
                    c.send(3);
                    Thread.currentThread().interrupt();
                    assertSame(in, sel.await(), "a ready case comes first");
                    assertTrue(Thread.interrupted(), "the flag stays");
                    assertEquals(3, in.value());
                    in.from(null);
                    Thread.currentThread().interrupt();
                    assertThrows(InterruptedException.class, new Select()::await);
                    assertFalse(Thread.currentThread().isInterrupted());
                });
                crew.join();
            }
        }
    }

    @Test
    void interruptedWhileItWaits() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int i = 0; i < KINDS; i++) {
                Chan<Integer> c = Chan.make();
                Chan<Integer> d = Chan.make();
                LongChan l = LongChan.make();
                CountDownLatch thrown = new CountDownLatch(1);
                Thread thread = crew.start(i, () -> {
                    Select sel = new Select();
                    var in = sel.recv(c);
                    sel.send(d, 1);
                    sel.recv(c);
                    sel.send(l, 1);
                    assertThrows(InterruptedException.class, sel::await);
                    assertFalse(Thread.currentThread().isInterrupted());
                    assertAtRest(c, d, l);
                    assertFalse(in.ok());
                    thrown.countDown();
                    sel.await();
                });
                awaitWaiters(c, 2, 0);
                awaitWaiters(d, 0, 1);
                awaitWaiters(l, 0, 1);
                thread.interrupt();
                thrown.await();
                awaitWaiters(c, 2, 0);
                assertEquals(new Received<>(1, true), d.tryReceive(), "it sends only once");
                crew.join();
                assertAtRest(c, d, l);
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Values
    // ------------------------------------------------------------------------------------------------------------

    @Test
    void valueReadsAndClears() throws Exception {
        Chan<Object> c = Chan.make(1);
        Chan<Object> other = Chan.make(1);
        Select sel = new Select();
        var in = sel.recv(c);
        var in2 = sel.recv(other);
        c.send("a");
        assertSame(in, sel.await());
        other.send("b");
        assertSame(in2, sel.await());
        assertTrue(in.ok(), "the last receive of this case");
        assertEquals("a", in.value(), "kept until it is read");
        assertNull(in.value());
        assertTrue(in.ok());
        assertEquals("b", in2.value());
        c.send(null);
        assertSame(in, sel.await());
        assertTrue(in.ok(), "null is an element");
        assertNull(in.value());
    }

    @Test
    void nothingIsRetained() throws Exception {
        Chan<Object> c = Chan.make(1);
        Chan<Object> d = Chan.make();
        Select sel = new Select();
        var in = sel.recv(c);
        var out = sel.send(d, null);
        List<WeakReference<Object>> refs = new ArrayList<>();
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int i = 0; i < 6 * KINDS; i++) {
                Object element = new Object();
                refs.add(new WeakReference<>(element));
                int form = i / KINDS;
                if (form < 2) { // received, at once or after a wait
                    receiveLater(crew, i, form == 0, sel, in, c, element);
                } else if (form < 4) { // sent, at once or after a wait
                    sendLater(crew, i, form == 2, sel, out, d, element);
                } else { // not sent: interrupted, or another case was faster
                    giveUp(crew, i, form == 4, sel, out, c, d, element);
                }
                element = null;
                crew.join();
                in.value();
                out.to(d, null);
                in.from(c);
                assertAtRest(c, d);
            }
            for (WeakReference<Object> ref : refs) {
                while (ref.get() != null) {
                    System.gc();
                    Chans.pause();
                }
            }
        }
        assertNull(sel.poll());
    }

    /** An element that was on offer in a queue from which the select was dropped, since another channel had it. */
    @Test
    void nothingIsRetainedOfASendThatWasPassedOver() throws Exception {
        Goroutines.run(1, () -> {
            Chan<Object> c = Chan.make();
            Chan<Object> d = Chan.make();
            Chan<Boolean> over = Chan.make();
            Select sel = new Select();
            var out = sel.send(d, new Object());
            sel.recv(c);
            WeakReference<Object> ref = new WeakReference<>(out.sendValue);
            go(() -> {
                sel.await();
                over.send(true);
            });
            awaitWaiters(d, 0, 1);
            c.send("x");
            assertNull(d.tryReceive());
            over.receive();
            out.to(d, null);
            while (ref.get() != null) {
                System.gc();
                Chans.pause();
            }
            assertNull(sel.poll());
        });
    }

    private static void receiveLater(Runners.Crew crew, int i, boolean atOnce, Select sel, Select.Recv<Object> in,
            Chan<Object> c, Object element) throws InterruptedException {
        if (atOnce) {
            c.send(element);
        }
        crew.start(i, () -> {
            assertSame(in, sel.await());
            assertTrue(in.value() != null);
        });
        if (!atOnce) {
            awaitWaiters(c, 1, 0);
            c.send(element);
        }
    }

    private static void sendLater(Runners.Crew crew, int i, boolean atOnce, Select sel, Select.Send<Object> out,
            Chan<Object> d, Object element) throws InterruptedException {
        out.to(d, element);
        if (atOnce) {
            crew.start(0, d::receive);
            awaitWaiters(d, 1, 0);
        }
        crew.start(i, () -> assertSame(out, sel.await()));
        if (!atOnce) {
            awaitWaiters(d, 0, 1);
            d.receive();
        }
    }

    private static void giveUp(Runners.Crew crew, int i, boolean interrupt, Select sel, Select.Send<Object> out,
            Chan<Object> c, Chan<Object> d, Object element) throws InterruptedException {
        out.to(d, element);
        Thread thread = crew.start(i, () -> {
            if (interrupt) {
                assertThrows(InterruptedException.class, sel::await);
            } else {
                sel.await();
            }
        });
        awaitWaiters(d, 0, 1);
        if (interrupt) {
            thread.interrupt();
        } else {
            c.send("x");
        }
    }

    /** A send case sends its value again until it gets another. */
    @Test
    void casesStayArmed() throws Exception {
        Goroutines.run(2, () -> {
            for (int cap = 0; cap < 2; cap++) {
                Chan<String> c = Chan.make(cap);
                Chan<String> end = Chan.make();
                go(() -> {
                    Select sel = new Select();
                    var out = sel.send(c, "a");
                    for (int i = 0; i < 5; i++) {
                        assertSame(out, sel.await());
                    }
                    out.to(c, "b");
                    for (int i = 0; i < 5; i++) {
                        assertSame(out, sel.await());
                    }
                    out.to(c, null);
                    sel.await();
                    end.send("end");
                });
                for (int i = 0; i < 10; i++) {
                    assertEquals(i < 5 ? "a" : "b", c.receive());
                }
                assertEquals(new Received<>(null, true), c.receiveOk());
                assertEquals("end", end.receive());
            }
        });
    }

    /** What a goroutine wrote before its send or close is seen after the receive, and the other way round. */
    @OnProcs
    void memoryEffectsAreThoseOfTheOperation(int procs) throws Exception {
        int rounds = 5_000;
        Goroutines.run(procs, () -> {
            Chan<Integer> there = Chan.make();
            Chan<Integer> back = Chan.make();
            Chan<Integer> never = Chan.make();
            int[] plain = new int[1];
            go(() -> {
                Select sel = new Select();
                var in = sel.recv(there);
                sel.recv(never);
                Select reply = new Select();
                var out = reply.send(back, 0);
                reply.send(never, 0);
                while (sel.await() == in && in.ok()) {
                    int v = in.value();
                    assertEquals(v, plain[0]);
                    plain[0] = v + 1;
                    out.to(back, v + 1);
                    reply.await();
                }
                plain[0] = -1;
                back.close();
            });
            for (int i = 0; i < rounds; i += 2) {
                plain[0] = i;
                there.send(i);
                assertEquals(i + 1, back.receive());
                assertEquals(i + 1, plain[0]);
            }
            there.close();
            assertNull(back.receive());
            assertEquals(-1, plain[0]);
        });
    }

    // ------------------------------------------------------------------------------------------------------------
    // One object, many uses, one user
    // ------------------------------------------------------------------------------------------------------------

    @Test
    void aSecondThreadIsRefusedAndTheFirstNoticesNothing() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int i = 0; i < 2 * KINDS; i++) {
                boolean dead = i >= KINDS;
                Chan<Integer> c = Chan.make();
                LongChan l = LongChan.make();
                Select sel = new Select();
                var in = sel.recv(dead ? null : c);
                var out = sel.send(OFF, 1);
                var longIn = sel.recv(dead ? null : l);
                var longOut = sel.send((LongChan) null, 1);
                Thread first = crew.start(i, () -> {
                    if (dead) {
                        assertThrows(InterruptedException.class, sel::await);
                    } else {
                        assertSame(in, sel.await());
                        assertEquals(5, in.value());
                    }
                });
                if (dead) {
                    awaitParked(first);
                } else {
                    awaitWaiters(c, 1, 0);
                }
                assertThrows(IllegalStateException.class, sel::await);
                assertThrows(IllegalStateException.class, sel::poll);
                assertThrows(IllegalStateException.class, () -> sel.recv(c));
                assertThrows(IllegalStateException.class, () -> sel.send(c, 1));
                assertThrows(IllegalStateException.class, () -> sel.recv(l));
                assertThrows(IllegalStateException.class, () -> sel.send(l, 1));
                assertThrows(IllegalStateException.class, () -> in.from(null));
                assertThrows(IllegalStateException.class, () -> out.to(c, 1));
                assertThrows(IllegalStateException.class, () -> longIn.from(null));
                assertThrows(IllegalStateException.class, () -> longOut.to(l, 1));
                Thread.currentThread().interrupt();
                assertThrows(IllegalStateException.class, sel::await);
                assertTrue(Thread.interrupted());
                assertTrue(first.isAlive());
                if (dead) {
                    first.interrupt();
                } else {
                    awaitWaiters(c, 1, 0);
                    awaitWaiters(l, 1, 0);
                    c.send(5);
                }
                crew.join();
                assertAtRest(c, l);
                assertNull(sel.poll(), "free again");
            }
        }
    }

    /** Two users at the same moment: each call is done or refused, and those that are done do not mix. */
    @OnProcs
    void ofTwoUsersAtOnceOneIsRefused(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Select sel = new Select();
            Chan<Integer> c = Chan.make(8);
            var in = sel.recv(c);
            AtomicInteger took = new AtomicInteger();
            Chan<Integer> done = Chan.make(2);
            for (int user = 0; user < 2; user++) {
                go(() -> {
                    int refused = 0;
                    for (int i = 0; i < 20_000; i++) {
                        try {
                            if (sel.poll() == in) {
                                took.incrementAndGet();
                            }
                        } catch (IllegalStateException e) {
                            refused++;
                        }
                        if (i % 64 == 0) {
                            GoRuntime.gosched();
                        }
                    }
                    done.send(refused);
                });
            }
            int sent = 0;
            while (done.len() < 2) {
                if (c.trySend(1)) {
                    sent++;
                } else {
                    GoRuntime.gosched();
                }
            }
            assertEquals(sent, took.get() + c.len());
            assertAtRest(c);
        });
    }

    @Test
    void manyCasesAndLateOnes() throws Exception {
        Select sel = new Select();
        List<Chan<Integer>> chans = new ArrayList<>();
        List<Select.Recv<Integer>> cases = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Chan<Integer> c = Chan.make(1);
            chans.add(0, c); // not in the order of the ids
            cases.add(0, sel.recv(c));
            c.send(i);
            assertSame(cases.get(0), sel.await());
            assertEquals(i, cases.get(0).value());
            assertNull(sel.poll());
        }
        chans.forEach(c -> assertTrue(c.trySend(1)));
        for (int i = 0; i < 100; i++) {
            int k = cases.indexOf(sel.await());
            assertEquals(1, cases.get(k).value());
            assertEquals(0, chans.get(k).len());
        }
        assertNull(sel.poll());
    }

    /** Only channels of this library can wait together. */
    @Test
    void otherChannelsAreRefused() throws Exception {
        RecvChan<Integer> stranger = new RecvChan<>() {
            @Override
            public Integer receive() {
                return 1;
            }

            @Override
            public Integer receiveOr(Integer ifClosed) {
                return 1;
            }

            @Override
            public Received<Integer> receiveOk() {
                return new Received<>(1, true);
            }

            @Override
            public Received<Integer> tryReceive() {
                return receiveOk();
            }

            @Override
            public Received<Integer> tryReceive(Duration wait) {
                return receiveOk();
            }

            @Override
            public <X extends Exception> void range(Body<? super Integer, X> body) {}

            @Override
            public Iterator<Integer> iterator() {
                return List.of(1).iterator();
            }

            @Override
            public int len() {
                return 1;
            }

            @Override
            public int cap() {
                return 1;
            }
        };
        Select sel = new Select();
        assertThrows(IllegalArgumentException.class, () -> sel.recv(stranger));
        Chan<Integer> c = Chan.make(1);
        var in = sel.recv(c);
        assertThrows(IllegalArgumentException.class, () -> in.from(stranger));
        c.send(2);
        assertSame(in, sel.await(), "as before");
        assertEquals(2, in.value());
    }

    // ------------------------------------------------------------------------------------------------------------
    // Allocation
    // ------------------------------------------------------------------------------------------------------------

    @Test
    void awaitAndPollAllocateNothing() throws Exception {
        for (boolean goroutine : new boolean[]{false, true}) {
            Chan<Integer> a = Chan.make(1);
            Chan<Integer> b = Chan.make(1);
            LongChan l = LongChan.make(1);
            Select sel = new Select();
            var in = sel.recv(a);
            sel.send(b, 1);
            var longIn = sel.recv(l);
            // The orders are made anew after a change of channels; without one nothing is.
            Selects.Repeated unchanged = times -> {
                for (int i = 0; i < times; i++) {
                    a.trySend(1);
                    l.trySend(i);
                    sel.await();
                    sel.await();
                    if (sel.poll() != null || longIn.value() != i || in.value() != 1) {
                        throw new AssertionError("not the two cases that were ready");
                    }
                }
            };
            double[] bytes = new double[1];
            MainFn<Exception> measure = () -> {
                b.send(1);
                bytes[0] = Selects.allocatedPerCall(20_000, unchanged);
            };
            if (goroutine) {
                Goroutines.run(1, measure);
            } else {
                measure.run();
            }
            assertTrue(bytes[0] < 1, bytes[0] + " bytes a round of selects");
        }
    }

    /** Selects that wait, in goroutines and in platform threads. */
    @Test
    @Tag("gmp") // the JDK's scheduler allocates for each wake-up
    void waitingAllocatesNothing() throws Exception {
        for (boolean goroutines : new boolean[]{true, false}) {
            Chan<Integer> there = Chan.make();
            Chan<Integer> back = Chan.make();
            Chan<Integer> never = Chan.make();
            GoFn echo = () -> {
                Select sel = new Select();
                var in = sel.recv(there);
                sel.recv(never);
                Select reply = new Select();
                reply.send(back, 1);
                reply.send(never, 1);
                while (sel.await() == in && in.ok()) {
                    in.value();
                    reply.await();
                }
            };
            double[] bytes = new double[1];
            MainFn<Exception> measure = () -> {
                if (goroutines) {
                    go(echo);
                } else {
                    Thread.ofPlatform().daemon().start(() -> {
                        try {
                            echo.run();
                        } catch (Exception e) {
                            throw new AssertionError(e);
                        }
                    });
                }
                Select sel = new Select();
                sel.send(there, 1);
                sel.recv(never);
                Select get = new Select();
                var in = get.recv(back);
                get.recv(never);
                bytes[0] = Selects.allocatedPerCall(5_000, times -> {
                    for (int i = 0; i < times; i++) {
                        sel.await();
                        get.await();
                        in.value();
                    }
                });
                there.close();
            };
            if (goroutines) {
                Goroutines.run(2, measure);
            } else {
                measure.run();
            }
            assertTrue(bytes[0] < 16, bytes[0] + " bytes for four selects that wait");
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Channels of longs
    // ------------------------------------------------------------------------------------------------------------

    @Test
    void longChannelsBesideOthers() throws Exception {
        long[] values = {Long.MIN_VALUE, -1, 0, 1, Long.MAX_VALUE};
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int cap = 0; cap < 2; cap++) {
                for (int i = 0; i < KINDS; i++) {
                    LongChan numbers = LongChan.make(cap);
                    LongChan copies = LongChan.make();
                    Chan<String> words = Chan.make(cap);
                    crew.start(i, () -> {
                        Select sel = new Select();
                        var number = sel.recv(numbers);
                        var word = sel.recv(words);
                        var copy = sel.send((LongChan) null, 0);
                        assertEquals(0, number.value(), "not run yet");
                        assertFalse(number.ok());
                        int n = 0;
                        for (;;) {
                            var ran = sel.await();
                            if (ran == copy) {
                                copy.to(null, 0);
                                number.from(numbers);
                            } else if (ran == word) {
                                assertEquals("end", word.value());
                                break;
                            } else if (number.ok()) {
                                assertEquals(values[n++], number.value());
                                copy.to(copies, number.value());
                                number.from(null);
                            }
                        }
                        assertEquals(values.length, n);
                        numbers.close();
                        word.from(null);
                        assertSame(number, sel.await());
                        assertFalse(number.ok());
                        assertEquals(0, number.value());
                        Chan<String> none = null;
                        word.from(none);
                        number.from(null);
                        copy.to(numbers, 1);
                        assertPanic("send on closed channel", sel::await);
                    });
                    for (long v : values) {
                        numbers.send(v);
                        assertEquals(v, copies.receive());
                    }
                    words.send("end");
                    crew.join();
                    assertAtRest(numbers, copies, words);
                }
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Expression form
    // ------------------------------------------------------------------------------------------------------------

    @Test
    void chooseReturnsWhatTheClauseMakes() throws Exception {
        Chan<String> in = Chan.make(1);
        Chan<Integer> out = Chan.make(1);
        in.send("a");
        assertEquals("got a", choose(on(in, s -> "got " + s)));
        assertEquals("sent", choose(on(in, s -> "got " + s), on(out, 4, () -> "sent")));
        assertEquals(4, out.receive());
        in.send(null);
        assertNull(Select.<Object>choose(on(in, s -> s)));
        in.close();
        assertEquals("closed", choose(on(in, s -> s == null ? "closed" : s)));
        assertEquals("closed", choose(on(OFF, v -> "off"), on(Chan.<Integer>nil(), v -> "nil"),
                on(OFF, 1, () -> "off"), on(in, s -> "closed")));
        out.close();
        assertPanic("send on closed channel", () -> choose(on(out, 1, () -> "sent")));
        assertPanic("send on closed channel", () -> choose(on(out, 1, () -> "sent"), otherwise(() -> "none")));
    }

    @Test
    void otherwiseIsTheDefault() throws Exception {
        Chan<Integer> c = Chan.make(1);
        assertEquals("none", choose(on(c, v -> "got"), otherwise(() -> "none")));
        assertEquals("none", choose(otherwise(() -> "none"), on(c, v -> "got")));
        assertEquals("none", choose(otherwise(() -> "none")));
        c.send(1);
        assertEquals("got", choose(otherwise(() -> "none"), on(c, v -> "got")));
        Thread.currentThread().interrupt();
        assertEquals("none", choose(otherwise(() -> "none"), on(c, v -> "got")));
        assertTrue(Thread.interrupted());
        c.send(1);
        assertThrows(IllegalArgumentException.class,
                () -> choose(otherwise(() -> 1), on(c, v -> v), otherwise(() -> 2)));
        assertEquals(1, c.len(), "no clause ran");
    }

    @Test
    void chooseWaitsAndIsInterrupted() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            Chan<Integer> c = Chan.make();
            Chan<Integer> d = Chan.make();
            Select.Clause<Integer> either = on(c, v -> v);
            for (int i = 0; i < KINDS; i++) {
                int n = i;
                Chan<Integer> result = Chan.make(1);
                crew.start(i, () -> result.send(choose(either, on(d, n, () -> -1))));
                awaitWaiters(c, 1, 0);
                if (i % 2 == 0) {
                    c.send(i);
                } else {
                    assertEquals(i, d.receive());
                }
                assertEquals(i % 2 == 0 ? i : -1, result.receive());
                Thread thread = crew.start(i, () -> assertThrows(InterruptedException.class,
                        () -> choose(either, on(d, v -> v))));
                awaitWaiters(c, 1, 0);
                thread.interrupt();
                Thread forEver = crew.start(i, () -> assertThrows(InterruptedException.class, () -> choose()));
                awaitParked(forEver);
                forEver.interrupt();
                crew.join();
                assertAtRest(c, d);
            }
        }
    }

    @Test
    void aClausesExceptionLeavesTheSelect() throws Exception {
        Chan<Integer> c = Chan.make(2);
        c.send(1);
        c.send(2);
        assertThrows(InterruptedException.class, () -> choose(on(c, v -> {
            throw new InterruptedException();
        })));
        assertEquals("at 2", assertThrows(IllegalStateException.class, () -> choose(on(c, v -> {
            throw new IllegalStateException("at " + v);
        }))).getMessage());
        assertThrows(NullPointerException.class, () -> on(c, null));
        assertThrows(NullPointerException.class, () -> on(c, 1, null));
        assertThrows(NullPointerException.class, () -> otherwise(null));
    }

    // ------------------------------------------------------------------------------------------------------------
    // Order of locks
    // ------------------------------------------------------------------------------------------------------------

    /** Selects that name the same channels in different orders do not wait for each other's locks. */
    @Test
    void oppositeOrdersDoNotDeadlock() throws Exception {
        List<Chan<Integer>> chans = List.of(Chan.make(1), Chan.make(1), Chan.make(1), Chan.make(1));
        Bounded.run(Duration.ofSeconds(15), null, () -> {
            long until = Bounded.until(Duration.ofMillis(700));
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                Select sel = new Select();
                for (int i = 0; i < 4; i++) {
                    sel.recv(chans.get(t % 2 == 0 ? i : 3 - i));
                }
                threads.add(Thread.ofPlatform().daemon().start(() -> {
                    while (System.nanoTime() < until) {
                        for (int i = 0; i < 100; i++) {
                            sel.poll();
                        }
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        });
        for (Chan<Integer> c : chans) {
            assertAtRest(c);
        }
    }
}
