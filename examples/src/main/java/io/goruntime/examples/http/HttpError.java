package io.goruntime.examples.http;

import java.io.IOException;

/**
 * What a client did wrong, or asked too much: it gets this status, and the connection ends, since nobody knows any more where
 * its next request would begin. Without a stack trace: whoever sends garbage decides how many of these are made.
 */
final class HttpError extends IOException {
    private static final long serialVersionUID = 1;

    private final int status;

    HttpError(int status, String message) {
        super(message);
        this.status = status;
    }

    int status() {
        return status;
    }

    @Override
    public Throwable fillInStackTrace() {
        return this;
    }
}
