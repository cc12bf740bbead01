package io.goruntime.examples.http;

/** Reads the head of a request: request line and header fields, RFC 9112. It sees bytes and nothing else. */
/*
 * The bytes of a head arrive in any pieces. They are given again, with those that have come since, until the head is
 * complete; what was looked at before is not looked at again. The outcome does not depend on the pieces: a line is
 * judged when its end is there, and before that only its length and, in the first line, the first byte, so that
 * somebody who speaks another protocol is told at once.
 *
 * It is strict where servers have disagreed and were deceived (request smuggling): lines end with CR LF and nothing else,
 * no folded lines, no space before the colon, one Content-Length in digits, no Content-Length together with
 * Transfer-Encoding, one Host. One empty line before a request is skipped, as RFC 9112 2.2 wants.
 */
final class RequestParser {
    /** The head is not complete. */
    static final int INCOMPLETE = -1;

    private static final String[] METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"};
    private static final int LONGEST_METHOD = 32;

    /** What may be in a token, RFC 9110 5.6.2. */
    private static final boolean[] TOKEN = new boolean[128];

    static {
        for (char c = '0'; c < 127; c++) {
            TOKEN[c] = Character.isLetterOrDigit(c);
        }
        for (char c : "!#$%&'*+-.^_`|~".toCharArray()) {
            TOKEN[c] = true;
        }
    }

    private enum Part {
        REQUEST_LINE, FIELDS
    }

    private final Settings settings;

    private Part part;
    /** Offsets from the first byte: where the line begins that is being read, how far it was searched for its end. */
    private int line;
    private int searched;
    /** Where the header fields begin. */
    private int fields;
    private boolean emptyLineSkipped;

    // What decides about the body and the connection.
    private int hosts;
    private long contentLength;
    private boolean codings;
    private boolean close;
    private boolean keepAlive;
    private boolean expectsContinue;
    private boolean http11;
    private String method;

    RequestParser(Settings settings) {
        this.settings = settings;
        reset();
    }

    /** Before the next request. */
    void reset() {
        part = Part.REQUEST_LINE;
        line = 0;
        searched = 0;
        fields = 0;
        emptyLineSkipped = false;
        hosts = 0;
        contentLength = -1;
        codings = false;
        close = false;
        keepAlive = false;
        expectsContinue = false;
    }

    /**
     * Continues with the bytes of a request from its first.
     *
     * @return how long the head is; {@link #INCOMPLETE}: call again with more bytes, which may be in another place
     */
    int parse(Request request, byte[] b, int from, int to) throws HttpError {
        request.at(b, from);
        if (searched == 0) {
            request.clear();
        }
        for (;;) {
            int end = from + searched;
            while (end < to && b[end] != '\n') {
                end++;
            }
            searched = end - from;
            checkBeginning(b, from, end);
            if (end == to) {
                return INCOMPLETE;
            }
            searched++;
            int lineFrom = from + line;
            if (end == lineFrom || b[end - 1] != '\r') {
                throw new HttpError(400, "a line ends without CR");
            }
            int lineTo = end - 1;
            line = searched;
            if (part == Part.REQUEST_LINE) {
                if (lineFrom == lineTo) {
                    skipEmptyLine();
                } else {
                    requestLine(request, b, from, lineFrom, lineTo);
                    part = Part.FIELDS;
                    fields = line;
                }
            } else if (lineFrom == lineTo) {
                finish(request);
                return line;
            } else {
                field(request, b, from, lineFrom, lineTo);
            }
        }
    }

    /** What can be told of a line before its end is there. */
    private void checkBeginning(byte[] b, int from, int end) throws HttpError {
        if (part == Part.FIELDS) {
            // With room for the empty line that ends them.
            if (end - from - fields > settings.headerBytes() + 2) {
                throw new HttpError(431, "the header fields are too long");
            }
            return;
        }
        int lineFrom = from + line;
        if (end > lineFrom && b[lineFrom] != '\r' && !isToken(b[lineFrom])) {
            throw new HttpError(400, "no method");
        }
        if (end - lineFrom > settings.requestLine()) {
            throw new HttpError(414, "the request line is too long");
        }
    }

    private void skipEmptyLine() throws HttpError {
        if (emptyLineSkipped) {
            throw new HttpError(400, "empty lines before the request");
        }
        emptyLineSkipped = true;
    }

    // -- the request line --

    private void requestLine(Request request, byte[] b, int base, int from, int to) throws HttpError {
        int space = from;
        while (space < to && isToken(b[space])) {
            space++;
        }
        if (space == from || space - from > LONGEST_METHOD || space == to || b[space] != ' ') {
            throw new HttpError(400, "no method");
        }
        int targetFrom = space + 1;
        int targetTo = targetFrom;
        while (targetTo < to && b[targetTo] > ' ' && b[targetTo] < 127 && b[targetTo] != '#') {
            targetTo++;
        }
        if (targetTo == targetFrom || targetTo == to || b[targetTo] != ' ') {
            throw new HttpError(400, "no target");
        }
        version(b, targetTo + 1, to);
        method = method(b, from, space);
        int path = path(b, targetFrom, targetTo);
        request.requestLine(method, path - base, targetTo - base, http11);
    }

    private void version(byte[] b, int from, int to) throws HttpError {
        if (to - from != 8 || !isText(b, from, "HTTP/") || !isDigit(b[from + 5]) || b[from + 6] != '.'
                || !isDigit(b[from + 7])) {
            throw new HttpError(400, "no version");
        }
        if (b[from + 5] != '1') {
            throw new HttpError(505, "another version of HTTP");
        }
        http11 = b[from + 7] != '0';
    }

    /** The method, or an empty string for one that is not known. */
    private static String method(byte[] b, int from, int to) {
        for (String known : METHODS) {
            if (known.length() == to - from && isText(b, from, known)) {
                return known;
            }
        }
        return "";
    }

    /** Where the path begins in a target, which may be a whole URL, RFC 9112 3.2.2. */
    private int path(byte[] b, int from, int to) throws HttpError {
        if (b[from] == '/' || method.equals("OPTIONS") && to - from == 1 && b[from] == '*') {
            return from;
        }
        if (to - from > 7 && (isText(b, from, "http://") || isText(b, from, "HTTP://"))) {
            int path = from + 7;
            while (path < to && b[path] != '/' && b[path] != '?') {
                path++;
            }
            // A query without a path is a target that no handler of ours would understand.
            if (path > from + 7 && (path == to || b[path] == '/')) {
                return path;
            }
        }
        if (method.isEmpty()) {
            // CONNECT has a target of its own form; the method is what is refused, when the head is complete.
            return from;
        }
        throw new HttpError(400, "no path");
    }

    // -- header fields --

    private void field(Request request, byte[] b, int base, int from, int to) throws HttpError {
        if (request.fieldCount() == settings.headerFields()) {
            throw new HttpError(431, "too many header fields");
        }
        // A folded line begins with a space, which no token does.
        int colon = from;
        while (colon < to && isToken(b[colon])) {
            colon++;
        }
        if (colon == from || colon == to || b[colon] != ':') {
            throw new HttpError(400, "no name of a header field");
        }
        int valueFrom = colon + 1;
        int valueTo = to;
        while (valueFrom < valueTo && isBlank(b[valueFrom])) {
            valueFrom++;
        }
        while (valueFrom < valueTo && isBlank(b[valueTo - 1])) {
            valueTo--;
        }
        for (int i = valueFrom; i < valueTo; i++) {
            if (b[i] >= 0 && b[i] < ' ' && b[i] != '\t' || b[i] == 127) {
                throw new HttpError(400, "a control character in a header field");
            }
        }
        request.field(from - base, colon - base, valueFrom - base, valueTo - base);
        special(b, from, colon, valueFrom, valueTo);
    }

    private void special(byte[] b, int from, int colon, int valueFrom, int valueTo) throws HttpError {
        switch (colon - from) {
            case 4 -> {
                if (isName(b, from, "host")) {
                    host(b, valueFrom, valueTo);
                }
            }
            case 6 -> {
                if (isName(b, from, "expect")) {
                    if (valueTo - valueFrom != 12 || !isName(b, valueFrom, "100-continue")) {
                        throw new HttpError(417, "an unknown expectation");
                    }
                    expectsContinue = true;
                }
            }
            case 10 -> {
                if (isName(b, from, "connection")) {
                    connection(b, valueFrom, valueTo);
                }
            }
            case 14 -> {
                if (isName(b, from, "content-length")) {
                    contentLength(b, valueFrom, valueTo);
                }
            }
            case 17 -> {
                if (isName(b, from, "transfer-encoding")) {
                    transferEncoding(b, valueFrom, valueTo);
                }
            }
            default -> {
                // Its meaning is the handler's affair.
            }
        }
    }

    private void host(byte[] b, int from, int to) throws HttpError {
        hosts++;
        for (int i = from; i < to; i++) {
            if (b[i] <= ' ' || b[i] == '/' || b[i] == '@' || b[i] == ',' || b[i] == '?') {
                throw new HttpError(400, "no host");
            }
        }
    }

    private void connection(byte[] b, int from, int to) {
        for (int i = from; i < to;) {
            int end = i;
            while (end < to && b[end] != ',') {
                end++;
            }
            int optionTo = end;
            while (i < optionTo && isBlank(b[i])) {
                i++;
            }
            while (i < optionTo && isBlank(b[optionTo - 1])) {
                optionTo--;
            }
            close |= optionTo - i == 5 && isName(b, i, "close");
            keepAlive |= optionTo - i == 10 && isName(b, i, "keep-alive");
            i = end + 1;
        }
    }

    private void contentLength(byte[] b, int from, int to) throws HttpError {
        if (contentLength >= 0) {
            throw new HttpError(400, "two lengths of the body");
        }
        if (from == to) {
            throw new HttpError(400, "no length of the body");
        }
        long length = 0;
        for (int i = from; i < to; i++) {
            if (!isDigit(b[i])) {
                throw new HttpError(400, "no length of the body");
            }
            // Beyond what any limit allows it is only known to be too much.
            length = Math.min(length * 10 + b[i] - '0', Long.MAX_VALUE / 20);
        }
        contentLength = length;
    }

    private void transferEncoding(byte[] b, int from, int to) throws HttpError {
        if (codings) {
            throw new HttpError(400, "two encodings of the body");
        }
        codings = true;
        if (to - from != 7 || !isName(b, from, "chunked")) {
            throw new HttpError(501, "an encoding other than chunked");
        }
    }

    // -- the end --

    private void finish(Request request) throws HttpError {
        if (http11 ? hosts != 1 : hosts > 1) {
            throw new HttpError(400, hosts == 0 ? "no host" : "two hosts");
        }
        if (codings && (contentLength >= 0 || !http11)) {
            throw new HttpError(400,
                    contentLength >= 0 ? "a length and an encoding of the body" : "chunks in HTTP/1.0");
        }
        if (method.isEmpty()) {
            throw new HttpError(501, "an unknown method");
        }
        if (contentLength > settings.bodyBytes()) {
            throw new HttpError(413, "the body is too long");
        }
        if (!codings && contentLength < 0
                && (method.equals("POST") || method.equals("PUT") || method.equals("PATCH"))) {
            throw new HttpError(411, "neither a length nor an encoding of the body");
        }
        request.framing(codings, contentLength, !close && (http11 || keepAlive), http11 && expectsContinue);
    }

    // -- bytes --

    private static boolean isToken(byte b) {
        return b >= 0 && TOKEN[b];
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }

    private static boolean isText(byte[] b, int from, String ascii) {
        for (int i = 0; i < ascii.length(); i++) {
            if (b[from + i] != ascii.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Whether so many bytes as the name has are it, in any case of letters; the name is in lower case. */
    private static boolean isName(byte[] b, int from, String name) {
        for (int i = 0; i < name.length(); i++) {
            int c = b[from + i];
            if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
