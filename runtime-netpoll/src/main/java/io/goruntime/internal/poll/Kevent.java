package io.goruntime.internal.poll;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/**
 * The record {@code struct kevent} of macOS, and of the BSDs but FreeBSD since version 12, where it is longer.
 *
 * <pre>
 *   0   uintptr ident        16  intptr data
 *   8   i16     filter       24  void*  udata
 *   10  u16     flags        32, on FreeBSD followed by u64[4]: 64
 *   12  u32     fflags
 * </pre>
 *
 * Our udata is two numbers: that of a PollDesc and its tag.
 */
final class Kevent {
    static final int SIZE = System.getProperty("os.name").equals("FreeBSD") ? 64 : 32;

    static final int IDENT = 0;
    static final int FILTER = 8;
    static final int FLAGS = 10;
    static final int FFLAGS = 12;
    static final int DATA = 16;
    static final int UDATA = 24;

    static final short EVFILT_READ = -1;
    static final short EVFILT_WRITE = -2;
    static final short EVFILT_USER = (short) (System.getProperty("os.name").equals("FreeBSD") ? -11 : -10);

    static final short EV_ADD = 1;
    static final short EV_CLEAR = 0x20;
    static final short EV_ERROR = 0x4000;
    static final short EV_EOF = (short) 0x8000;
    static final int NOTE_TRIGGER = 0x0100_0000;

    private Kevent() {}

    /** Writes the i-th record. */
    static void set(MemorySegment all, int i, long ident, short filter, int flags, int fflags, int index, int tag) {
        long at = (long) i * SIZE;
        all.asSlice(at, SIZE).fill((byte) 0);
        all.set(JAVA_LONG, at + IDENT, ident);
        all.set(JAVA_SHORT, at + FILTER, filter);
        all.set(JAVA_SHORT, at + FLAGS, (short) flags);
        all.set(JAVA_INT, at + FFLAGS, fflags);
        all.set(JAVA_INT, at + UDATA, index);
        all.set(JAVA_INT, at + UDATA + Integer.BYTES, tag);
    }

    static short filter(MemorySegment all, int i) {
        return all.get(JAVA_SHORT, (long) i * SIZE + FILTER);
    }

    static int flags(MemorySegment all, int i) {
        return all.get(JAVA_SHORT, (long) i * SIZE + FLAGS) & 0xffff;
    }

    static int index(MemorySegment all, int i) {
        return all.get(JAVA_INT, (long) i * SIZE + UDATA);
    }

    static int tag(MemorySegment all, int i) {
        return all.get(JAVA_INT, (long) i * SIZE + UDATA + Integer.BYTES);
    }
}
