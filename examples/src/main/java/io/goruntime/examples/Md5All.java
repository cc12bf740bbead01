package io.goruntime.examples;

import static io.goruntime.GoRuntime.go;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.Received;
import io.goruntime.SendChan;
import java.io.BufferedOutputStream;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * Prints the MD5 sum of every regular file under a directory, as {@code md5sum} does, in the byte order of the paths.
 *
 * <p>Output and selection are those of {@code find DIR -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum}: symbolic
 * links below DIR are neither followed nor printed; DIR itself may be one. It stops at the first file or directory, in
 * this order, that cannot be read: the sums before it are printed, standard error names it, and the exit code is 1.
 */
/*
 * A pipeline of goroutines:
 *
 *              work (no buffer)
 *           +-------------------> digester 1 ... 8 --+
 *   walker -+                                        | one channel a file
 *           +-------------------> printer <----------+
 *              order (buffered)
 *
 * The walker sends each file twice: to the digesters, of which any may take it, and to the printer, which keeps the
 * order. The result travels in a channel that belongs to the file, so the printer waits for exactly the one it prints
 * next while the digesters work ahead. How far ahead is the capacity of `order`: memory is bounded by that and by the
 * largest directories on the way down, not by the tree.
 *
 * Errors travel with the results, as values. Nothing has to be done to stop early: the printer is the main goroutine,
 * and when it throws, GoRuntime.run interrupts whatever walks, digests or waits in a channel, and returns when it is gone.
 */
public final class Md5All {
    /** More than most machines have processors, so that some may wait for a disk. */
    private static final int DIGESTERS = 8;

    /** How many files the digesters may be ahead of the printer, which may be held up by one large file. */
    private static final int AHEAD = 1024;

    private static final int CHUNK_BYTES = 1 << 16;

    private static final Duration PROGRESS_INTERVAL = Duration.ofMillis(200);

    /** How files are opened; tests put failures here. */
    @FunctionalInterface
    interface Opener {
        InputStream open(Path file) throws IOException;
    }

    /** A file on its way from the walker to the printer. */
    private record Job(Path path, byte[] printed, Chan<Sum> sum) {}

    /** What became of it: a digest, or the reason why there is none. */
    private record Sum(byte[] md5, IOException failure) {}

    private final Opener opener;
    private final OutputStream out;
    private final PrintStream progress;

    private final LongAdder bytesRead = new LongAdder();
    private long filesPrinted;
    private long lastProgressNanos = System.nanoTime();

    /**
     * @param out gets the sums
     * @param progress gets a line that is written over and over; null for none
     */
    Md5All(Opener opener, OutputStream out, PrintStream progress) {
        this.opener = opener;
        this.out = out;
        this.progress = progress;
    }

    /** Runs the example: {@code md5all DIR}. */
    public static void main(String[] args) {
        // Asked for by the script, which can tell a terminal; Java cannot, for standard error alone.
        boolean progress = Boolean.getBoolean("md5all.progress");
        System.exit(main(args, Files::newInputStream, progress));
    }

    static int main(String[] args, Opener opener, boolean progress) {
        if (args.length != 1) {
            System.err.println("usage: md5all DIR");
            return 2;
        }
        // System.out would keep quiet about a full disk.
        OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out));
        try {
            new Md5All(opener, out, progress ? System.err : null).run(args[0]);
            return 0;
        } catch (IOException e) {
            System.err.println("md5all: " + e.getMessage());
        } catch (InterruptedException e) {
            System.err.println("md5all: interrupted");
        }
        return 1;
    }

    // -- the pipeline --

    void run(String dir) throws IOException, InterruptedException {
        Path root = directory(dir);
        byte[] prefix = (dir.endsWith("/") ? dir : dir + "/").getBytes(nativeCharset());
        GoRuntime.run(() -> {
            Chan<Job> work = Chan.make();
            Chan<Job> order = Chan.make(AHEAD);
            go("walker", () -> {
                try (var _ = work.closer(); var _ = order.closer()) {
                    walk(root, prefix, work, order);
                }
            });
            for (int i = 0; i < DIGESTERS; i++) {
                go("digester-" + i, () -> {
                    MessageDigest md5 = md5();
                    byte[] buffer = new byte[CHUNK_BYTES];
                    work.range(job -> job.sum.send(digest(job.path, md5, buffer)));
                });
            }
            try {
                order.range(job -> print(job, await(job)));
            } finally {
                clearProgress();
                out.flush();
            }
        });
    }

    /** Sends every regular file under the directory, in the byte order of the paths; false after a failure. */
    private boolean walk(Path dir, byte[] prefix, SendChan<Job> work, SendChan<Job> order)
            throws InterruptedException {
        List<Entry> entries;
        try {
            entries = list(dir, prefix);
        } catch (IOException e) {
            Chan<Sum> failed = Chan.make(1);
            failed.send(new Sum(null, e));
            order.send(new Job(dir, prefix, failed));
            return false;
        }
        for (Entry entry : entries) {
            if (entry.directory) {
                if (!walk(entry.path, entry.printed, work, order)) {
                    return false;
                }
            } else {
                // The digester's send must not wait for the printer: room for the one value.
                Job job = new Job(entry.path, entry.printed, Chan.make(1));
                order.send(job);
                work.send(job);
            }
        }
        return true;
    }

    private Sum digest(Path file, MessageDigest md5, byte[] buffer) throws InterruptedException {
        try (InputStream in = opener.open(file)) {
            md5.reset();
            for (int n; (n = in.read(buffer)) >= 0;) {
                md5.update(buffer, 0, n);
                bytesRead.add(n);
                // A loop without a channel in it: nobody else would end it, or give others their turn.
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                GoRuntime.gosched();
            }
            return new Sum(md5.digest(), null);
        } catch (IOException e) {
            return new Sum(null, e);
        }
    }

    private Sum await(Job job) throws IOException, InterruptedException {
        showProgress();
        Received<Sum> sum = job.sum.tryReceive();
        if (sum == null) {
            out.flush(); // whoever reads along sees everything that is known so far
            while ((sum = job.sum.tryReceive(PROGRESS_INTERVAL)) == null) {
                showProgress();
            }
        }
        return sum.value();
    }

    private void print(Job job, Sum sum) throws IOException {
        if (sum.failure != null) {
            String path = new String(escape(job.printed), nativeCharset());
            throw new IOException(path + ": " + reason(sum.failure), sum.failure);
        }
        byte[] path = escape(job.printed);
        if (path != job.printed) {
            out.write('\\'); // how md5sum says that the name is escaped
        }
        for (byte b : sum.md5) {
            out.write(Character.forDigit(b >> 4 & 15, 16));
            out.write(Character.forDigit(b & 15, 16));
        }
        out.write(' ');
        out.write(' ');
        out.write(path);
        out.write('\n');
        filesPrinted++;
    }

    private void showProgress() {
        if (progress != null && System.nanoTime() - lastProgressNanos >= PROGRESS_INTERVAL.toNanos()) {
            lastProgressNanos = System.nanoTime();
            progress.printf("\r%,d files, %,d MB read ", filesPrinted, bytesRead.sum() >> 20);
            progress.flush();
        }
    }

    private void clearProgress() {
        if (progress != null) {
            progress.print("\r\033[K");
            progress.flush();
        }
    }

    // -- the file system --

    private static final class Entry {
        final Path path;
        final boolean directory;
        /** The bytes to print; those of a directory end with a slash. */
        final byte[] printed;

        Entry(Path path, boolean directory, byte[] prefix) {
            this.path = path;
            this.directory = directory;
            byte[] name = bytesOfName(path);
            printed = Arrays.copyOf(prefix, prefix.length + name.length + (directory ? 1 : 0));
            System.arraycopy(name, 0, printed, prefix.length, name.length);
            if (directory) {
                printed[printed.length - 1] = '/';
            }
        }
    }

    private static Path directory(String dir) throws IOException {
        try {
            Path root = Path.of(dir);
            if (dir.isEmpty()) {
                throw new NoSuchFileException(dir);
            }
            if (!Files.readAttributes(root, BasicFileAttributes.class).isDirectory()) {
                throw new NotDirectoryException(dir);
            }
            return root;
        } catch (IOException | InvalidPathException e) {
            throw new IOException(dir + ": " + reason(e), e);
        }
    }

    /**
     * The subdirectories and regular files in a directory. Sorted by what is printed, with the slash after a directory,
     * they come in an order in which walking down from each in turn gives all paths in byte order.
     */
    private static List<Entry> list(Path dir, byte[] prefix) throws IOException {
        List<Entry> entries = new ArrayList<>();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(dir)) {
            for (Path child : children) {
                BasicFileAttributes attributes = Files.readAttributes(child, BasicFileAttributes.class,
                        LinkOption.NOFOLLOW_LINKS);
                if (attributes.isDirectory() || attributes.isRegularFile()) {
                    entries.add(new Entry(child, attributes.isDirectory(), prefix));
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        entries.sort((a, b) -> Arrays.compareUnsigned(a.printed, b.printed));
        return entries;
    }

    /**
     * The bytes of a file's name. On Unix a name is bytes, and a path keeps them, but its string does not where they are
     * no text in the locale's encoding. Its URI shows all of them.
     */
    private static byte[] bytesOfName(Path path) {
        String name = path.getFileName().toString();
        if (File.separatorChar != '/' || name.chars().allMatch(c -> c < 0x80)) {
            return name.getBytes(StandardCharsets.UTF_8);
        }
        String uri = path.toUri().getRawPath();
        if (uri.endsWith("/")) {
            uri = uri.substring(0, uri.length() - 1);
        }
        String encoded = uri.substring(uri.lastIndexOf('/') + 1);
        byte[] bytes = new byte[encoded.length()];
        int n = 0;
        for (int i = 0; i < encoded.length(); i++) {
            char c = encoded.charAt(i);
            if (c == '%') {
                c = (char) Integer.parseInt(encoded, i + 1, i + 3, 16);
                i += 2;
            }
            bytes[n++] = (byte) c;
        }
        return Arrays.copyOf(bytes, n);
    }

    /** A name with a backslash or an end of line in it as md5sum prints it; the array itself if there is none. */
    private static byte[] escape(byte[] name) {
        byte[] escaped = new byte[2 * name.length];
        int n = 0;
        for (byte b : name) {
            if (b == '\\' || b == '\n' || b == '\r') {
                escaped[n++] = '\\';
            }
            escaped[n++] = b == '\n' ? (byte) 'n' : b == '\r' ? (byte) 'r' : b;
        }
        return n == name.length ? name : Arrays.copyOf(escaped, n);
    }

    /** The encoding of the arguments of the program and of messages. */
    private static Charset nativeCharset() {
        return Charset.forName(System.getProperty("native.encoding"));
    }

    private static String reason(Exception e) {
        return switch (e) {
            case NoSuchFileException _ -> "no such file or directory";
            case NotDirectoryException _ -> "not a directory";
            case AccessDeniedException _ -> "permission denied";
            case FileSystemException f when f.getReason() != null -> f.getReason();
            default -> e.getMessage() == null ? e.toString() : e.getMessage();
        };
    }

    private static MessageDigest md5() {
        try {
            return MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform has it
        }
    }
}
