package io.goruntime.internal.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoFn;
import io.goruntime.GoRuntime;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The timer of a deadline when its runtime ends. */
class DeadlineTimerTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    /** A timer that was set in a runtime which has been closed since. */
    private static DeadlineTimer abandoned(GoFn fn, Duration delay) throws Exception {
        AtomicReference<DeadlineTimer> timer = new AtomicReference<>();
        try (GoRuntime runtime = GoRuntime.builder().build()) {
            runtime.spawn(() -> {
                timer.set(new DeadlineTimer(G.current().sched, fn));
                timer.get().reset(delay.toNanos());
            }).join(LONG);
        }
        return timer.get();
    }

    @Test
    void firesAfterTheEndOfItsRuntime() throws Exception {
        CountDownLatch fired = new CountDownLatch(1);
        abandoned(fired::countDown, Duration.ofMillis(100));
        assertTrue(fired.await(30, TimeUnit.SECONDS));
    }

    @Test
    void stopEndsTheThreadThatWaits() throws Exception {
        AtomicInteger fired = new AtomicInteger();
        DeadlineTimer timer = abandoned(fired::incrementAndGet, Duration.ofHours(1));
        Thread heir = timer.heir;
        assertNotNull(heir);
        assertTrue(heir.isDaemon() && heir.isVirtual());
        timer.stop();
        assertTrue(heir.join(LONG), () -> "waits on in " + heir.getState());
        assertEquals(0, fired.get());
    }

    @Test
    void oneThatWasStoppedBeforeLeavesNoThread() throws Exception {
        AtomicReference<DeadlineTimer> timer = new AtomicReference<>();
        try (GoRuntime runtime = GoRuntime.builder().build()) {
            runtime.spawn(() -> {
                timer.set(new DeadlineTimer(G.current().sched, (GoFn) () -> {}));
                timer.get().reset(Duration.ofHours(1).toNanos());
                assertTrue(timer.get().stop());
            }).join(LONG);
        }
        assertNull(timer.get().heir);
    }
}
