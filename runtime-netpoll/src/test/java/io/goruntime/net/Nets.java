package io.goruntime.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.goruntime.GoFn;
import io.goruntime.GoRuntime;
import io.goruntime.Goroutine;
import io.goruntime.MainFn;
import io.goruntime.time.Timers;
import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.provider.Arguments;

/** What the tests of this package share: runtimes on each poller, crews of goroutines, the text of errors. */
final class Nets {
    static final Duration SOON = Duration.ofMillis(50);
    static final Duration NEVER = Duration.ofSeconds(40);
    private static final String POLLER = "goruntime.netpoll";

    private Nets() {}

    /** The pollers that this system has. */
    static Stream<String> pollers() {
        return System.getProperty("os.name").equals("Linux") ? Stream.of("epoll", "nio") : Stream.of("nio");
    }

    /** Each poller with 1, 2 and 4 Ps. */
    static Stream<Arguments> pollersAndProcs() {
        return pollers().flatMap(p -> Stream.of(1, 2, 4).map(n -> Arguments.of(p, n)));
    }

    /** Runs a main goroutine in a runtime that uses this poller; which one is asked for when the first socket opens. */
    static <X extends Exception> void run(String poller, int procs, MainFn<X> main) throws X, InterruptedException {
        GoRuntime.builder().maxProcs(procs).name(poller + "-" + procs).<X>run(() -> {
            String before = System.setProperty(POLLER, poller);
            try {
                Net.listenPacket("udp4", "127.0.0.1:0").close();
            } catch (IOException e) {
                fail(e);
            } finally {
                if (before == null) {
                    System.clearProperty(POLLER);
                } else {
                    System.setProperty(POLLER, before);
                }
            }
            main.run();
        });
    }

    /** Goroutines that end together: what one throws is thrown by join. */
    static final class Crew {
        private final List<Goroutine> members = new ArrayList<>();
        private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();

        Goroutine go(GoFn body) {
            Goroutine member = GoRuntime.current().spawn(() -> {
                try {
                    body.run();
                } catch (Exception | Error e) {
                    failures.add(e);
                }
            });
            members.add(member);
            return member;
        }

        void join() throws InterruptedException {
            for (Goroutine each : members) {
                while (!each.join(SOON) && failures.isEmpty()) {
                    // a failed one may be what the others wait for
                }
            }
            if (!failures.isEmpty()) {
                AssertionError e = new AssertionError("a goroutine failed: " + failures.peek(), failures.poll());
                failures.forEach(e::addSuppressed);
                throw e;
            }
        }
    }

    /** Two ends. */
    record Pair(Conn a, Conn b) implements AutoCloseable {
        static Pair tcp() throws IOException {
            return of("tcp", "127.0.0.1:0");
        }

        static Pair pipe() {
            List<Conn> ends = Net.pipe();
            return new Pair(ends.get(0), ends.get(1));
        }

        static Pair of(String network, String address) throws IOException {
            try (Listener l = Net.listen(network, address)) {
                Conn a = Net.dial(network, Net.hostPort(l.localAddress()));
                return new Pair(a, l.accept());
            }
        }

        @Override
        public void close() {
            a.close();
            b.close();
        }
    }

    /**
     * Fails unless the body throws exactly this class of exception, or one of ours that has it as its parent; for a
     * SocketException, which the pollers make different ones of, any of its kind.
     */
    static <E extends Exception> E expect(Class<E> type, String messagePattern, Executable body) {
        try {
            body.execute();
        } catch (Throwable e) {
            if (e instanceof Error error) {
                throw error;
            }
            if (!isExactly(type, e.getClass())) {
                throw new AssertionError("not a " + type.getSimpleName() + ": " + e, e);
            }
            assertTrue(e.getMessage().matches(messagePattern), () -> e.getMessage() + " is not " + messagePattern);
            return type.cast(e);
        }
        return fail("no " + type.getSimpleName());
    }

    private static boolean isExactly(Class<?> type, Class<?> thrown) {
        return thrown == type || type == SocketException.class && type.isAssignableFrom(thrown)
                || thrown.getPackage() == Nets.class.getPackage() && thrown.getSuperclass() == type;
    }

    static void sleep(Duration d) throws InterruptedException {
        Timers.sleep(d);
    }

    /** Waits until a closed socket has given its address back: a Selector closes it only when it is asked again. */
    static void awaitFree(String network, SocketAddress address) throws IOException, InterruptedException {
        InetSocketAddress inet = (InetSocketAddress) address;
        for (;;) {
            try (Closeable _ = network.equals("udp")
                    ? new DatagramSocket(inet)
                    : new ServerSocket(inet.getPort(), 1, inet.getAddress())) {
                return;
            } catch (BindException e) {
                sleep(Duration.ofMillis(1));
            }
        }
    }

    /** Waits until the goroutine waits for the network, or a channel. */
    static void awaitBlocked(Goroutine g) throws InterruptedException {
        while (g.thread().getState() != Thread.State.WAITING && g.thread().getState() != Thread.State.TIMED_WAITING) {
            assertEquals(false, g.isDone(), "it has ended");
            sleep(Duration.ofMillis(1));
        }
    }
}
