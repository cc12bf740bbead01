package io.goruntime.examples.http;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Dates in HTTP's form; the present one is made once a second. */
final class ResponseDate {
    /** {@link DateTimeFormatter#RFC_1123_DATE_TIME} would write a day below 10 with one digit. */
    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'",
            Locale.ENGLISH).withZone(ZoneOffset.UTC);

    private record Second(long number, byte[] line) {}

    private static volatile Second now = new Second(Long.MIN_VALUE, new byte[0]);

    private ResponseDate() {}

    /** The header field of this second, with its end of line. Not to be changed. */
    static byte[] line() {
        long number = Math.floorDiv(System.currentTimeMillis(), 1000L);
        Second second = now;
        if (second.number != number) {
            // Several may do this at once: they write the same.
            second = new Second(number, ("Date: " + format(number) + "\r\n").getBytes(StandardCharsets.US_ASCII));
            now = second;
        }
        return second.line;
    }

    static String format(long epochSecond) {
        return FORMAT.format(Instant.ofEpochSecond(epochSecond));
    }

    /** Seconds since 1970; the least long if the text is no date in the form that everybody writes today. */
    static long parse(String text) {
        try {
            return Instant.from(FORMAT.parse(text)).getEpochSecond();
        } catch (java.time.DateTimeException e) {
            return Long.MIN_VALUE;
        }
    }
}
