package io.goruntime.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.goruntime.net.Nets.Crew;
import io.goruntime.net.Nets.Pair;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Random;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS over a connection; what it has in common with other connections is in ConnContractTest. Source: crypto/tls. */
class TlsTest {
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void echoes(String protocol) throws Exception {
        byte[] data = new byte[500_000];
        new Random(3).nextBytes(data);
        Nets.run(Nets.pollers().findFirst().orElseThrow(), 2, () -> {
            try (Pair tcp = Pair.tcp()) {
                TlsConn client = TlsConn.client(tcp.a(), Certificates.CONTEXT, "localhost");
                client.engine().setEnabledProtocols(new String[]{protocol});
                TlsConn server = TlsConn.server(tcp.b(), Certificates.CONTEXT);
                Crew crew = new Crew();
                crew.go(() -> {
                    server.inputStream().transferTo(server.outputStream());
                    server.closeWrite();
                });
                crew.go(() -> {
                    client.write(data);
                    if (protocol.equals("TLSv1.3")) {
                        client.closeWrite(); // in 1.2 it ends both directions
                    }
                });
                byte[] got = new byte[data.length];
                client.readFully(got);
                assertArrayEquals(data, got);
                assertEquals(protocol, client.engine().getSession().getProtocol());
                if (protocol.equals("TLSv1.2")) {
                    client.close();
                } else {
                    assertEquals(-1, client.read(got));
                }
                crew.join();
            }
        });
    }

    /** The JDK's own TLS on the other side, with its sockets. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollersAndProcs")
    void aServerForTheJdksClient(String poller, int procs) throws Exception {
        Nets.run(poller, procs, () -> {
            try (Listener l = Net.listen("tcp", "127.0.0.1:0")) {
                Crew crew = new Crew();
                crew.go(() -> {
                    try (Conn c = TlsConn.server(l.accept(), Certificates.CONTEXT)) {
                        c.inputStream().transferTo(c.outputStream());
                    }
                });
                try (SSLSocket s = (SSLSocket) Certificates.CONTEXT.getSocketFactory().createSocket()) {
                    s.connect(new InetSocketAddress("127.0.0.1", ((InetSocketAddress) l.localAddress()).getPort()));
                    s.getOutputStream().write("hello".getBytes());
                    assertEquals("hello", new String(s.getInputStream().readNBytes(5)));
                    s.shutdownOutput();
                    assertEquals(-1, s.getInputStream().read());
                }
                crew.join();
            }
        });
    }

    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void aCertificateOfAnotherHostIsRefusedOnBothSides(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Pair tcp = Pair.tcp()) {
                TlsConn client = TlsConn.client(tcp.a(), Certificates.CONTEXT, "example.org");
                TlsConn server = TlsConn.server(tcp.b(), Certificates.CONTEXT);
                Crew crew = new Crew();
                crew.go(() -> assertThrows(SSLException.class, () -> server.read(new byte[1])));
                SSLException first = assertThrows(SSLException.class, client::handshake);
                assertNotNull(first.getMessage());
                assertThrows(SSLException.class, () -> client.write(new byte[1]));
                crew.join();
                assertThrows(SSLException.class, () -> server.read(new byte[1]), "it stays broken");
            }
        });
    }

    /** What is no TLS is an error, at once; half a record is one when the stream ends. */
    @ParameterizedTest
    @MethodSource("io.goruntime.net.Nets#pollers")
    void garbageAndTruncation(String poller) throws Exception {
        Nets.run(poller, 2, () -> {
            try (Pair tcp = Pair.tcp(); TlsConn server = TlsConn.server(tcp.b(), Certificates.CONTEXT)) {
                tcp.a().write("GET / HTTP/1.1\r\n\r\n".getBytes());
                assertThrows(SSLException.class, () -> server.read(new byte[1]));
            }
            try (Pair tcp = Pair.tcp(); TlsConn server = TlsConn.server(tcp.b(), Certificates.CONTEXT)) {
                tcp.a().write(new byte[]{0x16, 3, 1, 0, 100, 1});
                tcp.a().closeWrite();
                assertThrows(EOFException.class, () -> server.read(new byte[1]));
            }
            try (Pair tcp = Pair.tcp()) {
                Pair tls = Certificates.over(tcp);
                Crew crew = new Crew();
                crew.go(() -> tls.b().write(new byte[1]));
                assertEquals(1, tls.a().read(new byte[1]));
                crew.join();
                tcp.b().write(new byte[]{0x17, 3, 3, 0, 30, 5}); // a record of 30 bytes begins
                tcp.b().closeWrite();
                IOException e = assertThrows(EOFException.class, () -> tls.a().read(new byte[1]));
                assertEquals("tls: the stream ends within a record", e.getMessage());
            }
            try (Pair tcp = Pair.tcp()) {
                Pair tls = Certificates.over(tcp);
                Crew crew = new Crew();
                crew.go(() -> tls.b().write(new byte[1]));
                assertEquals(1, tls.a().read(new byte[1]));
                crew.join();
                tcp.b().write(new byte[]{0x17, 3, 3, 0, 30});
                tcp.b().write(new byte[30]); // a record that nobody encrypted
                assertThrows(SSLException.class, () -> tls.a().read(new byte[1]));
                assertThrows(SSLException.class, () -> tls.a().read(new byte[1]), "and no end of the stream");
            }
        });
    }
}
