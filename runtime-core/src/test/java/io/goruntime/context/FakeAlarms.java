package io.goruntime.context;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;

/** Timers on a clock that a test moves by hand. */
final class FakeAlarms implements Alarms {
    private record Alarm(Duration due, long order, Runnable fn) {
    }

    private final PriorityQueue<Alarm> pending = new PriorityQueue<>(
            Comparator.comparing(Alarm::due).thenComparing(Alarm::order));
    private Duration now = Duration.ZERO;
    private long order;

    @Override
    public synchronized Runnable after(Duration delay, Runnable fn) {
        Alarm alarm = new Alarm(now.plus(delay), order++, fn);
        pending.add(alarm);
        return () -> {
            synchronized (this) {
                pending.remove(alarm);
            }
        };
    }

    synchronized int pending() {
        return pending.size();
    }

    /** Lets so much time pass and runs what is due, on the calling thread. */
    void advance(Duration by) {
        Duration until;
        synchronized (this) {
            until = now.plus(by);
        }
        for (;;) {
            Alarm next;
            synchronized (this) {
                next = pending.peek();
                if (next == null || next.due.compareTo(until) > 0) {
                    now = until;
                    return;
                }
                pending.remove();
                now = next.due;
            }
            next.fn.run();
        }
    }
}
