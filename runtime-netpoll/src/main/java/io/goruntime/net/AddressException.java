package io.goruntime.net;

import java.io.IOException;

/**
 * An address or a network is not written as it must be, or the two do not belong together. Counterpart of Go's
 * {@code AddrError}, {@code ParseError} and {@code UnknownNetworkError}.
 */
public final class AddressException extends IOException {
    private static final long serialVersionUID = 1;

    AddressException(String message) {
        super(message);
    }
}
