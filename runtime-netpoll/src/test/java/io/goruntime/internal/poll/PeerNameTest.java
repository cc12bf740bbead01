package io.goruntime.internal.poll;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.goruntime.internal.sched.CallBuffer;
import io.goruntime.testing.ChildJvm;
import java.lang.foreign.MemorySegment;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The other side of a unix socket has the name it likes: in a JVM whose file names are ASCII. */
@EnabledOnOs(OS.LINUX)
class PeerNameTest {
    @TempDir
    Path dir;

    @Test
    void aPeersNameThatIsNoPathIsNoHindrance() {
        ChildJvm.of(Program.class).flags("--enable-native-access=ALL-UNNAMED").env("LC_ALL", "C")
                .args(dir.toString()).run().expectExit(0).expect("accepted ''");
    }

    static final class Program {
        private Program() {}

        public static void main(String[] args) throws Exception {
            Nets.run("epoll", poll -> {
                NetFD listener = poll.stream(StandardProtocolFamily.UNIX);
                listener.bind(UnixDomainSocketAddress.of(args[0] + "/server"));
                listener.listen(1);
                int client = client(args[0], (UnixDomainSocketAddress) listener.localAddress());
                try (NetFD server = listener.accept()) {
                    System.out.println("accepted '" + server.remoteAddress() + "'");
                }
                Libc.close(client);
                listener.close();
            });
        }

        /** Connected, and bound to a name that ends with the byte 0xff. */
        private static int client(String dir, UnixDomainSocketAddress server) throws Exception {
            byte[] name = (dir + "/client?").getBytes(StandardCharsets.US_ASCII);
            name[name.length - 1] = (byte) 0xff;
            CallBuffer cb = CallBuffer.take();
            try {
                int fd = Libc.socket(cb.state, Libc.AF_UNIX, Libc.SOCK_STREAM);
                int size = Sockaddr.write(cb.small, Libc.AF_UNIX, UnixDomainSocketAddress.of("x".repeat(name.length)));
                MemorySegment.copy(name, 0, cb.small, JAVA_BYTE, size - 1 - name.length, name.length);
                assertEquals(0, Libc.bind(cb.state, fd, cb.smallAddr, size));
                size = Sockaddr.write(cb.small, Libc.AF_UNIX, server);
                assertEquals(0, Libc.connect(cb.state, fd, cb.smallAddr, size));
                return fd;
            } finally {
                cb.give();
            }
        }
    }
}
