package io.goruntime.examples.http;

import io.goruntime.Syscall;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Map;

/**
 * Serves the regular files below a directory, and of directories their index.html. Nothing outside can be reached: neither by
 * dots in the path nor by symbolic links.
 */
public final class FileHandler implements Handler {
    private static final Map<String, String> TYPES = Map.ofEntries(Map.entry("html", "text/html; charset=utf-8"),
            Map.entry("txt", "text/plain; charset=utf-8"), Map.entry("css", "text/css; charset=utf-8"),
            Map.entry("js", "text/javascript; charset=utf-8"), Map.entry("json", "application/json"),
            Map.entry("svg", "image/svg+xml"), Map.entry("png", "image/png"), Map.entry("jpg", "image/jpeg"),
            Map.entry("gif", "image/gif"), Map.entry("pdf", "application/pdf"));

    private final Path root;

    /** For an existing directory. */
    public FileHandler(Path directory) throws IOException {
        root = directory.toRealPath();
    }

    @Override
    public void handle(Request request, Response response) throws IOException {
        if (!request.method().equals("GET") && !request.isHead()) {
            response.status(405).header("Allow", "GET, HEAD").send("405 Method Not Allowed");
            return;
        }
        String target = request.target();
        int query = target.indexOf('?');
        String path = query < 0 ? target : target.substring(0, query);
        // A disk may take its time; meanwhile the processor is for others.
        Path file = Syscall.blocking(() -> find(path));
        if (file == null) {
            response.status(404).send("404 Not Found");
        } else if (!Syscall.blocking(() -> Files.isRegularFile(file))) {
            response.status(301).header("Location", path + "/").send("301 Moved Permanently");
        } else {
            send(file, request, response);
        }
    }

    /** The file, or the directory if only a slash is missing; null: there is nothing that may be seen. */
    private Path find(String target) throws IOException {
        try {
            Path file = root;
            String[] segments = target.substring(1).split("/", -1);
            for (int i = 0; i < segments.length; i++) {
                String name = decode(segments[i]);
                boolean last = i == segments.length - 1;
                // An empty one in front would make of a redirection to //host one to another host.
                if (name == null || !isName(name) || name.isEmpty() && !last) {
                    return null;
                }
                file = file.resolve(name);
            }
            if (target.endsWith("/")) {
                file = file.resolve("index.html");
            }
            Path real = file.toRealPath();
            boolean seen = real.startsWith(root)
                    && (Files.isRegularFile(real) || Files.isDirectory(real) && !target.endsWith("/"));
            return seen ? real : null;
        } catch (FileSystemException | InvalidPathException e) {
            return null;
        }
    }

    /** Whether it names something in a directory, on any system. */
    private static boolean isName(String name) {
        return !name.equals(".") && !name.equals("..") && name.indexOf('/') < 0 && name.indexOf('\\') < 0;
    }

    private static void send(Path file, Request request, Response response) throws IOException {
        try (FileChannel channel = Syscall.blocking(() -> FileChannel.open(file, StandardOpenOption.READ))) {
            long modified = Files.getLastModifiedTime(file).toMillis() / 1000;
            response.header("Last-Modified", ResponseDate.format(modified));
            String since = request.header("If-Modified-Since");
            if (since != null && ResponseDate.parse(since) >= modified) {
                response.status(304).send(new byte[0]);
                return;
            }
            response.header("Content-Type", type(file.getFileName().toString()));
            response.sendFile(channel, channel.size());
        } catch (FileSystemException e) {
            response.status(404).send("404 Not Found");
        }
    }

    private static String type(String name) {
        String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        return TYPES.getOrDefault(extension, "application/octet-stream");
    }

    /** With each %XX as its byte, of UTF-8; null: there is something else behind a percent sign. */
    private static String decode(String segment) {
        if (segment.indexOf('%') < 0) {
            return segment;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < segment.length(); i++) {
            char c = segment.charAt(i);
            if (c != '%') {
                bytes.write(c);
                continue;
            }
            if (segment.length() - i < 3) {
                return null;
            }
            int high = Character.digit(segment.charAt(++i), 16);
            int low = Character.digit(segment.charAt(++i), 16);
            if (high < 0 || low < 0) {
                return null;
            }
            bytes.write(high << 4 | low);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
