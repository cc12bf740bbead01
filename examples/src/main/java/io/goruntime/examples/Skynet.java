package io.goruntime.examples;

import static io.goruntime.GoRuntime.go;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.SendChan;

/**
 * A million goroutines: a tree of depth 6 in which each node starts 10 others and adds up what they send. The leaves send
 * their number, 0 to 999,999, so the root sends 499999500000. The time it took goes to standard error.
 */
public final class Skynet {
    private static final int LEAVES = 1_000_000;
    private static final int FAN_OUT = 10;

    private Skynet() {}

    /** Runs the example: {@code skynet}. */
    public static void main(String[] args) throws InterruptedException {
        if (args.length != 0) {
            System.err.println("usage: skynet");
            System.exit(2);
        }
        GoRuntime.run(() -> {
            long start = System.nanoTime();
            Chan<Long> sum = Chan.make();
            go(() -> node(sum, 0, LEAVES));
            System.out.println(sum.receive());
            System.err.printf("%d ms%n", (System.nanoTime() - start) / 1_000_000);
        });
    }

    /** Sends the sum of the numbers of so many leaves, from the first. */
    private static void node(SendChan<Long> parent, long first, int leaves) throws InterruptedException {
        if (leaves == 1) {
            parent.send(first);
            return;
        }
        // With room for all of them no child waits for its parent: a leaf comes and goes and keeps no stack.
        Chan<Long> sums = Chan.make(FAN_OUT);
        int each = leaves / FAN_OUT;
        for (int i = 0; i < FAN_OUT; i++) {
            long start = first + (long) i * each;
            go(() -> node(sums, start, each));
        }
        long sum = 0;
        for (int i = 0; i < FAN_OUT; i++) {
            sum += sums.receive();
        }
        parent.send(sum);
    }
}
