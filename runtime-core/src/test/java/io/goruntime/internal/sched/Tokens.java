package io.goruntime.internal.sched;

import io.goruntime.internal.jdk.Mode;
import java.util.ArrayList;
import java.util.List;

/** Goroutines that are never started, to be put into queues and lists; their goids count from 1. */
final class Tokens {
    private final Sched sched;
    private long lastId;

    Tokens() {
        Mode.ensure();
        sched = new Sched("tokens", 1, 1, 1 << 20, false, new NoHooks(), Seam.REAL);
        Lifecycle.end(sched);
    }

    synchronized G next() {
        return new G(sched, ++lastId, 0, null, this, Tokens.class);
    }

    List<G> next(int n) {
        List<G> all = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            all.add(next());
        }
        return all;
    }

    /** Links Gs as for GlobalQueue.putBatch. */
    static void link(List<G> batch) {
        for (int i = 0; i + 1 < batch.size(); i++) {
            batch.get(i).schedlink = batch.get(i + 1);
        }
    }

    /** Takes everything, oldest first. */
    static List<G> drain(GlobalQueue q) {
        List<G> all = new ArrayList<>();
        for (G gp; (gp = q.get()) != null;) {
            all.add(gp);
        }
        return all;
    }

    /** Takes everything, in the order in which the owner gets it. */
    static List<G> drain(RunQueue q) {
        List<G> all = new ArrayList<>();
        for (G gp; (gp = q.get()) != null;) {
            all.add(gp);
        }
        return all;
    }

    private static final class NoHooks implements GoroutineHooks {
        @Override
        public void run(Object fn) {
            throw new AssertionError("a token was run");
        }

        @Override
        public void panicked(G gp, Throwable failure) {
            throw new AssertionError(failure);
        }
    }
}
