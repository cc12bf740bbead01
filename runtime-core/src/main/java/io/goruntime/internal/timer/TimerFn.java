package io.goruntime.internal.timer;

/**
 * What a {@link RuntimeTimer} does when its time has come.
 *
 * <p>Called on whatever thread finds the timer due, as a rule an M between two goroutines, with no lock held. It must
 * be short, throw nothing, must not park or run user code, and loads no class. It may set the timer again.
 */
public interface TimerFn {
    /**
     * The time has come. Whoever set the timer may have changed his mind since it was taken out of its heap.
     *
     * @param t not in a heap any more
     */
    void fired(RuntimeTimer t);

    /**
     * The runtime ended first: the timer was taken out of its heap and will not fire.
     *
     * @param t not in a heap any more
     */
    default void abandoned(RuntimeTimer t) {}
}
