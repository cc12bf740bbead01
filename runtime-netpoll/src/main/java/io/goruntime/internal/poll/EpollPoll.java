package io.goruntime.internal.poll;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.sched.CallBuffer;
import io.goruntime.internal.sched.Netpoller;
import io.goruntime.internal.sched.Sched;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;

/**
 * The poller of Linux. Counterpart of netpoll_epoll.go.
 */
/*
 * A socket is registered once, edge-triggered, for everything. An eventfd ends a wait; it is level-triggered, and only
 * who waits takes it back: who merely looks leaves it to the next that waits.
 */
final class EpollPoll extends NativePoll {
    private static final int CTL_ADD = 1;

    /** EPOLL_CLOEXEC, EFD_CLOEXEC. */
    private static final int CLOEXEC = 0x80000;
    private static final int EFD_NONBLOCK = 0x800;

    /** As in Go: events taken at a time. */
    private static final int MAX_EVENTS = 128;

    /** The index that stands for the eventfd. */
    private static final int WAKE = -1;

    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /** Longer waits make no difference, and do not overflow. */
    private static final long MAX_WAIT_NANOS = 1_000_000 * NANOS_PER_SECOND;

    private static final VarHandle WAKING = ConstantBootstraps.fieldVarHandle(lookup(), "waking", VarHandle.class,
            EpollPoll.class, int.class);

    /** What is written to the eventfd, and where it is read to. */
    private static final MemorySegment ONE = Arena.global().allocate(JAVA_LONG);
    private static final MemorySegment SINK = Arena.global().allocate(JAVA_LONG);

    static {
        ONE.set(JAVA_LONG, 0, 1);
    }

    private final int epfd;
    private final int eventfd;

    /** 1 from a wake until a wait has ended for it: further ones need not write. */
    private volatile int waking;

    /** The kernel takes epoll_pwait2, or has not yet been asked: an old one has it not, and a sandbox may refuse it. */
    private volatile boolean nanoseconds = Libc.hasEpollPwait2();

    private EpollPoll(Sched sched, int epfd, int eventfd) {
        super(sched);
        this.epfd = epfd;
        this.eventfd = eventfd;
    }

    static boolean isSupported() {
        return Libc.LINUX && Libc.hasEpoll();
    }

    static EpollPoll open(Sched sched) throws IOException {
        if (!isSupported()) {
            throw new IOException("epoll: there is none on " + System.getProperty("os.name"));
        }
        CallBuffer cb = CallBuffer.takePooled();
        try {
            int epfd = Libc.epollCreate1(cb.state, CLOEXEC);
            if (epfd < 0) {
                throw new IOException("epoll_create1: " + Libc.text(cb.errno()));
            }
            int eventfd = Libc.eventfd(cb.state, 0, CLOEXEC | EFD_NONBLOCK);
            if (eventfd < 0) {
                int errno = cb.errno();
                Libc.close(epfd);
                throw new IOException("eventfd: " + Libc.text(errno));
            }
            EpollEvent.set(cb.small, EpollEvent.IN, WAKE, 0);
            if (Libc.epollCtl(cb.state, epfd, CTL_ADD, eventfd, cb.smallAddr) < 0) {
                int errno = cb.errno();
                Libc.close(eventfd);
                Libc.close(epfd);
                throw new IOException("epoll_ctl: " + Libc.text(errno));
            }
            return new EpollPoll(sched, epfd, eventfd);
        } finally {
            cb.give();
        }
    }

    @Override
    public String name() {
        return "epoll";
    }

    @Override
    int add(CallBuffer cb, int fd, PollDesc pd) {
        EpollEvent.set(cb.small, EpollEvent.IN | EpollEvent.OUT | EpollEvent.RDHUP | EpollEvent.PRI | EpollEvent.ET,
                pd.index, pd.tag);
        return Libc.epollCtl(cb.state, epfd, CTL_ADD, fd, cb.smallAddr) < 0 ? cb.errno() : 0;
    }

    @Override
    void wake() {
        if (waking == 0 && WAKING.compareAndSet(this, 0, 1)) {
            try {
                if (enter()) {
                    try {
                        Libc.write(eventfd, ONE.address(), Long.BYTES);
                    } finally {
                        leave();
                    }
                }
            } catch (Throwable e) {
                waking = 0; // the end of the stack; later calls must not rely on this one
                throw e;
            }
        }
    }

    @Override
    void destroy() {
        Libc.close(epfd);
        Libc.close(eventfd);
    }

    @Override
    Netpoller.Events newEvents() {
        return new Events();
    }

    private final class Events extends Netpoller.Events {
        private final MemorySegment events;
        private final MemorySegment timespec;
        private final MemorySegment state;
        private final long eventsAddr;
        private int count;

        Events() {
            Arena arena = Arena.ofAuto();
            events = arena.allocate((long) MAX_EVENTS * EpollEvent.SIZE, 8);
            timespec = arena.allocate(2 * Long.BYTES, 8);
            state = arena.allocate(Linker.Option.captureStateLayout());
            eventsAddr = events.address();
        }

        @Override
        public int poll(long nanos) {
            count = 0;
            if (!enter()) {
                return 0;
            }
            try {
                int n = nanoseconds && nanos > 0 ? pwait2(nanos) : epollWait(nanos);
                count = Math.max(n, 0);
                return withoutWake(nanos != 0);
            } finally {
                leave();
            }
        }

        private int epollWait(long nanos) {
            int millis = nanos <= 0
                    ? (int) Math.max(nanos, -1)
                    : (int) Math.min((nanos + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI, Integer.MAX_VALUE);
            return Libc.epollWait(state, epfd, eventsAddr, MAX_EVENTS, millis);
        }

        private int pwait2(long nanos) {
            long limited = Math.min(nanos, MAX_WAIT_NANOS);
            timespec.set(JAVA_LONG, 0, limited / NANOS_PER_SECOND);
            timespec.set(JAVA_LONG, Long.BYTES, limited % NANOS_PER_SECOND);
            int n = Libc.epollPwait2(state, epfd, eventsAddr, MAX_EVENTS, timespec.address());
            if (n < 0 && state.get(JAVA_INT, ERRNO) != Libc.EINTR) {
                nanoseconds = false;
                return epollWait(nanos);
            }
            return n;
        }

        /** The number of events without the wake-up, which a wait takes back if it is among them. */
        private int withoutWake(boolean waited) {
            for (int i = 0; i < count; i++) {
                if (EpollEvent.index(events, i) == WAKE) {
                    if (waited) {
                        Libc.read(eventfd, SINK.address(), Long.BYTES);
                        waking = 0;
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
                PollDesc pd = cache.get(EpollEvent.index(events, i), EpollEvent.tag(events, i));
                if (pd == null) {
                    continue;
                }
                int what = EpollEvent.events(events, i);
                if ((what & (EpollEvent.RDHUP | EpollEvent.HUP | EpollEvent.ERR | EpollEvent.PRI)) != 0) {
                    pd.ended = true;
                }
                boolean failed = (what & (EpollEvent.HUP | EpollEvent.ERR)) != 0;
                woken += pd.ready(failed || (what & (EpollEvent.IN | EpollEvent.RDHUP | EpollEvent.PRI)) != 0,
                        failed || (what & EpollEvent.OUT) != 0);
            }
            count = 0;
            if (woken != 0) {
                addWaiters(-woken);
            }
        }
    }

    private static final long ERRNO = Linker.Option.captureStateLayout()
            .byteOffset(MemoryLayout.PathElement.groupElement("errno"));
}
