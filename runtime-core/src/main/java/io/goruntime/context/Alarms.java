package io.goruntime.context;

import java.time.Duration;

/** Where deadlines get their timers from: a test has a clock of its own. */
@FunctionalInterface
interface Alarms {
    /**
     * Arranges for a function to be run later.
     *
     * @param delay above zero
     * @param fn runs once, on any thread that may take locks
     * @return to be run when the function is no longer needed; it may have run or be running
     */
    Runnable after(Duration delay, Runnable fn);
}
