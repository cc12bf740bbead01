package io.goruntime.internal.poll;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.sched.Netpoller;
import io.goruntime.internal.sched.Sched;
import java.io.IOException;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import java.net.ProtocolFamily;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * The poller where there is neither epoll nor kqueue, or no native access: a Selector of the JDK.
 */
/*
 * A Selector reports a key again and again while it is ready, so a key is interested only while somebody waits (arm), and
 * what it reports it is no longer interested in. A change of interest reaches a select that has begun only by a wake-up:
 *
 *   waiter   1. interest                    poller   1. selecting = 1
 *            2. selecting: wake-up                   2. select, which takes the interest first
 *
 * One thread at a time selects; another that comes meanwhile finds nothing.
 *
 * A Selector gives a closed channel's descriptor back at its next select only, so whoever closes one sees to that, or
 * leaves it to the thread that has the selector just now and does not come to its end:
 *
 *   closer   1. closing = true              poller   1. busy = 0
 *            2. busy is 0: selects itself            2. closing: selects again
 */
final class NioPoll extends NetPoll {
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final int MAX_FLUSHES = 1_000;

    private static final VarHandle BUSY = ConstantBootstraps.fieldVarHandle(lookup(), "busy", VarHandle.class,
            NioPoll.class, int.class);

    private final Selector selector;

    /** 1 while a thread uses the selector. */
    private volatile int busy;

    /** 1 while it may be asleep in it. */
    private volatile int selecting;

    /** A channel has been closed, and no select has begun since. */
    private volatile boolean closing;

    /** Somebody has called wake, and no wait has ended since. */
    private volatile boolean waking;

    NioPoll(Sched sched) throws IOException {
        super(sched);
        selector = Selector.open();
    }

    @Override
    public String name() {
        return "nio";
    }

    @Override
    public NetFD stream(ProtocolFamily family) throws IOException {
        return NioFD.stream(this, family);
    }

    @Override
    public NetFD datagram(ProtocolFamily family) throws IOException {
        return NioFD.datagram(this, family);
    }

    @Override
    void arm(Side side) {
        NetFD owner = side.pd.owner;
        if (owner instanceof NioFD fd) {
            fd.arm(side.write);
            if (selecting != 0) {
                selector.wakeup();
            }
        }
    }

    SelectionKey register(SelectableChannel channel, PollDesc pd) throws IOException {
        try {
            return channel.register(selector, 0, pd);
        } catch (ClosedSelectorException e) {
            throw new IOException("the runtime is closed", e);
        }
    }

    /** A channel has been closed: returns when its descriptor has been, too, or will be as soon as the poller goes on. */
    void flush(SelectableChannel closed) {
        Events events = new Events();
        closing = true;
        for (int i = 0; closed.isRegistered() && selector.isOpen() && i < MAX_FLUSHES; i++) {
            if (events.poll(0) != 0) {
                events.ready();
            }
            if (closed.isRegistered()) {
                selector.wakeup(); // for who selects
                Thread.yield();
            }
        }
    }

    @Override
    void wake() {
        waking = true;
        selector.wakeup();
    }

    @Override
    void closePoller() {
        try {
            selector.close();
        } catch (IOException e) {
            throw new AssertionError(e); // a selector's descriptors are not written to
        }
    }

    @Override
    Netpoller.Events newEvents() {
        return new Events();
    }

    private final class Events extends Netpoller.Events implements Consumer<SelectionKey> {
        private PollDesc[] found = new PollDesc[16];
        private int[] ops = new int[16];
        private int count;

        @Override
        public int poll(long nanos) {
            count = 0;
            long wait = nanos;
            do {
                if (!BUSY.compareAndSet(NioPoll.this, 0, 1)) {
                    break;
                }
                closing = false;
                try {
                    select(wait);
                } catch (IOException | ClosedSelectorException e) {
                    // closed: there is nothing to be found
                } catch (OutOfMemoryError e) {
                    // what has been found so far counts, and the Selector will report the others again
                } finally {
                    selecting = 0;
                    busy = 0;
                }
                wait = 0;
            } while (closing);
            return count;
        }

        private void select(long nanos) throws IOException {
            if (nanos == 0) {
                selector.selectNow(this);
                if (waking) {
                    selector.wakeup(); // it was for a wait
                }
            } else {
                selecting = 1;
                selector.select(this, nanos < 0 ? 0 : (nanos + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI);
                waking = false;
            }
        }

        @Override
        public void accept(SelectionKey key) {
            try {
                if (count == found.length) {
                    PollDesc[] moreFound = Arrays.copyOf(found, 2 * count);
                    ops = Arrays.copyOf(ops, 2 * count);
                    found = moreFound;
                }
                int ready = key.readyOps();
                key.interestOpsAnd(~ready); // last of what can fail: an event is not reported again
                found[count] = (PollDesc) key.attachment();
                ops[count++] = ready;
            } catch (CancelledKeyException e) {
                // closed meanwhile
            }
        }

        @Override
        public void ready() {
            int woken = 0;
            for (int i = 0; i < count; i++) {
                woken += found[i].ready((ops[i] & (SelectionKey.OP_READ | SelectionKey.OP_ACCEPT)) != 0,
                        (ops[i] & (SelectionKey.OP_WRITE | SelectionKey.OP_CONNECT)) != 0);
                found[i] = null;
            }
            count = 0;
            if (woken != 0) {
                addWaiters(-woken);
            }
        }
    }
}
