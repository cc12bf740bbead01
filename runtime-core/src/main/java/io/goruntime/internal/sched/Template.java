package io.goruntime.internal.sched;

import io.goruntime.internal.jdk.Jdk;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that starts Ms, and keeps a spare. Counterpart of proc.go: templateThread, newm, startTemplateThread.
 */
/*
 * Whoever notices that no M is idle may be a goroutine with thread-locals, a deep stack or a changed context class
 * loader, or a thread of the JDK: none of them may start a thread, which takes a millisecond and inherits from its
 * creator. They set `wanted`; this thread does the rest.
 *
 * At most one M is on its way at a time (`starting`). A request that comes meanwhile needs no second one: the M looks
 * at all queues after it has cleared `starting`, so it sees the work for which the request was made.
 */
final class Template implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger("io.goruntime.sched");

    private static final long MIN_STACK_BYTES = 1 << 20;
    private static final long RETRY_NANOS = 100_000_000;

    private final Sched sched;
    final Thread thread;
    private volatile boolean wanted = true;
    private volatile boolean starting;
    private boolean limitLogged;

    Template(Sched sched) {
        this.sched = sched;
        thread = new Thread(Jdk.rootThreadGroup(), this, sched.threadPrefix.concat("template"), 0, false);
        thread.setDaemon(true);
        thread.setContextClassLoader(null);
    }

    /** Asks for one more M. Runs anywhere. */
    void request() {
        if (!wanted) {
            wanted = true;
            Jdk.unpark(thread);
        }
    }

    /** A new M runs, and will look at the queues after this. */
    void started() {
        starting = false;
    }

    @Override
    public void run() {
        while (!sched.ended) {
            if (!wanted) {
                Jdk.parkCarrier(0);
                Thread.interrupted();
                continue;
            }
            wanted = false;
            if (!starting && !tryStartM()) {
                wanted = true;
                Jdk.parkCarrier(RETRY_NANOS);
            }
        }
    }

    /** As startM; false too if there is no memory for it now. This thread must outlive that. */
    private boolean tryStartM() {
        try {
            return startM();
        } catch (OutOfMemoryError e) {
            return false;
        }
    }

    /** False if there is no thread to be had now. */
    private boolean startM() {
        int id;
        sched.lock.lock();
        id = ++sched.nextMid;
        sched.lock.unlock();
        for (long stackBytes = sched.mStackBytes; stackBytes >= MIN_STACK_BYTES; stackBytes /= 2) {
            M mp = new M(sched, id, stackBytes);
            if (!Procs.enlist(sched, mp)) {
                if (!limitLogged) {
                    limitLogged = true;
                    LOG.error("{}: too many blocked threads: {}", sched, Dump.of(sched));
                }
                return true;
            }
            starting = true;
            try {
                mp.start();
                return true;
            } catch (OutOfMemoryError e) {
                starting = false;
                Procs.forget(sched, mp);
                if (sched.mStackBytes > stackBytes / 2 && stackBytes / 2 >= MIN_STACK_BYTES) {
                    sched.mStackBytes = stackBytes / 2;
                }
            }
        }
        LOG.warn("{}: the system gives no more threads; {} are running", sched, sched.allm.length);
        return false;
    }
}
