package io.goruntime.embedding;

import io.goruntime.GoFn;
import io.goruntime.GoRuntime;
import io.goruntime.Goroutine;
import io.goruntime.sync.WaitGroup;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** Does in goroutines what the Flight Recorder has events for; JfrTest looks for them. */
final class Recorded {
    /** Longer than any threshold of the recorder's settings "profile". */
    private static final long LONG_MILLIS = 60;
    private static final long COMPUTE_NANOS = 600_000_000;
    private static final long MAX_STEP_NANOS = 1_000_000;

    static volatile double result;
    static volatile boolean reading;

    private Recorded() {}

    public static void main(String[] args) throws Exception {
        GoRuntime.builder().name("recorded").maxProcs(2).run(() -> {
            WaitGroup group = new WaitGroup();
            start(group, "sleeper", () -> Thread.sleep(LONG_MILLIS));
            start(group, "pinned", () -> result = Pinned.VALUE);
            start(group, "hog", Recorded::compute);
            try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                Goroutine reader = start(group, "reader", () -> {
                    try (Socket socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
                        reading = true;
                        socket.getInputStream().read();
                    }
                });
                try (Socket socket = server.accept()) {
                    while (!reading || reader.thread().getState() != Thread.State.WAITING) {
                        Thread.sleep(1); // the time of the read counts from its wait
                    }
                    Thread.sleep(LONG_MILLIS);
                    socket.getOutputStream().write(1);
                }
                group.await();
            }
        });
        Smoke.run();
        System.out.println("smoke: passed");
    }

    /** In a goroutine of this name. */
    private static Goroutine start(WaitGroup group, String name, GoFn fn) {
        group.add(1);
        return GoRuntime.current().spawn(name, () -> {
            try {
                fn.run();
            } finally {
                group.done();
            }
        });
    }

    /** Samples are taken of what runs: time in which the machine did something else counts little. */
    private static void compute() {
        double x = 1;
        for (long computed = 0; computed < COMPUTE_NANOS;) {
            long start = System.nanoTime();
            for (int i = 1; i < 10_000; i++) {
                x += Math.sqrt(x) / i;
            }
            computed += Math.min(System.nanoTime() - start, MAX_STEP_NANOS);
        }
        result = x;
    }

    /** A virtual thread in a class initialiser cannot leave its carrier. */
    private static final class Pinned {
        static final double VALUE = value();

        private static double value() {
            try {
                Thread.sleep(LONG_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return Math.random();
        }
    }
}
