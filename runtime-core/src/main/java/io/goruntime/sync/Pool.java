package io.goruntime.sync;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.internal.base.SpinLock;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.internal.sched.Sched;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import java.lang.ref.SoftReference;
import java.lang.ref.WeakReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Objects that are expensive to make, kept for the next user. Source in Go: {@code sync/pool.go}.
 *
 * <p>The pool may drop any object at any time without notice, and does so after a garbage collection or two in which
 * nobody took it. So it suits buffers, and does not suit what must be closed.
 *
 * <p><b>Blocking and interruption.</b> Nothing blocks.
 *
 * <p><b>Thread safety and memory effects.</b> For any number of threads. A {@link #put} of an object happens before the
 * return of the {@link #get} that hands it out.
 *
 * @param <T> the type of the objects
 */
/*
 * Counterpart of pool.go: Pool, Get, Put, getSlow, poolCleanup.
 *
 * A shard for each P: one object in a place of its own, taken and given by one atomic exchange, and a stack behind a spin
 * lock. Other threads than goroutines choose a shard by their id. Who finds nothing in its shard looks into the others,
 * then into the victims. A goroutine can change its P between any two steps here, unlike in Go, where it is pinned;
 * therefore also the place of one object is exchanged atomically, and may be taken by others.
 *
 * Victims. At each cycle of Go's collector the objects become victims, and victims that are there already are dropped.
 * Java does not say when it collects, but clears a weak reference to an object that nobody has (`cycle`) when it does. The
 * next operation that notices makes the shards victims, and those are weakly referenced, so the collection after that
 * drops them. A pool that nobody uses any more notices nothing; its shards are softly referenced, so that they go when
 * memory is needed.
 */
public final class Pool<T> {
    private static final VarHandle ONE = ConstantBootstraps.fieldVarHandle(lookup(), "one", VarHandle.class,
            Shard.class, Object.class);
    private static final VarHandle CYCLE = ConstantBootstraps.fieldVarHandle(lookup(), "cycle", VarHandle.class,
            Pool.class, WeakReference.class);

    private static final int SHARDS = Integer
            .highestOneBit(2 * Math.max(4, Runtime.getRuntime().availableProcessors()) - 1);
    private static final int FIRST_CAPACITY = 8;

    private final @Nullable Supplier<? extends T> make;

    /** Cleared by a collection. Replaced by CAS; the winner ages the shards. */
    private volatile WeakReference<Object> cycle = new WeakReference<>(new Object());

    private volatile SoftReference<Shard[]> current = new SoftReference<>(newShards());
    private volatile @Nullable WeakReference<Shard[]> victims;

    /**
     * Makes an empty pool.
     *
     * @param make makes an object when there is none; null if {@link #get} shall return null then
     */
    public Pool(@Nullable Supplier<? extends T> make) {
        Mode.ensure();
        this.make = make;
    }

    /**
     * Takes an object out of the pool, any one, or makes one.
     *
     * @return the object; null if there is none and nothing to make one
     */
    @SuppressWarnings("unchecked") // only put fills the shards
    public @Nullable T get() {
        Shard[] shards = shards();
        int at = index();
        Object found = shards[at].take();
        if (found == null) {
            found = getSlow(shards, at);
        }
        return found != null ? (T) found : make == null ? null : make.get();
    }

    /**
     * Puts an object into the pool. The caller must not use it any more.
     *
     * @param object what others may have; null is ignored
     */
    public void put(@Nullable T object) {
        if (object != null) {
            shards()[index()].give(object);
        }
    }

    private @Nullable Object getSlow(Shard[] shards, int at) {
        Object found = takeFromOthers(shards, at + 1);
        if (found == null) {
            WeakReference<Shard[]> reference = victims;
            Shard[] old = reference == null ? null : reference.get();
            if (old != null) {
                found = takeFromOthers(old, at);
                if (found == null) {
                    victims = null; // nobody need look there again
                }
            }
        }
        return found;
    }

    private static @Nullable Object takeFromOthers(Shard[] shards, int from) {
        for (int i = 0; i < SHARDS; i++) {
            Object found = shards[from + i & SHARDS - 1].take();
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private static int index() {
        return Sched.currentPid() & SHARDS - 1;
    }

    private Shard[] shards() {
        WeakReference<Object> seen = cycle;
        Shard[] shards = current.get();
        if (seen.refersTo(null) || shards == null) {
            Shard[] fresh = newShards();
            if (CYCLE.compareAndSet(this, seen, new WeakReference<>(new Object()))) {
                victims = shards == null ? null : new WeakReference<>(shards);
                current = new SoftReference<>(fresh);
                return fresh;
            }
            if (shards == null) {
                return fresh; // the winner has not published its own yet: this object is dropped, which is allowed
            }
        }
        return shards;
    }

    private static Shard[] newShards() {
        Shard[] shards = new Shard[SHARDS];
        for (int i = 0; i < SHARDS; i++) {
            shards[i] = new Shard();
        }
        return shards;
    }

    private static final class Shard {
        /** By exchange and CAS only. */
        private volatile @Nullable Object one;

        private final SpinLock lock = new SpinLock();

        // -- under the lock --

        private @Nullable Object[] items = new Object[FIRST_CAPACITY];
        private int n;

        @Nullable
        Object take() {
            if (one != null) {
                Object found = ONE.getAndSet(this, null);
                if (found != null) {
                    return found;
                }
            }
            if ((int) N.getOpaque(this) == 0) {
                return null;
            }
            Object found = null;
            lock.lock();
            // no calls until the release
            if (n > 0) {
                n--;
                found = items[n];
                items[n] = null;
            }
            lock.word = 0;
            return found;
        }

        private static final VarHandle N = ConstantBootstraps.fieldVarHandle(lookup(), "n", VarHandle.class,
                Shard.class, int.class);

        void give(Object object) {
            if (one == null && ONE.compareAndSet(this, null, object)) {
                return;
            }
            @Nullable
            Object[] larger = null;
            for (;;) {
                int needed = 0;
                lock.lock();
                // no calls until the release
                if (n == items.length) {
                    if (larger != null && larger.length > n) {
                        for (int i = 0; i < n; i++) {
                            larger[i] = items[i];
                        }
                        items = larger;
                    } else {
                        needed = 2 * n;
                    }
                }
                if (needed == 0) {
                    items[n] = object;
                    n++;
                }
                lock.word = 0;
                if (needed == 0) {
                    return;
                }
                larger = new Object[needed];
            }
        }
    }
}
