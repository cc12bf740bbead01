package io.goruntime.examples.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is a request, what is not, and that it does not matter in which pieces it comes. In the texts of these tests a line
 * ends with {@code ;} in place of CR LF; other control characters are written as {@code <CR>} and the like.
 */
class RequestParserTest {
    private static final String H = "Host: h;";
    private static final Settings SMALL = new Settings(64, 128, 6, 1000, Duration.ZERO, Duration.ZERO, Duration.ZERO,
            Duration.ZERO, 1);
    private static final String INCOMPLETE = "incomplete";

    /** Everything that may be in a head that is accepted, written down a second time in another way. */
    private static final Pattern GRAMMAR = Pattern.compile("""
            (\\r\\n)?\
            (GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE) \
            (/|\\*|[hH][tT]{2}[pP]://[^/ ])[!-"$-~]* HTTP/1\\.[0-9]\\r\\n\
            ([!#$%&'*+.^_`|~0-9A-Za-z-]+:[\\t -~\\x80-\\xff]*\\r\\n)*\
            \\r\\n""");

    @ParameterizedTest
    @CsvSource(delimiterString = "->", value = {
            "GET / HTTP/1.1;" + H + ";                                         -> GET / 0 keep",
            ";GET / HTTP/1.1;" + H + ";                                        -> GET / 0 keep",
            "GET /a?b=c%20d HTTP/1.1;hOsT:h;;                                  -> GET /a?b=c%20d 0 keep",
            "GET / HTTP/1.1;" + H + "Connection: close;;                       -> GET / 0 close",
            "GET / HTTP/1.1;" + H + "Connection: x , CLOSE;;                   -> GET / 0 close",
            "GET / HTTP/1.1;" + H + "Connection: closed;;                      -> GET / 0 keep",
            "GET / HTTP/1.9;" + H + ";                                         -> GET / 0 keep",
            "GET / HTTP/1.0;;                                                  -> GET / 0 close",
            "GET / HTTP/1.0;Connection: Keep-Alive;;                           -> GET / 0 keep",
            "GET / HTTP/1.0;Connection: keep-alive, close;;                    -> GET / 0 close",
            "GET http://h/a HTTP/1.1;" + H + ";                                -> GET /a 0 keep",
            "GET http://h HTTP/1.1;" + H + ";                                  -> GET / 0 keep",
            "OPTIONS * HTTP/1.1;" + H + ";                                     -> OPTIONS * 0 keep",
            "POST / HTTP/1.1;" + H + "Content-Length: 1000;;                   -> POST / 1000 keep",
            "POST / HTTP/1.1;" + H + "Content-Length:<HT>007<HT>;;             -> POST / 7 keep",
            "POST / HTTP/1.1;" + H + "Transfer-Encoding: Chunked;;             -> POST / chunked keep",
            "DELETE / HTTP/1.1;" + H + ";                                      -> DELETE / 0 keep",
            "PUT / HTTP/1.1;" + H + "Content-Length: 1;Expect: 100-Continue;;  -> PUT / 1 keep continue",
            "PUT / HTTP/1.0;Content-Length: 1;Expect: 100-continue;;           -> PUT / 1 close",
            "GET / HTTP/1.1;" + H + "X:;Y: ü;Z: a<HT>b;;                       -> GET / 0 keep"})
    void accepts(String text, String expected) {
        byte[] head = bytes(text);
        assertEquals(expected, strip(outcome(head, Settings.DEFAULT, null)), text);
        assertSameInPieces(head, Settings.DEFAULT);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "->", value = {
            // the request line
            ";;GET / HTTP/1.1;" + H + ";                                        -> 400",
            "<CR>GET / HTTP/1.1;" + H + ";                                      -> 400",
            "GET / HTTP/1.1<LF>" + H + ";                                       -> 400",
            "GET / HTTP/1.1<CR><CR><LF>                                         -> 400",
            "<LF>                                                               -> 400",
            "GET /;                                                             -> 400",
            "GET  / HTTP/1.1;                                                   -> 400",
            "GET / HTTP/1.1 ;                                                   -> 400",
            "GET /<HT>HTTP/1.1;                                                 -> 400",
            "GET /a b HTTP/1.1;                                                 -> 400",
            "GET /ü HTTP/1.1;                                                   -> 400",
            "GET /#f HTTP/1.1;                                                  -> 400",
            "GET a HTTP/1.1;                                                    -> 400",
            "GET * HTTP/1.1;                                                    -> 400",
            "GET http:///a HTTP/1.1;                                            -> 400",
            "GET https://h/ HTTP/1.1;                                           -> 400",
            "GET / http/1.1;                                                    -> 400",
            "GET / HTTP/1;                                                      -> 400",
            "GET / HTTP/1.10;                                                   -> 400",
            "G(T / HTTP/1.1;                                                    -> 400",
            "GET / HTTP/2.0;                                                    -> 505",
            "PRI * HTTP/2.0;                                                    -> 505",
            "get / HTTP/1.1;" + H + ";                                          -> 501",
            "BREW / HTTP/1.1;" + H + ";                                         -> 501",
            "CONNECT h:443 HTTP/1.1;" + H + ";                                  -> 501",
            // header fields
            "GET / HTTP/1.1;;                                                   -> 400",
            "GET / HTTP/1.1;" + H + H + ";                                      -> 400",
            "GET / HTTP/1.1;Host: a b;;                                         -> 400",
            "GET / HTTP/1.1;Host: a@b;;                                         -> 400",
            "GET / HTTP/1.1;" + H + "X: a; folded;;                             -> 400",
            "GET / HTTP/1.1; X: folded;" + H + ";                               -> 400",
            "GET / HTTP/1.1;" + H + "X : a;;                                    -> 400",
            "GET / HTTP/1.1;" + H + ": a;;                                      -> 400",
            "GET / HTTP/1.1;" + H + "X;;                                        -> 400",
            "GET / HTTP/1.1;" + H + "X: a<LF>Y: b;;                             -> 400",
            "GET / HTTP/1.1;" + H + "X: a<CR>Y: b;;                             -> 400",
            "GET / HTTP/1.1;" + H + "X: a<NUL>b;;                               -> 400",
            "GET / HTTP/1.1;" + H + "Xü: a;;                                    -> 400",
            "GET / HTTP/1.1;" + H + "Expect: 200-ok;;                           -> 417",
            // two ways to say how long the body is
            "POST / HTTP/1.1;" + H + ";                                         -> 411",
            "POST / HTTP/1.1;" + H + "Content-Length: 5;Content-Length: 6;;     -> 400",
            "POST / HTTP/1.1;" + H + "Content-Length: 5;Content-Length: 5;;     -> 400",
            "POST / HTTP/1.1;" + H + "Content-Length: 5, 5;;                    -> 400",
            "POST / HTTP/1.1;" + H + "Content-Length: +5;;                      -> 400",
            "POST / HTTP/1.1;" + H + "Content-Length: 0x5;;                     -> 400",
            "POST / HTTP/1.1;" + H + "Content-Length: -1;;                      -> 400",
            "POST / HTTP/1.1;" + H + "Content-Length:;;                         -> 400",
            "POST / HTTP/1.1;" + H + "Content-Length: 1 2;;                     -> 400",
            "POST / HTTP/1.1;" + H + "Content-Length: 99999999999999999999999;; -> 413",
            "POST / HTTP/1.1;" + H + "Content-Length: 18446744073709551617;;    -> 413",
            "POST / HTTP/1.1;" + H + "Transfer-Encoding: chunked;Content-Length: 5;; -> 400",
            "POST / HTTP/1.1;" + H + "Content-Length: 5;Transfer-Encoding: chunked;; -> 400",
            "POST / HTTP/1.1;" + H + "Transfer-Encoding: chunked;Transfer-Encoding: chunked;; -> 400",
            "POST / HTTP/1.1;" + H + "Transfer-Encoding: chunked;Transfer-Encoding: identity;; -> 400",
            "POST / HTTP/1.1;" + H + "Transfer-Encoding: gzip, chunked;;        -> 501",
            "POST / HTTP/1.1;" + H + "Transfer-Encoding: chunked, identity;;    -> 501",
            "POST / HTTP/1.1;" + H + "Transfer-Encoding: xchunked;;             -> 501",
            "POST / HTTP/1.1;" + H + "Transfer-Encoding:<VT>chunked;;           -> 400",
            "POST / HTTP/1.0;Transfer-Encoding: chunked;;                       -> 400"})
    void refuses(String text, String status) {
        byte[] head = bytes(text);
        assertEquals(status, outcome(head, Settings.DEFAULT, null).substring(0, 3), text);
        assertSameInPieces(head, Settings.DEFAULT);
    }

    /** Somebody who speaks another protocol may never send an end of line. */
    @ParameterizedTest
    @ValueSource(strings = {"<SOH>", "<ETX>", " ", ":", "ü", "(GET"})
    void refusesAtTheFirstByte(String text) {
        assertEquals("400", outcome(bytes(text), Settings.DEFAULT, null).substring(0, 3));
    }

    @Test
    void limitsCountWithoutAnEndOfLine() {
        String line = "GET /" + "a".repeat(64 - 14) + " HTTP/1.1";
        assertLimit(64, line, "414", "");
        // A line that is short enough ends in CR, which is not known to be its end before the LF.
        assertEquals("GET", outcome(bytes("GET / HTTP/1.1;" + H + ";"), SMALL, null).substring(0, 3));
        assertEquals("414", outcome(bytes(line + "a;"), SMALL, null).substring(0, 3));

        String fields = H + "X: " + "a".repeat(128 - 13) + ";";
        assertEquals("GET", outcome(bytes("GET / HTTP/1.1;" + fields + ";"), SMALL, null).substring(0, 3));
        String tooLong = H + "X: " + "a".repeat(128 - 12) + ";";
        assertEquals("431", outcome(bytes("GET / HTTP/1.1;" + tooLong + ";"), SMALL, null).substring(0, 3));
        assertLimit(128 + 2, H + "X: " + "a".repeat(128), "431", "GET / HTTP/1.1;");

        assertEquals("GET", outcome(bytes("GET / HTTP/1.1;" + H + "a:;".repeat(5) + ";"), SMALL, null).substring(0, 3));
        assertEquals("431", outcome(bytes("GET / HTTP/1.1;" + H + "a:;".repeat(6)), SMALL, null).substring(0, 3));
    }

    /** So many bytes after the prefix are incomplete; one more is refused, though the line may go on. */
    private static void assertLimit(int limit, String text, String status, String prefix) {
        byte[] all = bytes(prefix + text + "a".repeat(8));
        int prefixLength = bytes(prefix).length;
        assertEquals(INCOMPLETE, outcome(Arrays.copyOf(all, prefixLength + limit), SMALL, null));
        assertEquals(status, outcome(Arrays.copyOf(all, prefixLength + limit + 1), SMALL, null)
                .substring(0, 3));
        assertSameInPieces(all, SMALL);
    }

    @Test
    void truncatedIsIncomplete() {
        byte[] head = bytes("POST /a HTTP/1.1;" + H + "Content-Length: 3;X: y;;");
        for (int length = 0; length < head.length; length++) {
            assertEquals(INCOMPLETE, outcome(Arrays.copyOf(head, length), Settings.DEFAULT, null));
        }
    }

    @Test
    void stopsAtTheEndOfTheHead() {
        byte[] two = bytes("GET /a HTTP/1.1;" + H + ";GET /b HTTP/1.1;" + H + ";");
        assertEquals("GET /a 0 keep #" + two.length / 2, outcome(two, Settings.DEFAULT, null));
    }

    @Test
    void headerFieldsAreFoundInAnyCaseAndTrimmed() throws HttpError {
        byte[] head = bytes("GET / HTTP/1.1;" + H + "X-A: <HT>one two<HT> ;x-a: other;Y:;;");
        Request request = new Request(null);
        assertEquals(head.length, new RequestParser(Settings.DEFAULT).parse(request, head, 0, head.length));
        assertEquals("one two", request.header("x-A"));
        assertEquals("", request.header("y"));
        assertEquals(null, request.header("x"));
        // Letters differ in one bit by case; so do @ and `, [ and {, and these are other characters.
        assertEquals(null, request.header("X\rA"));
    }

    /** Damaged requests: every outcome is an answer, does not depend on the pieces, and is right if it is "accepted". */
    @Test
    void garbage() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        List<String> heads = List.of("GET / HTTP/1.1;" + H + ";", "POST /echo?x HTTP/1.1;" + H
                + "Content-Length: 10;Connection: close;Expect: 100-continue;;",
                "PUT http://h/b HTTP/1.1;" + H
                        + "Transfer-Encoding: chunked;X: y;Accept: */*;;",
                ";HEAD / HTTP/1.0;Connection: keep-alive;;");
        byte[] spice = bytes("; :,\t\0<CR><LF><CR><LF>ü%#/*0aZ~(");
        int accepted = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] head = bytes(heads.get(random.nextInt(heads.size())));
            for (int damages = random.nextInt(4); damages > 0; damages--) {
                head = damage(random, head, spice);
            }
            Settings settings = random.nextInt(4) == 0 ? SMALL : Settings.DEFAULT;
            String whole = outcome(head, settings, null);
            assertEquals(whole, outcome(head, settings, random), () -> "in pieces, seed " + seed);
            if (whole.contains("#")) {
                accepted++;
                String text = new String(head, 0, Integer.parseInt(whole.substring(whole.indexOf('#') + 1)),
                        StandardCharsets.ISO_8859_1);
                assertTrue(GRAMMAR.matcher(text).matches(), () -> "accepted: " + text + " seed " + seed);
                String lower = text.toLowerCase(Locale.ROOT);
                assertTrue(count(lower, "\r\nhost:") <= 1 && count(lower, "\r\ncontent-length:")
                        + count(lower, "\r\ntransfer-encoding:") <= 1, () -> "accepted: " + text + " seed " + seed);
            }
        }
        assertTrue(accepted > 1000 && accepted < 19_000, "accepted " + accepted + ", seed " + seed);
    }

    private static byte[] damage(Random random, byte[] head, byte[] spice) {
        int at = random.nextInt(head.length);
        int length = random.nextInt(head.length - at + 1);
        byte[] part = switch (random.nextInt(4)) {
            case 0 -> new byte[0];
            case 1 -> new byte[]{spice[random.nextInt(spice.length)]};
            case 2 -> new byte[]{(byte) random.nextInt(256)};
            default -> {
                byte[] twice = Arrays.copyOfRange(head, at, at + 2 * length);
                System.arraycopy(twice, 0, twice, length, length);
                yield twice;
            }
        };
        int skipped = part.length == 1 || part.length == 0 ? Math.min(1, length) : length;
        byte[] damaged = new byte[head.length - skipped + part.length];
        System.arraycopy(head, 0, damaged, 0, at);
        System.arraycopy(part, 0, damaged, at, part.length);
        System.arraycopy(head, at + skipped, damaged, at + part.length, head.length - at - skipped);
        return damaged.length == 0 ? head : damaged;
    }

    private static int count(String text, String part) {
        return (text.length() - text.replace(part, "").length()) / part.length();
    }

    // -- helpers --

    private static void assertSameInPieces(byte[] head, Settings settings) {
        String whole = outcome(head, settings, null);
        assertEquals(whole, outcome(head, settings, new Random(0) {
            private static final long serialVersionUID = 1;

            @Override
            public int nextInt(int bound) {
                return 0;
            }
        }), "byte by byte");
    }

    /** What becomes of these bytes; with random sizes of pieces, each time in another array at another place. */
    private static String outcome(byte[] head, Settings settings, Random pieces) {
        RequestParser parser = new RequestParser(settings);
        Request request = new Request(null);
        int given = 0;
        try {
            do {
                given = pieces == null ? head.length : Math.min(head.length, given + 1 + pieces.nextInt(20));
                int at = given % 3;
                byte[] moved = new byte[at + given + 2];
                System.arraycopy(head, 0, moved, at, given);
                int length = parser.parse(request, moved, at, at + given);
                if (length != RequestParser.INCOMPLETE) {
                    return request.method() + " " + request.target() + " "
                            + (request.chunked() ? "chunked" : request.contentLength())
                            + (request.keepAlive() ? " keep" : " close")
                            + (request.expectsContinue() ? " continue" : "") + " #" + length;
                }
            } while (given < head.length);
            return INCOMPLETE;
        } catch (HttpError e) {
            return e.status() + " " + e.getMessage();
        }
    }

    private static String strip(String outcome) {
        int length = outcome.indexOf(" #");
        return length < 0 ? outcome : outcome.substring(0, length);
    }

    private static byte[] bytes(String text) {
        return text.replace(";", "\r\n").replace("<CR>", "\r").replace("<LF>", "\n").replace("<HT>", "\t")
                .replace("<VT>", "\013").replace("<NUL>", "\0").replace("<SOH>", "\001").replace("<ETX>", "\003")
                .getBytes(StandardCharsets.ISO_8859_1);
    }
}
