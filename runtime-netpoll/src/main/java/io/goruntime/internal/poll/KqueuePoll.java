package io.goruntime.internal.poll;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.sched.CallBuffer;
import io.goruntime.internal.sched.Netpoller;
import io.goruntime.internal.sched.Sched;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The poller of macOS and the BSDs; untested, but for the layout of its records. Counterpart of netpoll_kqueue.go.
 */
/*
 * A socket is registered once with both filters, edge-triggered (EV_CLEAR). A wait is ended by a filter of ours
 * (EVFILT_USER), which is edge-triggered too: if a mere look takes it, the look triggers it again.
 */
@SuppressWarnings("restricted") // the consent is the same as for the bridge: see SECURITY.md
final class KqueuePoll extends NativePoll {
    /** Names the library that has kqueue, where the C library has not. */
    static final String LIBRARY_PROPERTY = "goruntime.netpoll.library";

    private static final int MAX_EVENTS = 64;
    private static final int WAKE = -1;
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final long MAX_WAIT_NANOS = 1_000_000 * NANOS_PER_SECOND;

    private static final VarHandle WAKING = ConstantBootstraps.fieldVarHandle(lookup(), "waking", VarHandle.class,
            KqueuePoll.class, int.class);

    private final MethodHandle kevent;
    private final int kq;

    /** What triggers the filter that ends a wait. */
    private final MemorySegment trigger;

    /** 1 from a wake until a wait has ended for it. */
    private volatile int waking;

    private KqueuePoll(Sched sched, MethodHandle kevent, int kq) {
        super(sched);
        this.kevent = kevent;
        this.kq = kq;
        trigger = Arena.ofAuto().allocate(Kevent.SIZE, 8);
        Kevent.set(trigger, 0, 0, Kevent.EVFILT_USER, 0, Kevent.NOTE_TRIGGER, WAKE, 0);
    }

    static boolean isSupported() {
        return Libc.BSD && Libc.hasSockets();
    }

    static KqueuePoll open(Sched sched) throws IOException {
        String name = System.getProperty(LIBRARY_PROPERTY);
        SymbolLookup library;
        try {
            library = name == null ? Linker.nativeLinker().defaultLookup() : Libc.library(name);
        } catch (IllegalArgumentException e) {
            throw new IOException("kqueue: " + e.getMessage(), e);
        }
        MethodHandle kqueue = Libc.find(library, "kqueue", FunctionDescriptor.of(JAVA_INT));
        MethodHandle kevent = Libc.find(library, "kevent",
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG),
                Linker.Option.captureCallState("errno"));
        if (kqueue == null || kevent == null) {
            throw new IOException("kqueue: " + (name == null
                    ? "the C library of " + System.getProperty("os.name")
                    : name) + " has no such function; -D" + LIBRARY_PROPERTY + " names the library that has it");
        }
        int kq;
        try {
            kq = (int) kqueue.invokeExact();
        } catch (Throwable e) {
            throw Libc.rethrow(e);
        }
        if (kq < 0) {
            throw new IOException("kqueue: no descriptor");
        }
        KqueuePoll poll = new KqueuePoll(sched, kevent, kq);
        CallBuffer cb = CallBuffer.takePooled();
        try {
            Libc.fcntl(cb.state, kq, Libc.F_SETFD, Libc.FD_CLOEXEC);
            Kevent.set(cb.small, 0, 0, Kevent.EVFILT_USER, Kevent.EV_ADD | Kevent.EV_CLEAR, 0, WAKE, 0);
            if (poll.call(cb.state, cb.smallAddr, 1, 0, 0, 0) < 0) {
                throw new IOException("kevent: " + Libc.text(cb.errno()));
            }
        } catch (Throwable e) {
            Libc.close(kq);
            throw e;
        } finally {
            cb.give();
        }
        return poll;
    }

    private int call(MemorySegment state, long changesAddr, int changes, long eventsAddr, int max, long timeoutAddr) {
        try {
            return (int) kevent.invokeExact(state, kq, changesAddr, changes, eventsAddr, max, timeoutAddr);
        } catch (Throwable e) {
            throw Libc.rethrow(e);
        }
    }

    @Override
    public String name() {
        return "kqueue";
    }

    @Override
    int add(CallBuffer cb, int fd, PollDesc pd) {
        int flags = Kevent.EV_ADD | Kevent.EV_CLEAR;
        Kevent.set(cb.small, 0, fd, Kevent.EVFILT_READ, flags, 0, pd.index, pd.tag);
        Kevent.set(cb.small, 1, fd, Kevent.EVFILT_WRITE, flags, 0, pd.index, pd.tag);
        return call(cb.state, cb.smallAddr, 2, 0, 0, 0) < 0 ? cb.errno() : 0;
    }

    @Override
    void wake() {
        if (waking == 0 && WAKING.compareAndSet(this, 0, 1)) {
            trigger();
        }
    }

    private void trigger() {
        try {
            if (enter()) {
                try {
                    CallBuffer cb = CallBuffer.takePooled(); // an M calls this too, outside its goroutines
                    try {
                        call(cb.state, trigger.address(), 1, 0, 0, 0);
                    } finally {
                        cb.give();
                    }
                } finally {
                    leave();
                }
            }
        } catch (Throwable e) {
            waking = 0; // the end of the stack or of the memory; later calls of wake must not rely on this one
            throw e;
        }
    }

    @Override
    void destroy() {
        Libc.close(kq);
    }

    @Override
    Netpoller.Events newEvents() {
        return new Events();
    }

    private final class Events extends Netpoller.Events {
        private final MemorySegment events;
        private final MemorySegment timespec;
        private final MemorySegment state;
        private int count;

        Events() {
            Arena arena = Arena.ofAuto();
            events = arena.allocate((long) MAX_EVENTS * Kevent.SIZE, 8);
            timespec = arena.allocate(2 * Long.BYTES, 8);
            state = arena.allocate(Linker.Option.captureStateLayout());
        }

        @Override
        public int poll(long nanos) {
            count = 0;
            if (!enter()) {
                return 0;
            }
            try {
                long limited = Math.min(nanos, MAX_WAIT_NANOS);
                timespec.set(JAVA_LONG, 0, limited / NANOS_PER_SECOND);
                timespec.set(JAVA_LONG, Long.BYTES, limited % NANOS_PER_SECOND);
                int n = call(state, 0, 0, events.address(), MAX_EVENTS, nanos < 0 ? 0 : timespec.address());
                count = Math.max(n, 0);
                return withoutWake(nanos != 0);
            } finally {
                leave();
            }
        }

        private int withoutWake(boolean waited) {
            for (int i = 0; i < count; i++) {
                if (Kevent.filter(events, i) == Kevent.EVFILT_USER) {
                    if (waited) {
                        waking = 0;
                    } else {
                        trigger();
                    }
                    return count - 1;
                }
            }
            return count;
        }

        @Override
        public void ready() {
            int woken = 0;
            for (int i = 0; i < count; i++) {
                @Nullable
                PollDesc pd = cache.get(Kevent.index(events, i), Kevent.tag(events, i));
                if (pd == null) {
                    continue;
                }
                int flags = Kevent.flags(events, i);
                boolean readFilter = Kevent.filter(events, i) == Kevent.EVFILT_READ;
                boolean eof = (flags & Kevent.EV_EOF & 0xffff) != 0;
                if (eof || (flags & Kevent.EV_ERROR) != 0) {
                    pd.ended = true;
                }
                // The end of one direction may be the end of the other: both try, as in Go.
                woken += pd.ready(readFilter || eof, !readFilter || eof);
            }
            count = 0;
            if (woken != 0) {
                addWaiters(-woken);
            }
        }
    }
}
