package io.goruntime.net;

import io.goruntime.Syscall;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Ports by the names of their services: a few that are always known, and what the system's file says. Counterpart of
 * lookup.go: lookupPortMap, and port_unix.go: readServices.
 */
final class Services {
    private static final Path FILE = Path.of("/etc/services");
    private static final Map<String, Integer> KNOWN = Map.ofEntries(Map.entry("tcp/domain", 53),
            Map.entry("tcp/ftp", 21), Map.entry("tcp/http", 80), Map.entry("tcp/https", 443),
            Map.entry("tcp/imap", 143), Map.entry("tcp/imaps", 993), Map.entry("tcp/pop3", 110),
            Map.entry("tcp/pop3s", 995), Map.entry("tcp/smtp", 25), Map.entry("tcp/ssh", 22),
            Map.entry("tcp/submissions", 465), Map.entry("tcp/telnet", 23), Map.entry("udp/domain", 53),
            Map.entry("udp/ntp", 123));

    private Services() {}

    /** Read once, when the first name is asked for that is no number. */
    private static final class OfSystem {
        static final Map<String, Integer> PORTS = read();
    }

    /**
     * A number from 0 to 65535, or a name.
     *
     * @param protocol tcp or udp
     */
    static int port(String protocol, String service) throws AddressException {
        if (service.isEmpty()) {
            return 0;
        }
        int port = 0;
        for (int i = 0; i < service.length(); i++) {
            char c = service.charAt(i);
            if (c < '0' || c > '9') {
                return named(protocol, service);
            }
            port = Math.min(port * 10 + (c - '0'), 1 << 16);
        }
        if (port >= 1 << 16) {
            throw new AddressException("address " + service + ": invalid port");
        }
        return port;
    }

    private static int named(String protocol, String service) throws AddressException {
        String key = protocol + "/" + service.toLowerCase(Locale.ROOT);
        Integer port = KNOWN.get(key);
        if (port == null) {
            port = OfSystem.PORTS.get(key);
        }
        if (port == null) {
            throw new AddressException("lookup " + protocol + "/" + service + ": unknown port");
        }
        return port;
    }

    private static Map<String, Integer> read() {
        try {
            return parse(Syscall.call(() -> Files.readAllLines(FILE, StandardCharsets.ISO_8859_1)));
        } catch (IOException e) {
            return Map.of(); // not every system has one
        }
    }

    /** Lines of the form {@code name port/protocol alias... # comment}. */
    static Map<String, Integer> parse(List<String> lines) {
        Map<String, Integer> ports = new HashMap<>();
        for (String line : lines) {
            String[] fields = line.replaceFirst("#.*", "").strip().split("\\s+");
            String[] number = fields.length < 2 ? new String[0] : fields[1].split("/");
            if (number.length != 2 || !number[0].matches("\\d{1,5}")) {
                continue;
            }
            for (int i = 0; i < fields.length; i++) {
                if (i != 1) {
                    ports.putIfAbsent(number[1] + "/" + fields[i].toLowerCase(Locale.ROOT),
                            Integer.valueOf(number[0]));
                }
            }
        }
        return ports;
    }
}
