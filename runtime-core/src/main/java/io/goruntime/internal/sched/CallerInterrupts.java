package io.goruntime.internal.sched;

import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.util.Set;

/**
 * Passes interrupts of the thread that called run to the main goroutine while that thread is m0.
 */
/*
 * An M takes no notice of its own interrupt flag, and cannot: the JDK uses the flag of a carrier for the virtual thread
 * on it, sets it when that one is interrupted and clears it when it leaves, so an interrupt meant for the carrier is
 * overwritten without a trace. To look at the flag from time to time would miss some.
 *
 * What the JDK does offer is a hook: Thread.interrupt calls whatever is registered as the blocker of the interrupted
 * thread, which is how selectors wake up. The hook is each thread's own, the goroutine on the carrier has another. The
 * public way to register one is to be a selector: between begin and end each interrupt of the thread that called begin,
 * and one that came before, calls wakeup.
 *
 * The hook is called after the flag was set. So an interrupt that the thread has answered already, before run, calls it
 * too if whoever interrupts is that slow, and main is interrupted for nothing. The flag does not tell the two apart, as it
 * may have been overwritten; between an interrupt too many and one lost, this is the better.
 */
final class CallerInterrupts extends AbstractSelector {
    private final Sched sched;
    private final G main;

    CallerInterrupts(Sched sched, G main) {
        super(null);
        this.sched = sched;
        this.main = main;
    }

    /** The calling thread becomes m0. */
    void start() {
        begin();
    }

    /**
     * The calling thread is m0 no longer. An interrupt at this moment may reach main twice, here and by its flag. It is
     * never lost.
     */
    void stop() {
        if (Thread.interrupted()) {
            sched.callerInterrupted = true;
        }
        end();
    }

    /** The thread was interrupted; runs on whichever thread did it. */
    @Override
    public Selector wakeup() {
        sched.callerInterrupted = true;
        main.thread.interrupt();
        return this;
    }

    // -- nobody selects --

    @Override
    protected void implCloseSelector() {}

    @Override
    protected SelectionKey register(AbstractSelectableChannel channel, int ops, Object attachment) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Set<SelectionKey> keys() {
        return Set.of();
    }

    @Override
    public Set<SelectionKey> selectedKeys() {
        return Set.of();
    }

    @Override
    public int selectNow() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int select(long timeout) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int select() {
        throw new UnsupportedOperationException();
    }
}
