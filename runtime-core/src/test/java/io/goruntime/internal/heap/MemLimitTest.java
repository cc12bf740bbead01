package io.goruntime.internal.heap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Go's forms of a number of bytes: string_test.go, TestParseByteCount. */
class MemLimitTest {
    @ParameterizedTest
    @CsvSource({"1, 1", "12345, 12345", "12345B, 12345", "12KiB, 12288", "3MiB, 3145728", "2GiB, 2147483648",
            "1TiB, 1099511627776", "0, 0", "9223372036854775807, 9223372036854775807", "off, 9223372036854775807"})
    void isRead(String value, long bytes) {
        assertEquals(bytes, MemLimit.parse("x", value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "B", "iB", "KiB", "-1", "+1", "1.5GiB", "1KB", "1kiB", "1 KiB", "1i", "OFF",
            "9223372036854775808", "9223372036854775807KiB", "99999999999TiB", "1iB", "1PiB"})
    void isRefused(String value) {
        String message = assertThrows(IllegalArgumentException.class, () -> MemLimit.parse("GOMEMLIMIT", value))
                .getMessage();
        assertEquals("GOMEMLIMIT=" + value
                + ": must be off, or a number of bytes with a suffix B, KiB, MiB, GiB or TiB, or without one", message);
    }

    @Test
    void withoutSettingsThereIsNone() {
        assertEquals(MemLimit.OFF, MemLimit.fromSettings());
    }
}
