package io.goruntime.internal.sched;

import io.goruntime.internal.base.SpinLock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All live goroutines of a runtime, held strongly. Counterpart of proc.go: allgs, allgadd.
 *
 * <p>Go appends to one array and never removes, because it uses dead Gs again. Ours are not used again, so they leave:
 * linked lists through the Gs, striped so that spawns on different Ps do not meet.
 */
final class AllGs {
    /** The stripe of a G that is in no list yet, and of one that has left. */
    static final int UNLISTED = -1;
    static final int GONE = -2;

    private static final int STRIPES = 16;

    private static final class Stripe {
        final SpinLock lock = new SpinLock();
        @Nullable
        G first;
        /** Written under the lock. */
        volatile int size;
    }

    private final Stripe[] stripes = new Stripe[STRIPES];

    AllGs() {
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new Stripe();
        }
    }

    void add(G gp, int hint) {
        int index = hint & STRIPES - 1;
        Stripe stripe = stripes[index];
        stripe.lock.lock();
        // no calls until the release: this may be the bottom of a user's stack
        G first = stripe.first;
        gp.allNext = first;
        if (first != null) {
            first.allPrev = gp;
        }
        stripe.first = gp;
        stripe.size++;
        gp.allStripe = index;
        stripe.lock.word = 0;
    }

    /** Takes a G out, once; does nothing for one that has left already. */
    void remove(G gp) {
        int index = gp.allStripe;
        if (index < 0) {
            return;
        }
        Stripe stripe = stripes[index];
        stripe.lock.lock();
        if (gp.allStripe == GONE) {
            stripe.lock.word = 0;
            return;
        }
        G prev = gp.allPrev;
        G next = gp.allNext;
        if (prev == null) {
            stripe.first = next;
        } else {
            prev.allNext = next;
        }
        if (next != null) {
            next.allPrev = prev;
        }
        gp.allPrev = null;
        gp.allNext = null;
        gp.allStripe = GONE;
        stripe.size--;
        stripe.lock.word = 0;
    }

    /** Exact when nothing starts or ends. */
    int size() {
        int size = 0;
        for (Stripe stripe : stripes) {
            size += stripe.size;
        }
        return size;
    }

    /** All live goroutines, by id. */
    List<G> snapshot() {
        List<G> all = new ArrayList<>();
        for (Stripe stripe : stripes) {
            all.addAll(snapshot(stripe));
        }
        all.sort((a, b) -> Long.compare(a.goid, b.goid));
        return all;
    }

    private static List<G> snapshot(Stripe stripe) {
        G[] copy = new G[0];
        for (;;) {
            int n = 0;
            stripe.lock.lock();
            try {
                if (stripe.size <= copy.length) {
                    for (G gp = stripe.first; gp != null; gp = gp.allNext) {
                        copy[n++] = gp;
                    }
                    return Arrays.asList(copy).subList(0, n);
                }
                n = stripe.size;
            } finally {
                stripe.lock.unlock();
            }
            copy = new G[n + n / 8 + 16]; // allocated with the lock free
        }
    }
}
