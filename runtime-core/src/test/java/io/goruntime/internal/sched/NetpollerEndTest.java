package io.goruntime.internal.sched;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoRuntime;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** A netpoller and the end of its runtime. */
class NetpollerEndTest {
    private static final class Fake extends Netpoller {
        volatile boolean closed;

        @Override
        public boolean anyWaiters() {
            return false;
        }

        @Override
        public Events newEvents() {
            throw new IllegalStateException();
        }

        @Override
        public void wake() {}

        @Override
        public void close() {
            closed = true;
        }
    }

    @Test
    void oneThatIsBeingMadeAtTheEndIsClosed() throws Exception {
        AtomicReference<Sched> sched = new AtomicReference<>();
        try (GoRuntime runtime = GoRuntime.builder().build()) {
            runtime.spawn(() -> sched.set(G.current().sched)).join();
            Fake fake = new Fake();
            assertThrows(RejectedExecutionException.class, () -> sched.get().netpoller(Fake.class, s -> {
                Lifecycle.end(s);
                return fake;
            }));
            assertTrue(fake.closed);
        }
    }
}
