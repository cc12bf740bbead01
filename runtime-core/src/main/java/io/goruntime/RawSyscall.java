package io.goruntime;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.goruntime.internal.sched.Syscalls;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The C library's {@code syscall}. Found with the first call of it. */
/*
 * The handle is made outside of a class initialiser, because that may fail: native access may be denied. What an
 * initialiser throws comes wrapped the first time and as a NoClassDefFoundError later.
 */
@SuppressWarnings("restricted") // the caller of Syscall consents for this library, as for the bridge: see SECURITY.md
final class RawSyscall {
    private static final int MAX_ARGS = 6;

    private static final StructLayout STATE = Linker.Option.captureStateLayout();

    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    /** Null until it is made; callers that race make one each. */
    private static volatile @Nullable MethodHandle made;

    /** The handle as a constant for the JIT compiler. To be touched only after it was made. */
    private static final class Found {
        static final MethodHandle SYSCALL = Objects.requireNonNull(made);

        private Found() {}
    }

    private RawSyscall() {}

    static void check(long[] args) {
        if (args.length > MAX_ARGS) {
            throw new IllegalArgumentException(args.length + " arguments of a system call; there are at most "
                    + MAX_ARGS);
        }
    }

    static Syscall.Result invoke(long number, long[] args) {
        if (made == null) {
            made = make();
        }
        MemorySegment state = Syscalls.callState();
        if (state != null) {
            return invoke(state, number, args);
        }
        try (Arena arena = Arena.ofConfined()) {
            return invoke(arena.allocate(STATE), number, args);
        }
    }

    private static MethodHandle make() {
        Linker linker = Linker.nativeLinker();
        MemorySegment address = linker.defaultLookup().find("syscall")
                .orElseThrow(() -> new UnsupportedOperationException("the C library has no function syscall"));
        return linker.downcallHandle(address,
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                        JAVA_LONG),
                Linker.Option.firstVariadicArg(1), Linker.Option.captureCallState("errno"));
    }

    private static Syscall.Result invoke(MemorySegment state, long number, long[] args) {
        long r1;
        try {
            r1 = (long) Found.SYSCALL.invokeExact(state, number, at(args, 0), at(args, 1), at(args, 2), at(args, 3),
                    at(args, 4), at(args, 5));
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        return new Syscall.Result(r1, 0, r1 == -1 ? (int) ERRNO.get(state, 0L) : 0);
    }

    private static long at(long[] args, int i) {
        return i < args.length ? args[i] : 0;
    }
}
