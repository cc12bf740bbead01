package io.goruntime.internal.jdk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * The program of {@link RepairTest}'s child, run with java.lang open. It puts a thread that stopped running back into
 * the state in which an OutOfMemoryError in afterYield would have left it, and repairs it.
 */
final class RepairProgram {
    private static final int PARKING = 3;
    private static final int PARKED = 4;
    private static final int TIMED_PARKING = 6;
    private static final int TIMED_PARKED = 7;
    private static final int YIELDING = 10;
    private static final int YIELDED = 11;
    private static final int WAIT = 16;
    private static final int TIMED_WAITING = 17;
    private static final int TIMED_WAIT = 18;

    private static final long LONG_MILLIS = 60_000;

    private static VarHandle state;

    private RepairProgram() {}

    public static void main(String[] args) throws Exception {
        Class<?> type = Class.forName("java.lang.VirtualThread");
        state = MethodHandles.privateLookupIn(type, MethodHandles.lookup()).findVarHandle(type, "state", int.class);
        Mode.ensure();

        for (boolean permit : new boolean[]{false, true}) {
            lost("park", PARKED, PARKING, permit, () -> Jdk.park(0));
            lost("timed park", TIMED_PARKED, TIMED_PARKING, permit, () -> Jdk.park(LONG_MILLIS * 1_000_000));
            lost("yield", YIELDED, YIELDING, permit, Thread::yield);
        }
        sleepGoesOn();
        timedWait(false);
        timedWait(true);
        othersAreUntouched();
        outOfMemoryInExecute();
        System.out.println("repair done");
    }

    private static void lost(String what, int stopped, int announced, boolean permit, Runnable stop) throws Exception {
        RunQueue g = RunQueue.start(what, stop);
        g.queue.poll().run();
        expectState(g, stopped);
        g.queue.clear();
        state.setVolatile(g.thread, announced);
        if (permit) {
            Jdk.unpark(g.thread); // reaches only the permit: the thread is in transition
            expect(g.queue.isEmpty(), what + ": woken while in transition");
        }
        Jdk.repair(g.thread);
        expect(g.queue.size() == 1 && g.queue.peek() == g.resume, what + ": queued " + g.queue.size());
        Jdk.repair(g.thread); // runnable now: nothing to do
        expect(g.drain() == 1, what + ": queued twice");
        expect(!g.thread.isAlive(), what + ": not ended, state " + Jdk.stateOf(g.thread));
    }

    /** An early return from the park inside Thread.sleep is not an early return from sleep. */
    private static void sleepGoesOn() throws Exception {
        for (long millis = 50;; millis *= 2) {
            long[] slept = {0};
            long sleep = millis;
            long begun = System.nanoTime();
            RunQueue g = RunQueue.start("sleep", () -> {
                long start = System.nanoTime();
                try {
                    Thread.sleep(sleep);
                } catch (InterruptedException e) {
                    return;
                }
                slept[0] = System.nanoTime() - start;
            });
            g.queue.poll().run();
            boolean asleep = state.compareAndSet(g.thread, TIMED_PARKED, TIMED_PARKING);
            boolean mayBeOver = System.nanoTime() - begun >= sleep * 1_000_000;
            if (asleep) {
                Jdk.repair(g.thread);
            }
            expect(asleep || mayBeOver, "sleep: " + g.thread + " in state " + Jdk.stateOf(g.thread));
            expect(g.drainToEnd(5_000), "sleep: hangs");
            expect(slept[0] >= sleep * 1_000_000, "sleep: " + slept[0] + " ns");
            if (asleep || !mayBeOver) {
                return;
            }
            // This thread paused until the sleep was over.
        }
    }

    private static void timedWait(boolean notify) throws Exception {
        Object monitor = new Object();
        boolean[] held = {false};
        RunQueue g = RunQueue.start("wait", () -> {
            synchronized (monitor) {
                try {
                    monitor.wait(LONG_MILLIS);
                } catch (InterruptedException e) {
                    return;
                }
                held[0] = Thread.holdsLock(monitor);
            }
        });
        g.queue.poll().run();
        expectState(g, TIMED_WAIT);
        state.setVolatile(g.thread, TIMED_WAITING);
        if (notify) {
            synchronized (monitor) {
                monitor.notify();
            }
        }
        Jdk.repair(g.thread);
        expect(g.drainToEnd(5_000), "wait: hangs in " + Jdk.stateOf(g.thread) + " after notify " + notify);
        expect(held[0], "wait: monitor not held");
        synchronized (monitor) { // free, and nobody left in its queues
            monitor.notifyAll();
        }
    }

    private static void othersAreUntouched() throws Exception {
        Jdk.repair(null);
        Jdk.repair(Thread.currentThread());
        RunQueue g = RunQueue.unstarted("other", () -> {
            Jdk.repair(Thread.currentThread());
            LockSupport.park();
            Object monitor = new Object();
            synchronized (monitor) {
                try {
                    monitor.wait();
                } catch (InterruptedException e) {
                    return;
                }
            }
        });
        Jdk.repair(g.thread);
        expectState(g, 0);
        new Jdk.Container("other", java.util.stream.Stream::empty).start(g.thread);
        g.drain();
        expectState(g, PARKED);
        Jdk.repair(g.thread);
        expect(g.queue.isEmpty(), "a parked thread was repaired");
        Jdk.unpark(g.thread);
        g.drain();
        expectState(g, WAIT);
        Jdk.repair(g.thread);
        expect(g.queue.isEmpty(), "a waiting thread was repaired");
        g.thread.interrupt();
        g.drain();
        Jdk.repair(g.thread);
        expectState(g, 99);
        expect(g.queue.isEmpty(), "an ended thread was repaired");

        // In transition but mounted: its carrier will finish the transition.
        RunQueue mounted = RunQueue.start("mounted", () -> {
            Thread self = Thread.currentThread();
            state.setVolatile(self, PARKING);
            Jdk.repair(self);
            expect(Jdk.stateOf(self) == PARKING, "a mounted thread was repaired");
            state.setVolatile(self, 2);
        });
        expect(mounted.drain() == 1, "mounted");
    }

    private static void outOfMemoryInExecute() throws Exception {
        int[] failures = {3};
        Runnable[] got = {null};
        Thread thread = Jdk.newVirtualThread(resume -> {
            if (failures[0]-- > 0 && got[0] != null) {
                throw new OutOfMemoryError("test");
            }
            got[0] = resume;
        }, "oom", Jdk.noInheritThreadLocals(), () -> Jdk.park(0));
        failures[0] = 0;
        new Jdk.Container("oom", java.util.stream.Stream::empty).start(thread);
        got[0].run();
        state.setVolatile(thread, PARKING);
        failures[0] = 3;
        Jdk.repair(thread);
        expect(failures[0] < 0, "not retried");
        got[0].run();
        expect(!thread.isAlive(), "not ended");
    }

    private static void expectState(RunQueue g, int expected) {
        expect(Jdk.stateOf(g.thread) == expected, g.thread + " in state " + Jdk.stateOf(g.thread));
    }

    private static void expect(boolean holds, String complaint) {
        if (!holds) {
            System.out.println("WRONG " + complaint);
        }
    }
}
