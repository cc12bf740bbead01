package io.goruntime.internal.mem;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.goruntime.internal.base.Errors;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Locale;

/**
 * Address space and memory of the operating system. Counterpart of mem.go: sysReserve, sysMap, sysUnused, sysFree.
 *
 * <p>These are calls into the kernel that may take long, and the first of them links them: none is made under a spin lock.
 */
/*
 *   reserve   address space that nobody else gets; any access faults                        mmap PROT_NONE
 *   commit    a part of it becomes memory: zero, and resident once it is touched            mprotect
 *   release   committed memory loses its content and its pages; it is zero when next used   madvise, macOS: mmap
 *   unmap     the address space is given back                                               munmap
 *
 * madvise(MADV_DONTNEED) does not clear on macOS; mapping the range anew does, on any Unix.
 */
@SuppressWarnings("restricted") // the consent of the user is the subject of SECURITY.md
public final class OsMemory {
    private static final int PROT_NONE = 0;
    private static final int PROT_READ_WRITE = 1 | 2;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_FIXED = 0x10;
    private static final int MADV_DONTNEED = 4;
    private static final long MAP_FAILED = -1;

    private static final boolean MAC = os().contains("mac");
    private static final boolean LINUX = os().contains("linux");

    private static final int MAP_ANONYMOUS = MAC ? 0x1000 : 0x20;
    private static final int MAP_NORESERVE = MAC ? 0x40 : 0x4000;

    private OsMemory() {}

    /**
     * Why there is no memory here, or null if there is.
     */
    public static String unsupported() {
        return LINUX || MAC
                ? null
                : "off-heap memory needs mmap, on Linux or macOS; on " + System.getProperty("os.name")
                        + " it would need VirtualAlloc, which is not implemented";
    }

    /** The size of the system's pages: what {@link #release} works in. */
    public static int pageSize() {
        try {
            return (int) Calls.GETPAGESIZE.invokeExact();
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    /**
     * Reserves address space.
     *
     * @return its address, or 0 if there is not so much
     * @throws UnsupportedOperationException on other systems than Linux and macOS, and where native access is denied
     */
    public static long reserve(long bytes) {
        if (unsupported() != null) {
            throw new UnsupportedOperationException(unsupported());
        }
        try {
            long addr = map(0, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
            return addr == MAP_FAILED ? 0 : addr;
        } catch (LinkageError e) { // once of the class that links the calls, then of who asks for it
            throw new UnsupportedOperationException(
                    "off-heap memory needs native access (--enable-native-access), which this JVM denies", e);
        }
    }

    /**
     * Makes a part of what was reserved into memory.
     *
     * @return 0, or the system's error number: nothing has changed then
     */
    public static int commit(long addr, long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Calls.STATE);
            int result = (int) Calls.MPROTECT.invokeExact(state, addr, bytes, PROT_READ_WRITE);
            return result == 0 ? 0 : (int) Calls.ERRNO.get(state, 0L);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    /** Gives the pages of a committed range back. False if the system refuses: the content is unchanged then. */
    public static boolean release(long addr, long bytes) {
        if (MAC) {
            return map(addr, bytes, PROT_READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED) == addr;
        }
        try {
            return (int) Calls.MADVISE.invokeExact(addr, bytes, MADV_DONTNEED) == 0;
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    /** Gives address space back. */
    public static void unmap(long addr, long bytes) {
        try {
            int ignored = (int) Calls.MUNMAP.invokeExact(addr, bytes);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    private static long map(long addr, long bytes, int protection, int flags) {
        try {
            return (long) Calls.MMAP.invokeExact(addr, bytes, protection, flags, -1, 0L);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    private static Error failed(Throwable e) {
        Errors.<RuntimeException>rethrow(e); // the handles throw Errors and RuntimeExceptions only
        throw new AssertionError(e);
    }

    private static String os() {
        return System.getProperty("os.name").toLowerCase(Locale.ROOT);
    }

    /** Linked when first used. Addresses are passed as numbers: a 64-bit Unix treats the two alike. */
    private static final class Calls {
        static final MemoryLayout STATE = Linker.Option.captureStateLayout();
        static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

        static final MethodHandle MMAP = call("mmap",
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
        static final MethodHandle MUNMAP = call("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
        static final MethodHandle MPROTECT = call("mprotect",
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT),
                Linker.Option.captureCallState("errno"));
        static final MethodHandle MADVISE = call("madvise",
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
        static final MethodHandle GETPAGESIZE = call("getpagesize", FunctionDescriptor.of(JAVA_INT));

        private static MethodHandle call(String name, FunctionDescriptor type, Linker.Option... options) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
        }
    }
}
