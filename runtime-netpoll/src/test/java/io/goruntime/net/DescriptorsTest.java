package io.goruntime.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.internal.poll.NetFD.OutOfDescriptorsException;
import io.goruntime.net.Nets.Crew;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.PrintStream;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/** A process without descriptors accepts when it has some again, and does not spin meanwhile: in a JVM with few. */
class DescriptorsTest {
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    @EnabledOnOs(OS.LINUX)
    void acceptBacksOff(String poller) throws Exception {
        Process child = new ProcessBuilder("sh", "-c",
                "ulimit -n 256 && exec " + Path.of(System.getProperty("java.home"), "bin", "java")
                        + " --enable-native-access=ALL-UNNAMED -Xmx64m -cp '" + System.getProperty("java.class.path")
                        + "' -Dgoruntime.netpoll=" + poller + " '" + Program.class.getName() + "'")
                .redirectErrorStream(true).start();
        child.getOutputStream().close();
        Thread watchdog = Thread.ofPlatform().daemon().start(() -> {
            try {
                if (!child.waitFor(40, TimeUnit.SECONDS)) {
                    child.destroyForcibly();
                }
            } catch (InterruptedException e) {
                child.destroyForcibly();
            }
        });
        String out = new String(child.getInputStream().readAllBytes());
        watchdog.join();
        assertEquals(0, child.exitValue(), out);
        long tries = out.lines().filter(l -> l.contains("too many open files; next try in")).count();
        assertTrue(out.contains("next try in 5 ms") && out.contains("next try in 40 ms"), out);
        assertTrue(tries < 30, tries + " tries\n" + out);
    }

    static final class Program {
        private static final Duration SHORTAGE = Duration.ofMillis(500);

        /** Standard error, where the log goes; remembers how far the back-off has come. */
        private static final class Log extends PrintStream {
            volatile boolean backedOff;

            Log(PrintStream to) {
                super(to, true);
            }

            @Override
            public void println(String line) {
                super.println(line);
                backedOff |= line.contains("next try in 40 ms");
            }
        }

        private Program() {}

        public static void main(String[] args) throws Exception {
            Log log = new Log(System.err);
            System.setErr(log);
            GoRuntime.run(() -> {
                Listener l = Net.listen("tcp", "127.0.0.1:0");
                for (int i = 0; i < 2; i++) {
                    Conn c = Net.dial("tcp", Net.hostPort(l.localAddress())); // waits to be accepted
                    // Without descriptors no class can be loaded: all of this is done once before.
                    List<InputStream> hoard = i == 0 ? new ArrayList<>() : allDescriptors();
                    Crew crew = new Crew();
                    if (i == 0) {
                        tryAll(Net.listen("tcp", "127.0.0.1:0"));
                        warmUp();
                    }
                    var accepts = crew.go(() -> l.accept().write(new byte[]{1}));
                    Nets.sleep(SHORTAGE);
                    if (i == 1) {
                        while (!log.backedOff && !accepts.isDone()) {
                            Nets.sleep(Duration.ofMillis(1)); // on a slow machine that takes longer
                        }
                        assertEquals(false, accepts.isDone());
                    }
                    for (InputStream each : hoard) {
                        each.close();
                    }
                    crew.join();
                    assertEquals(1, c.inputStream().read());
                    c.close();
                }
                Listener other = Net.listen("tcp", "127.0.0.1:0");
                List<InputStream> hoard = allDescriptors();
                tryAll(other);
                for (InputStream each : hoard) {
                    each.close();
                }
            });
        }

        /** An accept that backs off is interrupted, has its deadline, and is closed. */
        private static void tryAll(Listener l) throws Exception {
            l.setDeadline(Duration.ofMillis(30));
            Nets.expect(SocketTimeoutException.class, "accept .*: i/o timeout", l::accept);
            l.setDeadline(null);
            Crew crew = new Crew();
            var interrupted = crew
                    .go(() -> Nets.expect(InterruptedIOException.class, "accept .*: interrupted", l::accept));
            Nets.awaitBlocked(interrupted);
            interrupted.interrupt();
            crew.join();
            var closed = crew.go(() -> {
                ClosedChannelException e = assertThrows(ClosedChannelException.class, l::accept);
                assertTrue(e.getMessage().endsWith("use of closed network connection"), e.getMessage());
            });
            Nets.awaitBlocked(closed);
            l.close();
            crew.join();
        }

        private static void warmUp() throws Exception {
            LoggerFactory.getLogger(SocketListener.class).warn("this is what {} looks like: {}, {}", "a warning",
                    "text", 1L);
            OpError.of("accept", "tcp", null, null, new OutOfDescriptorsException("warm"));
            Chan.make().tryReceive(Duration.ofMillis(1));
        }

        private static List<InputStream> allDescriptors() {
            List<InputStream> all = new ArrayList<>();
            try {
                for (;;) {
                    all.add(new FileInputStream("/dev/null"));
                }
            } catch (IOException e) {
                return all;
            }
        }
    }
}
