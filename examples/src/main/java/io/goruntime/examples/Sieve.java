package io.goruntime.examples;

import static io.goruntime.GoRuntime.go;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.RecvChan;
import io.goruntime.SendChan;

/**
 * Prints the first N primes, by the concurrent sieve of the Go documentation: a chain of goroutines, one for each prime
 * found so far, each of which lets pass what its prime does not divide.
 */
public final class Sieve {
    private Sieve() {}

    /** Runs the example: {@code sieve N}. */
    public static void main(String[] args) throws InterruptedException {
        int n = count(args);
        if (n < 0) {
            System.err.println("usage: sieve N, with N from 0 to " + Integer.MAX_VALUE);
            System.exit(2);
        }
        GoRuntime.run(() -> {
            RecvChan<Integer> numbers = generate();
            for (int i = 0; i < n; i++) {
                int prime = numbers.receive();
                System.out.println(prime);
                if (i + 1 < n) {
                    numbers = filter(numbers, prime);
                }
            }
            // The goroutines of the chain never end by themselves: run interrupts them when main returns.
        });
    }

    /** A channel that gives 2, 3, 4 and so on. */
    private static RecvChan<Integer> generate() {
        Chan<Integer> out = Chan.make();
        go(() -> {
            for (int i = 2;; i++) {
                out.send(i);
            }
        });
        return out;
    }

    /** A channel that gives what comes in, without the multiples of the prime. */
    private static RecvChan<Integer> filter(RecvChan<Integer> in, int prime) {
        Chan<Integer> out = Chan.make();
        go(() -> sift(in, out, prime));
        return out;
    }

    private static void sift(RecvChan<Integer> in, SendChan<Integer> out, int prime) throws InterruptedException {
        for (;;) {
            int i = in.receive();
            if (i % prime != 0) {
                out.send(i);
            }
        }
    }

    /** The argument; negative if it is none. */
    private static int count(String[] args) {
        try {
            return args.length == 1 ? Integer.parseInt(args[0]) : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
