package io.goruntime;

import static io.goruntime.testing.Checks.check;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.StderrLog;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Signals where something fails: at the end of a stack, and in a receiver. */
@DisabledOnOs(OS.WINDOWS)
class SignalLockTest {
    @Test
    void theLockIsFreeAfterAnOverflow() {
        ChildJvm.of(Overflows.class).flags("-Xint").run().expectExit(0).expect("passed: overflows");
    }

    @Test
    void oneReceiversFailureIsItsOwn() {
        ChildJvm.Result result = ChildJvm.of(Failing.class).flags(StderrLog.FLAG).run().expectExit(0)
                .expect("passed: all others");
        assertEquals(Failing.EACH, result.countLines(
                "ERROR io.goruntime.Signals: SIGWINCH could not be delivered java.lang.IllegalStateException: broken"),
                result.toString());
    }

    /** Overflows its stack again and again, and on the way up stops the channel, until that is not cut off. */
    static final class Overflows {
        private static final int DIVES = 400;
        private static final long STACK_BYTES = 256 << 10;

        private final Chan<String> c = Chan.make(1);
        private int cutOff;

        private Overflows() {}

        public static void main(String[] args) {
            DumpOnTimeout.guard(Duration.ofSeconds(25));
            check("overflows", new Overflows()::run);
        }

        private void run() throws InterruptedException {
            Signals.notify(c, "URG");
            Signals.stop(c); // links and loads what it needs
            for (int i = 0; i < DIVES; i++) {
                int pad = i % 4;
                Signals.notify(c, "URG"); // waits for ever if the last diver has left the lock held
                Thread diver = new Thread(null, () -> dive(pad, 1, 2, 3), "diver", STACK_BYTES, false);
                diver.start();
                diver.join();
            }
            assertTrue(cutOff > DIVES, cutOff + " calls were cut off");
        }

        /** With frames of different sizes, so that the end of the stack comes elsewhere each time. */
        private boolean dive(int pad, long a, long b, long d) {
            boolean done = false;
            try {
                done = switch (pad) {
                    case 0 -> dive(0, a + 1, b, d);
                    case 1 -> a + dive2(1, a, b + a, d) > 0;
                    case 2 -> a + b + dive2(2, a, b, d + b) > 0;
                    default -> a + (b + (d + dive2(3, d, a, b))) > 0;
                };
            } catch (StackOverflowError e) {
                // From here on upwards.
            }
            if (!done) {
                try {
                    Signals.stop(c);
                    done = true;
                } catch (StackOverflowError e) {
                    cutOff++;
                }
            }
            return done;
        }

        private long dive2(int pad, long a, long b, long d) {
            return dive(pad, a, b, d) ? 1 : Long.MIN_VALUE / 2;
        }
    }

    /** Broken channels and sound ones, in whatever order the table has them. */
    static final class Failing {
        static final int EACH = 10;

        private Failing() {}

        public static void main(String[] args) {
            DumpOnTimeout.guard(Duration.ofSeconds(25));
            check("all others", Failing::run);
        }

        private static void run() throws Exception {
            List<Chan<String>> sound = new ArrayList<>();
            for (int i = 0; i < EACH; i++) {
                SendChan<String> broken = broken();
                Signals.notify(broken, "WINCH");
                Chan<String> c = Chan.make(1);
                Signals.notify(c, "WINCH");
                sound.add(c);
            }
            SignalsTest.kill("WINCH");
            for (Chan<String> c : sound) {
                assertEquals("WINCH", c.receive());
            }
            Signals.reset(); // waits for the delivery
        }

        @SuppressWarnings("unchecked")
        private static SendChan<String> broken() {
            return (SendChan<String>) Proxy.newProxyInstance(Failing.class.getClassLoader(),
                    new Class<?>[]{SendChan.class}, (_, method, _) -> {
                        throw new IllegalStateException("broken");
                    });
        }
    }
}
