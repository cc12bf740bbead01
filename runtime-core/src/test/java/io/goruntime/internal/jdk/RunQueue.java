package io.goruntime.internal.jdk;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.stream.Stream;

/** The smallest scheduler: a queue that the test drains on its own thread. Each thread it makes is its only one. */
final class RunQueue implements Executor {
    final ConcurrentLinkedQueue<Runnable> queue = new ConcurrentLinkedQueue<>();
    Thread thread;
    Runnable resume;

    /** A virtual thread scheduled by a new queue, started in a container of its own. */
    static RunQueue start(String name, Runnable task) {
        RunQueue made = unstarted(name, task);
        Jdk.Container container = new Jdk.Container(name, Stream::empty);
        container.start(made.thread);
        container.deregister();
        return made;
    }

    static RunQueue unstarted(String name, Runnable task) {
        RunQueue made = new RunQueue();
        made.thread = Jdk.newVirtualThread(made, name, Jdk.noInheritThreadLocals(), task);
        made.resume = Jdk.continuationOf(made.thread);
        return made;
    }

    @Override
    public void execute(Runnable runnable) {
        queue.add(runnable);
    }

    /** Resumes until nothing is queued. */
    int drain() {
        int resumes = 0;
        for (Runnable next; (next = queue.poll()) != null; resumes++) {
            next.run();
        }
        return resumes;
    }

    /** Drains until the thread has ended, or the time is over. */
    boolean drainToEnd(long millis) throws InterruptedException {
        long deadline = System.nanoTime() + millis * 1_000_000;
        while (thread.isAlive() && System.nanoTime() < deadline) {
            if (drain() == 0) {
                Thread.sleep(1);
            }
        }
        return !thread.isAlive();
    }
}
