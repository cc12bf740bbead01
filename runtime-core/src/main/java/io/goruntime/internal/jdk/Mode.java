package io.goruntime.internal.jdk;

import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether goroutines run on the runtime's own scheduler (gmp) or as plain virtual threads (jdk). */
public final class Mode {
    /*
     * -Dgoruntime.scheduler=auto   gmp where the bridge opens, else jdk with one warning; the default
     *                       gmp    an exception with the reason where the bridge does not open
     *                       jdk    the bridge is not touched
     *
     * The decision is made once, by ensure(), and kept, failures too: whatever ran first in the JVM and in whatever
     * mode, all later code sees the same. Racing callers each work it out (the opener gives all of them the same
     * result); one publishes it and logs it. No lock is held meanwhile, so a logging framework that uses goroutines
     * in its own start-up gets through.
     */

    public static final String PROPERTY = "goruntime.scheduler";

    /** Published by one compare-and-set, never replaced. */
    private static final AtomicReference<Decision> decision = new AtomicReference<>();

    /** True once goroutines can be started, in either mode; written after {@link #decision}. */
    private static volatile boolean ready;

    private Mode() {}

    /**
     * The mode as a constant for the JIT compiler. To be touched only after {@link #ensure} returned; its initialiser
     * refuses to decide, because threads that wait for a class initialiser cannot be unmounted.
     */
    public static final class Chosen {
        /** True if goroutines run on the runtime's own scheduler. */
        public static final boolean GMP = decided();

        private Chosen() {}
    }

    private static final class Decision {
        final boolean gmp;

        /** Why gmp is not used; null if it is. */
        final String reason;

        final Throwable cause;

        /** The property's value if it is none of the three, else null. */
        final String badValue;

        /** True if asked for gmp in vain. */
        final boolean refused;

        Decision(boolean gmp, String reason, Throwable cause, String badValue, boolean refused) {
            this.gmp = gmp;
            this.reason = reason;
            this.cause = cause;
            this.badValue = badValue;
            this.refused = refused;
        }

        boolean usable() {
            return badValue == null && !refused;
        }
    }

    /**
     * Decides the mode if that has not happened; the first call opens the bridge, on a thread of its own, and takes a
     * fraction of a second. Any thread may call it, platform or virtual; not from a static initialiser.
     *
     * @throws IllegalArgumentException if goruntime.scheduler has an unknown value
     * @throws IllegalStateException if it is {@code gmp} and the bridge is not available; the message says why
     */
    public static void ensure() {
        if (!ready) {
            ensureSlow();
        }
    }

    /** Why gmp is not available, for messages; null if it is. Decides the mode as {@link #ensure} does. */
    public static String reason() {
        ensure();
        return decision.get().reason;
    }

    private static void ensureSlow() {
        Decision decided = decision.get();
        if (decided == null) {
            decided = decide();
        }
        if (decided.badValue != null) {
            throw new IllegalArgumentException(
                    PROPERTY + "=" + decided.badValue + ": the value must be auto, gmp or jdk");
        }
        if (decided.refused) {
            throw new IllegalStateException(
                    PROPERTY + "=gmp, but the goroutine scheduler is not available: " + decided.reason, decided.cause);
        }
        ready = true;
    }

    private static Decision decide() {
        String asked = System.getProperty(PROPERTY, "auto");
        boolean strict = asked.equals("gmp");
        if (!strict && !asked.equals("auto")) {
            boolean jdk = asked.equals("jdk");
            String reason = jdk ? PROPERTY + "=jdk was asked for" : null;
            return publish(new Decision(false, reason, null, jdk ? null : asked, false), null);
        }
        BridgeOpener.Result result = BridgeOpener.open();
        boolean gmp = result.available();
        return publish(new Decision(gmp, result.reason, result.cause, null, strict && !gmp), result);
    }

    private static Decision publish(Decision mine, BridgeOpener.Result opening) {
        if (!decision.compareAndSet(null, mine)) {
            return decision.get();
        }
        ready = mine.usable();
        if (opening != null && ready) {
            Logger log = LoggerFactory.getLogger(Mode.class);
            if (mine.gmp) {
                log.info("Goroutine scheduler ready: bridge to java.lang {}, in {} ms", opening.how,
                        opening.nanos / 1_000_000);
            } else {
                log.warn("Goroutines run as plain virtual threads, without the goroutine scheduler: {}. "
                        + "-D{}=jdk chooses this without a warning", mine.reason, PROPERTY);
            }
        }
        return mine;
    }

    private static boolean decided() {
        Decision decided = decision.get();
        if (decided == null || !decided.usable()) {
            throw new IllegalStateException("Mode.ensure() has not succeeded");
        }
        return decided.gmp;
    }
}
