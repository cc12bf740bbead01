package io.goruntime.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import io.goruntime.testing.Runners;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Counterpart of Go's sync/once_test.go and sync/oncefunc_test.go. */
@Timeout(60)
public class OnceTest {
    @OnProcs
    void testOnce(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            int[] o = {0};
            Once once = new Once();
            Chan<Boolean> c = Chan.make();
            int n = 10;
            for (int i = 0; i < n; i++) {
                GoRuntime.go(() -> {
                    once.run(() -> o[0]++);
                    assertEquals(1, o[0], "once failed inside run");
                    c.send(true);
                });
            }
            for (int i = 0; i < n; i++) {
                c.receive();
            }
            assertEquals(1, o[0]);
        });
    }

    @Test
    void testOncePanic() {
        Once once = new Once();
        assertEquals("failed", assertThrows(IOException.class, () -> once.run(() -> {
            throw new IOException("failed");
        })).getMessage());
        once.run(() -> fail("run twice"));
    }

    /** Nobody returns before the first one's function has ended. */
    @Test
    void theOthersWaitForTheFirst() throws Exception {
        try (Runners.Crew crew = new Runners.Crew(2)) {
            Once once = new Once();
            Chan<Boolean> entered = Chan.make();
            Chan<Boolean> go = Chan.make();
            int[] value = {0};
            crew.start(0, () -> once.run(() -> {
                entered.send(true);
                go.receive();
                value[0] = 1;
            }));
            entered.receive();
            AtomicInteger returned = new AtomicInteger();
            for (int i = 0; i < 8; i++) {
                crew.start(i, () -> {
                    once.run(() -> fail("run twice"));
                    assertEquals(1, value[0]);
                    returned.incrementAndGet();
                });
            }
            Thread.sleep(5); // gives one that does not wait the chance to return
            assertEquals(0, returned.get());
            go.send(true);
            crew.join();
            assertEquals(8, returned.get());
        }
    }

    @Test
    void testOnceValue() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        OnceValue<Integer> value = new OnceValue<>(calls::incrementAndGet);
        assertEquals(0, calls.get());
        try (Runners.Crew crew = new Runners.Crew(2)) {
            for (int i = 0; i < 16; i++) {
                crew.start(i, () -> assertEquals(1, value.get()));
            }
            crew.join();
        }
        assertEquals(1, calls.get());
        OnceValue<String> none = new OnceValue<>(() -> null);
        assertNull(none.get());
        assertNull(none.get());
    }

    @Test
    void testOnceValuePanic() {
        AtomicInteger calls = new AtomicInteger();
        OnceValue<String> value = new OnceValue<>(() -> {
            calls.incrementAndGet();
            throw new IllegalStateException();
        });
        Throwable first = assertThrows(IllegalStateException.class, value::get);
        assertSame(first, assertThrows(IllegalStateException.class, value::get));
        assertEquals(1, calls.get());
    }
}
