package io.goruntime;

import io.goruntime.internal.jdk.Jdk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * The program of {@link SelectOverflowTest}'s children, in the manner of {@link ChanOverflowProgram}: divers recurse until
 * their stacks overflow and, on the way up, use one select in each frame until it has run a few times. Each has its own
 * select, which it uses in all dives: an overflow must leave it free, and in no queue. After each round the books must
 * balance: what a case sent was received once or is left, and nothing else was; what a case received is in it until it is
 * read.
 *
 * <p>In rounds of longs a diver alone sends 1, 2, 3 and so on, each again until it was sent, or receives them: the other
 * side must see each once and in order. So nothing is lost on the way from a channel of longs to its caller.
 *
 * <p>Arguments: what dives ({@code goroutine}, {@code platform}), seconds, {@code keep} or {@code forget} (a diver then
 * forgets an element, which the books must show), seed.
 */
final class SelectOverflowProgram {
    private static final int DIVES = 25;
    private static final int TRIES_PER_DIVE = 400;
    private static final int SUCCESSES_PER_DIVE = 4;
    private static final int PARTNER_VALUES = 200_000;
    private static final int CLOSES = 6;
    private static final int[] CAPS = {0, 0, 1, 3};

    private static final Duration SHORT = Duration.ofNanos(200_000);

    private static final int SENT = 1;

    private final boolean goroutines;
    private final boolean forgets;
    private final SplittableRandom random;
    private final GoRuntime runtime = GoRuntime.builder().maxProcs(4).build();
    private final List<String> faults = new ArrayList<>();
    private long overflows;
    private long completed;
    private long rounds;

    private SelectOverflowProgram(boolean goroutines, boolean forgets, long seed) {
        this.goroutines = goroutines;
        this.forgets = forgets;
        random = new SplittableRandom(seed);
    }

    public static void main(String[] args) throws Exception {
        long seed = args.length > 3 ? Long.parseLong(args[3]) : System.nanoTime();
        System.out.println("seed " + seed);
        SelectOverflowProgram program = new SelectOverflowProgram(args[0].equals("goroutine"),
                args[2].equals("forget"), seed);
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos((long) (Double.parseDouble(args[1]) * 1_000));
        while (System.nanoTime() < end && program.faults.size() < 5) {
            program.transferRound();
            program.closeRound();
            program.longRound();
        }
        System.out.println("rounds " + program.rounds + ", overflows " + program.overflows + ", completed "
                + program.completed);
        program.faults.forEach(fault -> System.out.println("FAULT " + fault));
        System.out.println("faults: " + program.faults.size());
        System.out.println(program.overflows > 1_000 && program.completed > 20 ? "enough overflows" : "too few");
        System.exit(program.faults.isEmpty() ? 0 : 1);
    }

    /** An element. Its sender writes the status, plainly: the round's end is after the joins of all threads. */
    private static final class Value {
        final String sender;
        int status;
        int received;

        Value(String sender) {
            this.sender = sender;
        }

        @Override
        public String toString() {
            return "value of " + sender + " (" + (status == SENT ? "sent" : "not sent") + "), received " + received
                    + " times";
        }
    }

    private static Value[] values(String sender, int n) {
        Value[] values = new Value[n];
        for (int i = 0; i < n; i++) {
            values[i] = new Value(sender);
        }
        return values;
    }

    private Thread start(boolean goroutine, Runnable body, long stackBytes) {
        if (goroutine) {
            return runtime.spawn(body::run).thread();
        }
        Thread thread = new Thread(null, body, "diver", stackBytes);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    // -- a round of selects --

    private void transferRound() throws InterruptedException {
        rounds++;
        Chan<Value> a = Chan.make(CAPS[random.nextInt(CAPS.length)]);
        Chan<Value> b = Chan.make(CAPS[random.nextInt(CAPS.length)]);
        boolean sendsA = random.nextBoolean();
        boolean sendsB = random.nextBoolean();
        boolean interrupts = random.nextInt(3) == 0;
        String what = "round " + rounds + ", caps " + a.cap() + " " + b.cap() + (sendsA ? ", sends" : ", receives")
                + (sendsB ? " and sends" : " and receives") + (interrupts ? ", interrupts" : "");
        Diver[] divers = new Diver[1 + random.nextInt(2)];
        List<Partner> partners = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            partners.add(new Partner(a, b, sendsA, sendsB, random.nextLong()));
        }
        for (Partner partner : partners) {
            partner.thread = start(random.nextBoolean(), partner::run, 0);
        }
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < divers.length; i++) {
            divers[i] = new Diver(a, b, sendsA, sendsB, random.nextLong());
            threads.add(start(goroutines, divers[i]::run, ChanOverflowProgram.STACK_BYTES));
        }
        boolean ended = join(threads, interrupts, what + ": a diver");
        List<Thread> others = new ArrayList<>();
        for (Partner partner : partners) {
            partner.stop = true;
            partner.thread.interrupt();
            others.add(partner.thread);
        }
        if (join(others, true, what + ": a partner") && ended) {
            books(List.of(a, b), divers, partners, what);
        }
    }

    private boolean join(List<Thread> threads, boolean interrupts, String what) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        for (Thread thread : threads) {
            while (!thread.join(interrupts ? Duration.ofMillis(1) : Duration.ofSeconds(20))) {
                if (System.nanoTime() > deadline) {
                    StackTraceElement[] trace = thread.getStackTrace();
                    faults.add(what + " does not end: " + List.of(trace).subList(0, Math.min(12, trace.length)));
                    return false;
                }
                thread.interrupt();
            }
        }
        return true;
    }

    private void books(List<Chan<Value>> chans, Diver[] divers, List<Partner> partners, String what)
            throws InterruptedException {
        for (Chan<Value> c : chans) {
            Thread check = Thread.ofPlatform().daemon().start(c::checkInvariants);
            if (!check.join(Duration.ofSeconds(10))) {
                faults.add(what + ": the lock is held");
                return;
            }
            if (!c.toString().contains("receivers=0 senders=0")) {
                faults.add(what + ": waiters are left: " + c);
            }
            for (Received<Value> left; (left = c.tryReceive()) != null;) {
                left.value().received++;
            }
        }
        for (Diver diver : divers) {
            overflows += diver.overflows;
            completed += diver.completed;
            for (int i = forgets ? 1 : 0; i < diver.nGot; i++) {
                diver.got[i].received++;
            }
            if (diver.failure != null) {
                faults.add(what + ": diver: " + diver.failure);
            }
        }
        for (Partner partner : partners) {
            for (Value value : partner.got) {
                value.received++;
            }
            if (partner.failure != null) {
                faults.add(what + ": partner: " + partner.failure);
            }
        }
        for (Diver diver : divers) {
            check(diver.values, what);
        }
        for (Partner partner : partners) {
            check(partner.values, what);
        }
    }

    private void check(Value[] values, String what) {
        for (Value value : values) {
            if (value.received != (value.status == SENT ? 1 : 0)) {
                faults.add(what + ": " + value);
                return;
            }
        }
    }

    // -- the other side --

    /** Does at each channel what the divers do not: by plain operations, or by a select of its own. */
    private static final class Partner {
        private final List<Chan<Value>> chans;
        private final boolean[] sends;
        private final SplittableRandom random;
        private final Value[] values;
        private final List<Value> got = new ArrayList<>();
        private final Select sel = new Select();
        private final List<Select.Case> cases = new ArrayList<>();
        private int next;
        private Thread thread;
        private volatile boolean stop;
        private Throwable failure;

        Partner(Chan<Value> a, Chan<Value> b, boolean diverSendsA, boolean diverSendsB, long seed) {
            chans = List.of(a, b);
            sends = new boolean[]{!diverSendsA, !diverSendsB};
            random = new SplittableRandom(seed);
            values = values("partner", sends[0] || sends[1] ? PARTNER_VALUES : 0);
            for (int i = 0; i < 2; i++) {
                cases.add(sends[i] ? sel.send(chans.get(i), null) : sel.recv(chans.get(i)));
            }
        }

        void run() {
            try {
                while (!stop) {
                    if (next + 2 > values.length && values.length > 0) {
                        throw new AssertionError("the partner's values are used up");
                    }
                    if (random.nextInt(3) == 0) {
                        select();
                    } else {
                        plain(random.nextInt(2));
                    }
                }
            } catch (InterruptedException e) {
                // the end of the round
            } catch (Throwable e) {
                failure = e;
            }
        }

        @SuppressWarnings("unchecked")
        private void select() throws InterruptedException {
            for (int i = 0; i < 2; i++) {
                if (cases.get(i) instanceof Select.Send<?> out) {
                    ((Select.Send<Value>) out).to(chans.get(i), values[next++]);
                }
            }
            Select.Case ran = sel.await();
            if (ran instanceof Select.Recv<?> in) {
                got.add((Value) in.value());
            } else {
                ((Value) ran.sendValue).status = SENT;
            }
        }

        private void plain(int i) throws InterruptedException {
            Chan<Value> c = chans.get(i);
            if (sends[i]) {
                Value value = values[next];
                if (c.trySend(value)) {
                    value.status = SENT;
                    next++;
                    return;
                }
            } else {
                Received<Value> received = c.tryReceive();
                if (received != null) {
                    got.add(received.value());
                    return;
                }
            }
            Chans.pause();
        }
    }

    // -- the divers --

    /** Once a select has returned, its result is written down without any call: that could overflow too. */
    private static final class Diver extends ChanOverflowProgram.Dives {
        private final Select sel = new Select();
        private final Chan<Value> a;
        private final Chan<Value> b;
        private final Select.Case caseA;
        private final Select.Case caseB;
        private final Value[] values = values("diver", 2 * DIVES * TRIES_PER_DIVE);
        private final Value[] got = new Value[DIVES * TRIES_PER_DIVE];
        private int nGot;
        private int next;
        private int tries;
        private int successes;
        /** A receive has run whose value has not been read. */
        private Select.Case unread;

        Diver(Chan<Value> a, Chan<Value> b, boolean sendsA, boolean sendsB, long seed) {
            super(seed);
            this.a = a;
            this.b = b;
            caseA = sendsA ? sel.send(a, values[next++]) : sel.recv(a);
            caseB = sendsB ? sel.send(b, values[next++]) : sel.recv(b);
        }

        void run() {
            try {
                for (int i = 0; i < DIVES; i++) {
                    tries = 0;
                    successes = 0;
                    dive();
                    read();
                    Thread.interrupted();
                }
            } catch (Throwable e) {
                failure = e;
            }
        }

        @Override
        void step() {
            if (++tries == TRIES_PER_DIVE) {
                surfaced = true;
            }
            try {
                read();
                rearm(caseA, a);
                rearm(caseB, b);
                Select.Case ran = tries % 3 == 0 ? sel.poll() : sel.await();
                if (ran == null) {
                    return;
                }
                if (ran.isSend) {
                    ((Value) ran.sendValue).status = SENT;
                } else {
                    unread = ran;
                }
                completed++;
                if (++successes == SUCCESSES_PER_DIVE) {
                    surfaced = true;
                }
            } catch (InterruptedException e) {
                // not done
            }
        }

        /** If this is cut off, the element stays in the case, and the frame above reads it. */
        private void read() {
            if (unread != null) {
                Object value = ((Select.Recv<?>) unread).value();
                got[nGot++] = (Value) value;
                unread = null;
            }
        }

        /**
         * A send case that has sent gets another value. Now and then its channel is taken from it and given back, so that
         * the orders are made anew at the end of the stack.
         */
        @SuppressWarnings("unchecked")
        private void rearm(Select.Case each, Chan<Value> c) {
            if (!each.isSend) {
                return;
            }
            Select.Send<Value> out = (Select.Send<Value>) each;
            Value value = (Value) out.sendValue;
            if (value.status == SENT) {
                value = values[next++];
            }
            if (tries % 5 == 0) {
                out.to(null, value);
            }
            out.to(c, value);
        }
    }

    // -- a round of longs --

    private void longRound() throws InterruptedException {
        rounds++;
        LongChan c = LongChan.make(CAPS[random.nextInt(CAPS.length)]);
        LongDiver diver = new LongDiver(c, random.nextInt(LongDiver.KINDS), random.nextLong());
        boolean waits = random.nextBoolean();
        String what = "long round " + rounds + ", " + c + ", kind " + diver.kind;
        long[] last = new long[1];
        Throwable[] failure = new Throwable[1];
        Thread partner = start(random.nextBoolean(), () -> {
            try {
                for (long v = 1;; v++) {
                    if (diver.sends) {
                        LongChan.ReceivedLong got;
                        while ((got = waits ? c.receiveOk() : c.tryReceive()) == null) {
                            Chans.pause();
                        }
                        if (got.value() != v) {
                            throw new AssertionError("received " + got + " instead of " + v);
                        }
                    } else if (waits) {
                        c.send(v);
                    } else {
                        while (!c.trySend(v)) {
                            Chans.pause();
                        }
                    }
                    last[0] = v;
                }
            } catch (InterruptedException e) {
                // the end of the round
            } catch (Throwable e) {
                failure[0] = e;
            }
        }, 0);
        Thread thread = start(goroutines, diver::run, ChanOverflowProgram.STACK_BYTES);
        boolean ended = join(List.of(thread), false, what + ": the diver");
        partner.interrupt();
        if (!join(List.of(partner), true, what + ": the partner") || !ended) {
            return;
        }
        overflows += diver.overflows;
        completed += diver.completed;
        for (Throwable each : new Throwable[]{failure[0], diver.failure}) {
            if (each != null) {
                faults.add(what + ": " + each);
            }
        }
        c.checkInvariants();
        long left = c.len();
        long sent = diver.sends ? diver.done : last[0];
        long received = diver.sends ? last[0] : diver.done;
        if (sent != received + left) {
            faults.add(what + ": sent " + sent + ", received " + received + ", left " + left);
        }
    }

    private static final class LongDiver extends ChanOverflowProgram.Dives {
        private static final int KINDS = 9;
        private static final int SEND_KINDS = 3;

        private final LongChan c;
        private final int kind;
        private final boolean sends;
        private final Select sel = new Select();
        private final Select.RecvLong in;
        private final Select.SendLong out;
        private final long[] got = new long[DIVES * TRIES_PER_DIVE];
        /** Read at the end: that takes a call. */
        private final LongChan.ReceivedLong[] results = new LongChan.ReceivedLong[DIVES * TRIES_PER_DIVE];
        /** How many were sent or received. */
        private int done;
        private int tries;
        private int successes;

        LongDiver(LongChan c, int kind, long seed) {
            super(seed);
            this.c = c;
            this.kind = kind;
            sends = kind < SEND_KINDS;
            in = sel.recv(sends ? null : c);
            out = sel.send(sends ? c : null, 1);
        }

        void run() {
            try {
                for (int i = 0; i < DIVES; i++) {
                    tries = 0;
                    successes = 0;
                    dive();
                }
                for (int i = 0; i < done && !sends; i++) {
                    long value = results[i] == null ? got[i] : results[i].value();
                    if (value != i + 1) {
                        throw new AssertionError("received " + value + " instead of " + (i + 1));
                    }
                }
            } catch (Throwable e) {
                failure = e;
            }
        }

        @Override
        void step() {
            if (++tries == TRIES_PER_DIVE) {
                surfaced = true;
            }
            try {
                if (sends ? send() : receive()) {
                    done++;
                    completed++;
                    if (++successes == SUCCESSES_PER_DIVE) {
                        surfaced = true;
                    }
                }
            } catch (InterruptedException e) {
                failure = e;
            }
        }

        private boolean send() throws InterruptedException {
            switch (kind) {
                case 0 -> c.send(done + 1);
                case 1 -> {
                    return c.trySend(done + 1);
                }
                default -> {
                    out.to(c, done + 1);
                    sel.await();
                }
            }
            return true;
        }

        private boolean receive() throws InterruptedException {
            LongChan.ReceivedLong received;
            switch (kind) {
                case 3 -> got[done] = c.receive();
                case 4 -> got[done] = c.receiveOr(-1);
                case 5 -> {
                    sel.await();
                    got[done] = in.sg.bits;
                }
                case 6 -> results[done] = c.receiveOk();
                case 7 -> {
                    received = c.tryReceive();
                    if (received == null) {
                        return false;
                    }
                    results[done] = received;
                }
                default -> {
                    received = c.tryReceive(SHORT);
                    if (received == null) {
                        return false;
                    }
                    results[done] = received;
                }
            }
            return true;
        }
    }

    // -- a round of closes of channels at which selects wait --

    private void closeRound() throws InterruptedException {
        rounds++;
        String what = "close round " + rounds;
        CloseDiver diver = new CloseDiver(random.nextLong());
        Chan<Value> never = Chan.make();
        List<Thread> waiting = new ArrayList<>();
        int[] told = new int[CLOSES * 3];
        for (int i = 0; i < CLOSES; i++) {
            Chan<Value> c = diver.chans[i] = Chan.make();
            int n = random.nextInt(4);
            boolean senders = random.nextBoolean();
            for (int k = 0; k < n; k++) {
                int at = waiting.size();
                waiting.add(start(true, () -> {
                    Select sel = new Select();
                    Select.Recv<Value> fromNever = sel.recv(never);
                    Select.Recv<Value> in = sel.recv(senders ? null : c);
                    sel.send(senders ? c : null, null);
                    try {
                        told[at] = sel.await() == in && !in.ok() && !fromNever.ok() ? 1 : 2;
                    } catch (Panic e) {
                        told[at] = senders ? 1 : 3;
                    } catch (InterruptedException e) {
                        told[at] = 4;
                    }
                }, 0));
            }
            Selects.awaitWaiters(c, senders ? 0 : n, senders ? n : 0);
        }
        Thread thread = start(goroutines, diver::run, ChanOverflowProgram.STACK_BYTES);
        if (!join(List.of(thread), false, what + ": the diver")) {
            return;
        }
        overflows += diver.overflows;
        completed += diver.completed;
        if (diver.failure != null) {
            faults.add(what + ": diver: " + diver.failure);
        }
        for (int i = 0; i < waiting.size(); i++) {
            if (!waiting.get(i).join(Duration.ofSeconds(10))) {
                faults.add(what + ": a select is not woken, its thread is in state " + Jdk.stateOf(waiting.get(i)));
                return;
            }
            if (told[i] != 1) {
                faults.add(what + ": a select was not told of the close: " + told[i]);
            }
        }
        never.checkInvariants();
        if (!never.toString().contains("receivers=0 senders=0")) {
            faults.add(what + ": waiters are left: " + never);
        }
    }

    private static final class CloseDiver extends ChanOverflowProgram.Dives {
        @SuppressWarnings({"unchecked", "rawtypes"})
        private final Chan<Value>[] chans = new Chan[CLOSES];
        private int at;

        CloseDiver(long seed) {
            super(seed);
        }

        void run() {
            try {
                for (at = 0; at < CLOSES; at++) {
                    dive();
                }
            } catch (Throwable e) {
                failure = e;
            }
        }

        /** A close that threw an overflow has not closed: the next one would panic. */
        @Override
        void step() {
            chans[at].close();
            surfaced = true;
            completed++;
        }
    }
}
