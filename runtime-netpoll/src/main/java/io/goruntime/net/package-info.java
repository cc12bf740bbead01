/**
 * Go's package net: connections that look blocking and occupy no thread.
 *
 * <p>{@link io.goruntime.net.Net} dials and listens; {@link io.goruntime.net.Conn},
 * {@link io.goruntime.net.Listener} and {@link io.goruntime.net.PacketConn} are what one gets, and
 * {@link io.goruntime.net.TlsConn} puts TLS over a connection.
 *
 * <p>Underneath, a socket does not block: a goroutine tries the call first, and only if it would have to wait it parks
 * until the scheduler hears from the system, by epoll on Linux, by kqueue on macOS and BSD, by a selector elsewhere
 * ({@code -Dgoruntime.netpoll=epoll|kqueue|nio} chooses). The JDK's own sockets work in goroutines too; these take fewer
 * system calls, and have deadlines for each direction that can be changed while somebody waits.
 *
 * <p>An operation ends early at its deadline, when the connection is closed, or when its thread is interrupted, so
 * {@link io.goruntime.context.Context#call} works with all of them. What that looks like stands at
 * {@link io.goruntime.net.Conn}.
 */
@NullMarked
package io.goruntime.net;

import org.jspecify.annotations.NullMarked;
