package io.goruntime.internal.mem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.internal.jdk.Mode;
import io.goruntime.testing.Bounded;
import io.goruntime.testing.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Memory does the same by the bridge and by FFM, and nothing else in the library touches memory. */
class MemoryTest {
    @Test
    void followsAModel() {
        assertEquals("bridge, checked", MemoryProgram.run(Bounded.seed("MemoryTest")));
    }

    @Test
    void followsAModelInOtherJvms() {
        var ffm = ChildJvm.of(MemoryProgram.class).flags("-Dgoruntime.mem.backend=ffm").start();
        var jdk = ChildJvm.of(MemoryProgram.class).flags("-Dgoruntime.scheduler=jdk", "-Dgoruntime.mem.check=true")
                .start();
        var plain = ChildJvm.of(MemoryProgram.class).start();
        ffm.await().expectExit(0).expect("back end: ffm");
        jdk.await().expectExit(0).expect("back end: ffm, checked");
        plain.await().expectExit(0).expect("back end: bridge").expectNot("checked");
    }

    @Test
    void anAccessOutsideEveryHeapFailsAndDoesNotCrash() {
        Mode.ensure();
        assertTrue(Memory.CHECKED);
        String message = assertThrows(IllegalStateException.class, () -> Memory.putLong(0x1238, 1)).getMessage();
        assertEquals("access to 8 bytes at 0x1238: not in a heap", message);
        assertThrows(IllegalStateException.class, () -> Memory.copy(0x1000, 0x2000, 1));
        assertThrows(IllegalStateException.class, () -> Memory.clear(0x1000, 1));
    }

    // -- the system --

    @Test
    void windowsIsRefusedWithTheReason() {
        ChildJvm.of(MemoryProgram.class).flags("-Dos.name=Windows 11", "-Dgoruntime.scheduler=jdk").run().expectExit(1)
                .expect("UnsupportedOperationException: off-heap memory needs mmap, on Linux or macOS; on Windows 11 it "
                        + "would need VirtualAlloc, which is not implemented");
    }

    @Test
    void addressSpaceBecomesMemoryAndIsReleased() throws IOException {
        Mode.ensure();
        long bytes = 64 << 20;
        long reserved = OsMemory.reserve(2 * bytes);
        assertTrue(reserved != 0);
        long addr = reserved + bytes / 2; // with reserved neighbours, so that the system shows it as a mapping of its own
        Guard guard = new MemoryProgram.Range(addr, bytes);
        Memory.add(guard);
        try {
            assertEquals(0, OsMemory.commit(addr, bytes));
            long before = residentBytes(addr);
            for (long offset = 0; offset < bytes; offset += 4096) {
                assertEquals(0, Memory.getLong(addr + offset));
                Memory.putLong(addr + offset, -1);
            }
            assertTrue(residentBytes(addr) - before >= bytes, "touched memory is resident");
            assertTrue(OsMemory.release(addr, bytes / 2));
            long left = residentBytes(addr);
            assertTrue(left >= bytes / 2 && left < bytes, left + " bytes are resident");
            assertEquals(0, Memory.getLong(addr));
            assertEquals(-1, Memory.getLong(addr + bytes / 2));
        } finally {
            Memory.remove(guard);
            OsMemory.unmap(reserved, 2 * bytes);
        }
    }

    @Test
    void whatTheSystemRefusesIsSaid() {
        assertEquals(0, OsMemory.reserve(1L << 60));
        assertEquals(12, OsMemory.commit(4096, 4096)); // ENOMEM: nothing is ever mapped there
        assertEquals(0, OsMemory.pageSize() & OsMemory.pageSize() - 1);
    }

    /** The resident part of the mapping that begins at the address. */
    private static long residentBytes(long addr) throws IOException {
        boolean found = false;
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            found |= line.startsWith(Long.toHexString(addr) + "-");
            if (found && line.startsWith("Rss:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        throw new AssertionError("no mapping at 0x" + Long.toHexString(addr));
    }

    // -- nobody else --

    private static final Pattern ACCESS = Pattern
            .compile("java\\.lang\\.foreign|\\bUnsafe\\b|\\bJdk\\.(get|put|compareAndSet"
                    + "|set|copy)(Byte|Short|Int|Long|Memory)");
    private static final List<String> ALLOWED = List.of("internal/mem/Memory.java", "internal/mem/Foreign.java",
            "internal/mem/OsMemory.java", "internal/jdk/Jni.java", "internal/jdk/SelfTest.java",
            // Calls of native functions: what they touch is the arguments and the error number of a call.
            "goruntime/Cgo.java", "goruntime/RawSyscall.java", "internal/sched/CallBuffer.java",
            "internal/sched/M.java", "internal/sched/Syscalls.java");

    @Test
    void nothingElseTouchesMemory() throws IOException {
        int found = 0;
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                String code = Files.readString(file).replaceAll("(?s)/\\*.*?\\*/", "");
                if (ACCESS.matcher(code).find()) {
                    found++;
                    assertTrue(ALLOWED.stream().anyMatch(file.toString()::endsWith), file.toString());
                }
            }
        }
        assertEquals(ALLOWED.size(), found);
        assertFalse(ACCESS.matcher("Jdk.parkCarrier(0); Memory.getLong(addr);").find());
    }
}
