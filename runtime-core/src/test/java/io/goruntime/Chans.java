package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.function.Executable;

/** Looking at channels from tests. */
final class Chans {
    private static final Pattern STATE = Pattern
            .compile("Chan\\[cap=(\\d+) len=(\\d+) receivers=(\\d+) senders=(\\d+)( closed)?]");

    private Chans() {}

    static int receivers(Chan<?> c) {
        return state(c, 3);
    }

    static int senders(Chan<?> c) {
        return state(c, 4);
    }

    private static int state(Chan<?> c, int group) {
        Matcher matcher = STATE.matcher(c.toString());
        if (!matcher.matches()) {
            throw new AssertionError(c.toString());
        }
        return Integer.parseInt(matcher.group(group));
    }

    /** Returns once so many receivers stand in the queue. */
    static void awaitReceivers(Chan<?> c, int n) throws InterruptedException {
        while (receivers(c) != n) {
            pause();
        }
    }

    /** Returns once so many senders stand in the queue. */
    static void awaitSenders(Chan<?> c, int n) throws InterruptedException {
        while (senders(c) != n) {
            pause();
        }
    }

    /** Returns once the thread waits, with or without a limit. */
    static void awaitParked(Thread thread) throws InterruptedException {
        for (;;) {
            Thread.State state = thread.getState();
            if (state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING) {
                return;
            }
            pause();
        }
    }

    /** Lets others run; an interrupt of the test ends it. */
    static void pause() throws InterruptedException {
        Thread.yield();
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    static void assertPanic(String text, Executable body) {
        assertEquals(text, assertThrows(Panic.class, body).getMessage());
    }

    /** Nobody waits, nothing is damaged. */
    static void assertAtRest(Chan<?> c) {
        c.checkInvariants();
        assertEquals(0, receivers(c), "receivers");
        assertEquals(0, senders(c), "senders");
    }
}
