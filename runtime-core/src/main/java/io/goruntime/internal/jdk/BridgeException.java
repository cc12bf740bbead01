package io.goruntime.internal.jdk;

/** Why the bridge could not be opened; the message is a reason to show to the user. */
final class BridgeException extends Exception {
    private static final long serialVersionUID = 1L;

    BridgeException(String reason, Throwable cause) {
        super(reason, cause);
    }
}
