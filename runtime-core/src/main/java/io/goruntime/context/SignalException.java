package io.goruntime.context;

/** The cause of the end of a context that a signal ended; see {@link Context#withSignals}. */
public final class SignalException extends Exception {
    private static final long serialVersionUID = 1;

    /** Without SIG. */
    private final String signal;

    SignalException(String signal) {
        super("SIG" + signal + " received", null, false, false);
        this.signal = signal;
    }

    /**
     * Which signal it was.
     *
     * @return its name without {@code SIG}, for example {@code TERM}
     */
    public String signal() {
        return signal;
    }
}
