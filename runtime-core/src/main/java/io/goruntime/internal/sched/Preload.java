package io.goruntime.internal.sched;

import io.goruntime.internal.base.SpinLock;
import io.goruntime.internal.timer.RuntimeTimer;
import io.goruntime.internal.timer.TimerFn;
import io.goruntime.internal.timer.TimerHeap;

/**
 * Loads what the runtime's own threads will touch before there are such threads.
 */
/*
 * A class that an M loads late may need a lock of a class loader which a goroutine holds that waits for this very M.
 * So our classes are initialised when the first scheduler is made, and code that runs on Ms, the template thread or
 * sysmon, or inside execute, uses no lambda, string concatenation or pattern switch, which load classes when they
 * are first run. The JDK's timers and pollers are started by the bridge's opener for the same reason.
 */
final class Preload {
    private static final Class<?>[] CLASSES = {AllGs.class, ChanTimer.class, ChanTimer.Port.class, DeadlockCheck.class,
            Dump.class, G.class, GlobalQueue.class,
            GoexitError.class,
            Lifecycle.class, M.class, Netpoller.class, P.class, Park.class, Procs.class, RunQueue.class, Sched.class,
            Seam.class,
            FuncTimer.class, DeadlineTimer.class, RuntimeTimer.class, SpinLock.class, Sudog.class, Syscalls.class,
            Sysmon.class,
            Template.class,
            TimerFn.class,
            TimerHeap.class, TimerThread.class, Timing.class, WaitReason.class, Workers.class,
            Thread.State.class,
            Math.class, Void.class};

    private Preload() {}

    static void all() {
        for (Class<?> type : CLASSES) {
            try {
                Class.forName(type.getName(), true, type.getClassLoader());
            } catch (ClassNotFoundException e) {
                throw new NoClassDefFoundError(type.getName());
            }
        }
        Seam.REAL.instant().minusNanos(1);
    }
}
