package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.Bounded;
import io.goruntime.testing.OnProcs;
import io.goruntime.testing.Runners;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Timeout;

/**
 * Selects among everything else that may happen to their channels: other selects, plain operations, deadlines,
 * interrupts, closes. What was sent is received once or left; a select that can run does run; each interrupt is noticed
 * once.
 */
@Timeout(300)
class SelectStressTest {
    private static final int WORKERS = 10;
    private static final int OPERATIONS = 2_000;
    private static final int[] CAPS = {0, 0, 1, 2, 16};
    private static final int SENDER_SHIFT = 40;
    private static final int CHANNEL_SHIFT = 32;
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(40);

    // ------------------------------------------------------------------------------------------------------------
    // At random
    // ------------------------------------------------------------------------------------------------------------

    /** What the workers have in common: some channels of objects, and after them some of longs. */
    private static final class Hub {
        private static final int OBJECTS = 4;
        private static final int ALL = 6;

        private final List<Chan<Long>> objects = new ArrayList<>();
        private final List<LongChan> longs = new ArrayList<>();
        private final Worker[] workers = new Worker[WORKERS];
        /** All that should happen has: who has done its operations may end. */
        private volatile boolean enough;

        Hub(SplittableRandom random) {
            for (int i = 0; i < OBJECTS; i++) {
                objects.add(Chan.make(CAPS[random.nextInt(CAPS.length)]));
            }
            for (int i = OBJECTS; i < ALL; i++) {
                longs.add(LongChan.make(CAPS[random.nextInt(CAPS.length)]));
            }
        }

        HChan get(int i) {
            return i < OBJECTS ? objects.get(i) : longs.get(i - OBJECTS);
        }

        /** Whether selects have ended in each way that there is while channels are open. */
        boolean hasSeenAll() {
            return any(w -> w.sends) && any(w -> w.receives) && any(w -> w.interrupts) && any(w -> w.timeouts);
        }

        boolean hasSeenCloses() {
            return any(w -> w.ends) && any(w -> w.panics);
        }

        private boolean any(ToIntFunction<Worker> count) {
            return Arrays.stream(workers).mapToInt(count).anyMatch(n -> n > 0);
        }

        String state() {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < ALL; i++) {
                text.append(i == 0 ? "" : ", ").append(get(i));
            }
            return text.toString();
        }
    }

    private static final class Worker {
        private final int id;
        private final Hub hub;
        private final SplittableRandom random;
        private final List<Long> received = new ArrayList<>();
        private final BitSet sent = new BitSet();
        private volatile Thread thread;
        private int next;

        // What came of the selects that wait. Written by the worker only.
        private volatile int sends;
        private volatile int receives;
        private volatile int ends;
        private volatile int interrupts;
        private volatile int timeouts;
        private volatile int panics;

        private final Select sel = new Select();
        private final Select.Timeout limit = sel.timeout(null);
        private final List<Select.Case> cases = new ArrayList<>();
        /** For each case the index of its channel, -1 if it is off, and the number that it would send. */
        private final int[] bound = {-1, -1, -1, -1, -1, -1};
        private final int[] armed = new int[6];

        Worker(int id, Hub hub, SplittableRandom random) {
            this.id = id;
            this.hub = hub;
            this.random = random;
            Chan<Long> off = null;
            LongChan longOff = null;
            cases.add(sel.recv(off));
            cases.add(sel.recv(off));
            cases.add(sel.send(off, 0L));
            cases.add(sel.send(off, 0L));
            cases.add(sel.recv(longOff));
            cases.add(sel.send(longOff, 0));
        }

        void run() {
            for (int i = 0; i < OPERATIONS * Bounded.scale() || !hub.enough; i++) {
                int operation = random.nextInt(20);
                try {
                    step(operation);
                } catch (InterruptedException e) {
                    interrupts += operation < 8 ? 1 : 0;
                } catch (Panic e) {
                    assertEquals("send on closed channel", e.getMessage());
                    panics++;
                }
            }
        }

        private void step(int operation) throws InterruptedException {
            int at = random.nextInt(Hub.OBJECTS);
            Chan<Long> c = hub.objects.get(at);
            Duration wait = Duration.ofNanos(random.nextInt(-10, 60_000));
            switch (operation) {
                case 0, 1, 2, 3, 4, 5, 6, 7 -> select(true);
                case 8, 9, 10 -> select(false);
                case 11 -> {
                    c.send(value(at));
                    sent.set(next);
                }
                case 12 -> sentIf(c.trySend(value(at), wait));
                case 13 -> took(at, c.receiveOk());
                case 14 -> took(at, c.tryReceive(wait));
                case 15 -> took(at, c.tryReceive());
                case 16, 17 -> longStep(Hub.OBJECTS + random.nextInt(Hub.ALL - Hub.OBJECTS), wait);
                case 18 -> {
                    Thread other = hub.workers[random.nextInt(WORKERS)].thread;
                    if (other != null) {
                        other.interrupt();
                    }
                }
                default -> Thread.yield();
            }
        }

        private void longStep(int at, Duration wait) throws InterruptedException {
            LongChan c = hub.longs.get(at - Hub.OBJECTS);
            if (random.nextBoolean()) {
                sentIf(c.trySend(value(at), wait));
            } else {
                LongChan.ReceivedLong got = c.tryReceive(wait);
                if (got != null && got.ok()) {
                    took(at, got.value());
                }
            }
        }

        private void select(boolean block) throws InterruptedException {
            arm(random.nextInt(3) == 0);
            limit.after(random.nextInt(3) == 0 ? Duration.ofNanos(random.nextInt(-10, 60_000)) : null);
            Select.Case ran = block ? sel.await() : sel.poll();
            if (ran == null) {
                return;
            }
            if (ran == limit) {
                timeouts++;
                return;
            }
            int i = cases.indexOf(ran);
            assertTrue(bound[i] >= 0, "a case that is off has run");
            switch (ran) {
                case Select.Send<?> _,Select.SendLong _ -> {
                    sent.set(armed[i]);
                    sends += block ? 1 : 0;
                }
                case Select.Recv<?> in -> {
                    if (in.ok()) {
                        took(bound[i], (Long) in.value());
                        receives += block ? 1 : 0;
                    } else {
                        ends += block ? 1 : 0;
                    }
                }
                case Select.RecvLong in -> {
                    if (in.ok()) {
                        took(bound[i], in.value());
                        receives += block ? 1 : 0;
                    } else {
                        ends += block ? 1 : 0;
                    }
                }
                case Select.Timeout other -> throw new AssertionError(other);
            }
        }

        /** New values for all sends: what a worker sends to one channel grows. Now and then other channels too. */
        @SuppressWarnings("unchecked")
        private void arm(boolean rebind) {
            for (int i = 0; i < bound.length; i++) {
                Select.Case each = cases.get(i);
                boolean ofLongs = each instanceof Select.RecvLong || each instanceof Select.SendLong;
                if (rebind) {
                    int first = ofLongs ? Hub.OBJECTS : 0;
                    int n = ofLongs ? Hub.ALL - Hub.OBJECTS : Hub.OBJECTS;
                    int choice = random.nextInt(n + 1); // one more: the case is off
                    bound[i] = choice == n ? -1 : first + choice;
                }
                int at = bound[i];
                boolean off = at < 0;
                switch (each) {
                    case Select.Recv<?> in -> {
                        if (rebind) {
                            ((Select.Recv<Long>) in).from(off ? null : hub.objects.get(at));
                        }
                    }
                    case Select.RecvLong in -> {
                        if (rebind) {
                            in.from(off ? null : hub.longs.get(at - Hub.OBJECTS));
                        }
                    }
                    case Select.Send<?> out -> {
                        ((Select.Send<Long>) out).to(off ? null : hub.objects.get(at), off ? 0L : value(at));
                        armed[i] = next;
                    }
                    case Select.SendLong out -> {
                        out.to(off ? null : hub.longs.get(at - Hub.OBJECTS), off ? 0L : value(at));
                        armed[i] = next;
                    }
                    case Select.Timeout other -> throw new AssertionError(other);
                }
            }
        }

        /** A new value at each try: one that was not sent must never be received. */
        private long value(int at) {
            return (long) id << SENDER_SHIFT | (long) at << CHANNEL_SHIFT | ++next;
        }

        private void sentIf(boolean done) {
            sent.set(next, done);
        }

        private void took(int at, Received<Long> got) {
            if (got != null && got.ok()) {
                took(at, got.value());
            }
        }

        private void took(int at, long value) {
            assertEquals(at, channelOf(value), "an element of another channel");
            received.add(value);
        }
    }

    private static int senderOf(long value) {
        return (int) (value >> SENDER_SHIFT);
    }

    private static int channelOf(long value) {
        return (int) (value >> CHANNEL_SHIFT) & 0xff;
    }

    @OnProcs
    void nothingIsLostOrDoubled(int procs) throws Exception {
        for (boolean closes : new boolean[]{false, true}) {
            atRandom(procs, closes);
        }
    }

    private static void atRandom(int procs, boolean closes) throws Exception {
        long seed = Bounded.seed("SelectStressTest, " + procs + " Ps" + (closes ? ", closed" : ""));
        SplittableRandom random = new SplittableRandom(seed);
        Hub hub = new Hub(random);
        for (int i = 0; i < WORKERS; i++) {
            hub.workers[i] = new Worker(i, hub, random.split());
        }
        int closed = 0;
        try (Runners.Crew crew = new Runners.Crew(procs)) {
            AtomicInteger running = new AtomicInteger(WORKERS);
            for (int i = 0; i < WORKERS; i++) {
                Worker worker = hub.workers[i];
                worker.thread = crew.start(i, () -> {
                    try {
                        worker.run();
                    } finally {
                        running.decrementAndGet();
                    }
                });
            }
            // How far the workers are when this thread gets its processor is not known: nothing is closed before they
            // have had open channels, and they go on until they have noticed it.
            long limit = System.nanoTime() + LIMIT_NANOS;
            // All may wait for the same, or for nothing, at the same time: interrupts keep them going.
            for (int shakes = 1; running.get() > 0; shakes++) {
                LockSupport.parkNanos(20_000);
                hub.workers[random.nextInt(WORKERS)].thread.interrupt();
                if (closes && shakes % 300 == 0 && closed < Hub.ALL && hub.hasSeenAll()) {
                    hub.get(closed++).close0();
                }
                hub.enough = hub.hasSeenAll() && (!closes || hub.hasSeenCloses()) || running.get() < WORKERS
                        || System.nanoTime() > limit;
                if (shakes % 1_000 == 0) {
                    for (int i = 0; i < Hub.ALL; i++) {
                        hub.get(i).checkInvariants();
                    }
                }
            }
            crew.join();
        }
        for (int i = 0; i < Hub.ALL; i++) {
            Selects.assertAtRest(hub.get(i));
        }
        check(hub, closes, seed);
    }

    private static void check(Hub hub, boolean closes, long seed) {
        String what = "seed " + seed;
        List<Long> left = new ArrayList<>();
        for (Chan<Long> c : hub.objects) {
            for (Received<Long> got; (got = c.tryReceive()) != null && got.ok();) {
                left.add(got.value());
            }
        }
        for (LongChan c : hub.longs) {
            for (LongChan.ReceivedLong got; (got = c.tryReceive()) != null && got.ok();) {
                left.add(got.value());
            }
        }
        BitSet[] got = new BitSet[WORKERS];
        for (int i = 0; i < WORKERS; i++) {
            got[i] = new BitSet();
        }
        int sends = 0;
        int receives = 0;
        int ends = 0;
        int interrupts = 0;
        int timeouts = 0;
        int panics = 0;
        int sum = 0;
        for (Worker worker : hub.workers) {
            inOrder(worker.received, got, what + ", received by " + worker.id);
            sends += worker.sends;
            receives += worker.receives;
            ends += worker.ends;
            interrupts += worker.interrupts;
            timeouts += worker.timeouts;
            panics += worker.panics;
            sum += worker.sent.cardinality();
        }
        inOrder(left, got, what + ", left");
        for (Worker worker : hub.workers) {
            BitSet difference = (BitSet) worker.sent.clone();
            difference.xor(got[worker.id]);
            assertEquals(-1, difference.nextSetBit(0), what + ": sent or received, not both, of " + worker.id);
        }
        System.out.println(what + ": sent " + sum + ", left " + left.size() + "; selects that may wait: sent " + sends
                + ", received " + receives + ", found the end " + ends + ", interrupted " + interrupts + ", timed out "
                + timeouts + "; panics "
                + panics + "; " + hub.state());
        assertTrue(sends > 0 && receives > 0 && interrupts > 0 && timeouts > 0, what + ": too little has happened");
        assertTrue(!closes || ends > 0 && panics > 0, what + ": nobody noticed the closes");
    }

    /** Of one sender, through one channel, to one receiver: in the order of sending, and nothing twice. */
    private static void inOrder(List<Long> values, BitSet[] got, String what) {
        int[] last = new int[WORKERS * Hub.ALL];
        for (long value : values) {
            int sender = senderOf(value);
            int number = (int) value;
            int way = sender * Hub.ALL + channelOf(value);
            assertTrue(number > last[way], what + ": " + number + " after " + last[way] + " of " + sender);
            last[way] = number;
            assertTrue(!got[sender].get(number), what + ": twice: " + number + " of " + sender);
            got[sender].set(number);
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Nobody is forgotten
    // ------------------------------------------------------------------------------------------------------------

    /**
     * Two stages of channels, and nothing but selects, without deadlines and interrupts: a wake-up that is lost stops
     * everything. Movers wait in both directions at once, and only while they have something to send or room for it.
     */
    @OnProcs
    void aWaiterIsNeverForgotten(int procs) throws Exception {
        long seed = Bounded.seed("aWaiterIsNeverForgotten, " + procs + " Ps");
        SplittableRandom random = new SplittableRandom(seed);
        int each = 1_500 * Bounded.scale();
        int makers = 4;
        AtomicLong sum = new AtomicLong();
        AtomicInteger count = new AtomicInteger();
        List<Chan<Integer>> first = stage(random);
        List<Chan<Integer>> second = stage(random);
        try (Runners.Crew crew = new Runners.Crew(procs)) {
            List<Thread> making = new ArrayList<>();
            List<Thread> moving = new ArrayList<>();
            for (int i = 0; i < makers; i++) {
                long own = random.nextLong();
                making.add(crew.start(i, () -> make(first, each, new SplittableRandom(own))));
                moving.add(crew.start(i, () -> move(first, second)));
                crew.start(i, () -> take(second, sum, count));
            }
            join(crew, making);
            first.forEach(Chan::close);
            join(crew, moving);
            second.forEach(Chan::close);
            crew.join();
        }
        assertEquals(makers * each, count.get());
        assertEquals((long) makers * each * (each + 1) / 2, sum.get());
        first.forEach(Selects::assertAtRest);
        second.forEach(Selects::assertAtRest);
    }

    private static List<Chan<Integer>> stage(SplittableRandom random) {
        List<Chan<Integer>> chans = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            chans.add(Chan.make(CAPS[random.nextInt(CAPS.length)]));
        }
        return chans;
    }

    private static void join(Runners.Crew crew, List<Thread> threads) throws InterruptedException {
        for (Thread thread : threads) {
            if (!thread.join(Duration.ofSeconds(40))) {
                crew.join(); // fails, with a dump of the goroutines
            }
        }
    }

    private static void make(List<Chan<Integer>> out, int n, SplittableRandom random) throws InterruptedException {
        Select sel = new Select();
        List<Select.Send<Integer>> cases = new ArrayList<>();
        for (Chan<Integer> c : out) {
            cases.add(sel.send(c, 0));
        }
        for (int i = 1; i <= n; i++) {
            int all = random.nextInt(1, 1 << out.size()); // one of them at least
            for (int k = 0; k < cases.size(); k++) {
                cases.get(k).to((all >> k & 1) == 0 ? null : out.get(k), i);
            }
            sel.await();
        }
    }

    private static void move(List<Chan<Integer>> in, List<Chan<Integer>> out) throws InterruptedException {
        Select sel = new Select();
        List<Select.Recv<Integer>> ins = new ArrayList<>();
        List<Select.Send<Integer>> outs = new ArrayList<>();
        boolean[] ended = new boolean[in.size()];
        // In the opposite order to that of the ids.
        for (int i = in.size() - 1; i >= 0; i--) {
            outs.add(sel.send((Chan<Integer>) null, 0));
            ins.add(0, sel.recv(in.get(i)));
        }
        ArrayDeque<Integer> holds = new ArrayDeque<>();
        for (int open = in.size(); open > 0 || !holds.isEmpty();) {
            for (int i = 0; i < ins.size(); i++) {
                ins.get(i).from(ended[i] || holds.size() == 3 ? null : in.get(i));
                outs.get(i).to(holds.isEmpty() ? null : out.get(i), holds.isEmpty() ? 0 : holds.peek());
            }
            Select.Case ran = sel.await();
            if (outs.contains(ran)) {
                holds.remove();
                continue;
            }
            int i = ins.indexOf(ran);
            if (ins.get(i).ok()) {
                holds.add(ins.get(i).value());
            } else {
                ended[i] = true;
                open--;
            }
        }
    }

    private static void take(List<Chan<Integer>> in, AtomicLong sum, AtomicInteger count) throws InterruptedException {
        Select sel = new Select();
        List<Select.Recv<Integer>> cases = new ArrayList<>();
        for (Chan<Integer> c : in) {
            cases.add(sel.recv(c));
        }
        for (int open = in.size(); open > 0;) {
            Select.Recv<Integer> ran = cases.get(cases.indexOf(sel.await()));
            if (ran.ok()) {
                sum.addAndGet(ran.value());
                count.incrementAndGet();
            } else {
                ran.from(null);
                open--;
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Races for one select
    // ------------------------------------------------------------------------------------------------------------

    /** Who wants a select that waits, all at the same moment. */
    private enum Against {
        ONE_CHANNEL, INTERRUPT_AND_ONE_CHANNEL, TWO_CHANNELS, INTERRUPT_AND_TWO_CHANNELS, CLOSE_AND_CHANNEL,
        CLOSE_AND_INTERRUPT,
    }

    private static final int BY_FIRST = 0;
    private static final int BY_SECOND = 1;
    private static final int BY_INTERRUPT = 2;
    private static final int BY_CLOSE = 3;

    /** Which ends a race may have, by Against. */
    private static final int[][] ENDS = {{BY_FIRST}, {BY_FIRST, BY_INTERRUPT}, {BY_FIRST, BY_SECOND},
            {BY_FIRST, BY_SECOND, BY_INTERRUPT}, {BY_CLOSE, BY_SECOND}, {BY_CLOSE, BY_INTERRUPT}};

    /** One select with two cases, each in a direction of its own, and those who run for it. */
    private static final class Race {
        private final Against against;
        private final Chan<Integer> a = Chan.make();
        private final Chan<Integer> b = Chan.make();
        private final boolean sendsA;
        private final boolean sendsB;
        private final int[] delays = new int[3];
        private final AtomicInteger ready = new AtomicInteger();
        private final AtomicInteger over = new AtomicInteger();
        private volatile boolean go;
        private volatile Thread selecter;

        // what the runners did, and what the select says; read after `over`
        private boolean tookA;
        private boolean tookB;
        private int ran;
        private boolean flag;

        Race(Against against, SplittableRandom random) {
            this.against = against;
            sendsA = random.nextBoolean();
            sendsB = random.nextBoolean();
            for (int i = 0; i < delays.length; i++) {
                delays[i] = random.nextInt(200);
            }
        }

        void select() {
            selecter = Thread.currentThread();
            Select sel = new Select();
            Select.Case caseA = sendsA ? sel.send(a, 1) : sel.recv(a);
            Select.Case caseB = sendsB ? sel.send(b, 2) : sel.recv(b);
            try {
                Select.Case won = sel.await();
                boolean closed = won == caseA && won instanceof Select.Recv<?> in && !in.ok();
                ran = closed ? BY_CLOSE : won == caseA ? BY_FIRST : BY_SECOND;
                if (!closed && won instanceof Select.Recv<?> in) {
                    assertEquals(won == caseA ? 3 : 4, in.value());
                }
            } catch (InterruptedException e) {
                ran = BY_INTERRUPT;
            } catch (Panic e) {
                assertEquals("send on closed channel", e.getMessage());
                ran = BY_CLOSE;
            }
            Selects.assertAtRest(a, b);
            while (over.get() < 3) {
                Thread.yield();
            }
            flag = Thread.interrupted();
        }

        /** One of three runners; not each has something to do in each race. */
        void run(int who) {
            ready.incrementAndGet();
            while (!go) {
                Thread.onSpinWait();
            }
            for (int i = 0; i < delays[who]; i++) {
                Thread.onSpinWait();
            }
            switch (who) {
                case 0 -> {
                    if (against == Against.CLOSE_AND_CHANNEL || against == Against.CLOSE_AND_INTERRUPT) {
                        a.close();
                    } else {
                        tookA = meet(a, sendsA, 3, 1);
                    }
                }
                case 1 -> {
                    if (against == Against.TWO_CHANNELS || against == Against.INTERRUPT_AND_TWO_CHANNELS
                            || against == Against.CLOSE_AND_CHANNEL) {
                        tookB = meet(b, sendsB, 4, 2);
                    }
                }
                default -> {
                    if (interrupts()) {
                        selecter.interrupt();
                    }
                }
            }
            over.incrementAndGet();
        }

        private boolean interrupts() {
            return against.name().contains("INTERRUPT");
        }

        private static boolean meet(Chan<Integer> c, boolean receive, int sends, int expects) {
            if (!receive) {
                return c.trySend(sends);
            }
            Received<Integer> got = c.tryReceive();
            assertTrue(got == null || got.value() == expects);
            return got != null;
        }

        void check() {
            String what = against + ": the select says " + ran + ", first took " + tookA + ", second took " + tookB
                    + ", flag " + flag;
            assertEquals(ran == BY_FIRST, tookA, what);
            assertEquals(ran == BY_SECOND, tookB, what);
            assertEquals(interrupts() && ran != BY_INTERRUPT, flag, what);
            Selects.assertAtRest(a, b);
        }
    }

    /** Of those that want a waiting select one gets it; the others find nobody, and the interrupt is not lost. */
    @OnProcs
    void oneOfManyGetsTheSelect(int procs) throws Exception {
        SplittableRandom random = new SplittableRandom(Bounded.seed("oneOfManyGetsTheSelect, " + procs + " Ps"));
        long[][] counts = new long[Against.values().length][4];
        try (GoRuntime runtime = GoRuntime.builder().name("race").maxProcs(procs).closeTimeout(Duration.ZERO)
                .build()) {
            Bounded.run(Duration.ofSeconds(60L * Bounded.scale()), runtime, () -> {
                long enough = Bounded.until(Duration.ofMillis(300));
                long limit = Bounded.until(Duration.ofSeconds(30));
                Race[] current = new Race[1];
                AtomicInteger round = new AtomicInteger();
                List<Throwable> failures = new ArrayList<>();
                Thread[] runners = new Thread[2];
                for (int i = 0; i < 2; i++) {
                    int who = i;
                    runners[i] = Thread.ofPlatform().daemon().start(() -> {
                        for (int seen = 0;;) {
                            int now = round.get();
                            if (now < 0) {
                                return;
                            }
                            if (now == seen) {
                                LockSupport.parkNanos(10_000);
                                continue;
                            }
                            seen = now;
                            try {
                                current[0].run(who);
                            } catch (Throwable e) {
                                synchronized (failures) {
                                    failures.add(e);
                                }
                                current[0].over.incrementAndGet();
                            }
                        }
                    });
                }
                try {
                    for (long now; (now = System.nanoTime()) < enough || now < limit && !allSeen(counts);) {
                        Against against = Against.values()[random.nextInt(Against.values().length)];
                        Race race = new Race(against, random);
                        current[0] = race;
                        Goroutine g = runtime.spawn(race::select);
                        Selects.awaitWaiters(race.a, race.sendsA ? 0 : 1, race.sendsA ? 1 : 0);
                        Selects.awaitWaiters(race.b, race.sendsB ? 0 : 1, race.sendsB ? 1 : 0);
                        round.incrementAndGet();
                        while (race.ready.get() < 2) {
                            Chans.pause();
                        }
                        race.go = true;
                        race.run(2);
                        g.join();
                        assertEquals(List.of(), failures);
                        race.check();
                        counts[against.ordinal()][race.ran]++;
                    }
                } finally {
                    round.set(-1);
                    if (current[0] != null) {
                        current[0].go = true;
                    }
                }
                for (Thread runner : runners) {
                    runner.join();
                }
            });
        }
        System.out
                .println("races by " + Arrays.toString(Against.values()) + " ended by first, second, interrupt, close: "
                        + Arrays.deepToString(counts));
        assertTrue(allSeen(counts), () -> "not each end of each race was seen: " + Arrays.deepToString(counts));
    }

    private static boolean allSeen(long[][] counts) {
        for (int i = 0; i < ENDS.length; i++) {
            for (int end : ENDS[i]) {
                if (counts[i][end] == 0) {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * Between the moment when close claims a select and the moment when it wakes it, the select may be interrupted. It
     * must wait for its waker then: only the waker says how the wait ended, and it must not do so in the next wait.
     */
    @OnProcs
    void aClaimedSelectThatIsInterruptedStillLearnsOfTheClose(int procs) throws Exception {
        int waiters = 50;
        ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
        AtomicInteger closed = new AtomicInteger();
        AtomicInteger interrupted = new AtomicInteger();
        AtomicInteger rounds = new AtomicInteger();
        try (GoRuntime runtime = GoRuntime.builder().name("close").maxProcs(procs).closeTimeout(Duration.ZERO)
                .onPanic((g, e) -> wrong.add(e.toString())).build()) {
            Bounded.run(Duration.ofSeconds(40L * Bounded.scale()), runtime, () -> {
                long until = Bounded.until(Duration.ofMillis(300));
                while (System.nanoTime() < until) {
                    rounds.incrementAndGet();
                    Chan<Integer> c = Chan.make();
                    Chan<Integer> after = Chan.make();
                    Chan<Integer> never = Chan.make();
                    Goroutine[] all = new Goroutine[waiters];
                    for (int i = 0; i < waiters; i++) {
                        all[i] = runtime.spawn(() -> {
                            Select sel = new Select();
                            var in = sel.recv(c);
                            sel.send(never, 1);
                            try {
                                if (sel.await() != in || in.ok()) {
                                    wrong.add("an element that nobody sent");
                                }
                                closed.incrementAndGet();
                            } catch (InterruptedException e) {
                                interrupted.incrementAndGet();
                                in.from(after);
                                if (sel.await() != in || !in.ok() || in.value() != 1) {
                                    wrong.add("woken by the close that came too late");
                                }
                            }
                        });
                    }
                    Selects.awaitWaiters(c, waiters, 0);
                    Selects.awaitWaiters(never, 0, waiters);
                    // From the last to the first: the last is woken last.
                    Thread interrupter = Thread.ofPlatform().daemon().start(() -> {
                        for (int i = waiters - 1; i >= 0; i--) {
                            all[i].interrupt();
                        }
                    });
                    c.close();
                    interrupter.join();
                    for (Goroutine g : all) {
                        while (!g.isDone()) {
                            after.trySend(1);
                            Chans.pause();
                        }
                    }
                    Selects.assertAtRest(c, after, never);
                }
            });
        }
        System.out.println("closed " + closed + ", interrupted " + interrupted);
        assertEquals(List.of(), List.copyOf(wrong));
        assertEquals(waiters * rounds.get(), closed.get() + interrupted.get());
    }
}
