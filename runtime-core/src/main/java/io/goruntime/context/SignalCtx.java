package io.goruntime.context;

import io.goruntime.internal.signal.SignalTable;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A context that signals end. Counterpart of signal.go: signalCtx.
 */
/*
 * The signals are its own until somebody cancels it: not until it ends, which a first signal may have done. No goroutine
 * waits for the signal. The JVM's thread that reports it cancels the context, so it works in any state of any runtime.
 */
final class SignalCtx extends CancelCtx {
    private final String[] signals;

    private SignalCtx(Context parent, String[] signals) {
        super(parent);
        this.signals = signals;
    }

    static SignalCtx derive(Context parent, String... signals) {
        SignalCtx context = new SignalCtx(parent, signals.clone());
        SignalTable.add(context, context::signalled, context.signals);
        try {
            context.followLate();
        } catch (Throwable e) {
            SignalTable.remove(context);
            throw e;
        }
        return context;
    }

    private boolean signalled(String name) {
        super.cancel(new SignalException(name));
        return true;
    }

    @Override
    public void cancel() {
        cancel(null);
    }

    @Override
    public void cancel(@Nullable Throwable cause) {
        try {
            super.cancel(cause);
        } finally {
            SignalTable.remove(this);
        }
    }

    @Override
    public void close() {
        cancel(null);
    }

    @Override
    String name() {
        return ".WithSignals(" + Arrays.toString(signals) + ")";
    }
}
