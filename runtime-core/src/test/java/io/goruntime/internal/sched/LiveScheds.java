package io.goruntime.internal.sched;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Finds the schedulers that are alive, for dumps: each has Ms, and an M is a thread that knows its scheduler. */
public final class LiveScheds {
    private LiveScheds() {}

    public static List<Sched> all() {
        Set<Sched> found = new LinkedHashSet<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread instanceof M mp) {
                found.add(mp.sched);
            }
        }
        return found.stream().sorted(Comparator.comparing(sched -> sched.name)).toList();
    }
}
