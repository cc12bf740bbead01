package io.goruntime.embedding;

import io.goruntime.Chan;
import io.goruntime.Defer;
import io.goruntime.GoRuntime;
import io.goruntime.Panic;
import io.goruntime.Select;
import io.goruntime.context.ContextException;
import io.goruntime.context.Context;
import io.goruntime.sync.Mutex;
import io.goruntime.sync.WaitGroup;
import io.goruntime.time.Timers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A bit of everything the library does, as a program and as a part of other programs: an agent that disturbs the
 * scheduler shows in one of these.
 */
final class Smoke {
    private static final int ROUNDS = 3;

    private Smoke() {}

    public static void main(String[] args) throws Exception {
        run();
        System.out.println("smoke: passed");
    }

    static void run() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            GoRuntime.builder().name("smoke").maxProcs(2).run(() -> {
                // Where the JDK's scheduler is used, this is refused: the program is about ours.
                check(2, GoRuntime.current().maxProcs());
                pipeline();
                manyGoroutines();
                locks();
                waits();
                monitors();
                sockets();
                panics();
                contexts();
                tasks();
            });
            Chan<Long> id = Chan.make();
            GoRuntime.go(() -> id.send(GoRuntime.goid()));
            check(true, id.receive() > 0);
            GoRuntime.defaultRuntime().close();
        }
    }

    private static void pipeline() throws InterruptedException {
        Chan<Integer> numbers = Chan.make();
        Chan<Integer> squares = Chan.make(16);
        GoRuntime.go(() -> {
            try (var _ = numbers.closer()) {
                for (int i = 1; i <= 1000; i++) {
                    numbers.send(i);
                }
            }
        });
        GoRuntime.go(() -> {
            try (var _ = squares.closer()) {
                numbers.range(n -> squares.send(n * n));
            }
        });
        long sum = 0;
        for (int square : squares) {
            sum += square;
        }
        check(333_833_500L, sum);
    }

    private static void manyGoroutines() throws InterruptedException {
        int count = 5000;
        WaitGroup group = new WaitGroup();
        Chan<Integer> all = Chan.make(count);
        for (int i = 0; i < count; i++) {
            group.go(() -> {
                GoRuntime.gosched();
                all.send(1);
            });
        }
        group.await();
        check(count, all.len());
    }

    private static void locks() throws InterruptedException {
        Mutex mutex = new Mutex();
        WaitGroup group = new WaitGroup();
        int[] counter = new int[1];
        for (int i = 0; i < 50; i++) {
            group.go(() -> {
                for (int n = 0; n < 100; n++) {
                    mutex.lock();
                    counter[0]++;
                    mutex.unlock();
                }
            });
        }
        group.await();
        check(5000, counter[0]);
    }

    private static void waits() throws InterruptedException {
        WaitGroup group = new WaitGroup();
        for (int i = 0; i < 100; i++) {
            group.go(() -> Thread.sleep(10));
            group.go(() -> Timers.sleep(Duration.ofMillis(10)));
        }
        group.await();
        Select select = new Select();
        select.recv(Chan.<String>nil());
        var timeout = select.timeout(Duration.ofMillis(10));
        check(timeout, select.await());
        check("late", Select.choose(Select.on(Chan.<String>nil(), s -> s),
                Select.after(Duration.ofMillis(10), () -> "late")));
    }

    private static void monitors() throws InterruptedException {
        Object monitor = new Object();
        boolean[] set = new boolean[1];
        WaitGroup group = new WaitGroup();
        for (int i = 0; i < 10; i++) {
            group.go(() -> {
                synchronized (monitor) {
                    while (!set[0]) {
                        monitor.wait();
                    }
                }
            });
        }
        GoRuntime.gosched();
        synchronized (monitor) {
            set[0] = true;
            monitor.notifyAll();
        }
        group.await();
    }

    private static void sockets() throws IOException, InterruptedException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        WaitGroup group = new WaitGroup();
        try (ServerSocket server = new ServerSocket(0, 50, loopback)) {
            for (int i = 0; i < 10; i++) {
                group.go(() -> {
                    try (Socket socket = server.accept()) {
                        socket.getInputStream().transferTo(socket.getOutputStream());
                    }
                });
                byte sent = (byte) i;
                group.go(() -> {
                    try (Socket socket = new Socket(loopback, server.getLocalPort())) {
                        socket.getOutputStream().write(sent);
                        check((int) sent, socket.getInputStream().read());
                        socket.shutdownOutput();
                        check(-1, socket.getInputStream().read());
                    }
                });
            }
            group.await();
        }
    }

    private static void panics() {
        check("saved", Defer.call("lost", d -> {
            d.defer(() -> {
                if (d.recover() != null) {
                    d.result("saved");
                }
            });
            throw Panic.of("help");
        }));
    }

    private static void contexts() throws Exception {
        try (var ctx = Context.withTimeout(Context.background(), Duration.ofMillis(10))) {
            ctx.call(() -> new LinkedBlockingQueue<String>().take());
            throw new AssertionError("not reached");
        } catch (ContextException e) {
            return; // as it should be
        }
    }

    private static void tasks() throws Exception {
        try (ExecutorService executor = GoRuntime.current().executor()) {
            List<CompletableFuture<Integer>> futures = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                int value = i;
                futures.add(CompletableFuture.supplyAsync(() -> value, executor).thenApplyAsync(v -> v + 1, executor));
            }
            int sum = 0;
            for (var future : futures) {
                sum += future.get();
            }
            check(5050, sum);
        }
        Thread child = Thread.startVirtualThread(GoRuntime::gosched);
        child.join();
    }

    private static void check(Object expected, Object actual) {
        if (!expected.equals(actual)) {
            throw new AssertionError("expected " + expected + " but was " + actual);
        }
    }
}
