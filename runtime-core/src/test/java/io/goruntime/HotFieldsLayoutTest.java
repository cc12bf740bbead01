package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.openjdk.jol.info.ClassLayout;
import org.openjdk.jol.info.FieldLayout;

/**
 * Where the fields of hot objects lie. Everything that an operation on a channel touches under its lock is close together:
 * whoever has got the line of the lock has got the rest with it, and pays for one miss, not for several.
 */
class HotFieldsLayoutTest {
    private static final int LINE = 64;

    private static TreeMap<Long, String> fields(Class<?> type, Set<String> wanted) {
        TreeMap<Long, String> found = new TreeMap<>();
        for (FieldLayout field : ClassLayout.parseClass(type).fields()) {
            if (wanted.contains(field.name())) {
                found.put(field.offset(), field.name());
                found.put(field.offset() + field.size() - 1, field.name());
            }
        }
        assertTrue(found.size() >= wanted.size(), () -> type + " has not all of " + wanted + ": " + found);
        return found;
    }

    @Test
    void whatAChannelTouchesUnderItsLockSpansOneLine() {
        for (Class<?> type : new Class<?>[]{Chan.class, LongChan.class}) {
            TreeMap<Long, String> hot = fields(type, Set.of("lock", "closed", "qcount", "sendx", "recvx", "dataqsiz",
                    "buf", "longs", "recvFirst", "sendFirst", "claimed"));
            long span = hot.lastKey() - hot.firstKey() + 1;
            assertTrue(span <= LINE, () -> type + ": " + span + " bytes, " + hot);
        }
    }
}
