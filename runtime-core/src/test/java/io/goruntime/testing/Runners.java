package io.goruntime.testing;

import io.goruntime.GoFn;
import io.goruntime.GoRuntime;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/** The kinds of thread that may use a channel. */
public enum Runners {
    GOROUTINE, OTHER_RUNTIME, PLATFORM, VIRTUAL;

    private static final long LIMIT_SECONDS = 50;

    /** Starts the body in a thread of this kind; what it throws goes to the crew. */
    public Thread start(Crew crew, GoFn body) {
        GoFn guarded = () -> {
            try {
                body.run();
            } catch (Throwable e) {
                crew.failures.add(e);
            }
        };
        Thread thread = switch (this) {
            case GOROUTINE -> crew.own.spawn(guarded).thread();
            case OTHER_RUNTIME -> crew.other.spawn(guarded).thread();
            case PLATFORM -> Thread.ofPlatform().daemon().start(() -> runUnchecked(guarded));
            case VIRTUAL -> Thread.ofVirtual().start(() -> runUnchecked(guarded));
        };
        crew.threads.add(thread);
        return thread;
    }

    private static void runUnchecked(GoFn guarded) {
        try {
            guarded.run();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Two runtimes, and all threads that were started in or beside them. */
    public static final class Crew implements AutoCloseable {
        private final GoRuntime own;
        private final GoRuntime other;
        private final ConcurrentLinkedQueue<Thread> threads = new ConcurrentLinkedQueue<>();
        private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();

        public Crew(int procs) {
            own = GoRuntime.builder().maxProcs(procs).name("own-" + procs).build();
            other = GoRuntime.builder().maxProcs(procs).name("other-" + procs).build();
        }

        /** Starts the body in a thread of the i-th kind. */
        public Thread start(int i, GoFn body) {
            return values()[i % values().length].start(this, body);
        }

        /** Waits until all threads have ended, and fails with what they threw. */
        public void join() throws InterruptedException {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
            for (Thread thread : threads) {
                while (thread.isAlive()) {
                    if (!failures.isEmpty() || System.nanoTime() > deadline) {
                        break;
                    }
                    thread.join(100);
                }
            }
            if (!failures.isEmpty()) {
                AssertionError error = new AssertionError("a thread failed: " + failures.peek());
                failures.forEach(error::addSuppressed);
                throw error;
            }
            if (System.nanoTime() > deadline) {
                throw new AssertionError("threads do not end\n" + Goroutines.dump());
            }
            threads.clear();
        }

        @Override
        public void close() {
            threads.forEach(Thread::interrupt);
            own.close();
            other.close();
        }
    }
}
