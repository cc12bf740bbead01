package io.goruntime.internal.jdk;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.net.URL;
import java.security.CodeSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** Gets the bridge class into {@code java.lang}, or says why that is not possible. */
final class BridgeOpener {
    /*
     * The bridge exists once in a JVM, the library perhaps several times, each copy in a class loader of its own.
     * Opening goes through these steps, once for each copy:
     *
     *   1. A bridge is there already: take it, if it has our version.
     *   2. java.base/java.lang is open to us: define it through a private Lookup.
     *   3. Otherwise, unless goruntime.selfOpen forbids it, define it through JNI (class Jni).
     *   4. In each case run the self-test.
     *
     * Two copies may be at step 2 or 3 together. The VM lets one win; the other looks again and finds itself at
     * step 1.
     *
     * All this happens on a new thread of the root group that inherits nothing, so that neither the first caller's
     * class loader nor its thread-locals are caught by something the JDK starts on the way, and so that a virtual
     * thread may ask. Callers wait for it by an explicit guard rather than by class initialisation: a virtual thread
     * that waits for a class initialiser holds its carrier.
     */

    /** The version of the bridge this code was compiled against; a test compares it with the bridge's. */
    static final int BRIDGE_VERSION = 2;

    static final String SELF_OPEN_PROPERTY = "goruntime.selfOpen";

    private static final String CLASS_NAME = "java.lang.GoRuntimeBridge";
    private static final String INTERNAL_NAME = "java/lang/GoRuntimeBridge";

    /** Opening takes a fraction of a second, a few seconds under -Xcomp; what takes this long is a hang. */
    private static final long TIMEOUT_SECONDS = 30;

    private static final AtomicBoolean started = new AtomicBoolean();
    private static final CountDownLatch finished = new CountDownLatch(1);

    /** Set once, by the opening thread or by a caller that gave up waiting for it. */
    private static final AtomicReference<Result> result = new AtomicReference<>();

    /** The opening thread, for the stack trace shown after a time-out. */
    private static volatile Thread opener;

    private BridgeOpener() {}

    /** How opening ended. Immutable, and the same for every caller. */
    static final class Result {
        /** How access was obtained; null if it was not. */
        final String how;

        /** Why there is no bridge; null if there is one. */
        final String reason;

        final Throwable cause;
        final long nanos;

        private Result(String how, String reason, Throwable cause, long nanos) {
            this.how = how;
            this.reason = reason;
            this.cause = cause;
            this.nanos = nanos;
        }

        boolean available() {
            return how != null;
        }
    }

    /** Opens the bridge if nobody has yet, and waits for the result. Not to be called from a static initialiser. */
    static Result open() {
        Result known = result.get();
        if (known != null) {
            return known;
        }
        if (started.compareAndSet(false, true)) {
            startOpening();
        }
        if (!awaitFinished()) {
            finish(new Result(null, timeoutReason(), null, TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS)));
        }
        return result.get();
    }

    private static void startOpening() {
        try {
            Thread thread = Thread.ofPlatform()
                    .name("goruntime-opener")
                    .group(rootGroup())
                    .daemon(true)
                    .inheritInheritableThreadLocals(false)
                    .unstarted(new Opening());
            thread.setContextClassLoader(null);
            opener = thread;
            thread.start();
        } catch (Throwable e) {
            finish(new Result(null, "the thread that opens the bridge did not start: " + e, e, 0));
        }
    }

    private static ThreadGroup rootGroup() {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        for (ThreadGroup parent; (parent = group.getParent()) != null;) {
            group = parent;
        }
        return group;
    }

    private static void finish(Result outcome) {
        result.compareAndSet(null, outcome);
        opener = null;
        finished.countDown();
    }

    /** Waits without reacting to interrupts, which are for the caller's own waits. */
    private static boolean awaitFinished() {
        boolean interrupted = false;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
        try {
            for (;;) {
                try {
                    return finished.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static String timeoutReason() {
        StringBuilder text = new StringBuilder("opening the bridge and its self-test took longer than ");
        text.append(TIMEOUT_SECONDS).append(" s");
        Thread thread = opener;
        if (thread != null) {
            for (StackTraceElement frame : thread.getStackTrace()) {
                text.append("; at ").append(frame);
            }
        }
        return text.toString();
    }

    // ---- On the opening thread ----

    private static final class Opening implements Runnable {
        @Override
        public void run() {
            long start = System.nanoTime();
            Result outcome;
            try {
                String how = obtain();
                SelfTest.test();
                startPollers();
                outcome = new Result(how, null, null, System.nanoTime() - start);
            } catch (BridgeException e) {
                outcome = new Result(null, e.getMessage(), e.getCause(), System.nanoTime() - start);
            } catch (Throwable e) {
                outcome = new Result(null, "unexpected: " + e, e, System.nanoTime() - start);
            }
            finish(outcome);
        }
    }

    /**
     * The JDK's socket pollers inherit the scheduler of whoever blocks on a socket first. Were that a goroutine, it and
     * the library's class loader would stay referenced for ever; so they are started here.
     */
    private static void startPollers() {
        try {
            Jdk.touchPoller();
        } catch (LinkageError e) {
            // They do not start in this process: whoever blocks on a socket will be told.
        }
    }

    private static String obtain() throws BridgeException {
        String existing = existing();
        if (existing != null) {
            return existing;
        }
        byte[] classFile = classFile();
        String how;
        try {
            how = define(classFile);
        } catch (BridgeException | RuntimeException | LinkageError e) {
            // Another copy of the library may have been faster, and be the cause of the failure.
            existing = existing();
            if (existing != null) {
                return existing;
            }
            throw e instanceof BridgeException known
                    ? known
                    : new BridgeException("defining the bridge failed: " + e, e);
        }
        Class<?> bridge = find();
        if (bridge == null) {
            throw new BridgeException("the bridge was defined but the boot loader does not know it", null);
        }
        try {
            bridge.getMethod("origin", String.class).invoke(null, location());
        } catch (ReflectiveOperationException | LinkageError e) {
            throw new BridgeException("the bridge does not initialise: " + rootOf(e), e);
        }
        return how;
    }

    /**
     * Accepts a bridge that is there already. Through reflection, because a bridge of another version may have other
     * members; these two are in all of them.
     *
     * @return how it was obtained, or null if there is no bridge
     * @throws BridgeException if it is of another version
     */
    private static String existing() throws BridgeException {
        Class<?> bridge = find();
        if (bridge == null) {
            return null;
        }
        int version;
        Object origin;
        try {
            version = (int) bridge.getMethod("version").invoke(null);
            origin = bridge.getMethod("origin").invoke(null);
        } catch (ReflectiveOperationException | LinkageError e) {
            throw new BridgeException("the existing " + CLASS_NAME + " does not answer: " + rootOf(e), e);
        }
        String from = origin == null ? "an unknown place" : origin.toString();
        if (version != BRIDGE_VERSION) {
            throw new BridgeException(CLASS_NAME + " of version " + version + " is already in this JVM, defined by "
                    + from + ", but " + location() + " needs version " + BRIDGE_VERSION
                    + "; use one release of the library in a JVM", null);
        }
        return "shared with " + from;
    }

    private static Class<?> find() {
        try {
            return Class.forName(CLASS_NAME, false, null);
        } catch (ClassNotFoundException e) {
            return null;
        }
    }

    private static String define(byte[] classFile) throws BridgeException {
        Module self = BridgeOpener.class.getModule();
        if (Object.class.getModule().isOpen("java.lang", self)) {
            try {
                MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup()).defineClass(classFile);
            } catch (IllegalAccessException e) {
                throw new BridgeException("java.base/java.lang is open, yet it refuses the bridge: " + e, e);
            }
            return "defined through a Lookup, java.base/java.lang being open";
        }
        String selfOpen = System.getProperty(SELF_OPEN_PROPERTY, "true");
        if (!selfOpen.equals("true")) {
            throw new BridgeException("-D" + SELF_OPEN_PROPERTY + "=" + selfOpen
                    + " forbids self-opening and java.base/java.lang is not open; " + addOpens(self), null);
        }
        try {
            Jni.defineInBootLoader(INTERNAL_NAME, classFile);
        } catch (IllegalCallerException e) {
            throw new BridgeException("native access is denied (" + e.getMessage() + "); start java with "
                    + "--enable-native-access=" + nameOf(self) + ", or without it: " + addOpens(self), e);
        }
        return "defined through JNI";
    }

    /** The class file for the running JDK. One made for another feature release is not tried: it names internals. */
    private static byte[] classFile() throws BridgeException {
        int feature = Runtime.version().feature();
        String resource = "/META-INF/goruntime/GoRuntimeBridge-" + feature + ".bin";
        try (InputStream in = BridgeOpener.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new BridgeException("the library has no bridge for Java " + feature + ", only for 25", null);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new BridgeException("reading " + resource + " failed: " + e, e);
        }
    }

    // ---- Words for messages ----

    /** The command-line option that makes the JNI way unnecessary. */
    private static String addOpens(Module self) {
        return "start java with --add-opens java.base/java.lang=" + nameOf(self);
    }

    private static String nameOf(Module module) {
        return module.isNamed() ? module.getName() : "ALL-UNNAMED";
    }

    /** The jar or directory this copy of the library came from. */
    private static String location() {
        CodeSource source = BridgeOpener.class.getProtectionDomain().getCodeSource();
        URL url = source == null ? null : source.getLocation();
        return url == null ? "a copy of unknown place" : url.toString();
    }

    private static Throwable rootOf(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }
}
