/**
 * Channels as what other libraries know, and the other way round.
 *
 * <table class="striped">
 * <caption>What is here</caption>
 * <thead><tr><th>of a channel, make</th><th>use</th></tr></thead>
 * <tbody>
 * <tr><td>a {@link java.util.stream.Stream}</td><td>{@link io.goruntime.interop.Streams#of}</td></tr>
 * <tr><td>a {@link java.util.concurrent.Flow.Publisher}</td><td>{@link io.goruntime.interop.Flows#publisher}</td></tr>
 * <tr><td>a {@link java.util.concurrent.BlockingQueue}</td><td>{@link io.goruntime.interop.Queues#of}</td></tr>
 * </tbody>
 * <thead><tr><th>make a channel of</th><th>use</th></tr></thead>
 * <tbody>
 * <tr><td>a stream</td><td>{@link io.goruntime.interop.Streams#feed}</td></tr>
 * <tr><td>a publisher</td><td>{@link io.goruntime.interop.Flows#feed}</td></tr>
 * </tbody>
 * </table>
 *
 * <p>What makes a channel gives a {@link io.goruntime.interop.Feed}: the channel, why it ended, and a way to stop it.
 */
@NullMarked
package io.goruntime.interop;

import org.jspecify.annotations.NullMarked;
