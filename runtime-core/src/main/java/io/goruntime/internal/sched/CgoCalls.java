package io.goruntime.internal.sched;

import io.goruntime.internal.base.Errors;
import io.goruntime.internal.jdk.Mode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done around calls of native functions, and around what they call back. Counterpart of cgocall.go: cgocall,
 * cgocallback.
 */
/*
 *   begin            the section of the downcall; the goroutine has no P
 *     native code
 *       beginCallback    the section ends as at exitsyscall; the goroutine has a P, and cannot leave its M
 *         Java           a wait gives the P up for its time (Park.goPark)
 *       endCallback      the section again
 *     native code
 *   end              exitsyscall, then what callbacks threw
 *
 * What a callback throws is kept with the depth of the downcall around it: a callback may call native code again, which
 * calls back and throws, while an exception for the outer downcall is there already.
 *
 * Each of the four is called by a method handle that has made sure of nothing. begin makes sure of the stack for end, and
 * beginCallback for endCallback and thrown, which are called at the same depth.
 */
public final class CgoCalls {
    private static final Logger LOG = LoggerFactory.getLogger("io.goruntime.Cgo");

    /** Suppressed in one exception, so that a callback called for each of a million elements fills no heap. */
    private static final int MAX_SUPPRESSED = 16;

    /** The state of threads that are no goroutines. */
    private static final ThreadLocal<CgoCalls> OF_THREAD = ThreadLocal.withInitial(CgoCalls::new);

    /** Downcalls in progress, each in a callback of the one before. */
    private int depth;

    /** What callbacks threw, the innermost downcall's first. */
    private @Nullable Thrown thrown;

    /**
     * Not null when a callback begins to throw what is the first for its downcall: it must be kept even if there is no
     * memory. Each begin sees to that for its depth, and the end of an inner downcall gives back what that used.
     */
    private @Nullable Thrown spare;

    private static final class Thrown {
        int depth;
        @Nullable
        Throwable failure;
        @Nullable
        Thrown outer;
        int suppressed;
    }

    private CgoCalls() {}

    private static CgoCalls current() {
        G gp = Mode.Chosen.GMP ? G.current() : null;
        if (gp == null) {
            return OF_THREAD.get();
        }
        CgoCalls calls = gp.cgo;
        if (calls == null) {
            gp.cgo = calls = new CgoCalls();
        }
        return calls;
    }

    /** Before a downcall; the result is for {@link #end}. */
    public static boolean begin() {
        CgoCalls calls = current();
        if (calls.spare == null) {
            calls.spare = new Thrown();
        }
        Park.headroom();
        boolean entered = Syscalls.enter();
        calls.depth++;
        return entered;
    }

    /**
     * After a downcall. Throws what its callbacks threw.
     *
     * @param failure what the downcall itself threw, null if nothing; it will be thrown by the caller
     */
    public static void end(@Nullable Throwable failure, boolean entered) {
        CgoCalls calls = current();
        int depth = calls.depth--;
        if (entered) {
            Syscalls.exit();
        }
        Thrown top = calls.thrown;
        if (top == null || top.depth != depth) {
            return;
        }
        Throwable kept = top.failure;
        calls.thrown = top.outer;
        top.failure = null;
        top.outer = null;
        top.suppressed = 0;
        calls.spare = top;
        if (failure == null) {
            Errors.rethrow(kept);
        } else if (failure != kept) {
            failure.addSuppressed(kept);
        }
    }

    /** Before a callback; the result is for {@link #endCallback}. */
    public static boolean beginCallback() {
        M mp = Mode.Chosen.GMP ? M.current() : null;
        G gp = mp == null ? null : mp.curg;
        if (gp == null) {
            return false;
        }
        Park.headroom();
        gp.callbacks++;
        boolean inSyscall = mp.inSyscall;
        if (inSyscall) {
            Syscalls.exit();
        }
        return inSyscall;
    }

    /** After a callback. */
    public static void endCallback(@Nullable Throwable failure, boolean wasInSyscall) {
        G gp = Mode.Chosen.GMP ? G.current() : null;
        if (gp != null) {
            gp.callbacks--;
            if (wasInSyscall) {
                Syscalls.enter();
            }
        }
    }

    /** A callback threw. What this throws would end the JVM; so the first for a downcall is kept without allocation. */
    public static void thrown(Throwable failure) {
        CgoCalls calls;
        try {
            calls = current();
        } catch (OutOfMemoryError e) {
            uncaught(failure); // there was no begin on this thread
            return;
        }
        Thrown top = calls.thrown;
        if (calls.depth == 0) {
            uncaught(failure);
        } else if (top == null || top.depth != calls.depth) {
            Thrown kept = calls.spare;
            calls.spare = null;
            kept.depth = calls.depth;
            kept.failure = failure;
            kept.outer = top;
            calls.thrown = kept;
        } else if (failure != top.failure && top.suppressed < MAX_SUPPRESSED) {
            try {
                top.failure.addSuppressed(failure);
                top.suppressed++;
            } catch (OutOfMemoryError e) {
                // The first one counts.
            }
        }
    }

    private static void uncaught(Throwable failure) {
        try {
            LOG.error("an upcall threw, and there is no downcall to throw it on", failure);
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, failure);
        } catch (Throwable e) {
            // It must not reach the native code, which would end the JVM.
        }
    }
}
