package io.goruntime.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Addresses as text. Source: ip_test.go, ipsock_test.go, port_test.go. */
class AddressesTest {
    @ParameterizedTest
    @CsvSource({"localhost:80, localhost, 80", "127.0.0.1:0, 127.0.0.1, 0", "[::1]:80, ::1, 80",
            "[fe80::1%lo]:80, fe80::1%lo, 80", "'[localhost]:80', localhost, 80", "':80', '', 80",
            "golang.org:, golang.org, 0",
            "'[]:80', '', 80", "a:http, a, 80", "a:HTTPS, a, 443", "a:00080, a, 80", "a:65535, a, 65535"})
    void testSplitHostPort(String address, String host, int port) throws Exception {
        assertEquals(new Addresses(host, port), Addresses.parse(Network.TCP, address));
    }

    @ParameterizedTest
    @CsvSource({"golang.org, missing port in address", "127.0.0.1, missing port in address",
            "[::1], missing port in address", "[fe80::1%lo0], missing port in address",
            "[localhost], missing port in address",
            "localhost%lo0, missing port in address", "::1, too many colons in address",
            "fe80::1%lo0, too many colons in address", "::1:80, too many colons in address",
            "golang.org:80:, too many colons in address", "[::1]:80:, too many colons in address",
            "[golang.org]extra:80, missing port in address", "[golang.org][:80, missing port in address",
            "[foo[bar]:80, unexpected '[' in address", "foo[bar]:80, unexpected '[' in address",
            "foobar]:80, unexpected ']' in address", "'[foo:80', missing ']' in address",
            "'[foo]]bar:80', missing port in address", "foo[bar:80, unexpected '[' in address",
            "'', missing port in address"})
    void testSplitHostPortErrors(String address, String what) {
        assertEquals("address " + address + ": " + what,
                assertThrows(AddressException.class, () -> Addresses.parse(Network.TCP, address)).getMessage());
    }

    @ParameterizedTest
    @CsvSource({"65536, address 65536: invalid port",
            "99999999999999999999, address 99999999999999999999: invalid port",
            "-1, lookup tcp/-1: unknown port", "no-such-service, lookup tcp/no-such-service: unknown port",
            "0x50, lookup tcp/0x50: unknown port"})
    void testLookupPortErrors(String service, String message) {
        assertEquals(message, assertThrows(AddressException.class, () -> Services.port("tcp", service)).getMessage());
    }

    @Test
    void testLookupPort() throws Exception {
        assertEquals(53, Services.port("udp", "domain"));
        assertEquals(22, Services.port("tcp", "Ssh"));
        assertThrows(AddressException.class, () -> Services.port("udp", "telnets-no-such"));
        var parsed = Services.parse(List.of("# comment", "", "time\t37/tcp timserver alias # x", "time 37/udp",
                "bad line", "worse 1/2/3", "time 38/tcp", "huge 123456/tcp"));
        assertEquals(37, parsed.get("tcp/time"));
        assertEquals(37, parsed.get("tcp/alias"));
        assertEquals(37, parsed.get("udp/time"));
        assertEquals(4, parsed.size());
    }

    @ParameterizedTest
    @CsvSource({"0:0:0:0:0:0:0:0, ::", "0:0:0:0:0:0:0:1, ::1", "1:0:0:0:0:0:0:0, 1::",
            "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
            "1:0:2:3:4:5:6:7, 1:0:2:3:4:5:6:7", "1:0:0:2:0:0:0:3, 1:0:0:2::3", "fe80:0:0:0:0:0:0:ab, fe80::ab",
            "1:2:3:4:5:6:7:8, 1:2:3:4:5:6:7:8", "10.0.0.1, 10.0.0.1"})
    void testIPString(String full, String shortest) {
        assertEquals(shortest, Addresses.format(InetAddress.ofLiteral(full)));
    }

    @Test
    void testJoinHostPort() {
        assertEquals("localhost:80", Net.hostPort("localhost", 80));
        assertEquals("[::1%lo]:80", Net.hostPort("::1%lo", 80));
        assertEquals("[::1]:80", Net.hostPort(new InetSocketAddress(InetAddress.ofLiteral("::1"), 80)));
        assertEquals("a.invalid:1", Net.hostPort(InetSocketAddress.createUnresolved("a.invalid", 1)));
        assertEquals("/tmp/s", Net.hostPort(UnixDomainSocketAddress.of("/tmp/s")));
        assertEquals("@", Net.hostPort(UnixDomainSocketAddress.of("")));
    }

    /** RFC 8305, section 4. */
    @Test
    void familiesTakeTurns() {
        assertEquals(List.of("::1", "1.1.1.1", "::2", "2.2.2.2", "::3"),
                texts("::1", "::2", "::3", "1.1.1.1", "2.2.2.2"));
        assertEquals(List.of("1.1.1.1", "::1", "2.2.2.2"), texts("1.1.1.1", "2.2.2.2", "::1"));
        assertEquals(List.of("1.1.1.1"), texts("1.1.1.1"));
    }

    private static List<String> texts(String... addresses) {
        return Addresses.interleaved(Stream.of(addresses).map(InetAddress::ofLiteral).toList()).stream()
                .map(Addresses::format).toList();
    }

    @Test
    void unknownNetworksAndWrongOnes() {
        assertEquals("dial foo: unknown network foo",
                assertThrows(AddressException.class, () -> Net.dial("foo", "a:1")).getMessage());
        assertEquals("listen : unknown network ",
                assertThrows(AddressException.class, () -> Net.listen("", "a:1")).getMessage());
        assertThrows(AddressException.class, () -> Net.listen("udp", ":0"));
        assertThrows(AddressException.class, () -> Net.listenPacket("tcp", ":0"));
        assertThrows(NullPointerException.class, () -> Net.dial("tcp", (String) null));
    }
}
