package io.goruntime.internal.heap;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.goruntime.internal.jdk.Mode;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Frees by threads that do not own the span, against the owner, against each other, and against a new owner. */
public final class MSpanStress {
    private static final int SPAN_CLASS = SizeClasses.classOf(2048) << 1 | 1; // four objects in a span

    private static final MHeap HEAP;

    static {
        Mode.ensure();
        HEAP = MHeap.open(1L << 30, MemLimit.OFF, Stripes::new);
    }

    private MSpanStress() {}

    private static final class Stripes extends CacheSource {
        Stripes(MHeap heap) {
            super(heap);
        }
    }

    /** A full span of a class of its own, cached. */
    abstract static class Base {
        final MCentral central = new MCentral(HEAP, SPAN_CLASS);
        final MCache owner = HEAP.newCache();
        final MSpan span;

        Base() {
            long addr = HEAP.allocPages(1) & -SizeClasses.PAGE_SIZE;
            span = new MSpan(addr, 1, SPAN_CLASS, central, false, 0);
            owner.install(span);
            for (int i = 0; i < 4; i++) {
                owner.allocFast(SPAN_CLASS, false);
            }
        }

        /** The owner exchanges it for another span. */
        final void giveUp() {
            owner.install(new MSpan(span.startAddr, 1, SPAN_CLASS, central, false, 0));
        }

        final void end() {
            if (span.state != MSpan.DEAD) {
                HEAP.freeSpan(span);
            }
        }
    }

    @JCStressTest
    @Outcome(id = "3, 0, 1", expect = ACCEPTABLE, desc = "Noted for the owner or done after it: the span has one free object.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "The free was lost, or the span is in the wrong set.")
    @State
    public static class FreeAgainstGivingUp extends Base {
        @Actor
        public void owner() {
            giveUp();
        }

        @Actor
        public void other() {
            HEAP.freeSlow(span, 1);
        }

        @Arbiter
        public void look(III_Result r) {
            r.r1 = span.count();
            r.r2 = span.freedCount();
            r.r3 = span.list;
            end();
        }
    }

    @JCStressTest
    @Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "Both frees are seen, each once.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "A free was lost or counted twice.")
    @State
    public static class TwoFrees extends Base {
        @Actor
        public void first() {
            HEAP.freeSlow(span, 1);
        }

        @Actor
        public void second() {
            HEAP.freeSlow(span, 3);
        }

        @Arbiter
        public void look(II_Result r) {
            span.takeOverFreed();
            r.r1 = span.count();
            r.r2 = span.freedCount();
            end();
        }
    }

    @JCStressTest
    @Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "Both frees are seen, each once.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "A free was lost or counted twice.")
    @State
    public static class FreeAgainstTakingOver extends Base {
        public FreeAgainstTakingOver() {
            HEAP.freeSlow(span, 3);
        }

        @Actor
        public void owner() {
            span.takeOverFreed();
        }

        @Actor
        public void other() {
            HEAP.freeSlow(span, 1);
        }

        @Arbiter
        public void look(II_Result r) {
            span.takeOverFreed();
            r.r1 = span.count();
            r.r2 = span.freedCount();
            end();
        }
    }

    /** The owner takes an object again that it has freed itself, while another thread frees one of the same word. */
    @JCStressTest
    @Outcome(id = "3", expect = ACCEPTABLE, desc = "One object was freed, and one was freed and taken.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "One of the two wrote over what the other did.")
    @State
    public static class FreeAgainstTheOwnersWord extends Base {
        @Actor
        public void owner() {
            span.free(0);
            span.take(span.nextFree());
        }

        @Actor
        public void other() {
            HEAP.freeSlow(span, 1);
        }

        @Arbiter
        public void look(I_Result r) {
            span.takeOverFreed();
            r.r1 = span.count();
            span.checkInvariants();
            end();
        }
    }

    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "It was taken first and is in use, empty.")
    @Outcome(id = "0, 2", expect = ACCEPTABLE, desc = "It was dissolved first: there is none to take.")
    @Outcome(id = ".*", expect = FORBIDDEN, desc = "A span was taken that is dissolved, or is in neither place.")
    @State
    public static class LastFreeAgainstANewOwner extends Base {
        private final MCache newOwner = HEAP.newCache();

        public LastFreeAgainstANewOwner() {
            HEAP.freeSlow(span, 0);
            HEAP.freeSlow(span, 1);
            HEAP.freeSlow(span, 2);
            giveUp();
        }

        @Actor
        public void taker(II_Result r) {
            r.r1 = central.cacheSpan(newOwner) == null ? 0 : 1;
        }

        @Actor
        public void other() {
            HEAP.freeSlow(span, 3);
        }

        @Arbiter
        public void look(II_Result r) {
            r.r2 = span.state;
            end();
        }
    }
}
