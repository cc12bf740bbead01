package io.goruntime.context;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.Select;
import io.goruntime.VirtualClock;
import io.goruntime.internal.sched.VirtualSeam;
import io.goruntime.testing.OnProcs;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Contexts that end by themselves, by the runtime's timers. */
public class DeadlineTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration HOUR = Duration.ofHours(1);

    @Test
    void endsAfterItsTime() throws Exception {
        GoRuntime.run(() -> {
            Throwable cause = new IllegalStateException("slow");
            try (var one = Context.withTimeout(Context.background(), Duration.ofMillis(3));
                    var two = Context.withTimeoutCause(Context.background(), Duration.ofMillis(3), cause);
                    var three = Context.withDeadline(one, Instant.now().plus(HOUR));
                    var four = Context.withDeadlineCause(Context.background(), Instant.now().plusMillis(3), cause)) {
                one.done().receive();
                two.done().receive();
                three.done().receive();
                four.done().receive();
                assertInstanceOf(DeadlineExceededException.class, one.err());
                assertEquals("context deadline exceeded", one.err().getMessage());
                assertSame(cause, two.cause());
                assertInstanceOf(DeadlineExceededException.class, three.err());
                assertSame(cause, four.cause());
                assertThrows(DeadlineExceededException.class, one::check);
            }
        });
    }

    @Test
    void interruptsACallInTime() throws Exception {
        GoRuntime.run(() -> {
            Chan<Integer> never = Chan.make();
            try (var ctx = Context.withTimeout(Context.background(), Duration.ofMillis(3))) {
                assertThrows(DeadlineExceededException.class, () -> ctx.call(never::receive));
                assertFalse(Thread.currentThread().isInterrupted());
            }
        });
    }

    @Test
    void endsASelect() throws Exception {
        try (var ctx = Context.withTimeout(Context.background(), Duration.ofMillis(3))) {
            Select sel = new Select();
            sel.recv(Chan.<Integer>make());
            var done = sel.recv(ctx.done());
            assertSame(done, sel.await());
            assertFalse(done.ok());
        }
    }

    @Test
    void endsAfterItsRuntime() throws Exception {
        AtomicReference<CancelContext> made = new AtomicReference<>();
        try (GoRuntime runtime = GoRuntime.builder().build()) {
            runtime.spawn(() -> made.set(Context.withTimeout(Context.background(), Duration.ofMillis(200)))).join();
        }
        CancelContext ctx = made.get();
        assertNotNull(ctx.done().tryReceive(LONG), "it does not end");
        assertInstanceOf(DeadlineExceededException.class, ctx.err());
    }

    /** A goroutine that does not mind the interrupt, but the deadline. */
    @Test
    void endsWhileItsRuntimeCloses() throws Exception {
        GoRuntime runtime = GoRuntime.builder().build();
        Chan<Boolean> ready = Chan.make();
        runtime.spawn(() -> {
            try (var ctx = Context.withTimeout(Context.background(), Duration.ofMillis(200))) {
                ready.send(true);
                while (ctx.err() == null) {
                    try {
                        ctx.done().receive();
                    } catch (InterruptedException e) {
                        // waits on
                    }
                }
            }
        });
        ready.receive();
        assertTrue(runtime.close(LONG), "it does not end");
    }

    @Tag("gmp")
    @OnProcs
    void aClosedOneLeavesNoTimer(int procs) throws Exception {
        VirtualSeam clock = new VirtualSeam();
        VirtualClock.run(procs, clock, () -> {
            for (int i = 0; i < 100; i++) {
                try (var ctx = Context.withTimeout(Context.background(), HOUR)) {
                    assertNull(ctx.err());
                    assertTrue(clock.timers() == 1, clock.timers() + " timers");
                }
            }
            assertEquals(0, clock.timers());
        });
    }
}
