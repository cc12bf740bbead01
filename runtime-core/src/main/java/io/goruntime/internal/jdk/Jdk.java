package io.goruntime.internal.jdk;

import java.lang.invoke.VarHandle;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the runtime needs of the JDK beyond its public API, forwarded to the bridge in {@code java.lang}.
 *
 * <p>Every member is for the goroutine scheduler and for memory: call it after {@link Mode#ensure} and where
 * {@link Mode.Chosen#GMP} is true. Without a bridge the class still loads and verifies, since the VM looks for
 * {@code java.lang.GoRuntimeBridge} when a member first runs; such a call then ends in NoClassDefFoundError, and
 * every later one too. It is the only class compiled against the bridge, so that the rest of the library cannot
 * link it by accident. The rules of each operation are written at the member of the bridge that it names.
 */
public final class Jdk {
    private Jdk() {}

    // ---- Virtual threads with a scheduler of their own ----

    /** The platform thread under the current one: GoRuntimeBridge.carrier. */
    public static Thread carrier() {
        return GoRuntimeBridge.carrier();
    }

    /** A new, unstarted virtual thread: GoRuntimeBridge.newVirtualThread. */
    public static Thread newVirtualThread(Executor scheduler, @Nullable String name, int characteristics,
            Runnable task) {
        return GoRuntimeBridge.newVirtualThread(scheduler, name, characteristics, task);
    }

    /** The characteristic "inherits no thread-locals": GoRuntimeBridge.noInheritThreadLocals. */
    public static int noInheritThreadLocals() {
        return GoRuntimeBridge.noInheritThreadLocals();
    }

    /** What resumes the thread when run: GoRuntimeBridge.continuationOf. */
    public static @Nullable Runnable continuationOf(Thread virtualThread) {
        return GoRuntimeBridge.continuationOf(virtualThread);
    }

    /** The scheduler of ordinary virtual threads: GoRuntimeBridge.defaultScheduler. */
    public static Executor defaultScheduler() {
        return GoRuntimeBridge.defaultScheduler();
    }

    /** Keeps the current virtual thread on its carrier: GoRuntimeBridge.pin. */
    public static void pin() {
        GoRuntimeBridge.pin();
    }

    /** Ends one pin: GoRuntimeBridge.unpin. */
    public static void unpin() {
        GoRuntimeBridge.unpin();
    }

    // ---- Parking; these work without the bridge too ----

    /**
     * Wakes a thread, on reserved stack; null only probes the stack: GoRuntimeBridge.unpark. A full fence between what the
     * caller wrote and the look whether the thread is parked. The JDK's own is none: where a permit is left over from
     * before it only reads that, and what the thread, which may be just taking it, is to see may not have been written.
     */
    public static void unpark(@Nullable Thread thread) {
        VarHandle.fullFence();
        if (Mode.Chosen.GMP) {
            GoRuntimeBridge.unpark(thread);
        } else {
            LockSupport.unpark(thread);
        }
    }

    /** Parks the current thread, 0 for no limit: GoRuntimeBridge.parkCurrent. */
    public static void park(long nanos) {
        if (!Mode.Chosen.GMP) {
            if (nanos == 0) {
                LockSupport.park();
            } else {
                LockSupport.parkNanos(nanos);
            }
        } else if (nanos == 0) {
            GoRuntimeBridge.parkCurrent();
        } else {
            GoRuntimeBridge.parkCurrent(nanos);
        }
    }

    /** Parks the carrier itself, 0 for no limit: GoRuntimeBridge.parkCarrier. */
    public static void parkCarrier(long nanos) {
        if (Mode.Chosen.GMP) {
            GoRuntimeBridge.parkCarrier(nanos);
        } else {
            sleepInPlace(nanos);
        }
    }

    /**
     * Really sleeps so long: with the interrupt flag set, or a permit left over, park returns at once, and a virtual thread
     * would keep its carrier from whom it waits for. The flag is kept, and set only at the end: to set it gives a permit.
     */
    private static void sleepInPlace(long nanos) {
        boolean interrupted = false;
        long end = System.nanoTime() + nanos;
        do {
            interrupted |= Thread.interrupted();
            LockSupport.parkNanos(nanos);
            nanos = end - System.nanoTime();
        } while (nanos > 0);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Gives the task reserved stack: GoRuntimeBridge.reserved. */
    public static void reserved(Executor task, Runnable argument) {
        GoRuntimeBridge.reserved(task, argument);
    }

    // ---- State and repair ----

    /** The JDK's number for the state of a virtual thread: GoRuntimeBridge.stateOf. */
    public static int stateOf(Thread thread) {
        return GoRuntimeBridge.stateOf(thread);
    }

    /** Called by an M at once after the thread's resume threw: GoRuntimeBridge.repair. */
    public static void repair(Thread virtualThread) {
        GoRuntimeBridge.repair(virtualThread);
    }

    // ---- Other threads of the process ----

    /** The group of the runtime's own threads: the root, so that they are in no application's group. */
    public static ThreadGroup rootThreadGroup() {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        while (group.getParent() != null) {
            group = group.getParent();
        }
        return group;
    }

    /** The application's live threads: GoRuntimeBridge.liveThreads. */
    public static Thread[] liveThreads() {
        return GoRuntimeBridge.liveThreads();
    }

    /** Whether liveThreads sees every virtual thread: GoRuntimeBridge.tracksAllThreads. */
    public static boolean tracksAllThreads() {
        return GoRuntimeBridge.tracksAllThreads();
    }

    /** Whether the thread is the JDK's and runs no application code: GoRuntimeBridge.isJdkThread. */
    public static boolean isJdkThread(Thread thread) {
        return GoRuntimeBridge.isJdkThread(thread);
    }

    /** Starts the JDK's socket pollers, from a platform thread: GoRuntimeBridge.touchPoller. */
    public static void touchPoller() {
        GoRuntimeBridge.touchPoller();
    }

    // ---- Memory outside the Java heap; for the class Memory only, which says what each of them does ----

    public static byte getByte(long addr) {
        return GoRuntimeBridge.getByte(addr);
    }

    public static void putByte(long addr, byte value) {
        GoRuntimeBridge.putByte(addr, value);
    }

    public static short getShort(long addr) {
        return GoRuntimeBridge.getShort(addr);
    }

    public static void putShort(long addr, short value) {
        GoRuntimeBridge.putShort(addr, value);
    }

    public static int getInt(long addr) {
        return GoRuntimeBridge.getInt(addr);
    }

    public static void putInt(long addr, int value) {
        GoRuntimeBridge.putInt(addr, value);
    }

    public static long getLong(long addr) {
        return GoRuntimeBridge.getLong(addr);
    }

    public static void putLong(long addr, long value) {
        GoRuntimeBridge.putLong(addr, value);
    }

    public static int getIntVolatile(long addr) {
        return GoRuntimeBridge.getIntVolatile(addr);
    }

    public static void putIntVolatile(long addr, int value) {
        GoRuntimeBridge.putIntVolatile(addr, value);
    }

    public static long getLongVolatile(long addr) {
        return GoRuntimeBridge.getLongVolatile(addr);
    }

    public static void putLongVolatile(long addr, long value) {
        GoRuntimeBridge.putLongVolatile(addr, value);
    }

    public static long getLongAcquire(long addr) {
        return GoRuntimeBridge.getLongAcquire(addr);
    }

    public static void putLongRelease(long addr, long value) {
        GoRuntimeBridge.putLongRelease(addr, value);
    }

    public static boolean compareAndSetInt(long addr, int expected, int value) {
        return GoRuntimeBridge.compareAndSetInt(addr, expected, value);
    }

    public static boolean compareAndSetLong(long addr, long expected, long value) {
        return GoRuntimeBridge.compareAndSetLong(addr, expected, value);
    }

    public static void setMemory(long addr, long bytes, byte value) {
        GoRuntimeBridge.setMemory(addr, bytes, value);
    }

    public static void copyMemory(long fromAddr, long toAddr, long bytes) {
        GoRuntimeBridge.copyMemory(fromAddr, toAddr, bytes);
    }

    /** The JDK's container of one runtime's threads. It holds the bridge's instance so that no other class names it. */
    public static final class Container {
        private final GoRuntimeBridge bridge;

        /** Registers a container; the supplier lists the live threads for thread dumps. */
        public Container(String name, Supplier<Stream<Thread>> threads) {
            bridge = new GoRuntimeBridge(name, threads);
        }

        /** Starts a thread in this container, on reserved stack; null only probes the stack. */
        public void start(Thread thread) {
            bridge.start(thread);
        }

        /** Takes the container out of thread dumps; its threads run on. */
        public void deregister() {
            bridge.deregister();
        }
    }
}
