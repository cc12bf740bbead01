package io.goruntime;

import io.goruntime.internal.base.Errors;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.sched.Access;
import io.goruntime.internal.sched.DeadlockCheck;
import io.goruntime.internal.sched.Dump;
import io.goruntime.internal.sched.G;
import io.goruntime.internal.sched.GoroutineHooks;
import io.goruntime.internal.sched.Lifecycle;
import io.goruntime.internal.sched.Sched;
import io.goruntime.internal.sched.Seam;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A runtime: a scheduler with its threads, and the goroutines on it.
 *
 * <pre>{@code
 * GoRuntime.run(() -> {
 *     Chan<String> words = Chan.make();
 *     GoRuntime.go(() -> { try (var _ = words.closer()) { words.send("hello"); } });
 *     for (String word : words) {
 *         System.out.println(word);
 *     }
 * });
 * }</pre>
 *
 * <p>Most programs need no object of this class: {@link #go} works anywhere and makes the default runtime on first use;
 * {@link #run} gives a main goroutine a runtime of its own. A {@link #builder} makes one with other settings.
 *
 * <p>The static methods act on the calling goroutine and its runtime; from any other thread, on the default runtime.
 * Goroutines are virtual threads: they are daemons and do not keep the JVM alive.
 *
 * <p><b>Settings.</b> {@code GOMAXPROCS} in the environment or {@code -Dgoruntime.maxprocs=n} set the number of goroutines
 * that run at the same time, by default the number of processors available to the process (the property wins);
 * {@code -Dgoruntime.maxthreads=n} the greatest number of platform threads of a runtime (10,000);
 * {@code -Dgoruntime.mstack=bytes} the stack reserved for each of them, which bounds the depth of goroutines (256 MB, of
 * which only what is used takes memory); {@code -Dgoruntime.scheduler=auto|gmp|jdk} whether to use this library's
 * scheduler or the JDK's (see the file SECURITY.md).
 *
 * <p><b>Panics.</b> An exception that leaves a goroutine is logged once and given to {@code onPanic}; without one, to the
 * thread's or the JVM's uncaught-exception handler if one is set. {@link InterruptedException} and
 * {@link UncheckedInterruptedException} end a goroutine quietly, and so does the {@link InterruptedIOException} or
 * {@link ClosedByInterruptException} of I/O that was interrupted.
 *
 * <p>All methods are thread-safe. What a thread does before it starts a goroutine happens before what the goroutine
 * does; what a goroutine does happens before the return of {@link Goroutine#join} and of a {@link #close()} that waited
 * for it.
 */
public final class GoRuntime implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GoRuntime.class);

    private static final ReentrantLock DEFAULT_LOCK = new ReentrantLock();
    private static volatile @Nullable GoRuntime defaultRuntime;
    private static final AtomicInteger NAMES = new AtomicInteger();

    private final Sched sched;
    private final @Nullable UnaryOperator<GoFn> decorate;
    private final @Nullable BiConsumer<? super Goroutine, ? super Throwable> onPanic;
    private final Duration closeTimeout;
    private final boolean detectDeadlock;
    private final Hooks hooks = new Hooks();

    /** What ended main early, in a runtime made by run. */
    private volatile @Nullable MainGoroutine<?> main;

    private GoRuntime(Builder builder) {
        Mode.ensure();
        decorate = builder.decorate;
        onPanic = builder.onPanic;
        closeTimeout = builder.closeTimeout;
        detectDeadlock = builder.detectDeadlock;
        sched = new Sched(builder.name != null ? builder.name : Integer.toString(NAMES.incrementAndGet()),
                builder.maxProcs, Settings.maxThreads(), Settings.mStackBytes(), builder.inheritThreadLocals, hooks,
                builder.seam);
    }

    static {
        Access.set(new AccessForPeers());
    }

    private static final class AccessForPeers extends Access {
        @Override
        public Sched current() {
            return GoRuntime.current().sched;
        }

        @Override
        public void closeWithHeadroom(Object channel) {
            ((HChan) channel).closeWithHeadroom();
        }

        @Override
        public TimerChan newTimerChan(Sched sched) {
            Chan<Instant> c = Chan.ofTimer(sched);
            return new TimerChan(c, c.timer);
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // On the calling goroutine and its runtime
    // ------------------------------------------------------------------------------------------------------------

    /**
     * Starts a goroutine, {@code go fn()}. Returns at once.
     *
     * @param fn what it does
     * @throws Panic {@code go of nil func value} if null
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    public static void go(GoFn fn) {
        current().newproc(null, fn);
    }

    /**
     * Starts a goroutine whose thread has a name.
     *
     * @param name the name of its thread
     * @param fn what it does
     * @throws Panic {@code go of nil func value} if fn is null
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    public static void go(String name, GoFn fn) {
        current().newproc(Objects.requireNonNull(name, "name"), fn);
    }

    /**
     * Runs a main goroutine in a runtime of its own, waits for it, and closes that runtime: goroutines that are left are
     * interrupted and waited for.
     *
     * <p>Called on a platform thread, that thread is m0: it carries main until the init tasks have ended (see
     * {@link Builder#init}). If the caller is interrupted, main is.
     *
     * @param <X> the checked exception of main
     * @param main what it does
     * @throws X what main throws
     * @throws InterruptedException if main, or the caller, ends by interruption
     * @throws Panic if a goroutine of this runtime ended with a checked exception; with an unchecked one or an Error,
     *             that is thrown itself. The first interrupts main; the others, and main's own, are suppressed in it.
     * @throws DeadlockError if every goroutine waits for another for ever
     */
    public static <X extends Exception> void run(MainFn<X> main) throws X, InterruptedException {
        builder().run(main);
    }

    /**
     * The runtime of the calling goroutine, else the default one.
     *
     * @return never null
     */
    public static GoRuntime current() {
        Mode.ensure();
        G gp = G.current();
        return gp == null ? defaultRuntime() : ((Hooks) gp.hooks()).runtime();
    }

    /**
     * The runtime used outside goroutines. It is made on first use, with default settings and the {@link Decorator}
     * found by {@link ServiceLoader}; after it was closed the next use makes a new one.
     *
     * @return one that is not closed at the moment of the call
     */
    public static GoRuntime defaultRuntime() {
        GoRuntime runtime = defaultRuntime;
        return runtime != null && !runtime.sched.isClosing() ? runtime : makeDefault();
    }

    private static GoRuntime makeDefault() {
        Mode.ensure();
        DEFAULT_LOCK.lock();
        try {
            GoRuntime runtime = defaultRuntime;
            if (runtime == null || runtime.sched.isClosing()) {
                Builder builder = builder().name("default");
                ServiceLoader.load(Decorator.class, GoRuntime.class.getClassLoader()).findFirst()
                        .ifPresent(builder::decorate);
                defaultRuntime = runtime = builder.build();
            }
            return runtime;
        } finally {
            DEFAULT_LOCK.unlock();
        }
    }

    /**
     * Starts the settings of a new runtime.
     *
     * @return a builder with the default settings
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Lets other goroutines run, as Go's runtime.Gosched; outside a goroutine, {@link Thread#yield}. */
    public static void gosched() {
        Sched.gosched();
    }

    /**
     * Ends the calling goroutine, as Go's runtime.Goexit: its finally blocks run, nobody is told of a panic. It unwinds by
     * an Error, which user code must not catch for good. When main does this, run waits for the other goroutines and then
     * throws a {@link DeadlockError}, as Go does.
     *
     * @throws IllegalStateException outside a goroutine
     */
    public static void goexit() {
        Mode.ensure();
        Sched.goexit();
    }

    /**
     * The id of the calling goroutine.
     *
     * @return above zero; 0 outside a goroutine
     */
    public static long goid() {
        Mode.ensure();
        G gp = G.current();
        return gp == null ? 0 : gp.goid;
    }

    /**
     * Wires the calling goroutine to its platform thread: until as many calls of {@link #unlockOSThread}, it runs on no
     * other and no other goroutine runs on it. If it ends wired, the thread ends too. Outside a goroutine nothing
     * happens.
     *
     * @throws UnsupportedOperationException in a goroutine, where the JDK's scheduler is used
     */
    public static void lockOSThread() {
        Mode.ensure();
        Sched.lockOSThread();
    }

    /** Undoes one {@link #lockOSThread}; does nothing if the goroutine is not wired. */
    public static void unlockOSThread() {
        Mode.ensure();
        Sched.unlockOSThread();
    }

    // ------------------------------------------------------------------------------------------------------------
    // On one runtime
    // ------------------------------------------------------------------------------------------------------------

    /**
     * Starts a goroutine in this runtime. Returns at once.
     *
     * @param fn what it does
     * @return a handle to it
     * @throws Panic {@code go of nil func value} if null
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    public Goroutine spawn(GoFn fn) {
        return new Goroutine(newproc(null, fn));
    }

    /**
     * Starts a goroutine in this runtime whose thread has a name. Returns at once.
     *
     * @param name the name of its thread
     * @param fn what it does
     * @return a handle to it
     * @throws Panic {@code go of nil func value} if fn is null
     * @throws java.util.concurrent.RejectedExecutionException if the runtime is closed
     */
    public Goroutine spawn(String name, GoFn fn) {
        return new Goroutine(newproc(Objects.requireNonNull(name, "name"), fn));
    }

    private G newproc(@Nullable String name, GoFn fn) {
        if (fn == null) {
            throw new Panic("go of nil func value");
        }
        return sched.newproc(name, decorate == null ? fn : decorated(fn), fn.getClass());
    }

    private GoFn decorated(GoFn fn) {
        return Objects.requireNonNull(decorate.apply(fn), "the decorator returned null");
    }

    /**
     * Makes an executor that runs each task in a new goroutine of this runtime. It has no queue: a task is refused or
     * starts at once, so {@link ExecutorService#shutdownNow} interrupts the tasks that run and returns an empty list.
     *
     * <p>The exception of a task that was submitted is its future's; that of one given to {@code execute} is the panic of
     * its goroutine. Closing the executor waits for its tasks. Closing the runtime interrupts them, and what is submitted
     * afterwards is a {@link java.util.concurrent.RejectedExecutionException}, as it is after {@code shutdown}.
     *
     * <p>For threads with names, {@code Executors.newThreadPerTaskExecutor(runtime.threadFactory("worker-"))} does the
     * same at a higher cost.
     *
     * @return a new executor
     */
    public ExecutorService executor() {
        return new GoExecutor(sched, decorate == null ? null : this::decorated);
    }

    /**
     * Makes a factory of threads that are goroutines of this runtime. To make one after the runtime was closed, or to
     * start one then, is a {@link java.util.concurrent.RejectedExecutionException}; where the JDK's scheduler is used, one
     * made before and started after runs with its interrupt flag set.
     *
     * @param prefix the threads' names are this and a number from 0; empty: they have no names
     * @return a new factory
     */
    public ThreadFactory threadFactory(String prefix) {
        Objects.requireNonNull(prefix, "prefix");
        AtomicInteger number = new AtomicInteger();
        return task -> {
            GoFn fn = Objects.requireNonNull(task, "task")::run;
            String name = prefix.isEmpty() ? null : prefix + number.getAndIncrement();
            return sched.newUnstarted(name, decorate == null ? fn : decorated(fn), task.getClass()).thread;
        };
    }

    /**
     * How many goroutines may run at the same time, Go's GOMAXPROCS.
     *
     * @return at least 1
     * @throws UnsupportedOperationException where the JDK's scheduler is used
     */
    public int maxProcs() {
        requireGmp("maxProcs");
        return sched.maxProcs();
    }

    /**
     * Sets how many goroutines may run at the same time. More may at once; fewer as soon as those that run give way.
     *
     * @param n at least 1
     * @return the number before
     * @throws IllegalArgumentException if n is less than 1 or more than 100,000
     * @throws UnsupportedOperationException where the JDK's scheduler is used
     */
    public int maxProcs(int n) {
        requireGmp("maxProcs");
        return sched.maxProcs(Settings.checkMaxProcs(n));
    }

    private static void requireGmp(String what) {
        if (!Mode.Chosen.GMP) {
            throw new UnsupportedOperationException(what + ": " + Mode.reason());
        }
    }

    /**
     * How many goroutines of this runtime there are, main included.
     *
     * @return a figure of this moment
     */
    public int numGoroutine() {
        return sched.numGoroutine();
    }

    /**
     * Writes every goroutine of this runtime with its state and stack, in Go's text form. The goroutines go on meanwhile:
     * each entry is true of one moment, not all of the same.
     *
     * @param out where to
     * @throws IOException from out
     */
    public void dump(Appendable out) throws IOException {
        Dump.write(sched, Objects.requireNonNull(out, "out"));
    }

    /**
     * Closes the runtime, waiting for its goroutines as long as the setting {@link Builder#closeTimeout} says. See
     * {@link #close(Duration)}. If the caller is interrupted while it waits, the flag is set on return.
     */
    @Override
    public void close() {
        try {
            close(closeTimeout);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Closes the runtime: takes no more goroutines, interrupts those there are, waits for them, and ends its threads.
     * Goroutines that have not ended by then are listed in the log and go on as plain virtual threads of the JDK's
     * scheduler. Idempotent.
     *
     * <p>A goroutine may close its own runtime: it waits for the others, and the threads end after it.
     *
     * @param wait how long to wait at most; zero or negative: not at all
     * @return false if goroutines are left
     * @throws InterruptedException if the caller is interrupted while it waits; the runtime is closed all the same
     */
    public boolean close(Duration wait) throws InterruptedException {
        boolean all = Lifecycle.close(sched, Chan.nanos(wait));
        if (!all) {
            LOG.warn("{} is closed, but goroutines are left:\n{}", this, Dump.of(sched));
        }
        return all;
    }

    @Override
    public String toString() {
        return sched.toString();
    }

    // ------------------------------------------------------------------------------------------------------------
    // What the scheduler asks
    // ------------------------------------------------------------------------------------------------------------

    private static void logPanic(G gp, Throwable failure) {
        if (PanicLink.isOn(failure)) {
            LOG.error("panic in {}\n{}", gp, Panic.chain(failure), failure);
        } else {
            LOG.error("panic in {}", gp, failure);
        }
    }

    /** Whether a goroutine, the calling one, ends because it was interrupted; in I/O that is told by an IOException. */
    private static boolean isInterruption(Throwable failure) {
        return failure instanceof InterruptedException || failure instanceof UncheckedInterruptedException
                || failure instanceof ClosedByInterruptException
                || failure instanceof InterruptedIOException && !(failure instanceof SocketTimeoutException)
                        && Thread.currentThread().isInterrupted();
    }

    private final class Hooks implements GoroutineHooks {
        GoRuntime runtime() {
            return GoRuntime.this;
        }

        @Override
        public void run(Object fn) throws Throwable {
            ((GoFn) fn).run();
        }

        @Override
        public Object decorate(Object fn) {
            return decorate == null ? fn : decorated((GoFn) fn);
        }

        @Override
        public void panicked(G gp, Throwable failure) {
            if (isInterruption(failure)) {
                return;
            }
            MainGoroutine<?> mainGoroutine = main;
            if (mainGoroutine != null) {
                mainGoroutine.failed(gp, failure);
                return;
            }
            logPanic(gp, failure);
            if (onPanic != null) {
                callOnPanic(gp, failure);
            } else {
                callUncaughtHandler(gp.thread, failure);
            }
        }

        private void callOnPanic(G gp, Throwable failure) {
            try {
                onPanic.accept(new Goroutine(gp), failure);
            } catch (Throwable e) {
                LOG.error("onPanic failed for {}", gp, e);
            }
        }

        private void callUncaughtHandler(Thread thread, Throwable failure) {
            Thread.UncaughtExceptionHandler handler = thread.getUncaughtExceptionHandler();
            if (handler instanceof ThreadGroup) {
                handler = Thread.getDefaultUncaughtExceptionHandler();
            }
            if (handler != null) {
                try {
                    handler.uncaughtException(thread, failure);
                } catch (Throwable e) {
                    LOG.error("the uncaught-exception handler failed for {}", thread, e);
                }
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // run
    // ------------------------------------------------------------------------------------------------------------

    /** The state of one call of run. */
    private static final class MainGoroutine<X extends Exception> implements GoFn {
        private final GoRuntime runtime;
        private final List<InitTask> initTasks;
        private final MainFn<X> main;
        private final ReentrantLock lock = new ReentrantLock();

        /** The main goroutine, once it runs; under lock. */
        private @Nullable Thread thread;
        /** The first panic of another goroutine; under lock. */
        private @Nullable Throwable first;
        /** What main threw. */
        private volatile @Nullable Throwable thrown;
        private volatile boolean ended;

        MainGoroutine(GoRuntime runtime, List<InitTask> initTasks, MainFn<X> main) {
            this.runtime = runtime;
            this.initTasks = initTasks;
            this.main = main;
        }

        @Override
        public void run() {
            lock.lock();
            try {
                thread = Thread.currentThread();
                if (first != null) {
                    thread.interrupt();
                }
            } finally {
                lock.unlock();
            }
            try {
                Lifecycle.runMain(this::init, main::run);
            } catch (Throwable e) {
                if (Sched.isGoexit(e)) {
                    Errors.rethrow(e);
                }
                thrown = e;
            } finally {
                ended = true;
            }
        }

        private void init() throws Exception {
            for (InitTask task : initTasks) {
                task.run();
            }
        }

        /** Another goroutine panicked: main is interrupted, or was already. */
        void failed(G gp, Throwable failure) {
            logPanic(gp, failure);
            lock.lock();
            try {
                if (first == null) {
                    first = failure;
                    if (thread != null && !ended) {
                        thread.interrupt();
                    }
                } else if (first != failure) {
                    first.addSuppressed(failure);
                }
            } finally {
                lock.unlock();
            }
        }

        /** The deadlock that ends the run, with the panics that may have led to it. */
        DeadlockError withPanics(DeadlockError deadlock) {
            lock.lock();
            try {
                if (first != null) {
                    deadlock.addSuppressed(first);
                }
            } finally {
                lock.unlock();
            }
            return deadlock;
        }

        /** After everything has ended: what run throws. */
        void report() throws X, InterruptedException {
            Throwable other;
            lock.lock();
            try {
                other = first;
            } finally {
                lock.unlock();
            }
            Throwable own = thrown;
            if (other != null) {
                if (own != null && own != other && !(own instanceof InterruptedException)) {
                    other.addSuppressed(own);
                }
                if (other instanceof RuntimeException || other instanceof Error) {
                    Errors.rethrow(other);
                }
                throw new Panic("panic in a goroutine: " + other, other);
            }
            if (own instanceof UncheckedInterruptedException) {
                Thread.interrupted();
                throw (InterruptedException) new InterruptedException().initCause(own);
            }
            if (own != null) {
                // X, InterruptedException or unchecked: nothing else leaves a MainFn. A cast to X would refuse an Error.
                Errors.rethrow(own);
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Settings
    // ------------------------------------------------------------------------------------------------------------

    /**
     * Wraps what goroutines run, for the default runtime. Found by {@link ServiceLoader}.
     */
    @FunctionalInterface
    public interface Decorator extends UnaryOperator<GoFn> {
    }

    /**
     * What a runtime does in its main goroutine before main.
     *
     * @see Builder#init
     */
    @FunctionalInterface
    public interface InitTask {
        /**
         * Does it.
         *
         * @throws Exception to end the run with it, before main
         */
        void run() throws Exception;
    }

    /** The settings of a new runtime. For use by one thread. */
    public static final class Builder {
        private @Nullable String name;
        private int maxProcs = Settings.maxProcs();
        private boolean inheritThreadLocals;
        private @Nullable UnaryOperator<GoFn> decorate;
        private @Nullable BiConsumer<? super Goroutine, ? super Throwable> onPanic;
        private Duration closeTimeout = Duration.ofSeconds(10);
        private boolean detectDeadlock = true;
        private Seam seam = Seam.REAL;
        private final List<InitTask> initTasks = new ArrayList<>();

        private Builder() {}

        /**
         * Names the runtime, for its threads and the log.
         *
         * @param name by default a number
         * @return this
         */
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name, "name");
            return this;
        }

        /**
         * Sets how many goroutines may run at the same time.
         *
         * @param n at least 1; by default as the settings of {@link GoRuntime} say
         * @return this
         * @throws IllegalArgumentException if n is less than 1 or more than 100,000
         */
        public Builder maxProcs(int n) {
            maxProcs = Settings.checkMaxProcs(n);
            return this;
        }

        /**
         * Sets whether a goroutine inherits the inheritable thread-locals of its creator. The context class loader it
         * inherits in any case.
         *
         * @param inherit by default false
         * @return this
         */
        public Builder inheritThreadLocals(boolean inherit) {
            inheritThreadLocals = inherit;
            return this;
        }

        /**
         * Sets what is done to each function given to go: the place to carry a context across. It runs on the spawning
         * thread; what it returns runs in the goroutine.
         *
         * @param decorate gets the function, returns what to run instead
         * @return this
         */
        public Builder decorate(UnaryOperator<GoFn> decorate) {
            this.decorate = Objects.requireNonNull(decorate, "decorate");
            return this;
        }

        /**
         * Sets who gets what escapes from goroutines. It is called in the goroutine, at its end.
         *
         * @param onPanic gets the goroutine and what it threw
         * @return this
         */
        public Builder onPanic(BiConsumer<? super Goroutine, ? super Throwable> onPanic) {
            this.onPanic = Objects.requireNonNull(onPanic, "onPanic");
            return this;
        }

        /**
         * Sets how long {@link GoRuntime#close()} waits for goroutines.
         *
         * @param wait by default 10 seconds
         * @return this
         */
        public Builder closeTimeout(Duration wait) {
            this.closeTimeout = Objects.requireNonNull(wait, "wait");
            return this;
        }

        /**
         * Sets whether {@link #run} looks for deadlocks. It reports only what cannot be anything else: see
         * {@link DeadlockError}.
         *
         * @param detect by default true
         * @return this
         */
        public Builder detectDeadlock(boolean detect) {
            detectDeadlock = detect;
            return this;
        }

        /** Sets where time and chance come from. */
        Builder seam(Seam seam) {
            this.seam = seam;
            return this;
        }

        /**
         * Adds a task for the main goroutine to do before main, as a Go package's init function: in order of addition, on
         * the thread that called {@link #run}. A task that calls {@link GoRuntime#lockOSThread} keeps main on that
         * thread.
         *
         * @param task what to do
         * @return this
         */
        public Builder init(InitTask task) {
            initTasks.add(Objects.requireNonNull(task, "task"));
            return this;
        }

        /**
         * Makes a runtime without a main goroutine. Close it when it is no longer used.
         *
         * @return a new runtime
         * @throws IllegalStateException if there are init tasks: only {@link #run} has a goroutine for them
         */
        public GoRuntime build() {
            if (!initTasks.isEmpty()) {
                throw new IllegalStateException("init tasks need a main goroutine: use run");
            }
            GoRuntime runtime = new GoRuntime(this);
            runtime.sched.startSysmon();
            return runtime;
        }

        /**
         * Runs a main goroutine in a runtime with these settings. See {@link GoRuntime#run(MainFn)}.
         *
         * @param <X> the checked exception of main
         * @param main what it does
         * @throws X what main throws
         * @throws InterruptedException if main, or the caller, ends by interruption
         */
        public <X extends Exception> void run(MainFn<X> main) throws X, InterruptedException {
            Objects.requireNonNull(main, "main");
            GoRuntime runtime = new GoRuntime(this);
            runtime.runMain(new MainGoroutine<>(runtime, List.copyOf(initTasks), main));
        }
    }

    private <X extends Exception> void runMain(MainGoroutine<X> mainGoroutine) throws X, InterruptedException {
        main = mainGoroutine;
        DeadlockCheck.Outcome outcome;
        try {
            if (detectDeadlock) {
                sched.watchForDeadlock();
            }
            G g = Lifecycle.startMain(sched, decorate == null ? mainGoroutine : decorated(mainGoroutine),
                    mainGoroutine.main.getClass());
            outcome = DeadlockCheck.await(sched, g);
        } finally {
            close(); // also where a decorator or a lack of memory kept main from starting: nobody else could
        }
        if (outcome.deadlock() != null) {
            throw mainGoroutine.withPanics(new DeadlockError(outcome.deadlock()));
        }
        mainGoroutine.report();
        if (outcome.interrupted()) {
            throw new InterruptedException();
        }
    }
}
