package io.goruntime.internal.poll;

import io.goruntime.internal.sched.CallBuffer;
import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sched;
import java.io.IOException;
import java.net.ProtocolFamily;

/**
 * A poller that lives in a descriptor of its own, for sockets of the C library: epoll or kqueue.
 */
/*
 * The descriptor of the poller is closed when nobody polls, wakes or registers any more: its FdMutex counts them, as that
 * of a socket counts operations.
 */
abstract class NativePoll extends NetPoll {
    private final FdMutex mu = new FdMutex();

    NativePoll(Sched sched) {
        super(sched);
    }

    @Override
    public final NetFD stream(ProtocolFamily family) throws IOException {
        return SocketFD.open(this, family, true);
    }

    @Override
    public final NetFD datagram(ProtocolFamily family) throws IOException {
        return SocketFD.open(this, family, false);
    }

    /** Who may use the descriptor of the poller; false if it is closed. */
    final boolean enter() {
        return mu.incref();
    }

    final void leave() {
        if (mu.decref()) {
            destroy();
        }
    }

    /** Events of a socket are wanted from now on, until it is closed. */
    final void register(int fd, PollDesc pd) throws IOException {
        if (!enter()) {
            throw new IOException("the runtime is closed");
        }
        try {
            CallBuffer cb = CallBuffer.take();
            int errno;
            try {
                errno = add(cb, fd, pd);
            } finally {
                cb.give();
            }
            if (errno != 0) {
                throw new IOException(name() + ": " + Libc.text(errno));
            }
        } finally {
            leave();
        }
    }

    @Override
    final void arm(Side side) {
        // Edge-triggered: every event announces itself.
    }

    @Override
    final void closePoller() {
        Park.headroom();
        if (mu.increfAndClose()) {
            leave();
        }
    }

    /** Registers; returns the error number, 0 if there was none. */
    abstract int add(CallBuffer cb, int fd, PollDesc pd);

    /** Nobody uses the descriptor any more. */
    abstract void destroy();
}
