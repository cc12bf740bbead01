package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Syscall, as its users see it. */
@SuppressWarnings("restricted") // it is what is tested
class SyscallTest {
    private static final long GETPID_X86_64 = 39;
    private static final long CLOSE_X86_64 = 3;
    private static final int EBADF = 9;

    private static void onlyLinuxOnX64() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String processor = System.getProperty("os.arch");
        assumeTrue(system.contains("linux") && processor.equals("amd64"), system + " on " + processor);
    }

    @OnProcs
    void aSectionReturnsAndThrowsWhatItsFunctionDoes(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            String text = Syscall.call(() -> "result");
            assertEquals("result", text);
            assertEquals(7, (int) Syscall.blocking(() -> 7));
            assertThrows(IOException.class, () -> Syscall.call(() -> {
                throw new IOException("no");
            }));
            assertThrows(IOException.class, () -> Syscall.blocking(() -> {
                throw new IOException("no");
            }));
            assertThrows(NullPointerException.class, () -> Syscall.call(null));
        });
    }

    @Test
    void onAPlainThreadASectionIsItsFunction() {
        assertEquals(1, (int) Syscall.call(() -> 1));
        assertEquals(2, (int) Syscall.blocking(() -> 2));
    }

    /** Goroutines that sleep in native code do not take each other's time, nor that of others. */
    @Tag("gmp")
    @Test
    void nativeSleepsOverlap() throws Exception {
        var address = Linker.nativeLinker().defaultLookup().find("usleep");
        assumeTrue(address.isPresent(), "the C library has no usleep");
        MethodHandle usleep = Linker.nativeLinker().downcallHandle(address.get(),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        int sleepers = 20;
        int micros = 100_000;
        AtomicInteger asleep = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Goroutines.run(1, () -> {
            Chan<Integer> done = Chan.make();
            for (int i = 0; i < sleepers; i++) {
                boolean blocking = i % 2 == 0;
                GoRuntime.go(() -> {
                    Syscall.Fn<Integer, Throwable> sleep = () -> {
                        most.accumulateAndGet(asleep.incrementAndGet(), Math::max);
                        int result = (int) usleep.invokeExact(micros);
                        asleep.decrementAndGet();
                        return result;
                    };
                    try {
                        int result = 0;
                        // Again, if the machine had no time for the others while the first ones slept.
                        for (int k = 0; k < 10 && most.get() <= sleepers / 2; k++) {
                            result |= blocking ? Syscall.blocking(sleep) : Syscall.call(sleep);
                        }
                        done.send(result);
                    } catch (InterruptedException | RuntimeException | Error e) {
                        throw e;
                    } catch (Throwable e) {
                        throw new AssertionError(e);
                    }
                });
            }
            for (int i = 0; i < sleepers; i++) {
                assertEquals(0, done.receive());
            }
        });
        assertTrue(most.get() > sleepers / 2, "as if one after the other: at most " + most + " together");
    }

    /** A native call may return and send: there is no deadlock while it lasts. */
    @Test
    void aSectionIsNoDeadlock() throws Exception {
        var address = Linker.nativeLinker().defaultLookup().find("usleep");
        assumeTrue(address.isPresent(), "the C library has no usleep");
        MethodHandle usleep = Linker.nativeLinker().downcallHandle(address.get(),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        GoRuntime.run(() -> {
            Chan<Integer> c = Chan.make();
            GoRuntime.go(() -> {
                try {
                    c.send(Syscall.<Integer, Throwable>call(() -> (int) usleep.invokeExact(300_000)));
                } catch (InterruptedException | RuntimeException | Error e) {
                    throw e;
                } catch (Throwable e) {
                    throw new AssertionError(e);
                }
            });
            assertEquals(0, c.receive());
        });
    }

    @OnProcs
    void systemCallsByNumber(int procs) throws Exception {
        onlyLinuxOnX64();
        long pid = ProcessHandle.current().pid();
        Goroutines.run(procs, () -> {
            assertEquals(new Syscall.Result(pid, 0, 0), Syscall.syscall6(GETPID_X86_64));
            assertEquals(new Syscall.Result(pid, 0, 0), Syscall.rawSyscall(GETPID_X86_64));
            assertEquals(new Syscall.Result(-1, 0, EBADF), Syscall.syscall6(CLOSE_X86_64, -1));
            assertEquals(new Syscall.Result(-1, 0, EBADF), Syscall.rawSyscall(CLOSE_X86_64, -1));
        });
        assertEquals(pid, Syscall.syscall6(GETPID_X86_64).r1());
        assertEquals(EBADF, Syscall.rawSyscall(CLOSE_X86_64, -1).errno());
    }

    @Test
    void moreThanSixArgumentsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Syscall.syscall6(GETPID_X86_64, 1, 2, 3, 4, 5, 6, 7));
        assertThrows(IllegalArgumentException.class, () -> Syscall.rawSyscall(GETPID_X86_64, 1, 2, 3, 4, 5, 6, 7));
    }

    /** Each goroutine sees the error of its own call. */
    @Test
    void errorNumbersAreNotMixedUp() throws Exception {
        onlyLinuxOnX64();
        long read = 0;
        int efault = 14;
        Goroutines.run(2, () -> {
            Chan<Integer> done = Chan.make();
            for (int i = 0; i < 8; i++) {
                int mine = i;
                GoRuntime.go(() -> {
                    int wrong = 0;
                    for (int k = 0; k < 2_000; k++) {
                        boolean bad = (k + mine) % 2 == 0;
                        Syscall.Result r = bad ? Syscall.syscall6(CLOSE_X86_64, -1) : pipeRead(read);
                        wrong += r.errno() == (bad ? EBADF : efault) ? 0 : 1;
                    }
                    done.send(wrong);
                });
            }
            for (int i = 0; i < 8; i++) {
                assertEquals(0, done.receive());
            }
        });
    }

    /** A read of /dev/zero to address 1. */
    private static Syscall.Result pipeRead(long read) {
        return Syscall.syscall6(read, ZERO, 1, 8);
    }

    private static final long ZERO = openDevZero();

    private static long openDevZero() {
        try (var arena = java.lang.foreign.Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom("/dev/zero");
            return Syscall.rawSyscall(2, path.address(), 0).r1();
        }
    }

    @Test
    void aPipeBetweenTwoGoroutines() throws Exception {
        onlyLinuxOnX64();
        try (var arena = java.lang.foreign.Arena.ofShared()) {
            MemorySegment fds = arena.allocate(ValueLayout.JAVA_INT, 2);
            MemorySegment in = arena.allocate(8);
            MemorySegment out = arena.allocate(8);
            assertEquals(0, Syscall.rawSyscall(22, fds.address()).r1());
            int r = fds.get(ValueLayout.JAVA_INT, 0);
            int w = fds.get(ValueLayout.JAVA_INT, 4);
            assertNotEquals(r, w);
            Goroutines.run(1, () -> {
                Chan<Long> got = Chan.make();
                GoRuntime.go(() -> {
                    assertEquals(8, Syscall.syscall6(0, r, in.address(), 8).r1());
                    got.send(in.get(ValueLayout.JAVA_LONG, 0));
                });
                GoRuntime.gosched();
                out.set(ValueLayout.JAVA_LONG, 0, 42L);
                assertEquals(8, Syscall.syscall6(1, w, out.address(), 8).r1());
                assertEquals(42L, got.receive());
            });
            Syscall.rawSyscall(CLOSE_X86_64, r);
            Syscall.rawSyscall(CLOSE_X86_64, w);
        }
        assertFalse(Thread.interrupted());
    }
}
