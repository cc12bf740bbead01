package io.goruntime;

import static java.lang.invoke.MethodType.methodType;

import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.sched.CgoCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Objects;

/**
 * Native functions that are called from goroutines, and may call back.
 *
 * <pre>{@code
 * MethodHandle qsort = Cgo.downcall(address, FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS));
 * MemorySegment compare = Cgo.upcall(comparison, FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS), arena);
 * qsort.invokeExact(array, n, 4L, compare);
 * }</pre>
 *
 * <p>These are the handles and stubs of {@link Linker}, with what the scheduler has to know: a downcall is a section as
 * in {@link Syscall#call}, and in an upcall the goroutine has a processor again. An upcall may use channels, locks and
 * everything else. While it waits, the thread waits with it, since there are native frames on the stack; the processor
 * goes to other goroutines. (The JDK's scheduler, where that is used, has no processor for others meanwhile: as many
 * upcalls that wait as there are processors stop it.)
 *
 * <p><b>Exceptions</b> cannot pass through native code. What an upcall throws is kept, the native code gets zero as its
 * result, and the downcall throws it when the native function has returned: so does
 * {@link GoRuntime#goexit}. Of several, the first is thrown and the others are suppressed in it. If there is no downcall
 * of this class around the upcall, for example on a thread made by native code, the thread's uncaught-exception handler
 * gets it.
 *
 * <p>An upcall at the very end of the stack ends the JVM, as with {@link Linker}: native code checks nothing. A downcall
 * throws a StackOverflowError if less than some tens of kilobytes are left.
 *
 * <p>Native access must be enabled for this library as for every caller of {@link Linker}, else the methods throw
 * IllegalCallerException or the JVM prints a warning. All methods are thread-safe, and so are the handles. They work on
 * any thread and with the JDK's scheduler. Source: cgocall.go.
 */
@SuppressWarnings("restricted") // its callers consent for this library: see SECURITY.md
public final class Cgo {
    private static final MethodHandle BEGIN;
    private static final MethodHandle END;
    private static final MethodHandle BEGIN_CALLBACK;
    private static final MethodHandle END_CALLBACK;
    private static final MethodHandle THROWN;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            BEGIN = lookup.findStatic(CgoCalls.class, "begin", methodType(boolean.class));
            END = lookup.findStatic(CgoCalls.class, "end", methodType(void.class, Throwable.class, boolean.class));
            BEGIN_CALLBACK = lookup.findStatic(CgoCalls.class, "beginCallback", methodType(boolean.class));
            END_CALLBACK = lookup.findStatic(CgoCalls.class, "endCallback",
                    methodType(void.class, Throwable.class, boolean.class));
            THROWN = lookup.findStatic(CgoCalls.class, "thrown", methodType(void.class, Throwable.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private Cgo() {}

    /**
     * Makes a handle that calls a native function in a syscall section.
     *
     * @param address of the function
     * @param function its type
     * @param options as for {@link Linker#downcallHandle(MemorySegment, FunctionDescriptor, Linker.Option...)}
     * @return a handle of the type that {@link Linker} gives it
     */
    public static MethodHandle downcall(MemorySegment address, FunctionDescriptor function, Linker.Option... options) {
        Mode.ensure();
        return between(BEGIN, Linker.nativeLinker().downcallHandle(address, function, options), END);
    }

    /**
     * Makes a native function of a method handle.
     *
     * @param target what to call, of the type that belongs to function
     * @param function its type
     * @param arena keeps the native function
     * @param options as for {@link Linker#upcallStub(MethodHandle, FunctionDescriptor, Arena, Linker.Option...)}
     * @return its address
     */
    public static MemorySegment upcall(MethodHandle target, FunctionDescriptor function, Arena arena,
            Linker.Option... options) {
        Objects.requireNonNull(target, "target");
        Mode.ensure();
        MethodHandle zero = MethodHandles.dropArguments(MethodHandles.zero(target.type().returnType()), 0,
                Throwable.class);
        MethodHandle caught = MethodHandles.catchException(between(BEGIN_CALLBACK, target, END_CALLBACK),
                Throwable.class, MethodHandles.foldArguments(zero, THROWN));
        return Linker.nativeLinker().upcallStub(caught, function, arena, options);
    }

    /** {@code boolean b = begin(); try { return target(...); } finally { end(thrown or null, b); }} as a handle. */
    private static MethodHandle between(MethodHandle begin, MethodHandle target, MethodHandle end) {
        MethodHandle cleanUp = end;
        Class<?> result = target.type().returnType();
        if (result != void.class) {
            MethodType type = methodType(result, Throwable.class, result, boolean.class);
            cleanUp = MethodHandles.foldArguments(
                    MethodHandles.permuteArguments(MethodHandles.identity(result), type, 1),
                    MethodHandles.dropArguments(end, 1, result));
        }
        return MethodHandles.foldArguments(
                MethodHandles.tryFinally(MethodHandles.dropArguments(target, 0, boolean.class), cleanUp), begin);
    }
}
