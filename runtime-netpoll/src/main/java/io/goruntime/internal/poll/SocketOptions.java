package io.goruntime.internal.poll;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Map;

/** The socket options as setsockopt has them. */
final class SocketOptions {
    /** How a value is written. */
    private enum Kind {
        FLAG, NUMBER,
        /** Linux tells twice what was asked for, its own share included. */
        BUFFER,
        /** {@code struct linger}: whether, seconds. */
        LINGER
    }

    private static final Map<SocketOption<?>, Entry> ALL = Map.of(
            StandardSocketOptions.SO_BROADCAST, socket(Libc.SO_BROADCAST, Kind.FLAG),
            StandardSocketOptions.SO_KEEPALIVE, socket(Libc.SO_KEEPALIVE, Kind.FLAG),
            StandardSocketOptions.SO_REUSEADDR, socket(Libc.SO_REUSEADDR, Kind.FLAG),
            StandardSocketOptions.SO_REUSEPORT, socket(Libc.SO_REUSEPORT, Kind.FLAG),
            StandardSocketOptions.SO_SNDBUF, socket(Libc.SO_SNDBUF, Kind.BUFFER),
            StandardSocketOptions.SO_RCVBUF, socket(Libc.SO_RCVBUF, Kind.BUFFER),
            StandardSocketOptions.SO_LINGER, socket(Libc.SO_LINGER, Kind.LINGER),
            StandardSocketOptions.TCP_NODELAY, new Entry(Libc.IPPROTO_TCP, Libc.TCP_NODELAY, Kind.FLAG),
            NetFD.IPV6_ONLY, new Entry(Libc.IPPROTO_IPV6, Libc.IPV6_V6ONLY, Kind.FLAG),
            StandardSocketOptions.IP_TOS, new Entry(Libc.IPPROTO_IP, Libc.IP_TOS, Kind.NUMBER));

    private static final Entry TRAFFIC_CLASS = new Entry(Libc.IPPROTO_IPV6, Libc.IPV6_TCLASS, Kind.NUMBER);

    private SocketOptions() {}

    private static Entry socket(int name, Kind kind) {
        return new Entry(Libc.SOL_SOCKET, name, kind);
    }

    /**
     * How an option is written.
     *
     * @throws UnsupportedOperationException if it is none of the above
     */
    static Entry of(SocketOption<?> option, int family) {
        if (option == StandardSocketOptions.IP_TOS && family == Libc.AF_INET6) {
            return TRAFFIC_CLASS;
        }
        Entry entry = ALL.get(option);
        if (entry == null) {
            throw new UnsupportedOperationException("'" + option.name() + "' not supported");
        }
        return entry;
    }

    static final class Entry {
        final int level;
        final int name;
        private final Kind kind;

        Entry(int level, int name, Kind kind) {
            this.level = level;
            this.name = name;
            this.kind = kind;
        }

        /** Returns the size. */
        int write(MemorySegment at, Object value) {
            switch (kind) {
                case FLAG -> at.set(JAVA_INT, 0, (Boolean) value ? 1 : 0);
                case NUMBER, BUFFER -> at.set(JAVA_INT, 0, (Integer) value);
                case LINGER -> {
                    int seconds = (Integer) value;
                    at.set(JAVA_INT, 0, seconds < 0 ? 0 : 1);
                    at.set(JAVA_INT, Integer.BYTES, Math.max(0, seconds));
                }
            }
            return kind == Kind.LINGER ? 2 * Integer.BYTES : Integer.BYTES;
        }

        Object read(MemorySegment at) {
            int value = at.get(JAVA_INT, 0);
            return switch (kind) {
                case FLAG -> value != 0;
                case NUMBER -> value;
                case BUFFER -> Libc.LINUX ? value / 2 : value;
                case LINGER -> value == 0 ? -1 : at.get(JAVA_INT, Integer.BYTES);
            };
        }
    }
}
