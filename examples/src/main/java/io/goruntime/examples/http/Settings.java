package io.goruntime.examples.http;

import java.time.Duration;

/**
 * How much a client may ask of a server, and how long it may take.
 *
 * @param requestLine bytes; a longer one is answered with 414
 * @param headerBytes of all header fields of a request; more are answered with 431
 * @param headerFields how many; more are answered with 431
 * @param bodyBytes of a request; more are answered with 413
 * @param idle how long a connection may wait for its next request, at most; after half of it, it may be closed
 * @param head how long the rest of a request's head may take when it has begun to arrive; then 408
 * @param body how long a request's body may take, with a second more for each KB; then 408
 * @param write how long the other side may let the server wait before it reads on; then the connection is closed
 * @param connections at the same time; more are answered with 503
 */
public record Settings(int requestLine, int headerBytes, int headerFields, long bodyBytes, Duration idle,
        Duration head, Duration body, Duration write, int connections) {
    /** What suits a small server on the internet. */
    public static final Settings DEFAULT = new Settings(8 << 10, 16 << 10, 100, 64L << 20, Duration.ofSeconds(60),
            Duration.ofSeconds(10), Duration.ofSeconds(20), Duration.ofSeconds(20), 20_000);
}
