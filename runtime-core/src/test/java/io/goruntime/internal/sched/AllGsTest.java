package io.goruntime.internal.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The list of all goroutines, used by one thread. */
class AllGsTest {
    private final Tokens tokens = new Tokens();
    private final AllGs all = new AllGs();

    @Test
    void listsByIdWhateverTheStripe() {
        List<G> gs = tokens.next(1000);
        for (G gp : gs.reversed()) {
            all.add(gp, (int) (gp.goid * 7));
        }
        assertEquals(1000, all.size());
        assertEquals(gs, all.snapshot());
    }

    @Test
    void removesFirstMiddleAndLastOfAStripe() {
        List<G> gs = tokens.next(4);
        gs.forEach(gp -> all.add(gp, 3));
        all.remove(gs.get(1));
        assertEquals(List.of(gs.get(0), gs.get(2), gs.get(3)), all.snapshot());
        all.remove(gs.get(3));
        assertEquals(List.of(gs.get(0), gs.get(2)), all.snapshot());
        all.remove(gs.get(0));
        assertEquals(List.of(gs.get(2)), all.snapshot());
        all.remove(gs.get(2));
        assertEquals(List.of(), all.snapshot());
        assertEquals(0, all.size());
    }

    @Test
    void removesOnlyOnceAndOnlyWhatIsListed() {
        List<G> gs = tokens.next(3);
        all.remove(gs.get(0));
        assertEquals(0, all.size());
        gs.forEach(gp -> all.add(gp, 0));
        all.remove(gs.get(1));
        all.remove(gs.get(1));
        assertEquals(2, all.size());
        assertEquals(List.of(gs.get(0), gs.get(2)), all.snapshot());
    }

    @Test
    void acceptsAnyHint() {
        List<G> gs = tokens.next(4);
        int[] hints = {Integer.MIN_VALUE, -1, 16, Integer.MAX_VALUE};
        for (int i = 0; i < 4; i++) {
            all.add(gs.get(i), hints[i]);
        }
        assertEquals(gs, all.snapshot());
    }
}
