package io.goruntime.internal.signal;

import io.goruntime.internal.sched.DeadlockCheck;
import io.goruntime.internal.sched.Park;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Which signals of the process are ours, and who gets them. Counterpart of sigqueue.go: signal_enable, signal_disable,
 * signal_ignore.
 */
/*
 * The JVM knows one handler for each signal. For each signal that arrives its dispatcher starts a thread, on which the
 * handler is called; so a handler may take a lock, and signals may overtake one another.
 *
 * A signal is ours from the first notify or ignore until the last stop or a reset. Meanwhile its Relay is the JVM's
 * handler, and keeps the one that was there before:
 *
 *   not ours -> ours   under the lock; a signal that arrives meanwhile waits for the lock and finds the receivers
 *   ours -> not ours   under the lock: the handler before is put back. A signal that has arrived, and whose thread has not
 *                      got the lock yet, is passed on to it. So each signal is either relayed or has the effect that it
 *                      has without us, and a TERM is never lost. (Only what the system itself does by default for a signal
 *                      such as USR1 cannot be done from here; such a one is dropped.)
 *
 * To ignore a signal is to relay it to nobody. SIG_IGN would be for ever: once HUP, INT or TERM are ignored the JVM
 * takes no handler for them any more. For that reason they stay ignored in a process that was started so, as by nohup.
 *
 * If somebody else has taken the signal after us, and holds our relay as the handler before, theirs stays; the relay,
 * out of use, passes on.
 */
public final class SignalTable {
    /** The setting of the JVM for the number of the signal by which it suspends threads, for JFR; USR2 if it is not set. */
    private static final String SUSPEND_SETTING = "_JAVA_SR_SIGNUM";

    private static final Logger LOG = LoggerFactory.getLogger("io.goruntime.Signals");

    private static final ReentrantLock LOCK = new ReentrantLock();

    /** What is ours, by number; under LOCK. */
    private static final Map<Integer, Relay> RELAYS = new HashMap<>();

    private SignalTable() {}

    /** The JVM's handler of a signal that is ours. */
    private static final class Relay implements SignalHandler {
        final Signal signal;

        // under LOCK

        final Map<Object, Predicate<String>> receivers = new IdentityHashMap<>();
        boolean ignored;
        /** The handler before; null until installed. */
        @Nullable
        SignalHandler before;
        /** The handler before is the JVM's again. */
        boolean ended;

        Relay(Signal signal) {
            this.signal = signal;
        }

        @Override
        public void handle(Signal same) {
            boolean taken = false;
            LOCK.lock();
            try {
                for (Predicate<String> receiver : List.copyOf(receivers.values())) {
                    taken |= deliver(receiver);
                }
                if (taken || !ended) {
                    return;
                }
            } finally {
                LOCK.unlock();
            }
            try {
                before.handle(signal);
            } catch (UnsupportedOperationException e) {
                return; // native code, or the system's default
            }
        }

        /** One that fails has had the signal; the others get it too. */
        private boolean deliver(Predicate<String> receiver) {
            try {
                return receiver.test(signal.getName());
            } catch (Throwable e) {
                LOG.error("{} could not be delivered", signal, e);
                return true;
            }
        }

        void install() {
            try {
                before = Signal.handle(signal, this);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(signal
                        + " cannot be handled: the JVM does not give it away; with -Xrs it gives up HUP, INT and TERM",
                        e);
            }
        }

        void uninstall() {
            ended = true;
            SignalHandler last = Signal.handle(signal, before);
            if (last != this) {
                Signal.handle(signal, last); // somebody's who came after us
            }
        }
    }

    /**
     * Relays signals to a receiver, also those for which it is one already.
     *
     * @param key whose receiver it is; by identity
     * @param receiver gets the name, without SIG, on a thread of the JVM's and under the lock of this class: it must not
     *            block. False: it was too late for it
     * @param names with SIG or without
     * @throws IllegalArgumentException for a signal that does not exist or cannot be handled; nothing has changed then
     */
    public static void add(Object key, Predicate<String> receiver, String... names) {
        List<Signal> signals = signals(names);
        if (signals.isEmpty()) {
            throw new IllegalArgumentException("no signal is named");
        }
        Park.headroom();
        LOCK.lock();
        try {
            List<Relay> relays = new ArrayList<>();
            for (Signal signal : signals) {
                relays.add(relay(signal));
            }
            for (Relay relay : relays) {
                relay.receivers.put(key, receiver);
                relay.ignored = false;
            }
        } finally {
            settleAndUnlock();
        }
    }

    /** Ends what add began for this key. When it returns, no receiver of the key is being called or will be. */
    public static void remove(Object key) {
        Park.headroom();
        LOCK.lock();
        try {
            RELAYS.values().forEach(relay -> relay.receivers.remove(key));
        } finally {
            settleAndUnlock();
        }
    }

    /**
     * Takes signals away from all receivers.
     *
     * @param names with SIG or without; none: all
     * @param ignore whether they have no effect from now on, or the one they had before
     * @throws IllegalArgumentException for a signal that does not exist or cannot be handled; nothing has changed then
     */
    public static void clear(boolean ignore, String... names) {
        List<Signal> signals = signals(names);
        Park.headroom();
        LOCK.lock();
        try {
            List<Relay> relays = new ArrayList<>();
            if (names.length == 0) {
                relays.addAll(RELAYS.values());
            }
            for (Signal signal : signals) {
                Relay relay = ignore ? relay(signal) : RELAYS.get(signal.getNumber());
                if (relay != null) {
                    relays.add(relay);
                }
            }
            for (Relay relay : relays) {
                relay.receivers.clear();
                relay.ignored = ignore;
            }
        } finally {
            settleAndUnlock();
        }
    }

    /** Whether the signal has no effect because of clear. */
    public static boolean isIgnored(String name) {
        Signal signal = signal(name);
        Park.headroom();
        LOCK.lock();
        try {
            Relay relay = RELAYS.get(signal.getNumber());
            return relay != null && relay.ignored;
        } finally {
            LOCK.unlock();
        }
    }

    // -- under LOCK --

    /** The relay of a signal, which is ours from now on, until settle at least. */
    private static Relay relay(Signal signal) {
        Relay relay = RELAYS.get(signal.getNumber());
        if (relay == null) {
            relay = new Relay(signal);
            relay.install();
            RELAYS.put(signal.getNumber(), relay);
        }
        return relay;
    }

    /** After a change, and the end of the section, whatever the handlers of others throw. */
    private static void settleAndUnlock() {
        try {
            settle();
        } finally {
            LOCK.unlock();
        }
    }

    /** Gives up what is no longer wanted. */
    private static void settle() {
        boolean relayed = false;
        for (Iterator<Relay> each = RELAYS.values().iterator(); each.hasNext();) {
            Relay relay = each.next();
            if (!relay.receivers.isEmpty()) {
                relayed = true;
            } else if (!relay.ignored) {
                each.remove();
                relay.uninstall();
            }
        }
        DeadlockCheck.signalsRelayed(relayed);
    }

    // -- names --

    private static List<Signal> signals(String... names) {
        List<Signal> signals = new ArrayList<>();
        for (String name : names) {
            signals.add(signal(name));
        }
        return signals;
    }

    private static Signal signal(String name) {
        Objects.requireNonNull(name, "signal");
        String bare = name.startsWith("SIG") ? name.substring(3) : name;
        String reason = reserved(bare);
        if (reason != null) {
            throw new IllegalArgumentException("SIG" + bare + " cannot be handled: " + reason);
        }
        Signal signal;
        try {
            signal = new Signal(bare);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("unknown signal: " + name, e);
        }
        String suspending = System.getenv(SUSPEND_SETTING);
        if (suspending == null ? bare.equals("USR2") : suspending.equals(Integer.toString(signal.getNumber()))) {
            throw new IllegalArgumentException("SIG" + bare + " cannot be handled: the JVM suspends threads by it");
        }
        return signal;
    }

    /** What the JVM gives to nobody, or would lack: why; else null. */
    private static @Nullable String reserved(String bare) {
        return switch (bare) {
            case "QUIT", "BREAK" -> "the JVM prints a thread dump when it comes";
            case "KILL", "STOP" -> "the system lets no process handle it";
            case "SEGV", "BUS", "FPE", "ILL", "TRAP" -> "the JVM's compiled code depends on it";
            // Its handler could not be put back: sun.misc.Signal installs handlers of another signature.
            case "PIPE", "XFSZ" -> "the JVM catches it, so that a write fails with an exception instead";
            default -> null;
        };
    }
}
