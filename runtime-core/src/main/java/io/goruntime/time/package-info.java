/**
 * Sleeping, timers and tickers, as in Go's package time: {@link io.goruntime.time.Timers} has the functions,
 * {@link io.goruntime.time.Timer} fires once, {@link io.goruntime.time.Ticker} again and again.
 *
 * <p>The channels of timers behave as since Go 1.23: they have no buffer that one could notice, after {@code stop} or
 * {@code reset} no value from before can be received, and a timer or ticker that is no longer used need not be stopped.
 *
 * <p>A timer belongs to a runtime: that of the goroutine that made it, else the default one. It may be used from any
 * thread. When its runtime is closed it fires no more, and to set it is a
 * {@link java.util.concurrent.RejectedExecutionException}.
 *
 * <p>Times are measured with the precision of {@link java.lang.System#nanoTime}; a timer never fires early. Durations of
 * more than 146 years count as 146 years.
 */
@NullMarked
package io.goruntime.time;

import org.jspecify.annotations.NullMarked;
