package io.goruntime;

import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.sched.Syscalls;
import org.jspecify.annotations.Nullable;

/**
 * Code that leaves the runtime for a while: calls of the operating system, and other native code.
 *
 * <pre>{@code
 * int n = Syscall.call(() -> (int) READ.invokeExact(fd, buffer, size));   // a downcall handle
 * long pid = Syscall.syscall6(39).r1();                                  // getpid on x86-64 Linux
 * }</pre>
 *
 * <p>A goroutine that is in native code occupies its processor, one of {@code GOMAXPROCS}. The scheduler finds out by
 * itself, but it takes 10 ms. In a syscall section the goroutine says so: the section keeps the processor only until
 * somebody else can use it, and at its end the goroutine takes the same processor again if it is still there, else any
 * idle one, else it waits for its turn. A section that does not block costs a few tens of nanoseconds. Its place is
 * around a downcall that may take longer than that; {@link Cgo#downcall} makes handles that have one built in.
 *
 * <p>Blocking operations of the JDK (sockets, files, {@code sleep}, locks) need no section: they give the processor up
 * by themselves, or the scheduler sees to it.
 *
 * <p><b>Java code in a section</b> may do anything. The first thing in it that waits or yields, be it in this library or
 * in the JDK, ends the section; what follows runs as outside, and the end of the section does nothing. Until then
 * operations that need not wait work as they do from a thread that is no goroutine. A section in a section does nothing.
 *
 * <p>Outside goroutines, and where the JDK's scheduler is used, a section is its function and nothing else. All methods
 * are thread-safe. Source: proc.go, entersyscall and exitsyscall.
 */
public final class Syscall {
    private Syscall() {}

    /**
     * What is done in a section.
     *
     * @param <T> its result
     * @param <X> the checked exception that it may throw; inferred as {@link RuntimeException} when there is none
     */
    @FunctionalInterface
    public interface Fn<T extends @Nullable Object, X extends Throwable> {
        /**
         * Does it.
         *
         * @return the result of the section
         * @throws X thrown by the section
         */
        T call() throws X;
    }

    /**
     * Runs a function in a section, for calls that usually return soon. Source: proc.go, entersyscall.
     *
     * @param <T> its result
     * @param <X> its checked exception
     * @param fn what to do; runs on the calling thread
     * @return what it returns
     * @throws X what it throws
     */
    public static <T extends @Nullable Object, X extends Throwable> T call(Fn<T, X> fn) throws X {
        Mode.ensure();
        boolean entered = Syscalls.enter();
        try {
            return fn.call();
        } finally {
            if (entered) {
                Syscalls.exit();
            }
        }
    }

    /**
     * Runs a function in a section, for calls that surely block: the processor goes to other goroutines at once.
     * Source: proc.go, entersyscallblock.
     *
     * @param <T> its result
     * @param <X> its checked exception
     * @param fn what to do; runs on the calling thread
     * @return what it returns
     * @throws X what it throws
     */
    public static <T extends @Nullable Object, X extends Throwable> T blocking(Fn<T, X> fn) throws X {
        Mode.ensure();
        boolean entered = Syscalls.enterBlocking();
        try {
            return fn.call();
        } finally {
            if (entered) {
                Syscalls.exit();
            }
        }
    }

    /**
     * The result of a system call.
     *
     * @param r1 what it returns; -1 if it fails
     * @param r2 always 0: the C library, which makes the call, does not tell
     * @param errno why it failed; 0 if it did not
     */
    public record Result(long r1, long r2, int errno) {
    }

    /**
     * Makes a system call by its number, in a section. The caller is responsible for the arguments: a wrong address can
     * end the process.
     *
     * @param number of the call, as the operating system and the processor have it
     * @param args at most six; those left out are 0
     * @return its result
     * @throws IllegalArgumentException if there are more than six arguments
     * @throws UnsupportedOperationException if the C library of this system has no function {@code syscall}
     * @throws IllegalCallerException if native access is denied to this library
     */
    public static Result syscall6(long number, long... args) {
        RawSyscall.check(args);
        return call(() -> RawSyscall.invoke(number, args));
    }

    /**
     * Makes a system call by its number, without a section: for those that cannot block. Otherwise as
     * {@link #syscall6}.
     *
     * @param number of the call
     * @param args at most six; those left out are 0
     * @return its result
     * @throws IllegalArgumentException if there are more than six arguments
     * @throws UnsupportedOperationException if the C library of this system has no function {@code syscall}
     * @throws IllegalCallerException if native access is denied to this library
     */
    public static Result rawSyscall(long number, long... args) {
        Mode.ensure();
        RawSyscall.check(args);
        return RawSyscall.invoke(number, args);
    }
}
