package io.goruntime;

import io.goruntime.internal.sched.VirtualSeam;

/** Runtimes with a clock of the test's. */
public final class VirtualClock {
    private VirtualClock() {}

    /** Runs main in a runtime with that clock, which is attached. */
    public static <X extends Exception> void run(int procs, VirtualSeam clock, MainFn<X> main)
            throws X, InterruptedException {
        GoRuntime.builder().maxProcs(procs).name("virtual-" + procs).seam(clock).<X>run(() -> {
            clock.attach();
            main.run();
        });
    }
}
