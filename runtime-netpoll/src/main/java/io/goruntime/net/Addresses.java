package io.goruntime.net;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * Addresses as text. Counterpart of ipsock.go: SplitHostPort, JoinHostPort, internetAddrList, filterAddrList, and of
 * ip.go: String.
 *
 * @param host without brackets; empty: none is given
 * @param port from 0 to 65535
 */
record Addresses(String host, int port) {
    private static final int IPV6_GROUPS = 8;

    // -- from text --

    /** Takes {@code host:port} apart. */
    static Addresses parse(Network network, String address) throws AddressException {
        int colon = address.lastIndexOf(':');
        if (colon < 0) {
            throw wrong(address, "missing port in address");
        }
        String host;
        int from = 0; // where no more brackets may be
        if (address.startsWith("[")) {
            int end = address.indexOf(']');
            if (end < 0) {
                throw wrong(address, "missing ']' in address");
            }
            if (end + 1 == address.length()) {
                throw wrong(address, "missing port in address");
            }
            if (end + 1 != colon) {
                throw wrong(address, address.charAt(end + 1) == ':'
                        ? "too many colons in address"
                        : "missing port in address");
            }
            host = address.substring(1, end);
            if (host.indexOf('[') >= 0) {
                throw wrong(address, "unexpected '[' in address");
            }
            from = end + 1;
        } else {
            host = address.substring(0, colon);
            if (host.indexOf(':') >= 0) {
                throw wrong(address, "too many colons in address");
            }
        }
        if (address.indexOf('[', from) >= 0) {
            throw wrong(address, "unexpected '[' in address");
        }
        if (address.indexOf(']', from) >= 0 && from == 0 || address.indexOf(']', from + 1) >= 0) {
            throw wrong(address, "unexpected ']' in address");
        }
        return new Addresses(host, Services.port(network.protocol(), address.substring(colon + 1)));
    }

    static AddressException wrong(String address, String what) {
        return new AddressException("address " + address + ": " + what);
    }

    /**
     * The addresses of the host, those of the network's family, in the order of the resolver. Not for an empty host.
     */
    List<InetAddress> resolve(Network network, Limits limits) throws IOException {
        List<InetAddress> all;
        try {
            all = List.of(InetAddress.ofLiteral(host));
        } catch (IllegalArgumentException e) {
            all = Resolver.lookup(host, limits);
        }
        List<InetAddress> fitting = all.stream().filter(a -> network.allows(Network.familyOf(a))).toList();
        if (fitting.isEmpty()) {
            throw wrong(host, "no suitable address found");
        }
        return fitting;
    }

    /**
     * What to try, in this order: families take turns, and the resolver's first choice begins (RFC 8305, section 4).
     */
    static List<InetAddress> interleaved(List<InetAddress> all) {
        ProtocolFamily first = Network.familyOf(all.getFirst());
        List<InetAddress> own = all.stream().filter(a -> Network.familyOf(a) == first).toList();
        List<InetAddress> other = all.stream().filter(a -> Network.familyOf(a) != first).toList();
        List<InetAddress> mixed = new ArrayList<>();
        for (int i = 0; i < Math.max(own.size(), other.size()); i++) {
            if (i < own.size()) {
                mixed.add(own.get(i));
            }
            if (i < other.size()) {
                mixed.add(other.get(i));
            }
        }
        return mixed;
    }

    // -- to text --

    /** {@code host:port}, {@code [host]:port}, or the path of a unix socket. */
    static String format(SocketAddress address) {
        return switch (address) {
            case InetSocketAddress inet when inet.getAddress() != null ->
                join(format(inet.getAddress()), inet.getPort());
            case InetSocketAddress inet -> join(inet.getHostString(), inet.getPort());
            case UnixDomainSocketAddress unix -> unix.getPath().toString().isEmpty() ? "@" : unix.getPath().toString();
            default -> address.toString();
        };
    }

    static String join(String host, int port) {
        return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
    }

    /** IPv6 as RFC 5952 has it, which the JDK does not: {@code ::1}. */
    static String format(InetAddress address) {
        if (!(address instanceof Inet6Address six)) {
            return address.getHostAddress();
        }
        byte[] b = six.getAddress();
        int[] groups = new int[IPV6_GROUPS];
        for (int i = 0; i < IPV6_GROUPS; i++) {
            groups[i] = (b[2 * i] & 0xff) << 8 | b[2 * i + 1] & 0xff;
        }
        int zerosFrom = -1;
        int zerosTo = -1;
        for (int i = 0; i < IPV6_GROUPS; i++) {
            int j = i;
            while (j < IPV6_GROUPS && groups[j] == 0) {
                j++;
            }
            if (j - i > Math.max(1, zerosTo - zerosFrom)) {
                zerosFrom = i;
                zerosTo = j;
            }
            i = Math.max(i, j - 1);
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < IPV6_GROUPS; i++) {
            if (i == zerosFrom) {
                text.append("::");
                i = zerosTo - 1;
            } else {
                if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                    text.append(':');
                }
                text.append(Integer.toHexString(groups[i]));
            }
        }
        String full = six.getHostAddress();
        int zone = full.indexOf('%');
        return zone < 0 ? text.toString() : text.append(full, zone, full.length()).toString();
    }
}
