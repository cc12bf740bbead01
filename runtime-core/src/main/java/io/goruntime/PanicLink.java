package io.goruntime;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Ties a panic to what was unwinding when it was raised. Counterpart of runtime2.go: _panic. Only its link:
 * the rest is in the exception and in the frame.
 */
/*
 * A panic is any Throwable, so the link cannot be a field of it. It is a suppressed exception: it travels with the panic
 * from frame to frame, Java's own stack traces show it ("Suppressed: panic: first [recovered]", with the first panic as
 * its cause), and no table keeps it alive.
 *
 * A link also carries what is no panic and was unwinding: goexit or an interruption. Whoever recovers from the panic,
 * in the same frame or an outer one, lets that go on. It is taken once and only by the thread that made the link,
 * because an exception object may be thrown again much later, and elsewhere.
 */
final class PanicLink extends Exception {
    private static final long serialVersionUID = 1;

    /** The very same exception was thrown again after it had been recovered; then there is no earlier one. */
    private final boolean again;
    private final boolean recovered;
    private final transient Thread thread = Thread.currentThread();
    private transient @Nullable Throwable exit;

    private PanicLink(@Nullable Throwable earlier, boolean recovered, boolean again, @Nullable Throwable exit) {
        super(null, earlier, false, false);
        this.recovered = recovered;
        this.again = again;
        this.exit = exit;
    }

    /**
     * Hangs a link on a new panic.
     *
     * @param panic the new one
     * @param earlier the panic that it follows; null if there is none
     * @param recovered whether the earlier one had been recovered
     * @param exit the goexit or interruption that it follows; null if there is none
     * @return what unwinds from here on: the panic, or another one around it if it takes no suppressed exceptions and an
     *         exit would be lost
     */
    static Throwable follow(Throwable panic, @Nullable Throwable earlier, boolean recovered,
            @Nullable Throwable exit) {
        if (earlier == null && exit == null) {
            return panic;
        }
        if (panic == earlier) {
            if (recovered) {
                panic.addSuppressed(new PanicLink(null, true, true, null));
            }
            return panic;
        }
        PanicLink link = new PanicLink(earlier, recovered, false, exit);
        panic.addSuppressed(link);
        if (panic.getSuppressed().length > 0) {
            return panic;
        }
        Throwable carried = exit != null ? exit : earlier == null ? null : takeExit(earlier);
        if (carried == null) {
            return panic;
        }
        Panic around = new Panic(Panic.valueOf(panic), panic.toString(), panic);
        around.addSuppressed(new PanicLink(null, false, false, carried));
        return around;
    }

    /** Takes the goexit or interruption that was unwinding before the first of these panics; null if there is none. */
    static @Nullable Throwable takeExit(Throwable panic) {
        Throwable found = null;
        Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Throwable each = panic; each != null && seen.add(each);) {
            Throwable earlier = null;
            for (Throwable suppressed : each.getSuppressed()) {
                if (suppressed instanceof PanicLink link && link.thread == Thread.currentThread()) {
                    if (link.exit != null) {
                        found = link.exit;
                        link.exit = null;
                    }
                    if (!link.again) {
                        earlier = link.getCause();
                    }
                }
            }
            each = earlier;
        }
        return found;
    }

    /** Whether there is more to say than the panic itself does. */
    static boolean isOn(Throwable panic) {
        for (Throwable suppressed : panic.getSuppressed()) {
            if (suppressed instanceof PanicLink link && (link.again || link.getCause() != null)) {
                return true;
            }
        }
        return false;
    }

    /** Counterpart of panic.go: printpanics. */
    static String chain(Throwable panic) {
        Deque<String> lines = new ArrayDeque<>(); // the newest at the end
        Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        String ending = "";
        boolean print = true;
        for (Throwable each = panic; each != null && seen.add(each);) {
            PanicLink before = null;
            for (Throwable suppressed : each.getSuppressed()) {
                if (suppressed instanceof PanicLink link) {
                    if (link.again) {
                        ending = " [recovered, repanicked]";
                    } else if (link.getCause() != null) {
                        before = link;
                    }
                }
            }
            Throwable earlier = before == null ? null : before.getCause();
            boolean same = earlier != null && before.recovered
                    && sameValue(Panic.valueOf(earlier), Panic.valueOf(each));
            if (print && !same) {
                lines.addFirst("panic: " + text(each) + ending);
            }
            // One that was raised again with the same value is printed once, with what became of it.
            ending = same ? " [recovered, repanicked]" : before != null && before.recovered ? " [recovered]" : "";
            each = earlier;
        }
        return String.join("\n\t", lines);
    }

    /** Equality of values in Go; of objects only identity, since equals is user code. */
    private static boolean sameValue(Object a, Object b) {
        return a == b || (a instanceof String || a instanceof Number || a instanceof Boolean || a instanceof Character)
                && a.equals(b);
    }

    /** Panics by their text, as Go prints errors; others with their class, without which their text may say nothing. */
    private static String text(Throwable panic) {
        String text = panic instanceof Panic
                ? Objects.toString(panic.getMessage(), panic.toString())
                : panic.toString();
        return text.replace("\n", "\n\t");
    }

    @Override
    public String toString() {
        Throwable earlier = getCause();
        if (earlier == null) {
            return again ? "[recovered, repanicked]" : "while unwinding: " + exit;
        }
        return "panic: " + text(earlier) + (recovered ? " [recovered]" : "");
    }
}
