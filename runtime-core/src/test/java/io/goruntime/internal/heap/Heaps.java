package io.goruntime.internal.heap;

import io.goruntime.internal.jdk.Mode;
import org.jspecify.annotations.Nullable;

/** Heaps of a test: small ones, that the test closes; and caches that it gives to its threads, as a P would. */
final class Heaps {
    static final long MB = 1 << 20;

    private Heaps() {}

    /** A heap whose threads use stripes, unless {@link Owned#run} gives them a cache of their own. */
    static MHeap open(long reserveBytes, long limitBytes) {
        Mode.ensure();
        return MHeap.open(reserveBytes, limitBytes, Owned::new);
    }

    static MHeap open() {
        return open(1 << 30, MemLimit.OFF);
    }

    /** The cache of the calling thread, in a thread-local. */
    static final class Owned extends CacheSource {
        private static final ThreadLocal<MCache> CURRENT = new ThreadLocal<>();

        private Owned(MHeap heap) {
            super(heap);
        }

        @Override
        protected @Nullable MCache own() {
            return CURRENT.get();
        }

        /** What the calling thread uses from now on; null: the stripes. */
        static void use(@Nullable MCache cache) {
            CURRENT.set(cache);
        }
    }
}
