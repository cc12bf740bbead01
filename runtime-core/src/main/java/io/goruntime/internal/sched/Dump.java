package io.goruntime.internal.sched;

import io.goruntime.internal.jdk.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All goroutines in Go's text form. Counterpart of traceback.go: tracebackothers, goroutineheader.
 */
public final class Dump {
    private static final long NANOS_PER_MINUTE = 60_000_000_000L;

    private Dump() {}

    /** The whole dump as a string. */
    public static String of(Sched sched) {
        StringBuilder text = new StringBuilder();
        try {
            write(sched, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a StringBuilder throws none
        }
        return text.toString();
    }

    /** Writes every goroutine, the calling one first, the others by id. */
    public static void write(Sched sched, Appendable out) throws IOException {
        G self = G.current();
        List<G> all = sched.goroutines();
        if (self != null && self.sched == sched) {
            all.remove(self);
            all.addFirst(self);
        }
        String gap = "";
        for (G gp : all) {
            out.append(gap);
            write(gp, gp == self, out);
            gap = "\n";
        }
    }

    private static void write(G gp, boolean self, Appendable out) throws IOException {
        StackTraceElement[] stack = gp.thread.getStackTrace();
        String reason = gp.waitReason;
        out.append("goroutine ").append(Long.toString(gp.goid)).append(" [");
        if (self) {
            out.append("running");
        } else if (reason != null) {
            out.append(reason);
            long minutes = (System.nanoTime() - gp.waitSince) / NANOS_PER_MINUTE;
            if (minutes >= 1) {
                out.append(", ").append(Long.toString(minutes)).append(" minutes");
            }
        } else {
            out.append(status(gp));
        }
        if (gp.lockedm != null) {
            out.append(", locked to thread");
        }
        out.append("]:\n");
        boolean first = true;
        for (StackTraceElement frame : stack) {
            if (first && (internal(frame) || self && frame.getClassName().equals(Thread.class.getName()))) {
                continue;
            }
            if (belowUserCode(frame)) {
                break;
            }
            first = false;
            out.append(frame.getClassName()).append('.').append(frame.getMethodName()).append("(...)\n\t");
            out.append(frame.getFileName() == null ? "?" : frame.getFileName());
            if (frame.getLineNumber() >= 0) {
                out.append(':').append(Integer.toString(frame.getLineNumber()));
            }
            out.append('\n');
        }
        if (gp.parentGoid != 0) {
            out.append("created by ").append(nameOf(gp.fnClass)).append(" in goroutine ");
            out.append(Long.toString(gp.parentGoid)).append('\n');
        } else {
            out.append("created by ").append(nameOf(gp.fnClass)).append('\n');
        }
    }

    /** Frames of the runtime under a wait say nothing to a user. */
    private static boolean internal(StackTraceElement frame) {
        String name = frame.getClassName();
        return name.startsWith("io.goruntime.internal.") || name.equals("io.goruntime.HChan")
                || name.startsWith("java.lang.VirtualThread")
                || name.startsWith("java.lang.GoRuntimeBridge") || name.startsWith("jdk.internal.vm.Continuation")
                || name.startsWith("java.lang.System$") || name.equals("java.util.concurrent.locks.LockSupport");
    }

    private static boolean belowUserCode(StackTraceElement frame) {
        String name = frame.getClassName();
        return name.startsWith("io.goruntime.internal.sched.") || name.startsWith("io.goruntime.GoRuntime$")
                || name.startsWith("java.lang.VirtualThread");
    }

    private static String nameOf(@Nullable Class<?> fnClass) {
        String name = fnClass == null ? "?" : fnClass.getName();
        int lambda = name.indexOf("$$Lambda");
        return lambda < 0 ? name : name.substring(0, lambda);
    }

    private static String status(G gp) {
        Thread.State state = gp.thread.getState();
        return switch (state) {
            case NEW -> "idle";
            case RUNNABLE -> Mode.Chosen.GMP && gp.isQueued() ? "runnable" : "running";
            case BLOCKED -> "java monitor";
            case WAITING -> "java wait";
            case TIMED_WAITING -> "java timed wait";
            case TERMINATED -> "dead";
        };
    }
}
