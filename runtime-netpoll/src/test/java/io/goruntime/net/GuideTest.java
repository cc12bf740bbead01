package io.goruntime.net;

import static io.goruntime.GoRuntime.go;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoRuntime;
import io.goruntime.context.Context;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The code of docs/GUIDE.md that is about the network. */
class GuideTest {
    private static void assertInGuide(String... lines) throws Exception {
        String guide = Files.readString(Path.of("..", "docs", "GUIDE.md"));
        for (String line : lines) {
            assertTrue(guide.contains(line), line);
        }
    }

    @Test
    void anEchoServer() throws Exception {
        assertInGuide("Conn c = l.accept();",
                "go(() -> { try (c) { c.inputStream().transferTo(c.outputStream()); } });",
                "c.setReadDeadline(Duration.ofSeconds(5))", "ctx.call(() -> c.read(b))",
                "Net.dial(ctx, \"tcp\", address)", "Net.hostPort(l.localAddress())");
        GoRuntime.run(() -> {
            Listener l = Net.listen("tcp", "127.0.0.1:0");
            go(() -> {
                try {
                    for (;;) {
                        Conn c = l.accept();
                        go(() -> {
                            try (c) {
                                c.inputStream().transferTo(c.outputStream());
                            }
                        });
                    }
                } catch (ClosedChannelException e) {
                    return;
                }
            });
            String address = Net.hostPort(l.localAddress());
            try (var ctx = Context.withTimeout(Context.background(), Nets.NEVER);
                    Conn c = Net.dial(ctx, "tcp", address)) {
                c.setReadDeadline(Duration.ofSeconds(5));
                byte[] b = new byte[4];
                c.write("echo".getBytes());
                assertEquals(4, ctx.call(() -> c.read(b)));
                assertEquals("echo", new String(b));
            }
            l.close();
        });
    }
}
