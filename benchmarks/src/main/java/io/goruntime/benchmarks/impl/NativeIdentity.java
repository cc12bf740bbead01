package io.goruntime.benchmarks.impl;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.goruntime.Cgo;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/** The C library's labs, which returns its argument if that is not negative. */
final class NativeIdentity {
    private static final MethodHandle LABS = Cgo.downcall(
            Linker.nativeLinker().defaultLookup().find("labs").orElseThrow(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));

    private NativeIdentity() {}

    static long call(long n) {
        try {
            return (long) LABS.invokeExact(n);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
