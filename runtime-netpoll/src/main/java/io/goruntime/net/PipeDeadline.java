package io.goruntime.net;

import io.goruntime.Chan;
import io.goruntime.RecvChan;
import io.goruntime.time.Timer;
import io.goruntime.time.Timers;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A deadline as a channel, closed once it has passed. Counterpart of pipe.go: pipeDeadline.
 *
 * <p>The channel stays the same until the deadline has passed, so that who waits on it follows every change.
 */
final class PipeDeadline {
    // under the monitor
    private Chan<Void> passed = Chan.make();
    private boolean isPassed;
    private @Nullable Timer timer;
    /** Counts the calls of set: a timer of an earlier one that cannot be stopped any more does nothing. */
    private long generation;

    synchronized RecvChan<Void> channel() {
        return passed;
    }

    synchronized void set(@Nullable Duration d) {
        if (timer != null) {
            timer.stop();
            timer = null;
        }
        long mine = ++generation;
        if (d != null && (d.isZero() || d.isNegative())) {
            pass(mine);
            return;
        }
        if (isPassed) {
            passed = Chan.make();
            isPassed = false;
        }
        if (d != null) {
            timer = Timers.afterFunc(d, () -> pass(mine));
        }
    }

    private synchronized void pass(long ofGeneration) {
        if (ofGeneration == generation && !isPassed) {
            isPassed = true;
            passed.close();
        }
    }
}
