package io.goruntime.internal.poll;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * The record {@code struct epoll_event}.
 *
 * <pre>
 *   x86-64, packed    elsewhere
 *   0  u32 events     0  u32 events
 *   4  u64 data       8  u64 data
 * </pre>
 *
 * Our data is two numbers: that of a PollDesc and its tag.
 */
final class EpollEvent {
    private static final boolean PACKED = System.getProperty("os.arch").equals("amd64")
            || System.getProperty("os.arch").equals("x86_64");

    static final int SIZE = PACKED ? 12 : 16;
    private static final int INDEX = PACKED ? 4 : 8;
    private static final int TAG = INDEX + 4;

    static final int IN = 1;
    static final int PRI = 2;
    static final int OUT = 4;
    static final int ERR = 8;
    static final int HUP = 0x10;
    static final int RDHUP = 0x2000;
    static final int ET = 0x8000_0000;

    private EpollEvent() {}

    static void set(MemorySegment at, int events, int index, int tag) {
        at.set(JAVA_INT, 0, events);
        at.set(JAVA_INT, INDEX, index);
        at.set(JAVA_INT, TAG, tag);
    }

    static int events(MemorySegment all, int i) {
        return all.get(JAVA_INT, (long) i * SIZE);
    }

    static int index(MemorySegment all, int i) {
        return all.get(JAVA_INT, (long) i * SIZE + INDEX);
    }

    static int tag(MemorySegment all, int i) {
        return all.get(JAVA_INT, (long) i * SIZE + TAG);
    }
}
