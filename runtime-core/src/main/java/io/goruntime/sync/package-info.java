/**
 * Go's package sync, and the three of golang.org/x/sync that everybody uses: locks, conditions, groups, pools.
 *
 * <p>Everything here is for goroutines and for any other thread, platform or virtual, in any mixture. A goroutine that
 * waits occupies no thread of the system; so does not any other virtual thread.
 *
 * <table class="striped">
 * <caption>What is here</caption>
 * <thead><tr><th>to</th><th>use</th></tr></thead>
 * <tbody>
 * <tr><td>protect data</td><td>{@link io.goruntime.sync.Mutex}, {@link io.goruntime.sync.RWMutex}</td></tr>
 * <tr><td>wait for several goroutines</td><td>{@link io.goruntime.sync.WaitGroup},
 * {@link io.goruntime.sync.ErrGroup} if they can fail</td></tr>
 * <tr><td>do something once</td><td>{@link io.goruntime.sync.Once}, {@link io.goruntime.sync.OnceValue},
 * {@link io.goruntime.sync.SingleFlight} for once at a time</td></tr>
 * <tr><td>wait for a condition</td><td>{@link io.goruntime.sync.Cond}, or better a channel</td></tr>
 * <tr><td>limit what runs at a time</td><td>{@link io.goruntime.sync.Semaphore}</td></tr>
 * <tr><td>share objects</td><td>{@link io.goruntime.sync.Pool}, {@link io.goruntime.sync.SyncMap}</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Locks wait uninterruptibly and keep the interrupt flag, as {@link java.util.concurrent.locks.Lock#lock} does. All
 * other waits throw {@link java.lang.InterruptedException}; an interrupted waiter leaves its queue at once, and an
 * operation that has completed already returns normally with the flag set, so that nothing is lost. Mistakes that Go
 * calls fatal throw {@link io.goruntime.Fatal}, others {@link io.goruntime.Panic}.
 */
@NullMarked
package io.goruntime.sync;

import org.jspecify.annotations.NullMarked;
