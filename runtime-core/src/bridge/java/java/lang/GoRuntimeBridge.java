package java.lang;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.function.Supplier;
import java.util.stream.Stream;
import jdk.internal.misc.InnocuousThread;
import jdk.internal.misc.Unsafe;
import jdk.internal.vm.Continuation;
import jdk.internal.vm.ThreadContainer;
import jdk.internal.vm.ThreadContainers;
import jdk.internal.vm.annotation.DontInline;
import jdk.internal.vm.annotation.ForceInline;
import jdk.internal.vm.annotation.ReservedStackAccess;
import sun.nio.ch.Poller;

/**
 * The Go runtime's door into {@code java.lang} of JDK 25: virtual threads with a scheduler of their own, the few
 * operations around them that have no public form, and memory outside the Java heap. An instance is the thread container
 * of one runtime.
 */
@SuppressWarnings("exports") // callers never name ThreadContainer
public final class GoRuntimeBridge extends ThreadContainer {
    /*
     * The class is compiled as part of java.base and defined in the boot loader while the application runs. That
     * dictates its shape:
     *
     * - One class file. The bytes are handed to the VM in one piece, so there is no lambda, inner class, string
     *   concatenation or pattern switch here; each of them needs a second class or an invokedynamic call site.
     * - Static state holds JDK types only. The class lives as long as the VM; a reference from it to a class of the
     *   library would keep the library's class loader alive. An instance may refer to such classes, because the JDK's
     *   registry of containers is weak.
     * - The static initialiser cannot fail. What this JDK lacks is recorded as a missing offset, or surfaces as a
     *   linkage error when a method is first called; the self-test of the library turns both into a reason.
     * - Methods with reserved stack are not inlined. The VM throws the StackOverflowError that they put off when the
     *   compiled method returns in which they are; inlined, that would be some caller far outside the caller's handler.
     * - Nothing here decides anything. Scheduling, time-outs and logging belong to the caller.
     *
     * Several copies of the library, in several class loaders, share the class. version() and origin() are therefore
     * the protocol between different releases: they keep their signatures for ever. Any change to the other members
     * is a new VERSION.
     */

    /** Raised with each change of the members below, so that two releases of the library never mix. */
    private static final int VERSION = 2;

    /** States of a virtual thread; the values of java.lang.VirtualThread in JDK 25. */
    private static final int PARKING = 3;
    private static final int TIMED_PARKING = 6;
    private static final int UNPARKED = 9;
    private static final int YIELDING = 10;
    private static final int YIELDED = 11;
    private static final int UNBLOCKED = 14;
    private static final int TIMED_WAITING = 17;
    private static final int SUSPENDED = 1 << 8;

    private static final long OOM_RETRY_NANOS = 1_000_000;
    private static final long NO_OFFSET = -1;

    private static final Unsafe U = Unsafe.getUnsafe();
    private static final long STATE = offset(VirtualThread.class, "state");
    private static final long CARRIER_THREAD = offset(VirtualThread.class, "carrierThread");
    private static final long SCHEDULER = offset(VirtualThread.class, "scheduler");
    private static final long RUN_CONTINUATION = offset(VirtualThread.class, "runContinuation");
    private static final long HOLDER = offset(Thread.class, "holder");
    private static final long POLLER_OWNER = offset(Poller.class, "owner");

    /** Where the copy of the library came from that defined this class. Written once, under the class's lock. */
    private static volatile String origin;

    private final String name;
    private final Supplier<Stream<Thread>> threads;

    /** The registry's key of this container. */
    private final Object key;

    /**
     * Makes the container of one runtime and registers it, which lists the runtime's threads in
     * {@code jcmd Thread.dump_to_file}. Starting in a container of one's own is also cheaper than in the root one,
     * which keeps every virtual thread in a map. Calls {@code ThreadContainers.registerContainer}; the registry refers
     * to the container weakly.
     */
    public GoRuntimeBridge(String name, Supplier<Stream<Thread>> threads) {
        super(true);
        this.name = name;
        this.threads = Objects.requireNonNull(threads);
        this.key = ThreadContainers.registerContainer(this);
    }

    // ---- Identity of the bridge ----

    /**
     * The version of the members. A method, because a constant would be copied into the caller and a library would
     * then compare itself with itself.
     */
    public static int version() {
        return VERSION;
    }

    /** The jar of the library that defined this class, or null while it has not said so. For messages only. */
    public static String origin() {
        return origin;
    }

    /** Records where this class came from; the first call wins. */
    public static synchronized void origin(String jarLocation) {
        if (origin == null) {
            origin = jarLocation;
        }
    }

    // ---- Making and running virtual threads ----

    /**
     * The platform thread that carries the current code, which is how a goroutine finds its M. Calls
     * {@code Thread.currentCarrierThread}, an intrinsic of one load.
     */
    @ForceInline
    public static Thread carrier() {
        return Thread.currentCarrierThread();
    }

    /**
     * A new virtual thread, not started, that is scheduled by the given executor. Calls
     * {@code ThreadBuilders.newVirtualThread}; the public builders offer the default scheduler only.
     *
     * @throws UnsupportedOperationException if this VM has no continuations
     */
    public static Thread newVirtualThread(Executor scheduler, String name, int characteristics, Runnable task) {
        return ThreadBuilders.newVirtualThread(scheduler, name, characteristics, task);
    }

    /** The characteristic of a thread that inherits no thread-locals: {@code Thread.NO_INHERIT_THREAD_LOCALS}. */
    public static int noInheritThreadLocals() {
        return Thread.NO_INHERIT_THREAD_LOCALS;
    }

    /**
     * The Runnable that mounts the given virtual thread and returns when it parks, yields or ends; it is the object
     * the JDK hands to the thread's scheduler. A scheduler compares with it to tell its own thread from child threads
     * that inherited the scheduler. Reads the private field {@code VirtualThread.runContinuation}.
     *
     * @return null if the thread is not such a virtual thread, or if this JDK has no such field
     */
    public static Runnable continuationOf(Thread virtualThread) {
        if (RUN_CONTINUATION == NO_OFFSET || !(virtualThread instanceof VirtualThread)) {
            return null;
        }
        return (Runnable) U.getReference(virtualThread, RUN_CONTINUATION);
    }

    /**
     * The scheduler of ordinary virtual threads, to which a goroutine's child threads are forwarded. Calls
     * {@code VirtualThread.defaultScheduler}.
     */
    public static Executor defaultScheduler() {
        return VirtualThread.defaultScheduler();
    }

    /**
     * Keeps the current virtual thread on its carrier until the matching {@link #unpin}; nests. Calls
     * {@code Continuation.pin}, which does nothing on a platform thread.
     */
    @ForceInline
    public static void pin() {
        Continuation.pin();
    }

    /** Ends one {@link #pin}. Calls {@code Continuation.unpin}. */
    @ForceInline
    public static void unpin() {
        Continuation.unpin();
    }

    // ---- Parking ----

    /**
     * Gives the thread its park permit. The annotation lets the call finish on the reserved pages of the stack, so a
     * stack overflow cannot strike after a runtime lock was released and before the waiter was woken; it also covers
     * the scheduler's {@code execute}, which runs inside and so must be content with the reserved stack, one page
     * unless {@code -XX:StackReservedPages} says otherwise. Each use of it makes the VM print a warning. Calls {@code unpark} of the virtual thread, or
     * {@code Unsafe.unpark} for a platform thread.
     *
     * @param thread null to return at once: a caller probes in this way that the entry of this method fits on its
     *     stack before it commits itself
     */
    @DontInline
    @ReservedStackAccess
    public static void unpark(Thread thread) {
        if (thread == null) {
            return;
        }
        if (thread instanceof BaseVirtualThread virtual) {
            virtual.unpark();
        } else {
            U.unpark(thread);
        }
    }

    /**
     * Runs a task with reserved stack: what it does is finished even if the stack ends meanwhile, and the
     * StackOverflowError is thrown after it. For the scheduler's part of a wake-up, which the JDK may call on any stack
     * and which must not stop half-way.
     */
    @DontInline
    @ReservedStackAccess
    public static void reserved(Executor task, Runnable argument) {
        task.execute(argument);
    }

    /**
     * Parks the carrier itself, whatever thread it carries at the moment: an M waits for work in this way. Calls
     * {@code Unsafe.park}. As any park it may return early, and returns at once while the carrier's interrupt flag is
     * set.
     *
     * @param nanos how long at most; 0 for no limit, negative to return at once
     */
    public static void parkCarrier(long nanos) {
        U.park(false, nanos);
    }

    /**
     * Parks the current thread, virtual or not. Unlike {@code LockSupport.park(Object)} it records no blocker, which
     * saves two volatile writes. Calls {@code VirtualThread.park} or {@code Unsafe.park}.
     */
    public static void parkCurrent() {
        if (Thread.currentThread() instanceof BaseVirtualThread virtual) {
            virtual.park();
        } else {
            U.park(false, 0);
        }
    }

    /**
     * Parks the current thread, virtual or not, for at most the given time; does nothing if that is not positive
     * (0 would mean for ever to {@code Unsafe.park}). Calls {@code VirtualThread.parkNanos} or {@code Unsafe.park}.
     */
    public static void parkCurrent(long nanos) {
        if (nanos <= 0) {
            return;
        }
        if (Thread.currentThread() instanceof BaseVirtualThread virtual) {
            virtual.parkNanos(nanos);
        } else {
            U.park(false, nanos);
        }
    }

    // ---- The container of a runtime ----

    /**
     * Starts a thread in this container. Calls {@code Thread.start(ThreadContainer)}. The annotation is there for the
     * reason given at {@link #unpark}: a thread bound to its container but not handed to its scheduler would be lost.
     *
     * @param thread null to return at once, as in {@link #unpark}
     */
    @DontInline
    @ReservedStackAccess
    public void start(Thread thread) {
        if (thread != null) {
            thread.start(this);
        }
    }

    /**
     * Takes this container out of the JDK's registry; threads in it run on, and it accepts new ones. Idempotent.
     * Calls {@code ThreadContainers.deregisterContainer}.
     */
    public void deregister() {
        ThreadContainers.deregisterContainer(key);
    }

    /** The name shown in thread dumps. */
    @Override
    public String name() {
        return name;
    }

    /** The live threads of the runtime, as its supplier lists them; thread dumps ask for it. */
    @Override
    public Stream<Thread> threads() {
        return threads.get();
    }

    /**
     * The root container. The inherited method would search the registry's owner chain, and a runtime is owned by no
     * thread.
     */
    @Override
    public ThreadContainer parent() {
        return ThreadContainers.root();
    }

    // ---- Repair after a failed resume ----

    /**
     * The state of a virtual thread in the numbers of {@code VirtualThread}, without the bit that says a stack trace
     * is being taken; -1 for any other thread, or if this JDK has no such field. Reads {@code VirtualThread.state}.
     */
    public static int stateOf(Thread thread) {
        if (STATE == NO_OFFSET || !(thread instanceof VirtualThread)) {
            return -1;
        }
        return U.getIntVolatile(thread, STATE) & ~SUSPENDED;
    }

    /*
     * How a goroutine gets lost, and the way back.
     *
     * A virtual thread that stops running first announces why (PARKING, TIMED_PARKING, YIELDING, TIMED_WAITING),
     * then unmounts; the carrier then completes the transition in afterYield. That method allocates the timer task of
     * a timed park or wait, and an OutOfMemoryError there leaves the announcing state behind for ever: unpark,
     * interrupt and notify all see a thread "in transition" and leave it to a carrier that has already gone.
     *
     * In an announcing state with no carrier the thread belongs to whoever was completing the transition, so one
     * compare-and-set by that carrier is enough, straight to the runnable state of the same kind:
     *
     *   PARKING       -> UNPARKED    the park returns early. The specification of park allows that for no reason at
     *   TIMED_PARKING -> UNPARKED    all, and every loop around it checks its condition and its deadline again.
     *                                Passing through PARKED and unpark() is not enough: unpark() does nothing when
     *                                the permit is already there, and a permit that arrived in between, while the
     *                                state was PARKING, left its submission to the carrier.
     *   TIMED_WAITING -> UNBLOCKED   the step of a wait that timed out or was interrupted. The VM then takes the
     *                                thread off the wait set, if no notify has done so, and enters the monitor again;
     *                                Object.wait returns early, as a spurious wake-up. A notify that came in between
     *                                is not lost: it is marked on the waiter, which still competes for the monitor.
     *   YIELDING      -> YIELDED     what afterYield does first.
     *
     * When the thread runs again, runContinuation cancels a timer task that may have been created and clears the
     * permits, as after any wake-up. In every other state the JDK finished the transition, or never began it, and
     * the thread is left alone.
     */

    /**
     * Makes a virtual thread runnable again after running its continuation threw, and hands it to its scheduler. Only
     * for the carrier whose resume threw, at once, from that platform thread, and for the thread it resumed; on any
     * other thread it could be called between the two halves of a transition that is going well. Reads and writes
     * {@code VirtualThread.state}, reads {@code scheduler}, {@code carrierThread} and {@code runContinuation}.
     */
    public static void repair(Thread virtualThread) {
        if (STATE == NO_OFFSET || SCHEDULER == NO_OFFSET || RUN_CONTINUATION == NO_OFFSET
                || CARRIER_THREAD == NO_OFFSET || !(virtualThread instanceof VirtualThread)) {
            return;
        }
        if (U.getReferenceVolatile(virtualThread, CARRIER_THREAD) != null) {
            return; // mounted: another carrier runs it and completes the transition
        }
        int state = U.getIntVolatile(virtualThread, STATE);
        int runnable;
        if (state == PARKING || state == TIMED_PARKING) {
            runnable = UNPARKED;
        } else if (state == TIMED_WAITING) {
            runnable = UNBLOCKED;
        } else if (state == YIELDING) {
            runnable = YIELDED;
        } else {
            return;
        }
        if (!U.compareAndSetInt(virtualThread, STATE, state, runnable)) {
            return;
        }
        Executor scheduler = (Executor) U.getReference(virtualThread, SCHEDULER);
        Runnable continuation = (Runnable) U.getReference(virtualThread, RUN_CONTINUATION);
        for (;;) {
            try {
                scheduler.execute(continuation);
                return;
            } catch (OutOfMemoryError e) {
                // The thread is runnable and nobody else will submit it. As the JDK does, wait for memory to return.
                U.park(false, OOM_RETRY_NANOS);
            }
        }
    }

    // ---- Other threads of the process ----

    /**
     * True if the JDK keeps track of all virtual threads; without it ({@code -Djdk.trackAllThreads=false}) those in
     * the root container are missing from {@link #liveThreads}. Calls {@code ThreadContainers.trackAllThreads}.
     */
    public static boolean tracksAllThreads() {
        return ThreadContainers.trackAllThreads();
    }

    /**
     * The application's live threads: platform threads, and the virtual threads of the root container and of every
     * container registered below it, except those of the JDK ({@link #isJdkThread}). Threads of our own runtimes are
     * included. A snapshot: a thread started meanwhile may be missing. Calls {@code Thread.getAllThreads} and walks
     * {@code ThreadContainer.children}.
     */
    public static Thread[] liveThreads() {
        Set<Thread> found = Collections.newSetFromMap(new IdentityHashMap<Thread, Boolean>());
        for (Thread thread : Thread.getAllThreads()) {
            addLive(found, thread);
        }
        Set<ThreadContainer> seen = Collections.newSetFromMap(new IdentityHashMap<ThreadContainer, Boolean>());
        ArrayDeque<ThreadContainer> open = new ArrayDeque<ThreadContainer>();
        open.add(ThreadContainers.root());
        for (ThreadContainer container; (container = open.poll()) != null;) {
            if (!seen.add(container)) {
                continue; // registered and also found on its owner's stack of scopes
            }
            for (Object thread : container.threads().toArray()) {
                addLive(found, (Thread) thread);
            }
            for (Object child : container.children().toArray()) {
                open.add((ThreadContainer) child);
            }
        }
        return found.toArray(new Thread[0]);
    }

    private static void addLive(Set<Thread> found, Thread thread) {
        if (thread != null && thread.isAlive() && !isJdkThread(thread)) {
            found.add(thread);
        }
    }

    /**
     * True if the thread is the JDK's and runs no code of the application, so that it can never send on a channel.
     * In doubt the answer is false: a deadlock overlooked is better than one invented. Thus the JDK's own threads
     * that do run application code count as the application's: Cleaner.create(), the default asynchronous channel
     * group, the process reaper (it completes Process.onExit), signal handlers, timers.
     */
    public static boolean isJdkThread(Thread thread) {
        if (thread instanceof BaseVirtualThread) {
            return isPoller(thread);
        }
        if (thread instanceof InnocuousThread) {
            String name = thread.getName();
            return !(name.startsWith("Cleaner-") || name.startsWith("InnocuousThread-")
                    || name.startsWith("process reaper"));
        }
        if (thread instanceof ForkJoinWorkerThread worker) {
            // Carriers, and the thread that keeps the default scheduler's delayed tasks.
            return worker.getPool() == VirtualThread.defaultScheduler();
        }
        ThreadGroup group = thread.getThreadGroup();
        if (group == null) {
            return false; // ended meanwhile
        }
        if (group.getParent() == null) {
            return isSystemThread(thread);
        }
        return thread.getClass() == Thread.class && thread.getName().equals("DestroyJavaVM") && hasNoTask(thread);
    }

    /**
     * True for a thread that was attached from native code, as the launcher's is that waits for the end of the VM
     * once main has returned; an application's thread of that name has a task. Reads the private field
     * {@code Thread.holder} and its field {@code task}.
     */
    private static boolean hasNoTask(Thread thread) {
        if (HOLDER == NO_OFFSET) {
            return false;
        }
        Object holder = U.getReference(thread, HOLDER);
        if (holder == null) {
            return false;
        }
        long task = offset(holder.getClass(), "task");
        return task != NO_OFFSET && U.getReference(holder, task) == null;
    }

    /** The VM's threads in the system group, by name: an application can put threads of its own into that group. */
    private static boolean isSystemThread(Thread thread) {
        Class<?> type = thread.getClass();
        if (type.getClassLoader() != null) {
            return false;
        }
        String name = thread.getName();
        if (type != Thread.class) {
            return name.equals("Reference Handler") || name.equals("Finalizer") || name.startsWith("JFR ");
        }
        return name.equals("Signal Dispatcher") || name.equals("Attach Listener") || name.equals("Service Thread")
                || name.equals("Monitor Deflation Thread") || name.equals("Notification Thread")
                || name.startsWith("JFR ");
    }

    /** True for the JDK's pollers that are virtual threads; reads the private field Poller.owner. */
    private static boolean isPoller(Thread thread) {
        if (POLLER_OWNER == NO_OFFSET || U.shouldBeInitialized(Poller.class)) {
            return false;
        }
        return owns(Poller.readPollers(), thread) || owns(Poller.writePollers(), thread);
    }

    private static boolean owns(List<Poller> pollers, Thread thread) {
        for (Poller poller : pollers) {
            if (U.getReference(poller, POLLER_OWNER) == thread) {
                return true;
            }
        }
        return false;
    }

    /**
     * Initialises the JDK's socket pollers. They are started by the first thread that blocks on a socket, and those
     * that are virtual threads inherit that thread's scheduler; started from here, on a platform thread, they use the
     * default scheduler and keep no goroutine alive. Initialises the class {@code sun.nio.ch.Poller}.
     *
     * @throws WrongThreadException if called on a virtual thread
     */
    public static void touchPoller() {
        if (Thread.currentThread().isVirtual()) {
            throw new WrongThreadException();
        }
        U.ensureClassInitialized(Poller.class);
    }

    // ---- Memory outside the Java heap ----
    //
    // Each calls the method of jdk.internal.misc.Unsafe of the same name. Nothing is checked: an address that is not
    // mapped ends the VM. Numbers are in the byte order of the machine; what is not a plain access needs an address
    // that is a multiple of its size.

    @ForceInline
    public static byte getByte(long addr) {
        return U.getByte(addr);
    }

    @ForceInline
    public static void putByte(long addr, byte value) {
        U.putByte(addr, value);
    }

    @ForceInline
    public static short getShort(long addr) {
        return U.getShort(addr);
    }

    @ForceInline
    public static void putShort(long addr, short value) {
        U.putShort(addr, value);
    }

    @ForceInline
    public static int getInt(long addr) {
        return U.getInt(addr);
    }

    @ForceInline
    public static void putInt(long addr, int value) {
        U.putInt(addr, value);
    }

    @ForceInline
    public static long getLong(long addr) {
        return U.getLong(addr);
    }

    @ForceInline
    public static void putLong(long addr, long value) {
        U.putLong(addr, value);
    }

    @ForceInline
    public static int getIntVolatile(long addr) {
        return U.getIntVolatile(null, addr);
    }

    @ForceInline
    public static void putIntVolatile(long addr, int value) {
        U.putIntVolatile(null, addr, value);
    }

    @ForceInline
    public static long getLongVolatile(long addr) {
        return U.getLongVolatile(null, addr);
    }

    @ForceInline
    public static void putLongVolatile(long addr, long value) {
        U.putLongVolatile(null, addr, value);
    }

    @ForceInline
    public static long getLongAcquire(long addr) {
        return U.getLongAcquire(null, addr);
    }

    @ForceInline
    public static void putLongRelease(long addr, long value) {
        U.putLongRelease(null, addr, value);
    }

    @ForceInline
    public static boolean compareAndSetInt(long addr, int expected, int value) {
        return U.compareAndSetInt(null, addr, expected, value);
    }

    @ForceInline
    public static boolean compareAndSetLong(long addr, long expected, long value) {
        return U.compareAndSetLong(null, addr, expected, value);
    }

    /** The safepoint waits for the call, so that callers cut long ranges up. */
    @ForceInline
    public static void setMemory(long addr, long bytes, byte value) {
        U.setMemory(addr, bytes, value);
    }

    /** The ranges may overlap. */
    @ForceInline
    public static void copyMemory(long fromAddr, long toAddr, long bytes) {
        U.copyMemory(fromAddr, toAddr, bytes);
    }

    /** The offset of a field, or NO_OFFSET if this JDK's class has no such field. */
    private static long offset(Class<?> type, String field) {
        try {
            return U.objectFieldOffset(type, field);
        } catch (InternalError e) {
            return NO_OFFSET;
        }
    }
}
