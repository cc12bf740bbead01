package io.goruntime.internal.poll;

import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.sched.Netpoller;
import io.goruntime.internal.sched.Sched;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which poller a runtime gets, and how the scheduler reaches it.
 */
final class Pollers {
    static final String PROPERTY = "goruntime.netpoll";

    /** How long the end of a runtime waits for a polling thread that has been told to end. */
    private static final long THREAD_END_MILLIS = 1_000;

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /** More calls than java.lang.invoke.MethodHandle.CUSTOMIZE_THRESHOLD, 127. */
    private static final int CUSTOMIZED = 200;

    private Pollers() {}

    static NetPoll of(Sched sched) throws IOException {
        try {
            return sched.<Hook, IOException>netpoller(Hook.class, Pollers::make).poll;
        } catch (RejectedExecutionException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static Hook make(Sched sched) throws IOException {
        NetPoll poll = choose(sched);
        Hook hook = new Hook(poll);
        try {
            hook.preload();
        } catch (Throwable e) {
            poll.close();
            throw e;
        }
        if (!Mode.Chosen.GMP) {
            hook.startThread();
        }
        return hook;
    }

    private static NetPoll choose(Sched sched) throws IOException {
        String asked = System.getProperty(PROPERTY);
        if (asked != null) {
            return switch (asked) {
                case "epoll" -> EpollPoll.open(sched);
                case "kqueue" -> KqueuePoll.open(sched);
                case "nio" -> new NioPoll(sched);
                default -> throw new IllegalArgumentException(
                        PROPERTY + "=" + asked + ": the value must be epoll, kqueue or nio");
            };
        }
        if (Mode.Chosen.GMP) {
            Logger log = LoggerFactory.getLogger(NetPoll.class);
            try {
                if (EpollPoll.isSupported()) {
                    return EpollPoll.open(sched);
                }
                if (KqueuePoll.isSupported()) {
                    return KqueuePoll.open(sched);
                }
            } catch (IllegalCallerException | IOException | LinkageError e) {
                log.warn("The network is polled with a Selector, which is slower: {}. -D{}=nio chooses this without a "
                        + "warning", e.toString(), PROPERTY);
            }
        }
        return new NioPoll(sched);
    }

    /** The scheduler's side of a poller. */
    static final class Hook extends Netpoller implements Runnable {
        final NetPoll poll;

        private volatile boolean closed;

        /** Where there are no Ms: polls. */
        private @Nullable Thread thread;

        Hook(NetPoll poll) {
            this.poll = poll;
        }

        /**
         * Ms and sysmon load no class any more: everything they will do has been done, and so often that method handles
         * have been given the form, a class, that they get when they are used much.
         */
        void preload() {
            Events events = newEvents();
            for (int i = 0; i < CUSTOMIZED; i++) {
                poll.wake();
                events.poll(NANOS_PER_SECOND);
                events.ready();
                events.poll(0);
            }
            new PollDesc(poll, -1).ready(true, true);
        }

        void startThread() {
            Thread t = new Thread(Jdk.rootThreadGroup(), this, "goruntime-" + poll.sched.name + "-netpoll", 0, false);
            t.setDaemon(true);
            t.setContextClassLoader(null);
            t.start();
            thread = t;
        }

        @Override
        public void run() {
            Events events = newEvents();
            while (!closed) {
                try {
                    if (events.poll(-1) != 0) {
                        events.ready();
                    }
                } catch (OutOfMemoryError e) {
                    Thread.yield();
                }
                Thread.interrupted();
            }
        }

        @Override
        public boolean anyWaiters() {
            return poll.anyWaiters();
        }

        @Override
        public Events newEvents() {
            return poll.newEvents();
        }

        @Override
        public void wake() {
            poll.wake();
        }

        @Override
        public void close() {
            closed = true;
            poll.wake();
            poll.close();
            Thread t = thread;
            if (t != null && t != Thread.currentThread()) {
                boolean interrupted = Thread.interrupted();
                try {
                    t.join(THREAD_END_MILLIS);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }
}
