package io.goruntime.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.goruntime.GoRuntime;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The example md5all against md5sum itself and against an oracle that is a sorted map. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "names with ends of lines, links and FIFOs are Unix's")
class Md5AllTest {
    /** Names that sort differently as paths, as strings of Java and as bytes, and names that md5sum escapes. */
    private static final List<String> NAMES = List.of("plain", "with space", " ", "-n", ".hidden", "new\nline",
            "carriage\rreturn", "back\\slash", "\\", "\\n\n", "quote'\"", "*", "ab", "a/b/c/d", "a.b", "a-b", "a/b.c",
            "a/b/c.d", "a0", "A", "d/plain", "d\nd/x", "d d/x", "d\\d/x\\");

    private static final List<String> UNICODE_NAMES = List.of("\u00fcml\u00e4ut", "\uffee", "\ud83d\ude00",
            "\u65e5\u672c/\u8a9e", "z\u0301");

    private static final Duration THREADS_END = Duration.ofSeconds(20);

    @TempDir
    Path dir;

    // -- what it prints --

    @Test
    void printsWhatMd5sumPrintsForThisRepository() throws Exception {
        // A copy, since the build writes into the tree while this test reads it.
        Path repository = Path.of("").toAbsolutePath().getParent();
        assertTrue(Files.exists(repository.resolve("README.md")), repository.toString());
        Files.walkFileTree(repository, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path from, BasicFileAttributes attributes) throws IOException {
                if (from.endsWith("target") || from.endsWith(".git")) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                Files.createDirectories(dir.resolve(repository.relativize(from)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path from, BasicFileAttributes attributes) throws IOException {
                Files.copy(from, dir.resolve(repository.relativize(from)));
                return FileVisitResult.CONTINUE;
            }
        });
        String sums = md5all(dir);
        assertEquals(md5sum(dir), sums);
        assertTrue(sums.lines().count() > 50, sums);
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "elsewhere names are text, and md5sum another program")
    void printsWhatMd5sumPrintsForAnyName() throws Exception {
        makeFiles(NAMES);
        makeFiles(unicodeNames());
        // A name that is no text in any encoding, by a program that takes bytes.
        Program.run(List.of("sh", "-c", "printf x > \"$(printf 'in\\377valid')\" && "
                + "mkdir -p \"$(printf '\\376')\" && printf y > \"$(printf '\\376/\\001\\200')\""), dir, null)
                .expectExit(0);
        assertEquals(md5sum(dir), md5all(dir));
    }

    @Test
    void printsEachNameAsTheOracle() throws Exception {
        Map<String, byte[]> files = makeFiles(NAMES);
        assertEquals(oracle(dir + "/", files), md5all(dir));
    }

    @Test
    void printsUnicodeNamesInTheOrderOfTheirBytes() throws Exception {
        Map<String, byte[]> files = makeFiles(unicodeNames());
        assertEquals(oracle(dir + "/", files), md5all(dir));
    }

    @Test
    void printsARandomTreeInOrder() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        Map<String, byte[]> files = new TreeMap<>();
        for (int i = 0; i < 3000; i++) {
            StringBuilder name = new StringBuilder();
            for (int depth = random.nextInt(4); depth >= 0; depth--) {
                name.append((char) ('a' + random.nextInt(3))).append("-.0".charAt(random.nextInt(3)))
                        .append(depth == 0 ? "f" + i : "/");
            }
            byte[] content = new byte[random.nextInt(20) == 0 ? random.nextInt(300_000) : random.nextInt(200)];
            random.nextBytes(content);
            files.put(name.toString(), content);
        }
        make(files);
        assertEquals(oracle(dir + "/", files), md5all(dir));
    }

    @Test
    void ignoresLinksAndWhatIsNoFile() throws Exception {
        Map<String, byte[]> files = makeFiles(List.of("file", "sub/file"));
        Files.createDirectory(dir.resolve("empty"));
        Files.createSymbolicLink(dir.resolve("link-to-file"), Path.of("file"));
        Files.createSymbolicLink(dir.resolve("link-to-directory"), Path.of("sub"));
        Files.createSymbolicLink(dir.resolve("link-to-itself"), Path.of("."));
        Files.createSymbolicLink(dir.resolve("dangling"), Path.of("nowhere"));
        Program.run(List.of("mkfifo", "fifo"), dir, null).expectExit(0);
        assertEquals(oracle(dir + "/", files), md5all(dir));
        assertEquals(oracle(dir + "/link-to-directory/", Map.of("file", files.get("sub/file"))),
                md5all(dir.resolve("link-to-directory")));
    }

    @Test
    void printsThePathAsItWasGiven() throws Exception {
        Map<String, byte[]> files = makeFiles(List.of("a", "b/c"));
        for (String given : List.of(dir + "/", dir + "//", dir + "/b/..", dir + "/.")) {
            assertEquals(oracle(given.endsWith("/") ? given : given + "/", files), md5all(given));
        }
    }

    // -- how it works --

    @Test
    void worksAheadOfASlowFileButNotWithoutLimit() throws Exception {
        int count = 3000;
        Map<String, byte[]> files = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            files.put("f%04d".formatted(i), new byte[]{(byte) i, (byte) (i >> 8)});
        }
        make(files);
        int limit = 1024 + 3; // the capacity, the one the printer waits for, the one the walker tries to send
        AtomicInteger opened = new AtomicInteger();
        AtomicInteger aheadOfFirst = new AtomicInteger();
        CountDownLatch ahead = new CountDownLatch(1024);
        String sums = md5all(dir.toString(), file -> {
            opened.incrementAndGet();
            ahead.countDown();
            if (file.endsWith("f0000")) {
                try {
                    ahead.await();
                    Thread.sleep(100); // a chance to go too far
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                aheadOfFirst.set(opened.get());
            }
            return Files.newInputStream(file);
        });
        assertEquals(oracle(dir + "/", files), sums);
        assertEquals(count, opened.get());
        assertTrue(aheadOfFirst.get() <= limit, aheadOfFirst + " files opened while the first was read");
    }

    // -- failures --

    @Test
    void anUnreadableFileEndsItWithWhatCameBefore() throws Exception {
        Map<String, byte[]> files = makeFiles(List.of("a", "b/a", "c", "d", "e/f/g", "h"));
        Set<Thread> digesters = ConcurrentHashMap.newKeySet();
        Set<GoRuntime> runtimes = ConcurrentHashMap.newKeySet();
        AtomicInteger open = new AtomicInteger();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        IOException failure = assertThrows(IOException.class, () -> new Md5All(file -> {
            digesters.add(Thread.currentThread());
            runtimes.add(GoRuntime.current());
            if (file.endsWith("c")) {
                throw new AccessDeniedException(file.toString());
            }
            open.incrementAndGet();
            return closing(Files.newInputStream(file), open);
        }, out, null).run(dir.toString()));
        assertEquals(dir + "/c: permission denied", failure.getMessage());
        files.keySet().retainAll(Set.of("a", "b/a"));
        assertEquals(oracle(dir + "/", files), out.toString(StandardCharsets.UTF_8));
        assertNothingLeft(digesters, runtimes, open);
    }

    @Test
    void anEarlyStopEndsDigestersThatAreInTheMiddle() throws Exception {
        makeFiles(List.of("a", "endless-1", "endless-2", "z"));
        Set<Thread> digesters = ConcurrentHashMap.newKeySet();
        Set<GoRuntime> runtimes = ConcurrentHashMap.newKeySet();
        AtomicInteger open = new AtomicInteger();
        CountDownLatch inTheMiddle = new CountDownLatch(2);
        IOException failure = assertThrows(IOException.class, () -> md5all(dir.toString(), file -> {
            digesters.add(Thread.currentThread());
            runtimes.add(GoRuntime.current());
            if (file.endsWith("a")) {
                try {
                    inTheMiddle.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                throw new IOException("Input/output error");
            }
            open.incrementAndGet();
            return closing(file.endsWith("z") ? Files.newInputStream(file) : new Endless(inTheMiddle), open);
        }));
        assertEquals(dir + "/a: Input/output error", failure.getMessage());
        assertNothingLeft(digesters, runtimes, open);
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "the longest path is another elsewhere")
    void aDirectoryThatCannotBeListedEndsIt() throws Exception {
        // Two deep paths, each short enough to be made, one moved below the other: the end is too long for the system.
        String longName = "n".repeat(200);
        Path upper = deep(dir.resolve("b"), longName, 10);
        Path lowerRoot = dir.resolve("lower");
        deep(lowerRoot, longName, 12);
        Path moved = upper.resolve("lower");
        Map<String, byte[]> files = makeFiles(List.of("a", "c"));
        Files.move(lowerRoot, moved);
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            IOException failure = assertThrows(IOException.class,
                    () -> new Md5All(Files::newInputStream, out, null).run(dir.toString()));
            assertTrue(failure.getMessage().startsWith(dir + "/b/nnn"), failure.getMessage());
            assertTrue(failure.getMessage().endsWith("n/: File name too long"), failure.getMessage());
            assertEquals(oracle(dir + "/", Map.of("a", files.get("a"))), out.toString(StandardCharsets.UTF_8));
        } finally {
            Files.move(moved, lowerRoot); // so that it can be deleted
        }
    }

    @Test
    void aFullDiskIsAnError() throws Exception {
        makeFiles(List.of("a"));
        IOException full = new IOException("No space left on device");
        IOException failure = assertThrows(IOException.class, () -> new Md5All(Files::newInputStream,
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw full;
                    }
                }, null).run(dir.toString()));
        assertEquals(full, failure);
    }

    @Test
    void anInterruptEndsIt() throws Exception {
        makeFiles(List.of("a"));
        AtomicInteger open = new AtomicInteger();
        CountDownLatch inTheMiddle = new CountDownLatch(1);
        Thread caller = Thread.currentThread();
        Thread interrupter = Thread.startVirtualThread(() -> {
            try {
                inTheMiddle.await();
                caller.interrupt();
            } catch (InterruptedException e) {
                return;
            }
        });
        assertThrows(InterruptedException.class, () -> md5all(dir.toString(), file -> {
            open.incrementAndGet();
            return closing(new Endless(inTheMiddle), open);
        }));
        interrupter.join();
        assertNothingLeft(Set.of(), Set.of(), open);
    }

    // -- the program --

    @Test
    void programPrintsSumsAndNothingElse() throws Exception {
        Map<String, byte[]> files = makeFiles(NAMES);
        for (List<String> flags : List.of(List.<String>of(), List.of("-Dgoruntime.scheduler=jdk"))) {
            Program program = Program.java(Md5All.class, flags, dir.toString()).expectExit(0);
            assertEquals(oracle(dir + "/", files), program.out());
            assertEquals("", program.err());
        }
    }

    @Test
    void programPrintsNothingForAnEmptyDirectory() throws Exception {
        Program program = Program.java(Md5All.class, List.of(), dir.toString()).expectExit(0);
        assertArrayEquals(new byte[0], program.outBytes());
        assertEquals("", program.err());
    }

    @Test
    void programRefusesABadDirectory() throws Exception {
        Path missing = dir.resolve("missing");
        Program program = Program.java(Md5All.class, List.of(), missing.toString()).expectExit(1);
        assertEquals("", program.out());
        assertEquals("md5all: " + missing + ": no such file or directory\n", program.err());

        Path file = Files.createFile(dir.resolve("file"));
        program = Program.java(Md5All.class, List.of(), file.toString()).expectExit(1);
        assertEquals("", program.out());
        assertEquals("md5all: " + file + ": not a directory\n", program.err());

        assertEquals(": no such file or directory",
                assertThrows(IOException.class, () -> md5all("")).getMessage());
    }

    @Test
    void programWantsOneArgument() throws Exception {
        for (String[] args : new String[][]{{}, {".", "."}}) {
            Program program = Program.java(Md5All.class, List.of(), args).expectExit(2);
            assertEquals("", program.out());
            assertEquals("usage: md5all DIR\n", program.err());
        }
    }

    @Test
    void programNamesTheFileItCannotRead() throws Exception {
        Map<String, byte[]> files = makeFiles(List.of("a", "b/vanishing", "c"));
        Program program = Program.java(Vanishing.class, List.of(), dir.toString()).expectExit(1);
        assertEquals(oracle(dir + "/", Map.of("a", files.get("a"))), program.out());
        assertEquals("md5all: " + dir + "/b/vanishing: no such file or directory\n", program.err());
    }

    @Test
    void programShowsProgressWhenToldThatSomebodyLooks() throws Exception {
        makeFiles(List.of("a"));
        Program program = Program.java(Md5All.class, List.of("-Dmd5all.progress=true"), dir.toString())
                .expectExit(0);
        assertEquals(1, program.out().lines().count(), program::toString);
        assertTrue(program.err().endsWith("\r\033[K"), program::toString);
    }

    // -- helpers --

    /** Reads zeros for ever, ignores interrupts, and says when it has begun. */
    private static final class Endless extends InputStream {
        private final CountDownLatch begun;

        Endless(CountDownLatch begun) {
            this.begun = begun;
        }

        @Override
        public int read() {
            begun.countDown();
            return 0;
        }

        @Override
        public int read(byte[] buffer, int from, int length) {
            begun.countDown();
            return length;
        }
    }

    private static InputStream closing(InputStream in, AtomicInteger open) {
        return new FilterInputStream(in) {
            @Override
            public void close() throws IOException {
                super.close();
                open.decrementAndGet();
            }
        };
    }

    private static void assertNothingLeft(Set<Thread> digesters, Set<GoRuntime> runtimes, AtomicInteger open)
            throws InterruptedException {
        assertEquals(0, open.get(), "files left open");
        // Threads that have nothing left to do are not waited for longer than a second when the runtime ends.
        for (Thread digester : digesters) {
            assertTrue(digester.join(THREADS_END), () -> digester + " " + Arrays.toString(digester.getStackTrace()));
        }
        for (GoRuntime runtime : runtimes) {
            assertEquals(0, runtime.numGoroutine());
        }
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("goruntime-")) {
                assertTrue(thread.join(THREADS_END), thread::toString);
            }
        }
    }

    private static String md5all(Object directory) throws Exception {
        return md5all(directory.toString(), Files::newInputStream);
    }

    private static String md5all(String directory, Md5All.Opener opener) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new Md5All(opener, out, null).run(directory);
        // One char a byte, so that two outputs are equal as strings when they are equal as bytes.
        return latin1(out.toByteArray());
    }

    private static String latin1(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** What the programs of the system say; the test is skipped where they are not installed. */
    private static String md5sum(Path directory) throws Exception {
        assumeTrue(onPath("md5sum") && onPath("find"), "md5sum and find are needed");
        Program find = Program.run(List.of("sh", "-c",
                "find \"$0\" -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum", directory.toString()), null, null)
                .expectExit(0);
        return latin1(find.outBytes());
    }

    private static boolean onPath(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(each -> Files.isExecutable(Path.of(each, program)));
    }

    private static List<String> unicodeNames() {
        assumeTrue("UTF-8".equals(System.getProperty("sun.jnu.encoding")), "file names are not in UTF-8 here");
        return UNICODE_NAMES;
    }

    private Map<String, byte[]> makeFiles(List<String> names) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        for (String name : names) {
            files.put(name, ("content of " + name).getBytes(StandardCharsets.UTF_8));
        }
        files.replaceAll((name, content) -> name.equals("plain") ? new byte[0] : content);
        make(files);
        return files;
    }

    private void make(Map<String, byte[]> files) throws IOException {
        for (var file : files.entrySet()) {
            Path path = dir.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.write(path, file.getValue());
        }
    }

    private static Path deep(Path top, String name, int depth) throws IOException {
        Path path = top;
        for (int i = 0; i < depth; i++) {
            path = path.resolve(name);
        }
        return Files.createDirectories(path);
    }

    /** The expected output, for contents by name, as latin1 of its bytes. */
    private static String oracle(String prefix, Map<String, byte[]> files) throws Exception {
        Map<byte[], byte[]> sorted = new TreeMap<>(Arrays::compareUnsigned);
        files.forEach((name, content) -> sorted.put((prefix + name).getBytes(StandardCharsets.UTF_8), content));
        MessageDigest md5 = MessageDigest.getInstance("MD5");
        StringBuilder lines = new StringBuilder();
        for (var file : sorted.entrySet()) {
            String path = latin1(file.getKey());
            String escaped = path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
            lines.append(escaped.equals(path) ? "" : "\\").append(HexFormat.of().formatHex(md5.digest(file.getValue())))
                    .append("  ").append(escaped).append('\n');
        }
        return lines.toString();
    }
}
