package io.goruntime.mem;

import java.io.Serial;

/**
 * There is not enough memory outside the Java heap: its limit is reached, its address space is used up, or the operating
 * system refuses. The message says which, and names the sizes.
 *
 * <p>Nothing has changed when it is thrown; the heap can be used on, and more so after something has been freed.
 */
public class HeapExhaustedException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * For the library.
     *
     * @param message what was asked for, and what stands against it
     */
    public HeapExhaustedException(String message) {
        super(message);
    }
}
