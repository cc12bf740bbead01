package io.goruntime.internal.sched;

/** Why a goroutine waits, in Go's words. Counterpart of runtime2.go: waitReasonStrings. */
public final class WaitReason {
    public static final String CHAN_RECEIVE = "chan receive";
    public static final String CHAN_SEND = "chan send";
    public static final String CHAN_RECEIVE_NIL = "chan receive (nil chan)";
    public static final String CHAN_SEND_NIL = "chan send (nil chan)";
    public static final String SELECT = "select";
    public static final String SELECT_NO_CASES = "select (no cases)";

    private WaitReason() {}
}
