package io.goruntime.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** The stress tests rely on this to fail: a hang becomes an error that shows the goroutines, an error stays one. */
class BoundedTest {
    @Test
    void aHangIsAnErrorWithEveryGoroutine() throws Exception {
        try (GoRuntime runtime = GoRuntime.builder().name("bounded").build()) {
            CountDownLatch waits = new CountDownLatch(1);
            runtime.spawn("lost one", () -> {
                waits.countDown();
                Chan.nil().receive();
            });
            waits.await();
            AssertionError e = assertThrows(AssertionError.class, () -> Bounded.run(Duration.ofMillis(100), runtime,
                    () -> Chan.nil().receive()));
            assertTrue(e.getMessage().startsWith("not done within"), e.getMessage());
            assertTrue(e.getMessage().contains("goroutine 1 ["), e.getMessage());
            assertTrue(e.getMessage().contains("Thread[#"), e.getMessage());
        }
    }

    @Test
    void whatTheBodyThrowsIsThrown() {
        AssertionError error = new AssertionError("wrong");
        assertEquals(error, assertThrows(AssertionError.class, () -> Bounded.run(Duration.ofSeconds(20), null, () -> {
            throw error;
        })));
        IOException exception = new IOException("broken");
        assertEquals(exception, assertThrows(IOException.class, () -> Bounded.run(Duration.ofSeconds(20), null, () -> {
            throw exception;
        })));
    }
}
