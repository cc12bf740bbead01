package io.goruntime.examples.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.examples.http.HttpClientSocket.Reply;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files, and nothing that is not below their directory. */
class FileHandlerTest {
    @TempDir
    Path dir;

    private Path root;
    private TestServer server;
    private HttpClientSocket client;

    @BeforeEach
    void start() throws Exception {
        root = Files.createDirectory(dir.resolve("root"));
        Files.writeString(dir.resolve("secret"), "secret");
        Files.writeString(root.resolve("a.txt"), "text");
        Files.createDirectory(root.resolve("sub"));
        Files.writeString(root.resolve("sub/index.html"), "index");
        server = new TestServer(new FileHandler(root));
        client = server.connect();
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        server.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4096, 100_000, 3_000_000})
    void sendsWhatIsInTheFile(int length) throws Exception {
        byte[] content = new byte[length];
        new Random(length).nextBytes(content);
        Files.write(root.resolve("file ü.bin"), content);
        for (int i = 0; i < 3; i++) {
            Reply reply = client.get("/file%20%C3%BC.bin?query");
            assertEquals(200, reply.status());
            assertEquals("application/octet-stream", reply.headers().get("content-type"));
            assertTrue(new String(content, StandardCharsets.ISO_8859_1).equals(reply.body()));
        }
    }

    @Test
    void knowsTypesDirectoriesAndDates() throws Exception {
        Reply file = client.get("/a.txt");
        assertEquals("text/plain; charset=utf-8", file.headers().get("content-type"));
        assertEquals("index", client.get("/sub/").body());
        Reply directory = client.get("/sub");
        assertEquals(301, directory.status());
        assertEquals("/sub/", directory.headers().get("location"));
        assertEquals(404, client.get("/").status());

        Reply head = client.send("HEAD /a.txt HTTP/1.1\nHost: h\n\n").reply(false);
        assertEquals("4", head.headers().get("content-length"));
        Reply unchanged = client.send("GET /a.txt HTTP/1.1\nHost: h\nIf-Modified-Since: "
                + file.headers().get("last-modified") + "\n\n").reply();
        assertEquals(304, unchanged.status());
        Reply changed = client.send("GET /a.txt HTTP/1.1\nHost: h\nIf-Modified-Since: "
                + "Thu, 01 Jan 1970 00:00:00 GMT\n\n").reply();
        assertEquals("text", changed.body());
        Reply posted = client.send("POST /a.txt HTTP/1.1\nHost: h\nContent-Length: 1\n\nx").reply();
        assertEquals(405, posted.status());
        assertEquals("GET, HEAD", posted.headers().get("allow"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/../secret", "/%2e%2e/secret", "/..%2fsecret", "/..%5csecret", "/sub/../../secret",
            "/sub/%2E./../secret", "/./../secret", "//../secret", "/..", "/../", "/link", "/linked/secret", "/%00",
            "/a.txt%00.html", "/a.txt/", "/a.txt/x", "/%", "/%2", "/%zz", "/a.txt%", "/none", "/sub/none", "//sub",
            "//a.txt", "/sub//index.html", "*",
            "http://h/../secret"})
    void whatIsNotThereOrNotBelowIsNotFound(String target) throws Exception {
        Files.createSymbolicLink(root.resolve("link"), dir.resolve("secret"));
        Files.createSymbolicLink(root.resolve("linked"), dir);
        Reply reply = client.get(target);
        assertTrue(reply.status() == 404 || target.equals("*") && reply.status() == 400, () -> reply.toString());
        assertFalse(reply.body().contains("secret"));
    }

    @Test
    void linksThatStayBelowAreFollowed() throws Exception {
        Files.createSymbolicLink(root.resolve("b.txt"), root.resolve("a.txt"));
        assertEquals("text", client.get("/b.txt").body());
    }
}
