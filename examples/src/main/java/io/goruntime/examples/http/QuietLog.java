package io.goruntime.examples.http;

import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** At most one line a second: what is told here happens as often as strangers wish. */
final class QuietLog {
    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);
    private static final long INTERVAL_NANOS = 1_000_000_000;

    private final AtomicLong next = new AtomicLong(System.nanoTime());
    private final AtomicLong kept = new AtomicLong();

    void warn(Object who, Throwable what) {
        long now = System.nanoTime();
        long due = next.get();
        if (now - due < 0 || !next.compareAndSet(due, now + INTERVAL_NANOS)) {
            kept.incrementAndGet();
            return;
        }
        // The stack of a client's mistake tells nothing; that of a handler's does.
        LOG.warn("{}: {} (and {} like it not shown)", who, what.toString(), kept.getAndSet(0),
                what instanceof RuntimeException ? what : null);
    }
}
