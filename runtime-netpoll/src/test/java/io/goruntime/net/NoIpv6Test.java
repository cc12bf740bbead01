package io.goruntime.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.goruntime.GoRuntime;
import io.goruntime.testing.ChildJvm;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import org.junit.jupiter.api.Test;

/** A JVM without IPv6, by the JDK's own switch. */
class NoIpv6Test {
    @Test
    void nioDoesWithoutIpv6() {
        ChildJvm.of(Program.class)
                .flags("-Djava.net.preferIPv4Stack=true", "-Dgoruntime.netpoll=nio",
                        "--enable-native-access=ALL-UNNAMED")
                .run().expectExit(0).expect("it does without");
    }

    static final class Program {
        private static final String REFUSED = ": address family not supported by protocol";

        private Program() {}

        public static void main(String[] args) throws Exception {
            GoRuntime.run(() -> {
                try (Listener l = Net.listen("tcp", ":0");
                        Conn c = Net.dial("tcp", ":" + ((InetSocketAddress) l.localAddress()).getPort());
                        Conn s = l.accept()) {
                    s.write(new byte[]{1});
                    assertEquals(1, c.inputStream().read());
                }
                try (PacketConn c = Net.listenPacket("udp", ":0")) {
                    SocketAddress local = c.localAddress();
                    assertEquals(InetAddress.ofLiteral("0.0.0.0"), ((InetSocketAddress) local).getAddress());
                }
                Nets.expect(SocketException.class, "dial tcp \\[::1]:80" + REFUSED, () -> Net.dial("tcp", "[::1]:80"));
                Nets.expect(SocketException.class, "dial udp \\[::1]:80" + REFUSED, () -> Net.dial("udp", "[::1]:80"));
                Nets.expect(SocketException.class, "listen tcp6 \\[::]:0" + REFUSED, () -> Net.listen("tcp6", ":0"));
            });
            System.out.println("it does without");
        }
    }
}
