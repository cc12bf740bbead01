package io.goruntime.context;

import io.goruntime.GoFn;
import io.goruntime.GoRuntime;
import io.goruntime.internal.sched.Access;
import io.goruntime.internal.sched.DeadlineTimer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Where deadlines get their timers from: a test has a clock of its own. */
@FunctionalInterface
interface Alarms {
    /** The runtime's timers; they fire also when that has ended. */
    Alarms REAL = (delay, fn) -> {
        GoRuntime.current();
        GoFn end = fn::run;
        DeadlineTimer timer = new DeadlineTimer(Access.get().current(), end);
        timer.reset(TimeUnit.NANOSECONDS.convert(delay));
        return timer::stop;
    };

    /**
     * Arranges for a function to be run later.
     *
     * @param delay above zero
     * @param fn runs once, on any thread that may take locks
     * @return to be run when the function is no longer needed; it may have run or be running
     */
    Runnable after(Duration delay, Runnable fn);
}
