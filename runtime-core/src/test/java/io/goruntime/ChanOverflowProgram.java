package io.goruntime;

import io.goruntime.internal.jdk.Jdk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * The program of {@link ChanOverflowTest}'s children. Divers recurse until their stacks overflow and, on the way up, try
 * one channel operation in each frame until it has succeeded a few times: it is cut off a little later each time. On the
 * other side of the channel partners send, receive and try. After each round the books must balance:
 *
 * <ul>
 * <li>what was sent by a send that returned normally was received exactly once, or is left in the buffer;
 * <li>nothing else was received: a send that threw did not send, a receive that threw took nothing;
 * <li>the lock is free and every thread ends when it is interrupted: no waiter was claimed and forgotten.
 * </ul>
 *
 * <p>Arguments: what dives ({@code goroutine}, {@code platform}), seconds, {@code keep} or {@code forget} (a diver then
 * forgets an element, which the books must show), seed.
 */
final class ChanOverflowProgram {
    private static final int DIVES = 40;
    private static final int TRIES_PER_DIVE = 400;
    private static final int CLOSES = 8;
    private static final int SUCCESSES_PER_DIVE = 3;
    private static final int PARTNER_VALUES = 400_000;
    static final long STACK_BYTES = 160 << 10;
    private static final int[] CAPS = {0, 1, 2, 100};

    private static final Duration SHORT = Duration.ofNanos(200_000);

    private static final int SEND = 0;
    private static final int TRY_SEND = 1;
    private static final int TIMED_SEND = 2;
    private static final int SEND_KINDS = 3;
    private static final int RECEIVE = 3;
    private static final int RECEIVE_OK = 4;
    private static final int RECEIVE_OR = 5;
    private static final int TRY_RECEIVE = 6;
    private static final int TIMED_RECEIVE = 7;
    private static final int RECEIVE_KINDS = 6;

    private static final int TRIED = 1;
    private static final int SENT = 2;

    private final boolean goroutines;
    private final boolean forgets;
    private final SplittableRandom random;
    private final GoRuntime runtime;
    private long overflows;
    private long completed;
    private long rounds;
    private final List<String> faults = new ArrayList<>();

    private ChanOverflowProgram(boolean goroutines, boolean forgets, long seed) {
        this.goroutines = goroutines;
        this.forgets = forgets;
        this.random = new SplittableRandom(seed);
        this.runtime = GoRuntime.builder().maxProcs(4).build();
    }

    public static void main(String[] args) throws Exception {
        long seed = args.length > 3 ? Long.parseLong(args[3]) : System.nanoTime();
        System.out.println("seed " + seed);
        ChanOverflowProgram program = new ChanOverflowProgram(args[0].equals("goroutine"),
                args[2].equals("forget"), seed);
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos((long) (Double.parseDouble(args[1]) * 1_000));
        while (System.nanoTime() < end && program.faults.size() < 5) {
            program.transferRound();
            program.closeRound();
        }
        System.out.println("rounds " + program.rounds + ", overflows " + program.overflows + ", completed "
                + program.completed);
        program.faults.forEach(fault -> System.out.println("FAULT " + fault));
        System.out.println("faults: " + program.faults.size());
        System.out.println(program.overflows > 1_000 ? "enough overflows" : "too few overflows");
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
            return "value of " + sender + " (" + (status == SENT ? "sent" : status == TRIED ? "threw" : "not tried")
                    + "), received " + received + " times";
        }
    }

    private static Value[] values(String sender, int n) {
        Value[] values = new Value[n];
        for (int i = 0; i < n; i++) {
            values[i] = new Value(sender);
        }
        return values;
    }

    // -- a round of sends and receives --

    private void transferRound() throws InterruptedException {
        rounds++;
        int cap = CAPS[random.nextInt(CAPS.length)];
        Chan<Value> c = Chan.make(cap);
        boolean sends = random.nextBoolean();
        boolean interrupts = random.nextInt(4) == 0;
        int kind = sends ? random.nextInt(SEND_KINDS) : SEND_KINDS + random.nextInt(RECEIVE_KINDS);
        String what = "round " + rounds + " cap " + cap + " kind " + kind + (interrupts ? " interrupts" : "");
        Diver[] divers = new Diver[1 + random.nextInt(2)];
        Thread[] threads = new Thread[divers.length];
        Partner[] partners = new Partner[1 + random.nextInt(3)];
        for (int i = 0; i < partners.length; i++) {
            partners[i] = new Partner(c, !sends, random.nextInt(3), random.nextLong());
            partners[i].thread = start(random.nextBoolean(), partners[i]::run, 0);
        }
        for (int i = 0; i < divers.length; i++) {
            divers[i] = new Diver(c, kind, random.nextLong());
            threads[i] = start(goroutines, divers[i]::run, STACK_BYTES);
        }
        boolean ended = join(threads, interrupts, what + " diver");
        for (Partner partner : partners) {
            partner.stop = true;
            partner.thread.interrupt();
        }
        for (Partner partner : partners) {
            if (!partner.thread.join(Duration.ofSeconds(10))) {
                ended = false;
                faults.add(what + ": a partner does not end: " + List.of(partner.thread.getStackTrace()));
            }
        }
        if (ended) {
            books(c, divers, partners, what);
        }
    }

    private boolean join(Thread[] threads, boolean interrupts, String what) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        for (Thread thread : threads) {
            while (!thread.join(interrupts ? Duration.ofMillis(1) : Duration.ofSeconds(20))) {
                if (System.nanoTime() > deadline) {
                    StackTraceElement[] trace = thread.getStackTrace();
                    faults.add(what + " does not end: "
                            + List.of(trace).subList(0, Math.min(12, trace.length)));
                    return false;
                }
                thread.interrupt();
            }
        }
        return true;
    }

    private void books(Chan<Value> c, Diver[] divers, Partner[] partners, String what) throws InterruptedException {
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
        for (Diver diver : divers) {
            overflows += diver.overflows;
            completed += diver.completed;
            for (int i = forgets ? 1 : 0; i < diver.nGot; i++) {
                valueOf(diver.got[i]).received++;
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

    private Thread start(boolean goroutine, Runnable body, long stackBytes) {
        if (goroutine) {
            return runtime.spawn(body::run).thread();
        }
        Thread thread = new Thread(null, body, "diver", stackBytes);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    // -- the other side --

    private static final class Partner {
        private final Chan<Value> c;
        private final int style;
        private final SplittableRandom random;
        private final Value[] values;
        private final List<Value> got = new ArrayList<>();
        private Thread thread;
        private volatile boolean stop;
        private Throwable failure;

        Partner(Chan<Value> c, boolean sends, int style, long seed) {
            this.c = c;
            this.style = style;
            random = new SplittableRandom(seed);
            values = sends ? values("partner", PARTNER_VALUES) : new Value[0];
        }

        void run() {
            try {
                for (int i = 0; !stop && (values.length == 0 || i < values.length);) {
                    boolean blocking = style == 0 || style == 1 && random.nextInt(8) == 0;
                    boolean done = blocking || style == 1;
                    if (values.length == 0) {
                        receive(blocking);
                    } else {
                        done = send(values[i], blocking);
                        if (done) {
                            i++;
                        }
                    }
                    if (!done) {
                        Thread.yield();
                    }
                }
                while (!stop) { // its values are used up: the divers end by themselves only with a partner
                    Thread.sleep(1);
                    failure = new AssertionError("the partner's values are used up");
                }
            } catch (InterruptedException e) {
                // the end of the round
            } catch (Throwable e) {
                failure = e;
            }
        }

        private boolean send(Value value, boolean blocking) throws InterruptedException {
            value.status = TRIED;
            if (blocking) {
                c.send(value);
                value.status = SENT;
                return true;
            }
            boolean sent = c.trySend(value);
            if (sent) {
                value.status = SENT;
            }
            return sent;
        }

        private void receive(boolean blocking) throws InterruptedException {
            Received<Value> received = blocking ? c.receiveOk() : c.tryReceive();
            if (received != null) {
                got.add(received.value());
            }
        }
    }

    // -- the divers --

    /** Recurses with frames of three widths; what it does on the way up is its subclass's. */
    abstract static class Dives {
        final SplittableRandom random;
        boolean surfaced;
        long overflows;
        long completed;
        Throwable failure;

        Dives(long seed) {
            random = new SplittableRandom(seed);
        }

        /** One try; sets surfaced when the dive is over. An overflow goes to the frame above. */
        abstract void step();

        final void dive() {
            surfaced = false;
            pad(random.nextInt(60), random.nextInt(3));
        }

        /** Shifts the frames, so that the overflow strikes at another place each time. */
        private int pad(int n, int width) {
            if (n > 0) {
                return pad(n - 1, width) + 1;
            }
            return switch (width) {
                case 0 -> narrow();
                case 1 -> medium(1, 2, 3);
                default -> wide(1, 2, 3, 4, 5, 6, 7);
            };
        }

        private int narrow() {
            int depth = 0;
            try {
                depth = narrow() + 1;
            } catch (StackOverflowError e) {
                overflows++;
            }
            if (!surfaced) {
                step();
            }
            return depth;
        }

        private int medium(long a, long b, long c) {
            int depth = 0;
            try {
                depth = medium(b, c, a + 1) + 1;
            } catch (StackOverflowError e) {
                overflows++;
            }
            if (!surfaced) {
                step();
            }
            return depth + (int) (a ^ b ^ c) % 2;
        }

        private int wide(long a, long b, long c, long d, long e, long f, long g) {
            int depth = 0;
            try {
                depth = wide(b, c, d, e, f, g, a + 1) + 1;
            } catch (StackOverflowError error) {
                overflows++;
            }
            if (!surfaced) {
                step();
            }
            return depth + (int) (a ^ b ^ c ^ d ^ e ^ f ^ g) % 2;
        }
    }

    /** Once an operation has returned, its result is written down without any call: that could overflow too. */
    private static final class Diver extends Dives {
        private final Chan<Value> c;
        private final int kind;
        private final Iterator<Value> iterator;
        private final Value[] values;

        /** Values, and Received with values. */
        private final Object[] got = new Object[DIVES * TRIES_PER_DIVE];
        private int nGot;
        private int next;
        private int successes;
        private int tries;
        private boolean interrupted;

        Diver(Chan<Value> c, int kind, long seed) {
            super(seed);
            this.c = c;
            this.kind = kind;
            iterator = c.iterator();
            values = kind < SEND_KINDS ? values("diver", DIVES * TRIES_PER_DIVE) : new Value[0];
        }

        void run() {
            try {
                for (int i = 0; i < DIVES; i++) {
                    successes = 0;
                    tries = 0;
                    dive();
                    interrupted |= Thread.interrupted();
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
                if (kind < SEND_KINDS) {
                    send();
                } else {
                    receive();
                }
            } catch (InterruptedException | UncheckedInterruptedException e) {
                interrupted = true;
            }
        }

        private void send() throws InterruptedException {
            Value value = values[next++];
            value.status = TRIED;
            boolean sent = true;
            switch (kind) {
                case SEND -> c.send(value);
                case TRY_SEND -> sent = c.trySend(value);
                default -> sent = c.trySend(value, SHORT);
            }
            if (sent) {
                value.status = SENT;
                success();
            }
        }

        private void receive() throws InterruptedException {
            Object result;
            switch (kind) {
                case RECEIVE -> result = c.receive();
                case RECEIVE_OR -> result = c.receiveOr(null);
                case RECEIVE_OK -> result = c.receiveOk();
                case TRY_RECEIVE -> result = c.tryReceive();
                case TIMED_RECEIVE -> result = c.tryReceive(SHORT);
                default -> result = iterator.next();
            }
            if (result != null) {
                got[nGot++] = result;
                success();
            }
        }

        private void success() {
            completed++;
            if (++successes == SUCCESSES_PER_DIVE) {
                surfaced = true;
            }
        }
    }

    private static Value valueOf(Object result) {
        return result instanceof Received<?> received ? (Value) received.value() : (Value) result;
    }

    // -- a round of closes, and of looks at the channel --

    private void closeRound() throws InterruptedException {
        rounds++;
        String what = "close round " + rounds;
        CloseDiver diver = new CloseDiver(random.nextLong());
        List<Thread> waiting = new ArrayList<>();
        int[] woken = new int[CLOSES * 3];
        for (int i = 0; i < CLOSES; i++) {
            Chan<Value> c = Chan.make(CAPS[random.nextInt(CAPS.length)]);
            diver.chans[i] = c;
            boolean senders = random.nextBoolean();
            int n = random.nextInt(4);
            for (int k = 0; senders && n > 0 && k < c.cap(); k++) {
                c.send(null);
            }
            for (int k = 0; k < n; k++) {
                int at = waiting.size();
                waiting.add(start(true, () -> {
                    try {
                        if (senders) {
                            c.send(null);
                        } else if (!c.receiveOk().ok()) {
                            woken[at] = 1;
                        }
                    } catch (Panic e) {
                        woken[at] = 1;
                    } catch (InterruptedException e) {
                        woken[at] = 2;
                    }
                }, 0));
            }
            while (Chans.receivers(c) + Chans.senders(c) < n) {
                Thread.yield();
            }
        }
        Thread thread = start(goroutines, diver::run, STACK_BYTES);
        if (!join(new Thread[]{thread}, false, what + " diver")) {
            return;
        }
        overflows += diver.overflows;
        completed += diver.completed;
        if (diver.failure != null) {
            faults.add(what + ": diver: " + diver.failure);
        }
        for (int i = 0; i < waiting.size(); i++) {
            if (!waiting.get(i).join(Duration.ofSeconds(10))) {
                faults.add(what + ": a waiter is not woken, its thread is in state "
                        + Jdk.stateOf(waiting.get(i)));
                waiting.get(i).interrupt();
                return;
            }
            if (woken[i] != 1) {
                faults.add(what + ": a waiter was not told of the close: " + woken[i]);
            }
        }
        for (Chan<Value> c : diver.chans) {
            c.checkInvariants();
        }
    }

    private static final class CloseDiver extends Dives {
        private final List<Object> texts = new ArrayList<>(List.of(""));
        @SuppressWarnings({"unchecked", "rawtypes"})
        private final Chan<Value>[] chans = new Chan[CLOSES];
        private int at;
        private int tries;
        private String text;

        CloseDiver(long seed) {
            super(seed);
        }

        void run() {
            try {
                for (at = 0; at < CLOSES; at++) {
                    dive();
                    texts.set(0, text);
                }
            } catch (Throwable e) {
                failure = e;
            }
        }

        /** A close that threw an overflow has not closed: the next one would panic. */
        @Override
        void step() {
            if (++tries % 4 == 0) {
                text = chans[at].toString();
                return;
            }
            chans[at].close();
            surfaced = true;
            completed++;
        }
    }
}
