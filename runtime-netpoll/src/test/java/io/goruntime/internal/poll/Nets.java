package io.goruntime.internal.poll;

import io.goruntime.GoFn;
import io.goruntime.GoRuntime;
import io.goruntime.Goroutine;
import io.goruntime.internal.sched.G;
import io.goruntime.time.Timers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/** Runtimes with a certain poller, and connections in them. */
final class Nets {
    /** As long as something that must happen may take, and far less than a test. */
    static final Duration SOON = Duration.ofSeconds(20);

    private Nets() {}

    interface Body {
        void run(NetPoll poll) throws Exception;
    }

    /** Two sockets that are connected. */
    record Pair(NetFD client, NetFD server) implements AutoCloseable {
        @Override
        public void close() {
            client.close();
            server.close();
        }
    }

    /** Runs a main goroutine in a runtime whose poller is that one. */
    static void run(String poller, Body body) throws Exception {
        run(poller, 2, body);
    }

    static void run(String poller, int procs, Body body) throws Exception {
        GoRuntime.builder().maxProcs(procs).name("test-" + poller).<Exception>run(() -> body.run(open(poller)));
    }

    /** The poller of the calling goroutine's runtime, made now. */
    static synchronized NetPoll open(String poller) throws IOException {
        System.setProperty(Pollers.PROPERTY, poller);
        try {
            return NetPoll.of(G.current().sched);
        } finally {
            System.clearProperty(Pollers.PROPERTY);
        }
    }

    static NetFD listen(NetPoll poll) throws IOException {
        NetFD listener = poll.stream(StandardProtocolFamily.INET);
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        listener.listen(128);
        return listener;
    }

    static NetFD dial(NetPoll poll, NetFD listener) throws IOException {
        NetFD client = poll.stream(StandardProtocolFamily.INET);
        try {
            client.connect(listener.localAddress());
        } catch (IOException e) {
            client.close();
            throw e;
        }
        return client;
    }

    static Pair pair(NetPoll poll) throws IOException {
        try (NetFD listener = listen(poll)) {
            NetFD client = dial(poll, listener);
            return new Pair(client, listener.accept());
        }
    }

    /** The result of a body that runs in a goroutine of its own. */
    static final class Later<T> {
        private T result;
        private Throwable failure;
        private final Goroutine goroutine;

        Later(Callable<T> body) {
            goroutine = GoRuntime.current().spawn(fn(body));
        }

        private GoFn fn(Callable<T> body) {
            return () -> {
                try {
                    result = body.call();
                } catch (Throwable e) {
                    failure = e;
                }
            };
        }

        Thread thread() {
            return goroutine.thread();
        }

        /** Waits for it; throws what it threw. */
        T get() throws Exception {
            goroutine.join();
            if (failure instanceof Exception e) {
                throw e;
            }
            if (failure instanceof Error e) {
                throw e;
            }
            return result;
        }
    }

    /** Waits until somebody waits for events. */
    static void awaitWaiters(NetPoll poll, int atLeast) throws InterruptedException {
        long end = System.nanoTime() + SOON.toNanos();
        while (poll.waiterCount() < atLeast) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("waiters: " + poll.waiterCount());
            }
            Thread.sleep(1);
        }
    }

    /**
     * Waits until nobody is counted as waiting for events: who wakes a waiter takes it from the count after that, so the one
     * that was woken may be here first.
     */
    static void awaitNoWaiters(NetPoll poll) throws InterruptedException {
        long end = System.nanoTime() + SOON.toNanos();
        while (poll.waiterCount() != 0) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("waiters: " + poll.waiterCount());
            }
            Thread.sleep(1);
        }
    }

    /**
     * Waits until this process has no more sockets and pollers than so many. An M may still be on its way out of the poller,
     * and a Selector closes a socket only when it is asked again.
     */
    static void awaitSockets(long atMost) throws IOException, InterruptedException {
        long end = System.nanoTime() + SOON.toNanos();
        while (sockets() > atMost) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError(sockets() + " sockets and pollers, not " + atMost);
            }
            Timers.sleep(Duration.ofMillis(1)); // the M that waits for the timer asks it
        }
    }

    /** How many descriptors this process has that are no files: those the JVM opens for a moment whenever it likes. */
    static long sockets() throws IOException {
        long n = 0;
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path each : all) {
                try {
                    n += Files.readSymbolicLink(each).isAbsolute() ? 0 : 1;
                } catch (NoSuchFileException e) {
                    continue; // closed meanwhile
                }
            }
        }
        return n;
    }

    /** How many descriptors this process has. */
    static long descriptors() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        }
    }
}
