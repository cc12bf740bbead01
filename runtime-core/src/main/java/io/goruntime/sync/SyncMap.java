package io.goruntime.sync;

import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sched;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A map for many threads. Source in Go: {@code sync/hashtriemap.go: Map}.
 *
 * <p>A Java program may as well use {@link java.util.concurrent.ConcurrentHashMap}; this one has Go's operations. Reading
 * is without locks and without writes. Keys and values are not null. Values are compared by {@code equals}.
 *
 * <p><b>Blocking and interruption.</b> Nothing blocks.
 *
 * <p><b>Thread safety and memory effects.</b> For any number of threads; each operation but {@link #range} is atomic. What
 * writes a value happens before what sees it.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
/*
 * Counterpart of hashtriemap.go: Map, Load, Store, LoadOrStore, LoadAndDelete, Delete, Swap, CompareAndSwap,
 * CompareAndDelete, Range, Clear, expand.
 *
 * A trie over the 32 bits of the hash, four at a time from the top. A node is an array of 16 slots. A slot holds
 *
 *   null      nothing
 *   Entry     a key and its value; immutable. Others with the same whole hash are chained behind it
 *   Object[]  a node of the next level
 *   DEAD      the node is being taken out of the trie, or has been
 *
 *   null     -> Entry      store
 *   Entry    -> Entry      store, delete of one of a chain
 *   Entry    -> null       delete
 *   Entry    -> Object[]   two hashes that share the bits so far: both move down
 *   Object[] -> null       the node was empty and is DEAD in all its slots
 *   null     -> DEAD       the node is empty, perhaps
 *   DEAD     -> null       it was not: somebody stored into another slot
 *
 * Each is one CAS on the slot, except the last, which only the one who wrote DEAD does. Go locks the node instead; but a
 * runtime lock must not be held while the user's equals runs, and a lock that parks is not needed for so little.
 *
 * A node that has become empty is taken out, or a map with changing keys would grow for ever. Who deletes the last entry
 * writes DEAD into all slots, the first slot first, which keeps others from doing the same; then nobody can store there any
 * more, and the node is unlinked from its parent. A writer that meets DEAD begins again at the root: the node is gone, or
 * alive again, within a few instructions of the other thread. A reader that meets DEAD has found nothing: the key was
 * absent when the slot was frozen, and the reader had begun to look before the node was unlinked.
 */
public final class SyncMap<K, V> {
    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Object[].class);

    private static final int BITS = 4;
    private static final int WIDTH = 1 << BITS;
    private static final int FIRST_SHIFT = Integer.SIZE - BITS;

    private static final Object DEAD = new Object();

    /** What modify may do with the value it finds. */
    private enum Mode {
        SWAP, STORE_IF_ABSENT, COMPARE_AND_SWAP, DELETE, COMPARE_AND_DELETE
    }

    private static final class Entry {
        final int hash;
        final Object key;
        final Object value;
        final @Nullable Entry next;

        Entry(int hash, Object key, Object value, @Nullable Entry next) {
            this.hash = hash;
            this.key = key;
            this.value = value;
            this.next = next;
        }
    }

    private volatile Object[] root = new Object[WIDTH];

    /** Makes an empty map. */
    public SyncMap() {}

    // ------------------------------------------------------------------------------------------------------------
    // Reading
    // ------------------------------------------------------------------------------------------------------------

    /**
     * The value of a key.
     *
     * @param key the key
     * @return null if it is absent
     */
    @SuppressWarnings("unchecked") // entries come from typed parameters
    public @Nullable V load(K key) {
        int hash = hash(key);
        Object[] node = root;
        for (int shift = FIRST_SHIFT;; shift -= BITS) {
            Object slot = SLOT.getAcquire(node, hash >>> shift & WIDTH - 1);
            if (slot instanceof Object[] child) {
                node = child;
            } else {
                Entry found = slot instanceof Entry entry ? find(entry, hash, key) : null;
                return found == null ? null : (V) found.value;
            }
        }
    }

    /**
     * Visits the entries. Each key is visited at most once if it is not deleted and stored again meanwhile. What others
     * change meanwhile may be seen or not.
     *
     * @param body takes a key and its value; returns false to stop
     */
    public void range(BiPredicate<? super K, ? super V> body) {
        range(root, body);
    }

    @SuppressWarnings("unchecked") // entries come from typed parameters
    private static <K, V> boolean range(Object[] node, BiPredicate<? super K, ? super V> body) {
        for (int i = 0; i < WIDTH; i++) {
            Object slot = SLOT.getAcquire(node, i);
            if (slot instanceof Object[] child) {
                if (!range(child, body)) {
                    return false;
                }
            } else if (slot instanceof Entry entry) {
                for (Entry e = entry; e != null; e = e.next) {
                    if (!body.test((K) e.key, (V) e.value)) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    // ------------------------------------------------------------------------------------------------------------
    // Writing
    // ------------------------------------------------------------------------------------------------------------

    /**
     * Sets the value of a key.
     *
     * @param key the key
     * @param value its new value
     */
    public void store(K key, V value) {
        modify(key, Mode.SWAP, null, Objects.requireNonNull(value));
    }

    /**
     * The value of a key; sets it if it is absent.
     *
     * @param key the key
     * @param value its value if it has none
     * @return the value it has now: that which was there, or the given one
     */
    public V loadOrStore(K key, V value) {
        V present = modify(key, Mode.STORE_IF_ABSENT, null, Objects.requireNonNull(value));
        return present == null ? value : present;
    }

    /**
     * Deletes a key.
     *
     * @param key the key
     * @return the value it had, null if it was absent
     */
    public @Nullable V loadAndDelete(K key) {
        return modify(key, Mode.DELETE, null, null);
    }

    /**
     * Deletes a key.
     *
     * @param key the key
     */
    public void delete(K key) {
        modify(key, Mode.DELETE, null, null);
    }

    /**
     * Sets the value of a key.
     *
     * @param key the key
     * @param value its new value
     * @return the value it had, null if it was absent
     */
    public @Nullable V swap(K key, V value) {
        return modify(key, Mode.SWAP, null, Objects.requireNonNull(value));
    }

    /**
     * Sets the value of a key if it has the expected one.
     *
     * @param key the key
     * @param expected the value it must have
     * @param value its new value
     * @return true if it had the expected value
     */
    public boolean compareAndSwap(K key, V expected, V value) {
        return modify(key, Mode.COMPARE_AND_SWAP, Objects.requireNonNull(expected),
                Objects.requireNonNull(value)) != null;
    }

    /**
     * Deletes a key if it has the expected value.
     *
     * @param key the key
     * @param expected the value it must have
     * @return true if it had the expected value
     */
    public boolean compareAndDelete(K key, V expected) {
        return modify(key, Mode.COMPARE_AND_DELETE, Objects.requireNonNull(expected), null) != null;
    }

    /** Deletes all keys. */
    public void clear() {
        root = new Object[WIDTH];
    }

    /**
     * Everything that changes the map.
     *
     * @param expected for the modes that compare, else null
     * @param value for the modes that store, else null
     * @return the value that was there, null if none was, or if a mode that compares did nothing
     */
    @SuppressWarnings("unchecked") // entries come from typed parameters
    private @Nullable V modify(K key, Mode mode, @Nullable Object expected, @Nullable Object value) {
        int hash = hash(key);
        boolean inserts = mode == Mode.SWAP || mode == Mode.STORE_IF_ABSENT;
        Object[] top = root;
        Object[] node = top;
        int shift = FIRST_SHIFT;
        for (;;) {
            int at = hash >>> shift & WIDTH - 1;
            Object slot = SLOT.getAcquire(node, at);
            if (slot instanceof Object[] child) {
                node = child;
                shift -= BITS;
                continue;
            }
            if (slot == DEAD) {
                Sched.gosched(); // whoever takes the node out may need this processor
                top = root;
                node = top;
                shift = FIRST_SHIFT;
                continue;
            }
            Entry chain = (Entry) slot;
            Entry found = chain == null ? null : find(chain, hash, key);
            Object next;
            if (found == null) {
                if (!inserts || value == null) {
                    return null;
                }
                next = chain == null || chain.hash == hash
                        ? new Entry(hash, key, value, chain)
                        : expand(chain, new Entry(hash, key, value, null), shift - BITS);
            } else {
                if (mode == Mode.STORE_IF_ABSENT) {
                    return (V) found.value;
                }
                if (expected != null && !expected.equals(found.value)) {
                    return null;
                }
                Entry others = without(chain, found);
                next = value == null ? others : new Entry(hash, key, value, others);
            }
            if (SLOT.compareAndSet(node, at, slot, next)) {
                if (next == null && node != top) {
                    prune(top, hash);
                }
                return found == null ? null : (V) found.value;
            }
        }
    }

    /** Nodes down to where the two hashes differ. They are equal above shift. */
    private static Object[] expand(Entry one, Entry other, int shift) {
        Object[] node = new Object[WIDTH];
        int a = one.hash >>> shift & WIDTH - 1;
        int b = other.hash >>> shift & WIDTH - 1;
        if (a == b) {
            node[a] = expand(one, other, shift - BITS);
        } else {
            node[a] = one;
            node[b] = other;
        }
        return node;
    }

    private static @Nullable Entry find(Entry chain, int hash, Object key) {
        if (chain.hash == hash) {
            for (Entry e = chain; e != null; e = e.next) {
                if (e.key == key || key.equals(e.key)) {
                    return e;
                }
            }
        }
        return null;
    }

    /** The chain without one of its entries; those before it are copied. */
    private static @Nullable Entry without(Entry chain, Entry one) {
        Entry rest = one.next;
        for (Entry e = chain; e != one && e != null; e = e.next) {
            rest = new Entry(e.hash, e.key, e.value, rest);
        }
        return rest;
    }

    /** Spreads the bits of a hash code, so that the upper ones, looked at first, depend on all (MurmurHash3's end). */
    private static int hash(Object key) {
        int h = key.hashCode();
        h = (h ^ h >>> 16) * 0x85EBCA6B;
        h = (h ^ h >>> 13) * 0xC2B2AE35;
        return h ^ h >>> 16;
    }

    // ------------------------------------------------------------------------------------------------------------
    // Taking empty nodes out
    // ------------------------------------------------------------------------------------------------------------

    /** Takes out the nodes on the way to the hash, from the lowest up, as far as they are empty. */
    private static void prune(Object[] top, int hash) {
        Object[][] path = new Object[Integer.SIZE / BITS][];
        try {
            Park.headroom();
        } catch (StackOverflowError e) {
            return; // the node stays, empty, until the next one comes by
        }
        int depth = 0;
        path[0] = top;
        while (SLOT.getAcquire(path[depth], slotAt(hash, depth)) instanceof Object[] child) {
            path[++depth] = child;
        }
        for (; depth > 0 && freeze(path[depth]); depth--) {
            // Nobody else changes this slot: the parent is not empty, the child is ours. A full fence: of two that take the
            // last two children out at the same time, one must see the parent empty.
            SLOT.setVolatile(path[depth - 1], slotAt(hash, depth - 1), null);
        }
    }

    private static int slotAt(int hash, int depth) {
        return hash >>> FIRST_SHIFT - depth * BITS & WIDTH - 1;
    }

    /** Writes DEAD into every slot; false, with nothing changed, if the node is not empty or somebody else does it. */
    private static boolean freeze(Object[] node) {
        while (isEmpty(node)) {
            int i = 0;
            while (i < WIDTH && SLOT.compareAndSet(node, i, null, DEAD)) {
                i++;
            }
            if (i == WIDTH) {
                return true;
            }
            if (i == 0) {
                return false;
            }
            while (--i >= 0) {
                SLOT.setVolatile(node, i, null);
            }
            // What stood in the way may have gone meanwhile, and its deleter may have given up because of us.
        }
        return false;
    }

    private static boolean isEmpty(Object[] node) {
        for (int i = 0; i < WIDTH; i++) {
            if (SLOT.getVolatile(node, i) != null) {
                return false;
            }
        }
        return true;
    }

    /** How many nodes there are besides the first, for tests. */
    int nodes() {
        return nodes(root) - 1;
    }

    private static int nodes(Object[] node) {
        int n = 1;
        for (Object slot : node) {
            if (slot instanceof Object[] child) {
                n += nodes(child);
            }
        }
        return n;
    }
}
