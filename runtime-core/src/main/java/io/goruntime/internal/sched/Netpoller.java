package io.goruntime.internal.sched;

/**
 * What the scheduler asks of a netpoller: whether somebody waits, what has become ready, and to stop waiting for it.
 * Counterpart of netpoll.go: netpoll, netpollBreak, netpollAnyWaiters.
 */
/*
 * A scheduler has none until somebody opens a socket in its runtime (Sched.netpoller). From then on:
 *
 *   an M without work     looks for events before it spins, unless another M waits for them; the last one with a P does
 *                         neither, but goes to wait at once (Workers.onlyEvents)
 *   the last idle M       waits for events instead of for the first timer only (Timing.await); what it finds it runs
 *                         itself, and nobody waits until it or another M is idle again
 *   sysmon                looks when nobody has for 10 ms
 *   setting a timer       that is due before the wait ends: wake
 *
 * That nobody's wait is overlooked:
 *
 *   waiter   1. counts itself: anyWaiters           M    1. gives the role up: timedM = null
 *            2. full fence                               2. full fence
 *            3. on a P: its M passes through schedule,   3. anyWaiters: takes the role again, or leaves it to an M
 *               which sees to it; else wakes an M           that has a P
 *               if nobody has the role (Timing.waits)
 *
 * Implementations never throw anything but OutOfMemoryError out of what Ms and sysmon call, and load no class there that
 * they have not loaded before they were installed.
 */
public abstract class Netpoller {
    /** Where no socket was ever opened. */
    static final Netpoller NONE = new None();

    /** For implementations. */
    protected Netpoller() {}

    /** Whether a goroutine or thread waits for an event now. */
    public abstract boolean anyWaiters();

    /** One for each platform thread that polls; nobody else uses it. */
    public abstract Events newEvents();

    /** Ends the wait of who polls now, or if nobody does, the next wait that begins. By any thread, at any time. */
    public abstract void wake();

    /** The scheduler has ended: nobody begins to poll any more, and whoever waits for an event is told. Idempotent. */
    public abstract void close();

    /** What one platform thread found at its last look. */
    public abstract static class Events {
        /** For implementations. */
        protected Events() {}

        /**
         * Waits for events with the platform thread.
         *
         * @param nanos at most; 0: only looks; negative: without limit
         * @return how many there are; 0 if the time is over or somebody called wake
         */
        public abstract int poll(long nanos);

        /** Makes whoever waits for these events runnable. */
        public abstract void ready();
    }

    private static final class None extends Netpoller {
        @Override
        public boolean anyWaiters() {
            return false;
        }

        @Override
        public Events newEvents() {
            throw new IllegalStateException();
        }

        @Override
        public void wake() {}

        @Override
        public void close() {}
    }
}
