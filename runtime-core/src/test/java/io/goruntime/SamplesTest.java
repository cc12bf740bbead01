package io.goruntime;

import static io.goruntime.GoRuntime.go;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The samples of the design and of Javadoc as programs; PackagedJarIT runs that of README.md. */
class SamplesTest {
    @TempDir
    Path dir;

    @Test
    void pipeline() throws Exception {
        List<Path> files = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 100; i++) { // more than the buffer of paths holds
            files.add(Files.writeString(dir.resolve("f" + i), "content " + i));
            expected.add(digest(files.getLast()));
        }
        assertEquals(expected, printed(out -> {
            GoRuntime.run(() -> {
                Chan<Path> paths = Chan.make(16);
                Chan<String> sums = Chan.make();
                go(() -> {
                    try (var _ = paths.closer()) {
                        for (Path f : files) paths.send(f);
                    }
                });
                go(() -> {
                    try (var _ = sums.closer()) {
                        paths.range(f -> sums.send(digest(f)));
                    }
                });
                for (String s : sums) out.println(s);
            });
        }));
    }

    /** The sample in the Javadoc of GoRuntime. */
    @Test
    void hello() throws Exception {
        assertEquals(List.of("hello"), printed(out -> {
            GoRuntime.run(() -> {
                Chan<String> words = Chan.make();
                GoRuntime.go(() -> {
                    try (var _ = words.closer()) {
                        words.send("hello");
                    }
                });
                for (String word : words) {
                    out.println(word);
                }
            });
        }));
    }

    /** A worker pool: any number of goroutines may range over one channel, each element comes once. */
    @Test
    void fanOutAndIn() throws Exception {
        List<Integer> got = new ArrayList<>();
        GoRuntime.run(() -> {
            Chan<Integer> work = Chan.make();
            Chan<Integer> results = Chan.make();
            for (int i = 0; i < 5; i++) {
                go(() -> work.range(results::send));
            }
            go(() -> {
                try (var _ = work.closer()) {
                    for (int i = 0; i < 1000; i++) work.send(i);
                }
            });
            for (int i = 0; i < 1000; i++) {
                got.add(results.receive());
            }
        });
        Collections.sort(got);
        for (int i = 0; i < 1000; i++) {
            assertEquals(i, got.get(i));
        }
    }

    @FunctionalInterface
    private interface Sample {
        void run(PrintStream out) throws Exception;
    }

    private static List<String> printed(Sample sample) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        sample.run(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private static String digest(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
