package io.goruntime.internal.jdk;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/** The one JNI call the library makes, DefineClass with the boot loader, reached without a native library of ours. */
@SuppressWarnings("restricted") // the consent of the user is the subject of SECURITY.md
final class Jni {
    /*
     * The VM exports JNI_GetCreatedJavaVMs, which leads to the table of JNI functions of the current thread; their
     * places in it are part of the JNI specification.
     *
     * Pointers to the VM's structures are passed as JAVA_LONG (FFM exists on 64-bit machines only). An ADDRESS result
     * would be boxed into a MemorySegment, that is, Java code would allocate between DefineClass and ExceptionCheck,
     * while an exception may be pending. For the same reason ExceptionCheck and ExceptionClear run once before
     * DefineClass, so that their method handles are linked when they matter.
     *
     * The local reference that DefineClass returns is not used and not freed: it goes with the thread, which the
     * opener started for this.
     */

    private static final int JNI_VERSION_1_8 = 0x00010008;

    // Indices into the function tables of the JNI specification.
    private static final int GET_ENV = 6;
    private static final int DEFINE_CLASS = 5;
    private static final int EXCEPTION_CLEAR = 17;
    private static final int EXCEPTION_CHECK = 228;

    private static final long BOOT_LOADER = 0;

    private Jni() {}

    /**
     * Defines a class in the boot loader.
     *
     * @throws BridgeException if the VM cannot be reached or refuses
     * @throws IllegalCallerException if native access is denied to this module
     * @throws LinkageError if the VM delivers its refusal itself, before we could ask for it
     */
    static void defineInBootLoader(String internalName, byte[] classFile) throws BridgeException {
        try (Arena arena = Arena.ofConfined()) {
            Linker linker = Linker.nativeLinker();
            long vm = createdVm(linker, arena);
            long env = env(linker, arena, vm);
            MethodHandle check = linker.downcallHandle(
                    function(env, EXCEPTION_CHECK), FunctionDescriptor.of(JAVA_BYTE, JAVA_LONG));
            MethodHandle clear = linker.downcallHandle(
                    function(env, EXCEPTION_CLEAR), FunctionDescriptor.ofVoid(JAVA_LONG));
            MethodHandle define = linker.downcallHandle(
                    function(env, DEFINE_CLASS),
                    FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_INT));
            MemorySegment name = arena.allocateFrom(internalName);
            MemorySegment bytes = arena.allocateFrom(JAVA_BYTE, classFile);
            int length = classFile.length;
            if ((byte) check.invokeExact(env) != 0) {
                throw new BridgeException("an exception is pending on a new thread", null);
            }
            clear.invokeExact(env);

            long reference = (long) define.invokeExact(env, name, BOOT_LOADER, bytes, length);
            boolean pending = (byte) check.invokeExact(env) != 0;
            if (pending) {
                clear.invokeExact(env);
            }
            if (pending || reference == 0) {
                throw new BridgeException("JNI DefineClass refused " + internalName
                        + (pending ? " with an exception" : " without an exception"), null);
            }
        } catch (BridgeException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new BridgeException("calling JNI failed: " + e, e);
        }
    }

    private static long createdVm(Linker linker, Arena arena) throws Throwable {
        Path library = jvmLibrary();
        SymbolLookup symbols = SymbolLookup.libraryLookup(library, arena);
        MemorySegment symbol = symbols.find("JNI_GetCreatedJavaVMs").orElse(null);
        if (symbol == null) {
            throw new BridgeException(library + " does not export JNI_GetCreatedJavaVMs", null);
        }
        MethodHandle getCreatedVms = linker.downcallHandle(symbol,
                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));
        MemorySegment vm = arena.allocate(JAVA_LONG);
        MemorySegment count = arena.allocate(JAVA_INT);
        int status = (int) getCreatedVms.invokeExact(vm, 1, count);
        if (status != 0 || count.get(JAVA_INT, 0) != 1) {
            throw new BridgeException("JNI_GetCreatedJavaVMs of " + library + " returned " + status + " and "
                    + count.get(JAVA_INT, 0) + " VMs", null);
        }
        return vm.get(JAVA_LONG, 0);
    }

    private static long env(Linker linker, Arena arena, long vm) throws Throwable {
        MethodHandle getEnv = linker.downcallHandle(
                function(vm, GET_ENV), FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_INT));
        MemorySegment env = arena.allocate(JAVA_LONG);
        int status = (int) getEnv.invokeExact(vm, env, JNI_VERSION_1_8);
        if (status != 0) {
            throw new BridgeException("JNI GetEnv returned " + status, null);
        }
        return env.get(JAVA_LONG, 0);
    }

    /** Entry {@code index} of the table of functions that a JavaVM* or JNIEnv* points to. */
    private static MemorySegment function(long interfaceAddr, int index) {
        long tableAddr = MemorySegment.ofAddress(interfaceAddr).reinterpret(JAVA_LONG.byteSize()).get(JAVA_LONG, 0);
        MemorySegment table = MemorySegment.ofAddress(tableAddr).reinterpret((index + 1) * JAVA_LONG.byteSize());
        return MemorySegment.ofAddress(table.getAtIndex(JAVA_LONG, index));
    }

    /** The library of the running VM: lib/server/libjvm.so, lib/server/libjvm.dylib or bin\server\jvm.dll. */
    private static Path jvmLibrary() throws BridgeException {
        Path home = Path.of(System.getProperty("java.home"));
        String file = System.mapLibraryName("jvm");
        Path unix = home.resolve("lib").resolve("server").resolve(file);
        Path windows = home.resolve("bin").resolve("server").resolve(file);
        if (Files.exists(unix)) {
            return unix;
        }
        if (Files.exists(windows)) {
            return windows;
        }
        throw new BridgeException("neither " + unix + " nor " + windows + " exists", null);
    }
}
