/**
 * An HTTP/1.1 server, to be read: {@code HttpServer} accepts connections, {@code HttpConnection} is the loop of one,
 * {@code RequestParser} and {@code ChunkDecoder} know the protocol and nothing of connections, {@code Wire} has the
 * buffers and deadlines. No TLS, no compression, no ranges.
 */
package io.goruntime.examples.http;
