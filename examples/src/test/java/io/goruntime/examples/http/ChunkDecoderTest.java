package io.goruntime.examples.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Chunked bodies, in any pieces. In the texts a {@code ;} stands for CR LF, and {@code #} for a semicolon. */
class ChunkDecoderTest {
    private static final int MAX_BYTES = 1000;
    private static final int MAX_OVERHEAD = 60;

    @ParameterizedTest
    @CsvSource(delimiterString = "->", value = {
            "0;;                        -> ''",
            "3;abc;0;;                  -> abc",
            "3;abc;2;de;0;;             -> abcde",
            "A;0123456789;000;;         -> 0123456789",
            "b;0123456789a;0;;          -> 0123456789a",
            "00003;abc;0;;              -> abc",
            "3#a=b;abc;0#x;;            -> abc",
            "3 ;abc;0;;                 -> abc",
            "4;a;b;0;X: y;Z: w;;        -> a;b",
            "3;abc;0;X: y;;             -> abc"})
    void accepts(String text, String content) {
        Result result = decode(bytes(text), null);
        assertArrayEquals(bytes(content), result.content);
        assertTrue(result.done);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "->", value = {
            ";                          -> 400",
            "g;                         -> 400",
            "-1;                        -> 400",
            "+3;                        -> 400",
            "0x3;                       -> 400",
            "#a;                        -> 400",
            "3<LF>abc;0;;               -> 400",
            "3;abc0;;                   -> 400",
            "3;abcd;0;;                 -> 400",
            "3;abc<LF>0;;               -> 400",
            "3;abc;0;X: y<LF>;          -> 400",
            "3;abc;0;<LF>               -> 400",
            "3;abc;0;;                  -> 200",
            "3e8;                       -> 200",
            "3e9;                       -> 413",
            "7fffffffffffffff;          -> 413",
            "ffffffffffffffffff;        -> 413",
            "10000000000000000;         -> 413"})
    void refuses(String text, int status) {
        assertEquals(status, decode(bytes(text), null).status);
    }

    @Test
    void overheadIsLimited() {
        assertEquals(431, decode(bytes("3#" + "a".repeat(MAX_OVERHEAD)), null).status);
        assertEquals(431, decode(bytes("0;X: " + "a".repeat(MAX_OVERHEAD)), null).status);
        assertEquals(431, decode(bytes("0;" + "X: y;".repeat(MAX_OVERHEAD)), null).status);
        assertEquals(431, decode(bytes("0".repeat(MAX_OVERHEAD + 1)), null).status);
        // Whoever sends content may frame it as finely as he likes.
        assertEquals(200, decode(bytes("1;a;".repeat(MAX_BYTES) + "0;;"), null).status);
    }

    @Test
    void decodesWhatWasEncodedInAnyPieces() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 3000; i++) {
            byte[] content = new byte[random.nextInt(MAX_BYTES)];
            random.nextBytes(content);
            byte[] encoded = encode(random, content);
            byte[] withNext = Arrays.copyOf(encoded, encoded.length + 5);
            Result result = decode(withNext, random);
            assertEquals(200, result.status, () -> "seed " + seed);
            assertArrayEquals(content, result.content, () -> "seed " + seed);
            assertTrue(result.done);
            assertEquals(encoded.length, result.used, () -> "took a part of the next request; seed " + seed);
            int cut = random.nextInt(encoded.length);
            assertFalse(decode(Arrays.copyOf(encoded, cut), random).done, () -> "seed " + seed);
        }
    }

    @Test
    void garbageIsRefusedOrDecodedTheSameInAnyPieces() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int refused = 0;
        for (int i = 0; i < 5000; i++) {
            byte[] encoded = encode(random, new byte[random.nextInt(100)]);
            for (int damages = random.nextInt(3); damages >= 0; damages--) {
                encoded[random.nextInt(encoded.length)] = (byte) random.nextInt(256);
            }
            Result whole = decode(encoded, null);
            Result pieces = decode(encoded, random);
            assertEquals(whole.status, pieces.status, () -> "seed " + seed);
            assertEquals(whole.done, pieces.done, () -> "seed " + seed);
            assertEquals(whole.used, pieces.used, () -> "seed " + seed);
            assertArrayEquals(whole.content, pieces.content, () -> "seed " + seed);
            refused += whole.status == 400 ? 1 : 0;
        }
        assertTrue(refused > 1000, "refused " + refused);
    }

    @Test
    void takesNothingAfterTheEnd() throws HttpError {
        ChunkDecoder decoder = new ChunkDecoder(MAX_BYTES, MAX_OVERHEAD);
        byte[] end = bytes("0;;");
        assertEquals(end.length, decoder.skip(end, 0, end.length));
        assertTrue(decoder.done());
        assertEquals(0, decoder.skip(end, 0, end.length));
        decoder.reset();
        byte[] bad = bytes(";");
        assertThrows(HttpError.class, () -> decoder.skip(bad, 0, bad.length));
    }

    // -- helpers --

    private record Result(int status, byte[] content, boolean done, int used) {}

    private static Result decode(byte[] encoded, Random pieces) {
        ChunkDecoder decoder = new ChunkDecoder(MAX_BYTES, MAX_OVERHEAD);
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        int used = 0;
        int given = 0;
        int status = 200;
        try {
            while (given < encoded.length && !decoder.done()) {
                given = pieces == null ? encoded.length : Math.min(encoded.length, given + 1 + pieces.nextInt(9));
                while (used < given && !decoder.done()) {
                    used = decoder.skip(encoded, used, given);
                    int n = (int) Math.min(decoder.available(), given - used);
                    content.write(encoded, used, n);
                    used += n;
                    if (n > 0) {
                        decoder.take(n);
                    }
                }
            }
        } catch (HttpError e) {
            // How far it looked before is no part of the outcome.
            status = e.status();
            used = -1;
        }
        return new Result(status, content.toByteArray(), decoder.done(), used);
    }

    private static byte[] encode(Random random, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < content.length;) {
            int n = Math.min(content.length - i, 1 + random.nextInt(200));
            String size = Integer.toHexString(n);
            out.writeBytes(bytes(random.nextBoolean() ? size : "0" + size.toUpperCase(Locale.ROOT)));
            out.writeBytes(bytes(random.nextInt(10) == 0 ? "#x;" : ";"));
            out.write(content, i, n);
            out.writeBytes(bytes(";"));
            i += n;
        }
        out.writeBytes(bytes(random.nextBoolean() ? "0;;" : "00;A: b;;"));
        return out.toByteArray();
    }

    private static byte[] bytes(String text) {
        return text.replace(";", "\r\n").replace("#", ";").replace("<LF>", "\n").getBytes(StandardCharsets.ISO_8859_1);
    }
}
