package io.goruntime.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoRuntime;
import io.goruntime.net.Nets.Crew;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * 20,000 connections, each with a goroutine that waits for something to read: what they cost, and that all of them are
 * still there. Client and server are two processes, because each has its own limit of descriptors; where the limit is lower,
 * there are fewer connections, and the test prints how many.
 */
@EnabledOnOs(OS.LINUX)
class IdleConnectionsTest {
    private static final int WANTED = 20_000;
    /** For all that a process has open besides. */
    private static final int OTHERS = 200;

    /** The aim is 6 KB; a test in a build notices when it is much more, the benchmark measures it. */
    private static final long MAX_BYTES = 12_000;

    private static Process start(String... args) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED", "-Xmx512m", "-Xms16m", "-XX:+UseSerialGC", "-cp",
                        System.getProperty("java.class.path"), Program.class.getName()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    @Test
    void twentyThousand() throws Exception {
        int n = Math.min(WANTED, descriptors() - OTHERS);
        Process server = start("server", Integer.toString(n));
        Process client = null;
        try (BufferedReader out = server.inputReader()) {
            String port = out.readLine();
            client = start("client", Integer.toString(n), port);
            BufferedReader clientOut = new BufferedReader(new InputStreamReader(client.getInputStream()));
            long bytes = Long.parseLong(out.readLine());
            System.out.println(n + " idle connections of " + WANTED + " wanted: " + bytes + " bytes resident each");
            assertEquals("all echoed", clientOut.readLine());
            assertEquals("all ended", out.readLine());
            assertTrue(bytes < MAX_BYTES, bytes + " bytes each");
            assertTrue(client.waitFor(10, TimeUnit.SECONDS) && server.waitFor(10, TimeUnit.SECONDS));
            assertEquals(0, client.exitValue() + server.exitValue());
        } finally {
            server.destroyForcibly();
            if (client != null) {
                client.destroyForcibly();
            }
        }
    }

    private static int descriptors() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
            if (line.startsWith("Max open files")) {
                String hard = line.split("\\s+")[4]; // the JVM takes the hard one
                return hard.equals("unlimited") ? Integer.MAX_VALUE : (int) Math.min(Long.parseLong(hard), 1 << 30);
            }
        }
        throw new AssertionError("no limit of open files");
    }

    static final class Program {
        private Program() {}

        public static void main(String[] args) throws Exception {
            int n = Integer.parseInt(args[1]);
            GoRuntime.run(() -> {
                if (args[0].equals("server")) {
                    serve(n);
                } else {
                    dial(n, args[2]);
                }
            });
        }

        private static void serve(int n) throws Exception {
            Listener l = Net.listen("tcp", "0.0.0.0:0");
            System.out.println(((InetSocketAddress) l.localAddress()).getPort());
            Crew crew = new Crew();
            Conn[] all = new Conn[n];
            int warmUp = n / 20;
            long before = 0;
            for (int i = 0; i < n; i++) {
                if (i == warmUp) {
                    before = resident();
                }
                Conn c = l.accept();
                all[i] = c;
                crew.go(() -> {
                    byte[] one = new byte[1];
                    try (c) {
                        while (c.read(one) > 0) {
                            c.write(one);
                        }
                    }
                });
            }
            long after = resident();
            System.out.println((after - before) / (n - warmUp));
            for (Conn c : all) {
                c.write(new byte[1]); // the client was told to begin
            }
            crew.join();
            System.out.println("all ended");
        }

        private static void dial(int n, String port) throws Exception {
            Conn[] all = new Conn[n];
            for (int i = 0; i < n; i++) {
                // Several addresses: the system finds no free port quickly when most of those for one are taken.
                all[i] = Net.dial("tcp", "127.0.0." + (1 + i % 8) + ":" + port);
            }
            byte[] two = new byte[2];
            for (Conn c : all) {
                c.readFully(two, 0, 1);
                c.write(two, 0, 1);
            }
            for (Conn c : all) {
                c.readFully(two, 0, 1);
            }
            System.out.println("all echoed");
            for (Conn c : all) {
                c.close();
            }
        }

        private static long resident() throws IOException {
            System.gc();
            System.gc();
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("VmRSS")) {
                    return Long.parseLong(line.split("\\s+")[1]) * 1024;
                }
            }
            throw new AssertionError("no VmRSS");
        }
    }
}
