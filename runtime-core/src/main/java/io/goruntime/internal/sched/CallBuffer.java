package io.goruntime.internal.sched;

import io.goruntime.internal.jdk.Mode;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import static java.lang.foreign.ValueLayout.JAVA_INT;

/**
 * Native memory for the calls of system functions: the error number, and bytes on their way from or to the Java heap.
 */
/*
 * A goroutine does not leave its M between two points where it waits, so each M has one buffer and whoever runs on it
 * may use it from one such point to the next. What must not come in between: a park, a yield, a Java monitor, a lock of
 * java.util.concurrent, the first execution of code that loads classes.
 *
 * Other threads take one from a pool, and give it back.
 */
public final class CallBuffer {
    /** Of {@link #bytes}; a datagram of any size fits. */
    public static final int SIZE = 64 << 10;

    /** Of {@link #small}. */
    public static final int SMALL = 256;

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO = STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    /** Those that no thread uses; as many as were ever used at the same time. */
    private static final ConcurrentLinkedQueue<CallBuffer> POOL = new ConcurrentLinkedQueue<>();

    /** Captured by a call. */
    public final MemorySegment state;

    /** Room for the bytes. */
    public final MemorySegment bytes;

    /** Room for addresses, options and the like. */
    public final MemorySegment small;

    public final long bytesAddr;
    public final long smallAddr;

    private final boolean pooled;

    private CallBuffer(boolean pooled) {
        // freed with this object, which is with its M
        MemorySegment all = Arena.ofAuto().allocate(SIZE + SMALL + STATE.byteSize(), 64);
        bytes = all.asSlice(0, SIZE);
        small = all.asSlice(SIZE, SMALL);
        state = all.asSlice(SIZE + SMALL);
        bytesAddr = bytes.address();
        smallAddr = small.address();
        this.pooled = pooled;
    }

    /** That of the calling thread's M, else one of the pool. */
    public static CallBuffer take() {
        M mp = Mode.Chosen.GMP ? M.current() : null;
        if (mp == null || mp.curg == null) {
            return takePooled();
        }
        CallBuffer mine = mp.callBuffer;
        if (mine == null) {
            mp.callBuffer = mine = new CallBuffer(false);
        }
        return mine;
    }

    /** One for as long as the caller likes, waits included. */
    public static CallBuffer takePooled() {
        @Nullable
        CallBuffer free = POOL.poll();
        return free == null ? new CallBuffer(true) : free;
    }

    /** The caller does not use it any more. */
    public void give() {
        if (pooled) {
            POOL.add(this);
        }
    }

    /** The error number of the call that failed last. */
    public int errno() {
        return state.get(JAVA_INT, ERRNO);
    }
}
