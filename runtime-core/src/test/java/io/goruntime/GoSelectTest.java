package io.goruntime;

import static io.goruntime.Chans.awaitReceivers;
import static io.goruntime.GoRuntime.go;
import static io.goruntime.Selects.assertAtRest;
import static io.goruntime.Selects.awaitWaiters;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.Bounded;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The scenarios of Go's chan_test.go and test/chan that are about select, under their names. */
class GoSelectTest {
    /** A channel that nobody uses. */
    private final Chan<Integer> never = Chan.make();

    // ------------------------------------------------------------------------------------------------------------
    // chan_test.go
    // ------------------------------------------------------------------------------------------------------------

    /** Two goroutines that both send to and receive from one channel: neither may get its own element unbuffered. */
    @OnProcs
    void testSelfSelect(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int cap : new int[]{0, 1, 10}) {
                Chan<Integer> c = Chan.make(cap);
                Chan<Boolean> done = Chan.make(2);
                for (int p = 0; p < 2; p++) {
                    int me = p;
                    go(() -> {
                        Select sel = new Select();
                        var in = me == 0 ? sel.recv(c) : null;
                        sel.send(c, me);
                        in = in == null ? sel.recv(c) : in;
                        for (int i = 0; i < 1_000; i++) {
                            if (sel.await() == in) {
                                int v = in.value();
                                assertTrue(cap > 0 || v != me, "received its own element");
                            }
                        }
                        done.send(true);
                    });
                }
                done.receive();
                done.receive();
                assertAtRest(c);
            }
        });
    }

    @OnProcs
    void testSelectStress(int procs) throws Exception {
        int n = 5_000;
        Goroutines.run(procs, () -> {
            List<Chan<Integer>> c = List.of(Chan.make(), Chan.make(), Chan.make(2), Chan.make(3));
            Chan<Boolean> done = Chan.make(10);
            AtomicInteger sum = new AtomicInteger();
            for (Chan<Integer> each : c) {
                go(() -> {
                    for (int i = 0; i < n; i++) {
                        each.send(1);
                    }
                    done.send(true);
                });
                go(() -> {
                    for (int i = 0; i < n; i++) {
                        sum.addAndGet(each.receive());
                    }
                    done.send(true);
                });
            }
            go(() -> {
                Select sel = new Select();
                List<Select.Send<Integer>> cases = new ArrayList<>();
                c.forEach(each -> cases.add(sel.send(each, 1)));
                int[] sent = new int[4];
                for (int i = 0; i < 4 * n; i++) {
                    int k = cases.indexOf(sel.await());
                    if (++sent[k] == n) {
                        cases.get(k).to(null, 0);
                    }
                }
                done.send(true);
            });
            go(() -> {
                Select sel = new Select();
                List<Select.Recv<Integer>> cases = new ArrayList<>();
                c.forEach(each -> cases.add(sel.recv(each)));
                int[] received = new int[4];
                for (int i = 0; i < 4 * n; i++) {
                    int k = cases.indexOf(sel.await());
                    sum.addAndGet(cases.get(k).value());
                    if (++received[k] == n) {
                        cases.get(k).from(null);
                    }
                }
                done.send(true);
            });
            for (int i = 0; i < 10; i++) {
                done.receive();
            }
            assertEquals(8 * n, sum.get());
            for (Chan<Integer> each : c) {
                assertAtRest(each);
                assertEquals(0, each.len());
            }
        });
    }

    /** Of two channels that are always ready, behind two that never are, each is chosen half the time. */
    @OnProcs
    void testSelectFairness(int procs) throws Exception {
        int trials = 10_000;
        Goroutines.run(procs, () -> {
            Chan<Integer> c1 = Chan.make(trials + 1);
            Chan<Integer> c2 = Chan.make(trials + 1);
            for (int i = 0; i < trials + 1; i++) {
                c1.send(0);
                c2.send(1);
            }
            Chan<Integer> out = Chan.make();
            Chan<Boolean> done = Chan.make();
            Chan<Boolean> ended = Chan.make();
            go(() -> {
                Select in = new Select();
                List<Select.Recv<Integer>> cases = List.of(in.recv(never), in.recv(Chan.<Integer>make()), in.recv(c1),
                        in.recv(c2));
                Select on = new Select();
                var give = on.send(out, 0);
                on.recv(done);
                do {
                    int k = cases.indexOf(in.await());
                    give.to(out, cases.get(k).value());
                } while (on.await() == give);
                ended.send(true);
            });
            long[] counts = new long[2];
            for (int i = 0; i < trials; i++) {
                counts[out.receive()]++;
            }
            done.close();
            ended.receive();
            Selects.assertFair("one of two", counts);
        });
    }

    @OnProcs
    void testPseudoRandomSend(int procs) throws Exception {
        int n = 1_000;
        Goroutines.run(procs, () -> {
            for (int cap = 0; cap < 2; cap++) {
                Chan<Integer> c = Chan.make(cap);
                Chan<long[]> m = Chan.make();
                go(() -> {
                    long[] counts = new long[2];
                    for (int i = 0; i < n; i++) {
                        GoRuntime.gosched();
                        counts[c.receive()]++;
                    }
                    m.send(counts);
                });
                Select sel = new Select();
                sel.send(c, 1);
                sel.send(c, 0);
                for (int i = 0; i < n; i++) {
                    sel.await();
                }
                long[] counts = m.receive();
                // Not by chi-square: a case that waits stands behind its twin as long as it waits.
                assertTrue(counts[0] > n / 10 && counts[1] > n / 10, counts[0] + " and " + counts[1]);
            }
        });
    }

    @OnProcs
    void testNonblockRecvRace(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Boolean> done = Chan.make(1);
            for (int i = 0; i < 3_000; i++) {
                Chan<Integer> c = Chan.make(1);
                c.send(1);
                go(() -> {
                    Select sel = new Select();
                    sel.recv(c);
                    assertNotNull(sel.poll(), "neither an element nor closed");
                    done.send(true);
                });
                c.close();
                c.receive();
                done.receive();
            }
        });
    }

    /** From the start of the goroutine at least one channel is ready: it must not find none. */
    @OnProcs
    void testNonblockSelectRace(int procs) throws Exception {
        nonblockSelectRace(procs, false);
    }

    @OnProcs
    void testNonblockSelectRace2(int procs) throws Exception {
        nonblockSelectRace(procs, true);
    }

    private static void nonblockSelectRace(int procs, boolean close) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Boolean> done = Chan.make(1);
            for (int i = 0; i < 5_000; i++) {
                Chan<Integer> c1 = Chan.make(1);
                Chan<Integer> c2 = Chan.make(1);
                c1.send(1);
                go(() -> {
                    Select sel = new Select();
                    sel.recv(c1);
                    sel.recv(c2);
                    done.send(sel.poll() != null);
                });
                if (close) {
                    c2.close();
                } else {
                    c2.send(1);
                }
                c1.tryReceive();
                assertTrue(done.receive(), "no channel is ready");
            }
        });
    }

    /** The same channel twice in a waiting select, and another waiter behind: none of the three is forgotten. */
    @OnProcs
    void testSelectDuplicateChannel(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Integer> c = Chan.make();
            Chan<Integer> d = Chan.make();
            Chan<Integer> e = Chan.make();
            go(() -> {
                Select sel = new Select();
                sel.recv(c);
                sel.recv(c);
                sel.recv(d);
                sel.await();
                e.send(9);
            });
            awaitReceivers(c, 2);
            go(() -> e.send(c.receive()));
            awaitReceivers(c, 3);
            c.checkInvariants();
            d.send(7);
            assertEquals(9, e.receive());
            awaitReceivers(c, 1);
            assertAtRest(d);
            c.send(8);
            assertEquals(8, e.receive());
            assertAtRest(c, d, e);
        });
    }

    /** Selects wait deep in stacks that are frozen and thawed while the collector runs. */
    @OnProcs
    @Tag("gmp") // the JDK's carriers have small stacks
    void testSelectStackAdjust(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int depth : new int[]{0, 100, 5_000}) {
                Chan<int[]> c = Chan.make();
                Chan<int[]> d = Chan.make();
                Chan<Integer> done = Chan.make();
                go(() -> done.send(deep(depth, () -> {
                    int[] cell = new int[]{depth};
                    int[] other = new int[]{depth + 1};
                    Select sel = new Select();
                    var in = sel.recv(c);
                    var in2 = sel.recv(d);
                    for (int i = 0; i < 10; i++) {
                        assertSame(i % 2 == 0 ? in : in2, sel.await());
                        int[] got = i % 2 == 0 ? in.value() : in2.value();
                        assertEquals(i, got[0]);
                        assertEquals(depth, cell[0]);
                        assertEquals(depth + 1, other[0]);
                    }
                })));
                for (int i = 0; i < 10; i++) {
                    awaitReceivers(c, 1);
                    awaitReceivers(d, 1);
                    if (i < 3) {
                        System.gc();
                    }
                    (i % 2 == 0 ? c : d).send(new int[]{i});
                }
                assertEquals(depth, done.receive());
                assertAtRest(c, d);
            }
        });
    }

    private interface Action {
        void run() throws InterruptedException;
    }

    private static int deep(int depth, Action action) throws InterruptedException {
        if (depth == 0) {
            action.run();
            return 0;
        }
        return 1 + deep(depth - 1, action);
    }

    @OnProcs
    void testChanSendSelectBarrier(int procs) throws Exception {
        int outer = 20;
        int inner = 300;
        Goroutines.run(procs, () -> {
            Chan<Integer> done = Chan.make(outer);
            for (int i = 0; i < outer; i++) {
                go(() -> {
                    for (int j = 0; j < inner; j++) {
                        byte[] response = new byte[100];
                        Chan<byte[]> ch = Chan.make();
                        Chan<Boolean> stop = Chan.make();
                        go(() -> {
                            Select sel = new Select();
                            sel.send(ch, response);
                            sel.recv(stop);
                            sel.await();
                        });
                        assertSame(response, ch.receive());
                    }
                    done.send(inner);
                });
            }
            for (int i = 0; i < outer; i++) {
                assertEquals(inner, done.receive());
            }
        });
    }

    /** Many workers take from one queue, here each by a select that gives up when there is nothing more. */
    @OnProcs
    void testMultiConsumer(int procs) throws Exception {
        int workers = 23;
        int rounds = 20_000;
        int[] primes = {2, 3, 7, 11, 13, 17, 19, 23, 27, 31};
        Goroutines.run(procs, () -> {
            Chan<Integer> q = Chan.make(workers * 3);
            Chan<Integer> r = Chan.make(workers * 3);
            Chan<Boolean> ended = Chan.make(workers);
            for (int w = 0; w < workers; w++) {
                int own = primes[w % primes.length];
                go(() -> {
                    Select take = new Select();
                    var in = take.recv(q);
                    take.recv(never);
                    Select give = new Select();
                    var out = give.send(r, 0);
                    give.recv(never);
                    for (;;) {
                        assertSame(in, take.await());
                        if (!in.ok()) {
                            break;
                        }
                        int v = in.value();
                        if (v == own) {
                            GoRuntime.gosched();
                        }
                        out.to(r, v);
                        assertSame(out, give.await());
                    }
                    ended.send(true);
                });
            }
            long[] expected = new long[1];
            go(() -> {
                for (int i = 0; i < rounds; i++) {
                    int v = primes[i % primes.length];
                    expected[0] += v;
                    q.send(v);
                }
                q.close();
                for (int w = 0; w < workers; w++) {
                    ended.receive();
                }
                r.close();
            });
            int n = 0;
            long sum = 0;
            for (int v : r) {
                n++;
                sum += v;
            }
            assertEquals(rounds, n);
            assertEquals(expected[0], sum);
            assertAtRest(q, r, never);
        });
    }

    // ------------------------------------------------------------------------------------------------------------
    // test/chan
    // ------------------------------------------------------------------------------------------------------------

    /** select.go: a bit at a time, to whichever channel is ready; both sides switch cases off with nil channels. */
    @OnProcs
    void testSelect(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int cap = 0; cap < 3; cap++) {
                Chan<Integer> a = Chan.make(cap);
                Chan<Integer> b = Chan.make(cap);
                go(() -> {
                    Select sel = new Select();
                    var toA = sel.send(a, 1);
                    var toB = sel.send(b, 1);
                    for (int i = 0; i < 2 * 31; i++) {
                        var ran = sel.await();
                        Chan<Integer> same = ran == toA ? a : b;
                        Select.Send<Integer> send = ran == toA ? toA : toB;
                        int next = (int) ran.sendValue << 1;
                        send.to(next == 1 << 31 ? null : same, next);
                    }
                    a.close();
                    b.close();
                });
                Select sel = new Select();
                var fromA = sel.recv(a);
                var fromB = sel.recv(b);
                int[] got = new int[2];
                for (int open = 2; open > 0;) {
                    var in = sel.await() == fromA ? fromA : fromB;
                    int k = in == fromA ? 0 : 1;
                    if (in.ok()) {
                        int bit = in.value();
                        assertEquals(0, got[k] & bit, "twice");
                        got[k] |= bit;
                    } else {
                        in.from(null);
                        open--;
                    }
                }
                assertEquals(Integer.MAX_VALUE, got[0]);
                assertEquals(Integer.MAX_VALUE, got[1]);
            }
        });
    }

    /** select3.go: what blocks and what does not, alone in a select, beside a dead case, and with a default. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void testSelect3(boolean withDeadCases) throws Exception {
        Goroutines.run(2, () -> {
            Chan<Integer> closed = Chan.make();
            closed.close();
            Chan<Integer> nilChannel = Chan.nil();
            Chan<Integer> full = Chan.make(1);
            full.send(1);
            blocks(true, withDeadCases, null, null);
            blocks(true, withDeadCases, null, nilChannel);
            blocks(true, withDeadCases, nilChannel, null);
            blocks(true, withDeadCases, never, null);
            blocks(true, withDeadCases, null, never);
            blocks(true, withDeadCases, Chan.make(3), null);
            blocks(true, withDeadCases, null, full);
            blocks(false, withDeadCases, full, null);
            blocks(false, withDeadCases, null, Chan.make(1));
            blocks(false, withDeadCases, closed, null);
            for (int i = 0; i < 3; i++) {
                Chans.assertPanic("send on closed channel", () -> blocks(false, withDeadCases, null, closed));
            }
            assertAtRest(never, closed, full);
        });
    }

    /** A select with a receive from one channel and a send to another; null for no such case. */
    private void blocks(boolean blocks, boolean withDeadCases, Chan<Integer> from, Chan<Integer> to)
            throws InterruptedException {
        Select sel = new Select();
        if (withDeadCases) {
            sel.recv(never);
            sel.send(Chan.<Integer>nil(), 1);
        }
        Select.Case live = null;
        if (from != null) {
            live = sel.recv(from);
        }
        if (to != null) {
            live = sel.send(to, 1);
        }
        int full = from == null ? 0 : from.len();
        if (!blocks) {
            assertSame(live, sel.await());
            if (full > 0) {
                from.send(1);
            }
            if (to != null) {
                to.receive();
            }
            assertSame(live, sel.poll());
            if (full > 0) {
                from.send(1);
            }
            return;
        }
        assertNull(sel.poll());
        Chan<Boolean> ended = Chan.make(1);
        Goroutine waits = GoRuntime.current().spawn(() -> {
            try {
                sel.await();
            } catch (InterruptedException e) {
                ended.send(true);
            }
        });
        Chans.awaitParked(waits.thread());
        assertNull(ended.tryReceive());
        waits.interrupt();
        assertTrue(ended.receive());
    }

    /**
     * select5.go writes programs of random selects and runs them. Here each program is a select of random cases over
     * channels in random states, beside a plain model of the channels that says what may happen.
     */
    @Test
    void testSelect5() throws Exception {
        long seed = Bounded.seed("testSelect5");
        Goroutines.run(2, () -> {
            SplittableRandom random = new SplittableRandom(seed);
            int[] seen = new int[4];
            for (int i = 0; i < 4_000; i++) {
                new RandomProgram(random.split(), "seed " + seed + " program " + i).run(seen);
            }
            for (int i = 0; i < seen.length; i++) {
                assertTrue(seen[i] > 100, "outcome " + i + " was seen " + seen[i] + " times");
            }
        });
    }

    private static final class RandomProgram {
        private final SplittableRandom random;
        private final String name;
        private final int n;
        private final List<Chan<Integer>> chans = new ArrayList<>();
        private final List<ArrayDeque<Integer>> models = new ArrayList<>();
        private final boolean[] closed;

        RandomProgram(SplittableRandom random, String name) {
            this.random = random;
            this.name = name;
            n = 1 + random.nextInt(4);
            closed = new boolean[n];
        }

        void run(int[] seen) throws InterruptedException {
            for (int i = 0; i < n; i++) {
                Chan<Integer> c = random.nextInt(5) == 0 ? Chan.nil() : Chan.make(random.nextInt(4));
                ArrayDeque<Integer> model = new ArrayDeque<>();
                for (int k = random.nextInt(c.cap() + 1); k > 0; k--) {
                    int v = random.nextInt();
                    c.send(v);
                    model.add(v);
                }
                if (!c.nil && random.nextInt(4) == 0) {
                    c.close();
                    closed[i] = true;
                }
                chans.add(c);
                models.add(model);
            }
            Select sel = new Select();
            List<Select.Case> cases = new ArrayList<>();
            List<Integer> of = new ArrayList<>();
            for (int k = random.nextInt(7); k > 0; k--) {
                int i = random.nextInt(n);
                cases.add(random.nextBoolean() ? sel.recv(chans.get(i)) : sel.send(chans.get(i), random.nextInt()));
                of.add(i);
            }
            for (int step = 0; step < 8; step++) {
                step(sel, cases, of, seen);
            }
            for (int i = 0; i < n; i++) {
                assertAtRest(chans.get(i));
                for (int v : models.get(i)) {
                    assertEquals(v, chans.get(i).receive(), name);
                }
            }
        }

        private boolean ready(Select.Case c, int i) {
            if (chans.get(i).nil) {
                return false;
            }
            int len = models.get(i).size();
            return closed[i] || (c.isSend ? len < chans.get(i).cap() : len > 0);
        }

        private void step(Select sel, List<Select.Case> cases, List<Integer> of, int[] seen)
                throws InterruptedException {
            boolean any = false;
            boolean panics = false;
            for (int k = 0; k < cases.size(); k++) {
                boolean ready = ready(cases.get(k), of.get(k));
                any |= ready;
                panics |= ready && cases.get(k).isSend && closed[of.get(k)];
            }
            Select.Case ran;
            try {
                ran = any && random.nextBoolean() ? sel.await() : sel.poll();
            } catch (Panic e) {
                assertTrue(panics, name);
                assertEquals("send on closed channel", e.getMessage(), name);
                seen[0]++;
                return;
            }
            if (ran == null) {
                assertFalse(any, name);
                seen[1]++;
                return;
            }
            int k = cases.indexOf(ran);
            int i = of.get(k);
            assertTrue(ready(ran, i), name);
            if (ran instanceof Select.Recv<?> in) {
                boolean ok = !models.get(i).isEmpty();
                assertEquals(ok, in.ok(), name);
                assertEquals(ok ? models.get(i).remove() : null, in.value(), name);
                seen[2]++;
            } else {
                assertFalse(closed[i], name);
                models.get(i).add((Integer) ran.sendValue);
                seen[3]++;
            }
        }
    }

    /** select6.go: a select that waited leaves no trace in the queues of the cases that did not run. */
    @OnProcs
    void testSelect6(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Boolean> c1 = Chan.make();
            Chan<Boolean> c2 = Chan.make();
            Chan<Boolean> c3 = Chan.make();
            Chan<Boolean> c4 = Chan.make();
            go(() -> c1.receive());
            go(() -> {
                Select sel = new Select();
                var in1 = sel.recv(c1);
                var in2 = sel.recv(c2);
                var ran = sel.await();
                assertTrue(ran == in1 || ran == in2);
                c3.send(true);
            });
            awaitWaiters(c1, 2, 0);
            awaitWaiters(c2, 1, 0);
            go(() -> c2.send(true));
            c3.receive();
            assertAtRest(c2);
            go(() -> {
                c1.receive();
                c4.send(true);
            });
            awaitWaiters(c1, 2, 0);
            c1.send(true);
            c1.send(true);
            assertTrue(c4.receive());
            assertAtRest(c1, c2, c3, c4);
        });
    }

    /** select7.go: every form of receiving meets every form of sending, whoever comes first. */
    @OnProcs
    void testSelect7(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int receiver = 0; receiver < 3; receiver++) {
                for (int sender = 0; sender < 3; sender++) {
                    for (int first = 0; first < 2; first++) {
                        meet(receiver, sender, first == 0);
                    }
                }
            }
        });
    }

    private void meet(int receiver, int sender, boolean receiverFirst) throws InterruptedException {
        Chan<Integer> c = Chan.make();
        Chan<Integer> got = Chan.make(1);
        if (receiverFirst) {
            go(() -> got.send(receive(receiver, c)));
            awaitWaiters(c, 1, 0);
            send(sender, c, 5);
        } else {
            go(() -> send(sender, c, 5));
            awaitWaiters(c, 0, 1);
            got.send(receive(receiver, c));
        }
        assertEquals(5, got.receive());
        assertAtRest(c, never);
    }

    private int receive(int form, Chan<Integer> c) throws InterruptedException {
        if (form == 0) {
            return c.receive();
        }
        Select sel = new Select();
        var in = sel.recv(c);
        if (form == 2) {
            sel.recv(Chan.<Integer>make());
        }
        assertSame(in, sel.await());
        return in.value();
    }

    private void send(int form, Chan<Integer> c, int v) throws InterruptedException {
        if (form == 0) {
            c.send(v);
            return;
        }
        Select sel = new Select();
        var out = sel.send(c, v);
        if (form == 2) {
            sel.send(Chan.<Integer>make(), v);
        }
        assertSame(out, sel.await());
    }

    /** fifo.go: elements and waiters keep their order, though all operations are selects. */
    @OnProcs
    void testFifo(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Integer> buffered = Chan.make(10);
            for (int i = 0; i < 10; i++) {
                send(2, buffered, i);
            }
            for (int i = 0; i < 10; i++) {
                assertEquals(i, receive(2, buffered));
            }
            Chan<Integer> ch = Chan.make();
            Chan<Integer> in = Chan.make();
            Chan<Integer> start = in;
            for (int i = 0; i < 10; i++) {
                int value = i;
                Chan<Integer> mine = in;
                Chan<Integer> next = Chan.make();
                go(() -> {
                    receive(2, mine);
                    assertEquals(value, receive(2, ch));
                    send(2, next, 1);
                });
                in = next;
            }
            start.send(0);
            for (int i = 0; i < 10; i++) {
                send(2, ch, i);
            }
            in.receive();
        });
    }

    /** doubleselect.go: a sender chooses among four channels, four receivers pass on; nothing is lost or doubled. */
    @OnProcs
    void testDoubleSelect(int procs) throws Exception {
        int n = 10_000;
        Goroutines.run(procs, () -> {
            List<Chan<Integer>> c = List.of(Chan.make(), Chan.make(), Chan.make(), Chan.make());
            Chan<Boolean> done = Chan.make(4);
            Chan<Integer> cmux = Chan.make();
            go(() -> {
                Select sel = new Select();
                List<Select.Send<Integer>> cases = new ArrayList<>();
                c.forEach(each -> cases.add(sel.send(each, 0)));
                for (int i = 0; i < n; i++) {
                    for (int k = 0; k < 4; k++) {
                        cases.get(k).to(c.get(k), i);
                    }
                    sel.await();
                }
                c.forEach(Chan::close);
            });
            for (Chan<Integer> each : c) {
                go(() -> {
                    each.range(cmux::send);
                    done.send(true);
                });
            }
            go(() -> {
                for (int i = 0; i < 4; i++) {
                    done.receive();
                }
                cmux.close();
            });
            boolean[] seen = new boolean[n];
            int count = 0;
            for (int v : cmux) {
                assertFalse(seen[v], "twice");
                seen[v] = true;
                count++;
            }
            assertEquals(n, count);
        });
    }

    /** nonblock.go: a select with a default runs a case exactly when the other side waits or the buffer allows it. */
    @OnProcs
    void testNonblock(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int cap = 0; cap < 2; cap++) {
                Chan<String> c = Chan.make(cap);
                Chan<String> got = Chan.make(1);
                Select receives = new Select();
                var in = receives.recv(c);
                Select sends = new Select();
                var out = sends.send(c, "a");
                assertNull(receives.poll());
                go(() -> got.send(c.receive()));
                awaitWaiters(c, 1, 0);
                assertSame(out, sends.poll());
                assertEquals("a", got.receive());
                out.to(c, "b");
                assertEquals(cap == 1 ? out : null, sends.poll());
                out.to(c, "c");
                assertNull(sends.poll());
                go(() -> c.send("d"));
                awaitWaiters(c, 0, 1);
                assertSame(in, receives.poll());
                assertEquals(cap == 1 ? "b" : "d", in.value());
                assertEquals(cap == 1 ? in : null, receives.poll());
                assertEquals(cap == 1 ? "d" : null, in.value());
                assertNull(receives.poll());
                assertAtRest(c);
            }
        });
    }

    /** sieve1.go, with filters that can be stopped. */
    @OnProcs
    void testSieve(int procs) throws Exception {
        int[] primes = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97};
        Goroutines.run(procs, () -> {
            Chan<Boolean> stop = Chan.make();
            Chan<Boolean> stopped = Chan.make(primes.length + 1);
            Chan<Integer> numbers = Chan.make();
            go(() -> {
                Select sel = new Select();
                var out = sel.send(numbers, 2);
                sel.recv(stop);
                for (int i = 3; sel.await() == out; i++) {
                    out.to(numbers, i);
                }
                stopped.send(true);
            });
            Chan<Integer> in = numbers;
            for (int expected : primes) {
                int prime = in.receive();
                assertEquals(expected, prime);
                Chan<Integer> from = in;
                Chan<Integer> to = Chan.make();
                go(() -> {
                    filter(prime, from, to, stop);
                    stopped.send(true);
                });
                in = to;
            }
            stop.close();
            for (int i = 0; i < primes.length + 1; i++) {
                stopped.receive();
            }
            assertAtRest(numbers, in, stop);
        });
    }

    private static void filter(int prime, Chan<Integer> from, Chan<Integer> to, Chan<Boolean> stop)
            throws InterruptedException {
        Select sel = new Select();
        var in = sel.recv(from);
        var out = sel.send((Chan<Integer>) null, 0);
        sel.recv(stop);
        for (;;) {
            var ran = sel.await();
            if (ran == in) {
                int i = in.value();
                assertNotEquals(0, i);
                if (i % prime != 0) {
                    in.from(null);
                    out.to(to, i);
                }
            } else if (ran == out) {
                out.to(null, 0);
                in.from(from);
            } else {
                return;
            }
        }
    }
}
