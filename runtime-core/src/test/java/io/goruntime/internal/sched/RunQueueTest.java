package io.goruntime.internal.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The run queue of a P, used by one thread. Go's testRunqSteal and testRunqEmpty are in the stress test. */
class RunQueueTest {
    private final Tokens tokens = new Tokens();
    private final RunQueue q = new RunQueue();
    private final GlobalQueue global = new GlobalQueue();

    @Test
    void isFirstInFirstOut() {
        List<G> gs = tokens.next(RunQueue.CAPACITY);
        gs.forEach(gp -> q.put(gp, false, global));
        q.checkInvariants();
        assertEquals(RunQueue.CAPACITY, q.size());
        assertEquals(gs, Tokens.drain(q));
        assertTrue(q.isEmpty());
        assertTrue(global.isEmpty());
    }

    @Test
    void runnextGoesFirstAndKicksItsPredecessorToTheTail() {
        List<G> gs = tokens.next(4);
        q.put(gs.get(0), false, global);
        q.put(gs.get(1), true, global);
        q.put(gs.get(2), true, global);
        q.put(gs.get(3), false, global);
        assertTrue(q.hasRunnext());
        assertEquals(4, q.size());
        assertEquals(List.of(gs.get(2), gs.get(0), gs.get(1), gs.get(3)), Tokens.drain(q));
        assertFalse(q.hasRunnext());
    }

    @Test
    void onlyRunnextInheritsTheTimeSlice() {
        q.put(tokens.next(), false, global);
        q.put(tokens.next(), true, global);
        q.get();
        assertTrue(q.inheritTime);
        q.get();
        assertFalse(q.inheritTime);
        q.inheritTime = true;
        assertNull(q.get());
        assertFalse(q.inheritTime);
    }

    @Test
    void aFullRingSpillsItsOlderHalfAndTheNewOne() {
        List<G> gs = tokens.next(RunQueue.CAPACITY + 1);
        gs.forEach(gp -> q.put(gp, false, global));
        int half = RunQueue.CAPACITY / 2;
        q.checkInvariants();
        assertEquals(gs.subList(half, RunQueue.CAPACITY), Tokens.drain(q));
        assertEquals(Stream.concat(gs.subList(0, half).stream(), Stream.of(gs.getLast())).toList(),
                Tokens.drain(global));
    }

    @Test
    void aFullRingSpillsThePredecessorOfRunnext() {
        List<G> gs = tokens.next(RunQueue.CAPACITY);
        gs.forEach(gp -> q.put(gp, false, global));
        G before = tokens.next();
        G now = tokens.next();
        q.put(before, true, global);
        assertTrue(global.isEmpty());
        q.put(now, true, global);
        assertSame(now, q.get());
        assertSame(before, Tokens.drain(global).getLast());
    }

    @Test
    void kickRunnextPutsItAtTheTail() {
        List<G> gs = tokens.next(2);
        q.put(gs.get(0), false, global);
        q.put(gs.get(1), true, global);
        q.kickRunnext(global);
        assertFalse(q.hasRunnext());
        assertEquals(gs, Tokens.drain(q));
        q.kickRunnext(global);
        assertTrue(q.isEmpty());
    }

    @Test
    void aThiefTakesTheOlderHalfRoundedUp() {
        for (int n = 1; n <= RunQueue.CAPACITY; n++) {
            RunQueue victim = new RunQueue();
            RunQueue thief = new RunQueue();
            List<G> gs = tokens.next(n);
            gs.forEach(gp -> victim.put(gp, false, global));
            int half = n - n / 2;
            assertSame(gs.get(half - 1), thief.stealFrom(victim, false, false), "of " + n);
            victim.checkInvariants();
            thief.checkInvariants();
            assertEquals(gs.subList(0, half - 1), Tokens.drain(thief), "of " + n);
            assertEquals(gs.subList(half, n), Tokens.drain(victim), "of " + n);
        }
    }

    @Test
    void aThiefTakesRunnextOnlyWhenToldAndWhenThereIsNothingElse() {
        RunQueue thief = new RunQueue();
        List<G> gs = tokens.next(2);
        q.put(gs.get(0), false, global);
        q.put(gs.get(1), true, global);
        assertSame(gs.get(0), thief.stealFrom(q, true, false));
        assertNull(thief.stealFrom(q, false, false));
        assertSame(gs.get(1), thief.stealFrom(q, true, true));
        assertNull(thief.stealFrom(q, true, false));
        assertTrue(thief.isEmpty());
        assertTrue(q.isEmpty());
    }

    @Test
    void drainToKeepsTheOrder() {
        List<G> gs = tokens.next(10);
        gs.subList(1, 10).forEach(gp -> q.put(gp, false, global));
        q.put(gs.get(0), true, global);
        q.drainTo(global);
        assertTrue(q.isEmpty());
        assertEquals(gs, Tokens.drain(global));
    }

    @Test
    void indexesMayWrapRoundTheRingManyTimes() {
        RunQueue thief = new RunQueue();
        for (int i = 0; i < 10 * RunQueue.CAPACITY; i++) {
            List<G> gs = tokens.next(3);
            gs.forEach(gp -> q.put(gp, false, global));
            assertSame(gs.get(1), thief.stealFrom(q, false, false));
            assertSame(gs.get(0), thief.get());
            assertSame(gs.get(2), q.get());
        }
        assertTrue(q.isEmpty());
    }
}
