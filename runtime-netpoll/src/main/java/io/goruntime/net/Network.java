package io.goruntime.net;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import org.jspecify.annotations.Nullable;

/** The networks there are, by the names that Go gives them. */
enum Network {
    TCP("tcp", true, null),
    TCP4("tcp4", true, StandardProtocolFamily.INET),
    TCP6("tcp6", true, StandardProtocolFamily.INET6),
    UDP("udp", false, null),
    UDP4("udp4", false, StandardProtocolFamily.INET),
    UDP6("udp6", false, StandardProtocolFamily.INET6),
    UNIX("unix", true, StandardProtocolFamily.UNIX);

    final String name;
    /** Else datagrams. */
    final boolean stream;
    /** Null: whichever the address is of. */
    final @Nullable ProtocolFamily family;

    Network(String name, boolean stream, @Nullable ProtocolFamily family) {
        this.name = name;
        this.stream = stream;
        this.family = family;
    }

    static Network of(String op, String name) throws AddressException {
        for (Network each : values()) {
            if (each.name.equals(name)) {
                return each;
            }
        }
        throw new AddressException(op + " " + name + ": unknown network " + name);
    }

    boolean allows(ProtocolFamily given) {
        return family == null || family == given;
    }

    static ProtocolFamily familyOf(InetAddress address) {
        return address instanceof Inet4Address ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6;
    }

    /** tcp or udp: what service names depend on. */
    String protocol() {
        return stream ? "tcp" : "udp";
    }
}
