package io.goruntime;

import io.goruntime.internal.signal.SignalTable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signals of the process on channels, Go's package {@code os/signal}.
 *
 * <pre>{@code
 * Chan<String> signals = Chan.make(1);
 * Signals.notify(signals, "TERM", "INT");
 * String first = signals.receive();
 * Signals.stop(signals);                  // the next one ends the JVM as usual
 * drain();
 * }</pre>
 *
 * <p>Signals are named as by {@code kill -l}, with {@code SIG} or without: {@code TERM}, {@code SIGTERM}. Which there are
 * depends on the system; Windows has {@code INT}, {@code TERM} and {@code ABRT}. They belong to the process, not to a
 * runtime: a channel stays notified when the runtime whose goroutines received from it is closed, and is kept until it
 * is stopped, as in Go.
 *
 * <p><b>The end of the JVM.</b> {@code TERM}, {@code INT} and {@code HUP} begin the shutdown of the JVM. While one of
 * them is notified or ignored it does not: the program goes on, for ever if it does not end by itself. Whoever handles
 * such a signal ends the program, by returning from main or by {@link System#exit}; shutdown hooks run then as usual. In a
 * process that was started with one of these ignored, as {@code nohup} does with {@code HUP}, the JVM leaves it ignored,
 * and nothing here changes that.
 *
 * <p><b>Not available</b> are {@code KILL} and {@code STOP}, which no process can handle, and what the JVM needs for
 * itself: {@code QUIT} (thread dumps), {@code USR2} (suspends threads), {@code SEGV}, {@code BUS}, {@code FPE},
 * {@code ILL}, {@code TRAP}, {@code PIPE} and {@code XFSZ}; and with the option {@code -Xrs} also {@code HUP}, {@code INT} and
 * {@code TERM}. To name one of them, or one that does not exist, is an {@link IllegalArgumentException} which gives the
 * reason; nothing has changed then.
 *
 * <p>While a channel is notified {@link GoRuntime#run} reports no deadlock of goroutines that wait: a signal may wake them.
 *
 * <p>All methods are thread-safe and do not block, but for the time of a delivery that is under way. What a thread does
 * before notify happens before the delivery of a signal.
 *
 * @see io.goruntime.context.Context#withSignals
 */
public final class Signals {
    private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

    private Signals() {}

    /**
     * Relays signals to a channel: each one that arrives is sent, as its name without {@code SIG}. Called again for the
     * same channel it adds to its signals. Several channels may be notified of the same signal, and each gets it.
     *
     * <p>Delivery never blocks: a signal for which the channel has no room, and no receiver waits, is dropped. So the
     * channel needs a buffer; for a signal that is only told apart from none, one place is enough. Signals that arrive
     * in quick succession may come in another order, and the system itself reports several of one kind as one.
     *
     * <p>A channel that has been closed is stopped when the next signal comes for it. If it was the last one, that signal
     * has the effect that it had before.
     *
     * @param c where to send; its {@code trySend} is called on a thread of the JVM's
     * @param signals at least one
     * @throws Panic {@code os/signal: Notify using nil channel} if c is null
     * @throws IllegalArgumentException if there is no signal, or one is not available
     */
    public static void notify(SendChan<? super String> c, String... signals) {
        if (c == null) {
            throw new Panic("os/signal: Notify using nil channel");
        }
        SignalTable.add(c, name -> deliver(c, name), signals);
    }

    private static boolean deliver(SendChan<? super String> c, String name) {
        try {
            c.trySend(name);
            return true;
        } catch (Panic e) {
            LOG.warn("SIG{} for a channel that is closed: it is no longer notified", name);
            stop(c);
            return false;
        }
    }

    /**
     * Stops relaying to a channel: undoes every {@link #notify} for it. When this returns, no more signals are sent to it. A
     * signal that no other channel is notified of has the effect again that it had before; one that arrives while this
     * runs is either sent or has that effect.
     *
     * @param c a channel; one that is not notified is left alone
     */
    public static void stop(SendChan<?> c) {
        if (c != null) {
            SignalTable.remove(c);
        }
    }

    /**
     * Makes signals have no effect. Undoes every {@link #notify} of them, for all channels. Processes that are started from
     * here do not inherit this.
     *
     * @param signals at least one
     * @throws IllegalArgumentException if there is no signal, or one is not available
     */
    public static void ignore(String... signals) {
        if (signals.length == 0) {
            throw new IllegalArgumentException("no signal is named");
        }
        SignalTable.clear(true, signals);
    }

    /**
     * Whether a signal is ignored because of {@link #ignore}.
     *
     * @param signal its name
     * @return false also for a signal that the process ignores since its start
     * @throws IllegalArgumentException if it is not available
     */
    public static boolean ignored(String signal) {
        return SignalTable.isIgnored(signal);
    }

    /**
     * Undoes every {@link #notify} and {@link #ignore} of signals: they have the effect again that they had before.
     *
     * @param signals none: all
     * @throws IllegalArgumentException if one is not available
     */
    public static void reset(String... signals) {
        SignalTable.clear(false, signals);
    }
}
