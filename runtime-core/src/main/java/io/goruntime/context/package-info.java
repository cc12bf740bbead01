/**
 * Contexts, Go's package {@code context}: the end of a piece of work, and the values that belong to it, handed down from
 * function to function and across goroutines.
 *
 * <p>A context ends once: by {@link io.goruntime.context.CancelContext#cancel()}, at its deadline, or because
 * the one that it was derived from has ended. Its {@link io.goruntime.context.Context#done() done} channel is closed then,
 * {@link io.goruntime.context.Context#err() err} tells which it was and
 * {@link io.goruntime.context.Context#cause() cause} why. What does not wait in a channel uses
 * {@link io.goruntime.context.Context#check() check}, {@link io.goruntime.context.Context#call call} or
 * {@link io.goruntime.context.Context#afterFunc afterFunc}.
 *
 * <p>Start with {@link io.goruntime.context.Context}.
 */
@NullMarked
package io.goruntime.context;

import org.jspecify.annotations.NullMarked;
