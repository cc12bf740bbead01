package io.goruntime.internal.sched;

import io.goruntime.internal.heap.MCache;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How many Ps there are, and who has them. Counterpart of proc.go: procresize, acquirep, releasep, pidleput, pidleget.
 */
/*
 * Go stops the world to change GOMAXPROCS. Here a running Java method cannot be stopped, so the number is a target:
 *
 *   live      Ps that are not DEAD: idle, or held by an M
 *   target    gomaxprocs + ncompensated
 *   surplus   live - target
 *
 * Growing makes Ps IDLE at once. Shrinking kills idle Ps at once; while surplus stays positive, each M that passes
 * through findRunnable gives its P up, until it is 0. Compensation for a blocked or spinning M uses the same numbers:
 * sysmon raises ncompensated, the M that comes back lowers it.
 */
final class Procs {
    private Procs() {}

    /** How many processors this process may use; honours container limits. */
    static int osinit() {
        return Runtime.getRuntime().availableProcessors();
    }

    // -- number --

    /** Sets GOMAXPROCS; returns the one before. */
    static int resize(Sched sched, int procs) {
        makeRoom(sched, procs);
        sched.lock.lock();
        int old = sched.gomaxprocs;
        sched.gomaxprocs = procs;
        adjust(sched);
        sched.lock.unlock();
        for (P pp : sched.allp) {
            if (pp.status == P.DEAD) {
                Timing.handOver(sched, pp);
            }
        }
        flushCaches(sched, false);
        return old;
    }

    /** Makes dead Ps so that there are so many more than what Ms may hold beyond the target. Allocates unlocked. */
    private static void makeRoom(Sched sched, int procs) {
        for (;;) {
            P[] all = sched.allp;
            int wanted = procs + sched.ncompensated;
            if (all.length >= wanted) {
                return;
            }
            P[] grown = Arrays.copyOf(all, wanted);
            for (int i = all.length; i < wanted; i++) {
                grown[i] = new P(i);
            }
            sched.lock.lock();
            if (sched.allp == all) {
                sched.allp = grown;
            }
            sched.lock.unlock();
        }
    }

    /** Brings live to the target as far as idle and dead Ps allow. Caller holds sched.lock. */
    private static void adjust(Sched sched) {
        int target = sched.gomaxprocs + sched.ncompensated;
        P[] all = sched.allp;
        for (int i = 0; sched.live < target && i < all.length; i++) {
            P pp = all[i];
            if (pp.status == P.DEAD) {
                pp.status = P.IDLE;
                sched.live++;
                push(sched, pp);
            }
        }
        while (sched.live > target && sched.pidle != null) {
            P pp = pop(sched);
            pp.status = P.DEAD;
            sched.live--;
        }
        sched.surplus = sched.live - target;
    }

    /** Sysmon: one more P because this one's M does not come back. False if it came back, or is compensated already. */
    static boolean compensate(Sched sched, P stuck, int resumeTick) {
        makeRoom(sched, sched.gomaxprocs + 1);
        sched.lock.lock();
        boolean needed = stuck.status == P.RUNNING && !stuck.compensated && stuck.resumeTick == resumeTick;
        if (needed) {
            stuck.compensated = true;
            sched.ncompensated++;
            adjust(sched);
        }
        sched.lock.unlock();
        return needed;
    }

    /**
     * An M between two goroutines: ends the compensation for its P, and gives the P up if there is one too many.
     *
     * @return true if the M has no P any more
     */
    static boolean retire(M mp) {
        Sched sched = mp.sched;
        P pp = mp.p;
        pp.runq.drainTo(sched.runq); // while it is surely ours
        Timing.handOver(sched, pp);
        boolean gone = false;
        sched.lock.lock();
        uncompensate(sched, pp);
        adjust(sched);
        if (sched.surplus > 0) {
            gone = true;
            release(mp);
            pp.status = P.DEAD;
            sched.live--;
            sched.surplus--;
        }
        sched.lock.unlock();
        if (gone && mp.spinning) {
            mp.spinning = false;
            sched.addSpinning(-1);
        }
        if (gone && pp.mcache != null) {
            flushCaches(sched, false);
        }
        Workers.wakeIfWork(sched);
        return gone;
    }

    private static void uncompensate(Sched sched, P pp) {
        if (pp.compensated) {
            pp.compensated = false;
            sched.ncompensated--;
        }
    }

    /** Gives back what the caches of dead Ps hold, and those of idle Ps too. Counterpart of mcache.go: freemcache. */
    static void flushCaches(Sched sched, boolean idleToo) {
        for (MCache c; (c = takeCache(sched, idleToo)) != null;) {
            c.flush();
        }
    }

    /** A P that is dead, or stands in the idle list, is nobody's: its next M will see that it has no cache. */
    private static @Nullable MCache takeCache(Sched sched, boolean idleToo) {
        MCache found = null;
        sched.lock.lock();
        for (P pp : sched.allp) {
            if (found == null && pp.status == P.DEAD) {
                found = pp.mcache;
                pp.mcache = null;
            }
        }
        for (P pp = sched.pidle; idleToo && found == null && pp != null; pp = pp.link) {
            found = pp.mcache;
            pp.mcache = null;
        }
        sched.lock.unlock();
        return found;
    }

    // -- the idle list; callers hold sched.lock --

    static void pidlePut(Sched sched, P pp) {
        uncompensate(sched, pp);
        pp.status = P.IDLE;
        push(sched, pp);
        adjust(sched);
    }

    static @Nullable P pidleGet(Sched sched) {
        P pp = sched.pidle;
        return pp == null ? null : pop(sched);
    }

    private static void push(Sched sched, P pp) {
        pp.link = sched.pidle;
        sched.pidle = pp;
        sched.npidle++;
    }

    private static P pop(Sched sched) {
        P pp = sched.pidle;
        sched.pidle = pp.link;
        pp.link = null;
        sched.npidle--;
        return pp;
    }

    // -- who has which --

    /** The M takes a P that nobody has: from the idle list, or handed to it. */
    static void acquire(M mp, P pp) {
        mp.p = pp;
        mp.mcache = pp.mcache;
        pp.m = mp;
        pp.status = P.RUNNING;
        if (mp.sched.sysmon.asleep) {
            mp.sched.sysmon.wake();
        }
    }

    static void release(M mp) {
        P pp = mp.p;
        mp.p = null;
        mp.mcache = null;
        pp.m = null;
    }

    // -- Ms --

    /** Lists an M that is about to start; false if there are as many as may be. */
    static boolean enlist(Sched sched, M mp) {
        for (;;) {
            M[] all = sched.allm;
            if (all.length >= sched.maxMs) {
                return false;
            }
            M[] grown = Arrays.copyOf(all, all.length + 1);
            grown[all.length] = mp;
            if (replace(sched, all, grown)) {
                return true;
            }
        }
    }

    /** The M ends, or could not be started. */
    static void forget(Sched sched, M mp) {
        try {
            unlist(sched, mp);
        } finally {
            if (sched.ended) {
                flushCaches(sched, true);
            }
        }
    }

    private static void unlist(Sched sched, M mp) {
        for (;;) {
            M[] all = sched.allm;
            M[] left = new M[all.length];
            int n = 0;
            for (M each : all) {
                if (each != mp) {
                    left[n++] = each;
                }
            }
            if (n == all.length || replace(sched, all, Arrays.copyOf(left, n))) {
                return;
            }
        }
    }

    private static boolean replace(Sched sched, M[] from, M[] to) {
        sched.lock.lock();
        boolean same = sched.allm == from;
        if (same) {
            sched.allm = to;
        }
        sched.lock.unlock();
        return same;
    }
}
