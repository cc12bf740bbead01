package io.goruntime.internal.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The global queue, used by one thread. */
class GlobalQueueTest {
    private final Tokens tokens = new Tokens();
    private final GlobalQueue q = new GlobalQueue();

    @Test
    void isFirstInFirstOut() {
        assertTrue(q.isEmpty());
        assertNull(q.get());
        List<G> gs = tokens.next(100);
        gs.forEach(q::put);
        assertFalse(q.isEmpty());
        assertEquals(gs, Tokens.drain(q));
        assertTrue(q.isEmpty());
        assertNull(q.get());
    }

    @Test
    void whatComesWhileAListIsBeingTakenComesAfterIt() {
        List<G> gs = tokens.next(6);
        gs.subList(0, 3).forEach(q::put);
        assertSame(gs.get(0), q.get());
        gs.subList(3, 6).forEach(q::put);
        assertEquals(gs.subList(1, 6), Tokens.drain(q));
    }

    @Test
    void aBatchKeepsItsOrderAndPlace() {
        List<G> gs = tokens.next(9);
        q.put(gs.get(0));
        List<G> batch = gs.subList(1, 7);
        Tokens.link(batch);
        q.putBatch(batch.getFirst(), batch.getLast());
        q.put(gs.get(7));
        q.putBatch(gs.get(8), gs.get(8));
        assertEquals(gs, Tokens.drain(q));
    }

    @Test
    void aTakenGKeepsNoLink() {
        List<G> gs = tokens.next(3);
        gs.forEach(q::put);
        for (G gp : gs) {
            assertSame(gp, q.get());
            assertNull(gp.schedlink);
        }
    }

    @Test
    void getBatchTakesAFairShare() {
        List<G> gs = tokens.next(101);
        gs.forEach(q::put);
        RunQueue local = new RunQueue();
        assertSame(gs.get(0), q.getBatch(local, 4));
        assertEquals(gs.subList(1, 26), Tokens.drain(local));
        assertEquals(gs.subList(26, 101), Tokens.drain(q));
        assertNull(q.getBatch(local, 4));
        assertTrue(local.isEmpty());
    }

    @Test
    void getBatchTakesAtMostHalfALocalQueue() {
        List<G> gs = tokens.next(1000);
        gs.forEach(q::put);
        RunQueue local = new RunQueue();
        assertSame(gs.get(0), q.getBatch(local, 1));
        int half = RunQueue.CAPACITY / 2;
        assertEquals(gs.subList(1, half), Tokens.drain(local));
        assertEquals(gs.subList(half, 1000), Tokens.drain(q));
    }
}
