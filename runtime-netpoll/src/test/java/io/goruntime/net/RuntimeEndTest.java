package io.goruntime.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoRuntime;
import io.goruntime.net.Nets.Pair;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Connections belong to a runtime and end with it. */
class RuntimeEndTest {
    private static Thread start(AtomicReference<Throwable> thrown, Executable body) {
        return Thread.ofPlatform().daemon().start(() -> {
            try {
                body.execute();
            } catch (Throwable e) {
                thrown.set(e);
            }
        });
    }

    /** Other threads that wait in a connection or a listener hear of the end, and of nothing else. */
    @Test
    void whoWaitsIsTold() throws Exception {
        GoRuntime runtime = GoRuntime.builder().name("ends").build();
        AtomicReference<Pair> pair = new AtomicReference<>();
        AtomicReference<Listener> listener = new AtomicReference<>();
        runtime.spawn(() -> {
            pair.set(Pair.tcp());
            listener.set(Net.listen("tcp", "127.0.0.1:0"));
        }).join();
        AtomicReference<Throwable> ofReader = new AtomicReference<>();
        AtomicReference<Throwable> ofAcceptor = new AtomicReference<>();
        Thread reader = start(ofReader, () -> pair.get().a().read(new byte[1]));
        Thread acceptor = start(ofAcceptor, () -> listener.get().accept());
        while (reader.getState() != Thread.State.WAITING || acceptor.getState() != Thread.State.WAITING) {
            assertTrue(reader.isAlive() && acceptor.isAlive());
            Thread.sleep(1);
        }
        runtime.close();
        assertTrue(reader.join(Nets.NEVER) && acceptor.join(Nets.NEVER));
        for (Throwable e : new Throwable[]{ofReader.get(), ofAcceptor.get()}) {
            assertTrue(e instanceof ClosedChannelException, String.valueOf(e));
        }
        assertThrows(IOException.class, () -> pair.get().b().write(new byte[1]));
        pair.get().close();
        listener.get().close();
        assertFalse(pair.get().a().isOpen());
    }

    /** A goroutine that cleans up while its runtime is being closed can still say goodbye. */
    @Test
    void goroutinesThatEndCanStillWrite() throws Exception {
        try (GoRuntime other = GoRuntime.builder().name("stays").build()) {
            AtomicReference<Pair> pair = new AtomicReference<>();
            GoRuntime runtime = GoRuntime.builder().name("ends").build();
            AtomicReference<Listener> listener = new AtomicReference<>();
            other.spawn(() -> listener.set(Net.listen("tcp", "127.0.0.1:0"))).join();
            runtime.spawn(() -> {
                Conn a = Net.dial("tcp", Net.hostPort(listener.get().localAddress()));
                pair.set(new Pair(a, listener.get().accept()));
            }).join();
            runtime.spawn(() -> {
                try (Conn a = pair.get().a()) {
                    try {
                        a.read(new byte[1]);
                    } catch (InterruptedIOException e) {
                        Thread.interrupted();
                        a.write(new byte[]{42});
                    }
                }
            });
            runtime.close();
            assertEquals(42, pair.get().b().inputStream().read());
            assertEquals(-1, pair.get().b().inputStream().read());
            pair.get().close();
            listener.get().close();
        }
    }
}
