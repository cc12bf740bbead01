package io.goruntime.internal.sched;

import io.goruntime.internal.base.SpinLock;

/**
 * Runs each atomic operation of the scheduler once, before there are goroutines.
 */
/*
 * The JVM links the call of a VarHandle when it is first executed, and allocates then. Where that happens between the
 * two halves of a change of state, for example at the first contended lock, and the heap is exhausted, the
 * OutOfMemoryError leaves a P without an M, or a spinning M counted that is none, for ever. An operation that has run
 * once needs no memory any more.
 */
final class Linked {
    private static final int ENOUGH_TO_SPILL = RunQueue.CAPACITY + 1;

    private static volatile boolean done;

    private Linked() {}

    /** Does it, once for each copy of the library; a second time does no harm. */
    static void ensure(Sched sched) {
        if (done) {
            return;
        }
        SpinLock lock = new SpinLock();
        lock.lock();
        lock.unlock();
        SpinLock.lockSlow(lock);
        G[] gs = new G[ENOUGH_TO_SPILL];
        for (int i = 0; i < gs.length; i++) {
            gs[i] = new G(sched, 0, 0, null, "", Object.class); // never started, never listed
        }
        GlobalQueue global = new GlobalQueue();
        RunQueue mine = new RunQueue();
        RunQueue other = new RunQueue();
        for (G gp : gs) {
            mine.put(gp, false, global); // the last one spills
        }
        other.stealFrom(mine, false, false);
        global.getBatch(other, 1);
        mine.drainTo(global);
        other.drainTo(global);
        mine.put(gs[0], true, global);
        other.stealFrom(mine, true, true);
        mine.put(gs[1], true, global);
        mine.kickRunnext(global);
        mine.get();
        mine.put(gs[2], true, global);
        mine.get();
        sched.addSpinning(0);
        sched.incrementSpinningFromZero();
        sched.addSpinning(-1);
        Sched.addPreemptRequests(0);
        Timing.link(sched);
        Syscalls.link();
        done = true;
    }
}
