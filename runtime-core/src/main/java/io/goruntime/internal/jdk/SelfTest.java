package io.goruntime.internal.jdk;

import java.lang.foreign.Arena;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Proves on this very JVM what the scheduler relies on: one virtual thread is spawned, parked, woken, yielded and ended
 * on a scheduler of ours.
 */
final class SelfTest implements Runnable, Executor, Supplier<Stream<Thread>> {
    /*
     * The thread that runs the test is scheduler, M and waker in one: execute() only records, resume() is an ordinary
     * call, and every step is checked before the next. Nothing waits, so the test can only fail, or hang inside a
     * resume (a park that did not yield); the opener's time-out turns that into a reason.
     *
     * The states compared with are the numbers that GoRuntimeBridge.repair relies on.
     */

    private static final int NEW = 0;
    private static final int STARTED = 1;
    private static final int RUNNING = 2;
    private static final int TIMED_PARKED = 7;
    private static final int UNPARKED = 9;
    private static final int YIELDED = 11;
    private static final int TIMED_WAIT = 18;
    private static final int TERMINATED = 99;

    private static final long LONG_NANOS = 3_600_000_000_000L;

    private final Thread carrier = Thread.currentThread();

    /** Written by execute(), always on the carrier. */
    private Runnable submitted;

    private int submissions;

    /** How far the virtual thread has got. */
    private int progress;

    private String complaint;

    private final Object lock = new Object();

    private SelfTest() {}

    /** Runs the test on the current platform thread. */
    static void test() throws BridgeException {
        try {
            new SelfTest().check();
        } catch (UnsupportedOperationException e) {
            throw new BridgeException("this JVM has no continuations, on which virtual threads rest", e);
        } catch (LinkageError | RuntimeException e) {
            throw new BridgeException("the bridge does not fit this JDK: " + e, e);
        }
    }

    private void check() throws BridgeException {
        checkMemory();
        GoRuntimeBridge.unpark(null);
        expect(Jdk.carrier() == carrier, "the carrier of a platform thread is not the thread itself");
        expect(Jdk.defaultScheduler() != null, "there is no default scheduler");

        Thread thread = Jdk.newVirtualThread(this, "goruntime-selftest", Jdk.noInheritThreadLocals(), this);
        Runnable resume = Jdk.continuationOf(thread);
        expect(resume != null, "the thread's continuation cannot be read");
        expectState(thread, NEW, "a new thread");

        Jdk.Container container = new Jdk.Container("goruntime-selftest", this);
        try {
            container.start(null);
            container.start(thread);
            expectSubmitted(resume, 1, "start");
            expectState(thread, STARTED, "a started thread");
            expect(progress == 0, "the thread ran before it was resumed");

            resume.run();
            expectAt(1, "the first resume");
            expectState(thread, TIMED_PARKED, "a parked thread");
            expectSubmitted(resume, 1, "park");
            resume.run(); // a stale resume runs nothing
            expectAt(1, "the resume of a parked thread");

            GoRuntimeBridge.unpark(thread);
            expectSubmitted(resume, 2, "unpark");
            expectState(thread, UNPARKED, "an unparked thread");
            resume.run();
            expectAt(2, "the resume after unpark");
            expectSubmitted(resume, 3, "yield");
            expectState(thread, YIELDED, "a thread that yielded");

            resume.run();
            expectAt(3, "the resume after yield");
            expectState(thread, TIMED_WAIT, "a thread in Object.wait");
            thread.interrupt();
            expectSubmitted(resume, 4, "interrupt");

            resume.run();
            expectAt(4, "the resume after interrupt");
            expectState(thread, TERMINATED, "an ended thread");
            expect(!thread.isAlive(), "the ended thread is alive");
            resume.run();
            expectSubmitted(resume, 4, "end");
        } finally {
            container.deregister();
        }
    }

    private static void checkMemory() throws BridgeException {
        try (Arena arena = Arena.ofConfined()) {
            long addr = arena.allocate(16, 8).address();
            GoRuntimeBridge.setMemory(addr, 16, (byte) -1);
            GoRuntimeBridge.putLong(addr, 0x0102030405060708L);
            GoRuntimeBridge.copyMemory(addr, addr + 8, 7);
            boolean swapped = GoRuntimeBridge.compareAndSetLong(addr, 0x0102030405060708L, 9);
            byte copied = GoRuntimeBridge.getByte(addr + 8 + 3);
            byte behind = GoRuntimeBridge.getByte(addr + 15);
            expect(swapped && GoRuntimeBridge.getLongVolatile(addr) == 9, "memory does not keep what is written");
            expect((copied == 4 || copied == 5) && behind == -1, "memory is not copied as it was asked to be");
        }
    }

    // ---- On the virtual thread ----

    @Override
    public void run() {
        Thread self = Thread.currentThread();
        if (!self.isVirtual() || Jdk.carrier() != carrier) {
            complaint = "the virtual thread's carrier is not the thread that resumed it";
        } else if (Jdk.stateOf(self) != RUNNING) {
            complaint = "a running thread is in state " + Jdk.stateOf(self);
        }
        Jdk.pin();
        Jdk.unpin();
        progress = 1;
        GoRuntimeBridge.parkCurrent(LONG_NANOS); // timed, so that the JDK's timers are loaded and started from here
        progress = 2;
        Thread.yield();
        progress = 3;
        try {
            synchronized (lock) {
                lock.wait(LONG_NANOS / 1_000_000); // for the same reason
            }
            complaint = "Object.wait was not interrupted";
        } catch (InterruptedException e) {
            progress = 4;
        }
    }

    // ---- As scheduler and container ----

    @Override
    public void execute(Runnable resume) {
        submitted = resume;
        submissions++;
    }

    @Override
    public Stream<Thread> get() {
        return Stream.empty();
    }

    // ---- Checks ----

    private void expectAt(int expected, String after) throws BridgeException {
        expect(complaint == null, complaint);
        expect(progress == expected, "after " + after + " the thread is at step " + progress + ", not " + expected);
        expect(Thread.currentThread() == carrier, "after " + after + " the carrier has not got its identity back");
    }

    private void expectSubmitted(Runnable resume, int times, String after) throws BridgeException {
        expect(submitted == resume, "after " + after + " the scheduler got another task than the continuation");
        expect(submissions == times, "after " + after + " the scheduler got " + submissions + " tasks, not " + times);
    }

    private static void expectState(Thread thread, int expected, String what) throws BridgeException {
        int state = Jdk.stateOf(thread);
        expect(state == expected, what + " is in state " + state + ", not " + expected);
    }

    private static void expect(boolean holds, String complaint) throws BridgeException {
        if (!holds) {
            throw new BridgeException("self-test: " + complaint, null);
        }
    }
}
