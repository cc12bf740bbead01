package io.goruntime.sync;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.RecvChan;
import io.goruntime.internal.base.Errors;
import io.goruntime.internal.sched.Park;
import io.goruntime.internal.sched.Sched;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Work that several callers want at the same time and that is done once for all of them. Source in Go:
 * {@code golang.org/x/sync/singleflight}.
 *
 * <p>The first caller with a key does the work; others that come with an equal key before it has ended wait, and get the
 * same result, or the same exception. Who comes later does the work again: this is no cache.
 *
 * <p><b>Blocking and interruption.</b> {@link #run} waits interruptibly for another caller's work; that work goes on. The
 * caller that does the work is interrupted as the work itself is.
 *
 * <p><b>Thread safety and memory effects.</b> For any number of threads. The end of the work happens before the return of
 * every call that shares it. Keys need {@code equals} and {@code hashCode} that do not call this object.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the results
 */
public final class SingleFlight<K, V extends @Nullable Object> {
    /** The calls that are under way; also the lock: a monitor is released at the end of the stack, too. */
    private final Map<K, Call<V>> calls = new HashMap<>();

    /** Makes one without work under way. */
    public SingleFlight() {}

    /**
     * What a call gave.
     *
     * @param <V> the type of the value
     * @param value the result of the work
     * @param shared whether it was given to several callers
     */
    public record Result<V extends @Nullable Object>(V value, boolean shared) {
    }

    /**
     * What a call gave or threw.
     *
     * @param <V> the type of the value
     * @param value the result of the work, null if it failed
     * @param failure what it threw, null if it did not
     * @param shared whether it was given to several callers
     */
    public record Outcome<V extends @Nullable Object>(@Nullable V value, @Nullable Throwable failure,
            boolean shared) {
    }

    private static final class Call<V extends @Nullable Object> {
        final WaitGroup wg = new WaitGroup();

        // -- written by the worker before wg.done --

        @Nullable
        V value;
        @Nullable
        Throwable failure;
        boolean goexit;

        // -- under the lock --

        int duplicates;
        final List<Chan<Outcome<V>>> chans = new ArrayList<>();
    }

    /**
     * Does the work, or waits for a caller that does it already.
     *
     * @param key what the work is for
     * @param fn the work
     * @return its result
     * @throws Exception what the work threw, to every caller that shares it
     * @throws InterruptedException if the thread is interrupted before or while it waits for another caller
     */
    public Result<V> run(K key, Callable<? extends V> fn) throws Exception {
        Objects.requireNonNull(fn);
        Call<V> mine = new Call<>();
        mine.wg.add(1);
        Park.headroom(); // for what comes after the work
        Call<V> call = join(key, mine, null);
        if (call == mine) {
            work(key, mine, fn);
        } else {
            call.wg.await();
        }
        if (call.goexit) {
            Sched.goexit();
        }
        Throwable e = call.failure;
        if (e != null) {
            Errors.<Exception>rethrow(e);
        }
        return new Result<>(valueOf(call), shared(call));
    }

    /**
     * Like {@link #run}, but the work is done in a new goroutine, if it is not under way already, and the outcome is sent.
     *
     * @param key what the work is for
     * @param fn the work
     * @return a channel on which the outcome is sent, and which is not closed; nothing is sent if the work ends by
     *         {@link GoRuntime#goexit}
     */
    public RecvChan<Outcome<V>> runChan(K key, Callable<? extends V> fn) {
        Objects.requireNonNull(fn);
        Chan<Outcome<V>> chan = Chan.make(1);
        Call<V> mine = new Call<>();
        mine.wg.add(1);
        mine.chans.add(chan);
        Park.headroom();
        if (join(key, mine, chan) == mine) {
            try {
                GoRuntime.go(() -> work(key, mine, fn));
            } catch (Throwable e) {
                mine.failure = e;
                end(key, mine);
                throw e;
            }
        }
        return chan;
    }

    /**
     * The next call with this key does the work again, even if it is under way.
     *
     * @param key what the work is for
     */
    public void forget(K key) {
        synchronized (calls) {
            calls.remove(key);
        }
    }

    /** The call under way for the key; if there is none, the given one is it. */
    private Call<V> join(K key, Call<V> mine, @Nullable Chan<Outcome<V>> chan) {
        synchronized (calls) {
            Call<V> call = calls.get(key);
            if (call == null) {
                calls.put(key, mine);
                return mine;
            }
            call.duplicates++;
            if (chan != null) {
                call.chans.add(chan);
            }
            return call;
        }
    }

    private void work(K key, Call<V> call, Callable<? extends V> fn) {
        try {
            call.value = fn.call();
        } catch (Throwable e) {
            if (Sched.isGoexit(e)) {
                call.goexit = true;
                Errors.rethrow(e);
            }
            call.failure = e;
        } finally {
            end(key, call);
        }
    }

    private void end(K key, Call<V> call) {
        List<Chan<Outcome<V>>> chans;
        Outcome<V> outcome;
        synchronized (calls) {
            calls.remove(key, call); // unless it was forgotten
            chans = call.chans;
            outcome = new Outcome<>(call.value, call.failure, call.duplicates > 0);
        }
        call.wg.addWithHeadroom(-1);
        if (!call.goexit) {
            for (Chan<Outcome<V>> chan : chans) {
                chan.trySend(outcome); // it has room for this one
            }
        }
    }

    private boolean shared(Call<V> call) {
        synchronized (calls) {
            return call.duplicates > 0;
        }
    }

    private static <V extends @Nullable Object> V valueOf(Call<V> call) {
        return call.value;
    }

    /** How many wait for a key's work at this moment, for tests. */
    int duplicates(K key) {
        synchronized (calls) {
            Call<V> call = calls.get(key);
            return call == null ? -1 : call.duplicates;
        }
    }
}
