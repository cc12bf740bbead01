/**
 * Goroutines and channels for Java: {@link io.goruntime.GoRuntime#go(GoFn)} starts a goroutine,
 * {@link io.goruntime.Chan#make(int)} makes a channel.
 *
 * <p>A goroutine is a virtual thread that is scheduled by this library, as the Go runtime schedules goroutines: it has a
 * {@link Thread}, thread-locals, an interrupt flag and a stack trace, and while it waits, in a channel or anywhere in
 * the JDK, it occupies no thread of the system. All blocking methods throw {@link java.lang.InterruptedException} unless
 * they say otherwise.
 *
 * <p>Start with {@link io.goruntime.GoRuntime} and {@link io.goruntime.Chan}.
 */
@NullMarked
package io.goruntime;

import org.jspecify.annotations.NullMarked;
