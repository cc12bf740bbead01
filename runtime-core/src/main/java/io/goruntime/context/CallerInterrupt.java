package io.goruntime.context;

import io.goruntime.UncheckedInterruptedException;
import io.goruntime.internal.sched.Park;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Interrupts the caller of {@link Context#call} when the context ends, and not a moment later.
 */
/*
 * The thread that ends the context and the one that leaves the call exclude each other by the monitor of this object:
 * either the interrupt is sent before the call is over, or not at all. Once it is over, what became of the interrupt is
 * worked out from three facts: whether the flag was set already when ours was sent (`foreign`: somebody else's),
 * whether the task ended with an InterruptedException, which uses up one interrupt, and whether the flag is set now.
 *
 *   foreign  task ended with IE  flag now     then
 *   no       no                  set          it is ours: cleared
 *   no       no, but it noticed  set          another's, taken for ours: nobody can tell
 *   no       yes                 set          ours and another came, one after the other: the other's stays
 *   yes      any                 set          the other's stays
 *   yes      yes                 not set      both came at once and the task noticed one: the other's is set again
 *   any      any                 not set      the task has dealt with it
 *
 * Thread.interrupt is called under the monitor. It may run the close of a channel on which the thread is blocked, which is
 * not our code; but only the thread that is being interrupted can wait for this monitor, and it would have to wait for
 * the end of the interrupt anyway.
 */
final class CallerInterrupt implements FuncNode.Inline {
    private final Thread caller = Thread.currentThread();

    // under the monitor
    private boolean over;
    private boolean sent;
    private boolean foreign;

    private CallerInterrupt() {}

    static <T extends @Nullable Object> T call(Context context, Callable<T> task) throws Exception {
        context.check();
        CallerInterrupt interrupt = new CallerInterrupt();
        boolean noticed = false;
        Park.headroom(); // for what comes after the task
        Context.Stop stop = context.afterFunc(interrupt);
        try {
            context.check(); // it may have ended, and interrupted us, since
            return task.call();
        } catch (InterruptedException e) {
            noticed = true;
            throw interrupt.endOf(context, e);
        } catch (UncheckedInterruptedException | ClosedByInterruptException e) {
            throw interrupt.endOf(context, e);
        } catch (InterruptedIOException e) {
            throw e instanceof SocketTimeoutException ? e : interrupt.endOf(context, e);
        } finally {
            interrupt.settle(noticed);
            stop.stop();
        }
    }

    /** The context has ended; on the thread that ends it. */
    @Override
    public void run() {
        synchronized (this) {
            if (!over) {
                foreign = caller.isInterrupted();
                sent = true;
                caller.interrupt();
            }
        }
    }

    /** What an exception that stands for an interrupt becomes. */
    private Exception endOf(Context context, Exception e) {
        synchronized (this) {
            over = true;
            if (!sent) {
                return e;
            }
        }
        ContextException end = End.of(context).err().toThrow();
        end.addSuppressed(e);
        return end;
    }

    /**
     * The task is over: no interrupt is sent any more, and the flag becomes what it would be without ours.
     *
     * @param noticed whether the task ended with an InterruptedException
     */
    private void settle(boolean noticed) {
        synchronized (this) {
            over = true;
            if (!sent) {
                return;
            }
        }
        boolean set = Thread.interrupted();
        if (set ? noticed || foreign : noticed && foreign) {
            Thread.currentThread().interrupt();
        }
    }
}
