package io.goruntime.internal.sched;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Goroutines;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A P learns that whoever starts a goroutine waits for it, and does not wake an M for it; it also unlearns that. */
@ExtendWith(DumpOnTimeout.class)
class ParentParksTest {
    private final P pp = new P(0);
    private long goid;

    /** So many goroutines that are started and resumed on the same P while the clock stands still. */
    private void learn(int times) {
        for (int i = 0; i < times; i++) {
            pp.parentParks(++goid, 7);
            pp.resumes(goid, 7);
        }
    }

    @Test
    void habitIsLearned() {
        learn(7);
        assertFalse(pp.parentParks(++goid, 7));
        pp.resumes(goid, 7);
        assertTrue(pp.parentParks(++goid, 7));
    }

    @Test
    void oneThatDoesNotRunHereEndsIt() {
        learn(100);
        assertTrue(pp.parentParks(++goid, 7));
        pp.resumes(goid + 1000, 7); // another goroutine
        assertFalse(pp.parentParks(++goid, 7));
        pp.resumes(goid, 7);
        assertFalse(pp.parentParks(++goid, 7));
    }

    /** It was alone for long: its parent computed meanwhile. */
    @Test
    void soDoThoseThatRunLate() {
        learn(100);
        assertTrue(pp.parentParks(++goid, 7));
        pp.resumes(goid, 8);
        assertTrue(pp.parentParks(++goid, 8), "once is no habit");
        pp.resumes(goid, 9);
        assertFalse(pp.parentParks(++goid, 9));
    }

    /** The parent goes on against all experience: the new goroutine runs all the same, on another P. */
    @Test
    void aWrongGuessIsMadeGood() throws Exception {
        Goroutines.run(2, () -> {
            for (int round = 0; round < 20; round++) {
                for (int i = 0; i < 50; i++) {
                    Chan<Boolean> done = Chan.make();
                    GoRuntime.go(() -> done.send(true));
                    done.receive();
                }
                AtomicBoolean ran = new AtomicBoolean();
                GoRuntime.go(() -> ran.set(true));
                while (!ran.get()) {
                    Thread.onSpinWait();
                }
            }
        });
    }
}
