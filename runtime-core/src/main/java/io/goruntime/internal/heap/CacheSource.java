package io.goruntime.internal.heap;

import org.jspecify.annotations.Nullable;

/**
 * Which cache a thread uses. This one knows only stripes; the scheduler has one that knows Ps.
 */
/*
 * There are at most four stripes a processor, however many threads: a cache holds up to a span of each class, too much to
 * have one for each of a million virtual threads. A thread tries the stripe of its number and then its neighbours, so
 * that a holder that lost its processor is not waited for while another stripe is free.
 */
public class CacheSource {
    private static final int STRIPES_PER_PROCESSOR = 4;

    private final MCache[] stripes;

    /** For a heap's use of it, made by {@link MHeap#open}. */
    protected CacheSource(MHeap heap) {
        int most = STRIPES_PER_PROCESSOR * Runtime.getRuntime().availableProcessors();
        stripes = new MCache[Integer.highestOneBit(most)];
        for (int i = 0; i < stripes.length; i++) {
            stripes[i] = new MCache(heap, true);
        }
    }

    /** The cache of the caller's P, null without one. Valid until the caller may park. */
    protected @Nullable MCache own() {
        return null;
    }

    /** Goes into a cache: the caller's own, or a stripe. The stack must have room for what is done inside. */
    protected MCache enter() {
        MCache own = own();
        return own == null ? enterStripe() : own;
    }

    /** Comes out of what {@link #enter} returned. */
    final void exit(MCache c) {
        if (c.striped) {
            c.unlock();
        }
    }

    private MCache enterStripe() {
        int mask = stripes.length - 1;
        int first = (int) Thread.currentThread().threadId();
        for (int i = 0; i < stripes.length; i++) {
            MCache c = stripes[first + i & mask];
            if (c.tryLock()) {
                return c;
            }
        }
        MCache c = stripes[first & mask];
        c.lock();
        return c;
    }

    /** Every stripe. */
    MCache[] stripes() {
        return stripes;
    }
}
