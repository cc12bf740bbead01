package io.goruntime.examples.http;

import java.io.IOException;

/** What a server does with a request. */
@FunctionalInterface
public interface Handler {
    /**
     * Answers one request. Both arguments are valid until it returns; what it does not read of the request's body is
     * discarded, and if it answers nothing that is an empty 200.
     *
     * @throws IOException the connection's, which should be passed on; any exception before the response has begun is
     *     answered with 500, and one after that closes the connection
     */
    void handle(Request request, Response response) throws IOException, InterruptedException;
}
