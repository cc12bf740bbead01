package io.goruntime.internal.poll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoRuntime;
import io.goruntime.internal.poll.Nets.Later;
import io.goruntime.internal.sched.G;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The state machine of one direction, alone. What can happen to it, in every order, before, between and after the steps
 * of one that waits; what comes out is what a model of five lines says.
 */
class SideTest {
    private enum Event {
        READY, EVICT, PAST, FUTURE, INTERRUPT
    }

    private static final List<List<Event>> UP_TO_ONE = new ArrayList<>();
    private static final List<List<Event>> UP_TO_TWO = new ArrayList<>();

    static {
        Event[] events = {Event.READY, Event.EVICT, Event.PAST, Event.FUTURE};
        UP_TO_ONE.add(List.of());
        for (Event first : events) {
            UP_TO_ONE.add(List.of(first));
        }
        UP_TO_TWO.addAll(UP_TO_ONE);
        for (Event first : events) {
            for (Event second : events) {
                UP_TO_TWO.add(List.of(first, second));
            }
        }
    }

    /** What the side must know. */
    private static final class Model {
        boolean ready;
        boolean closing;
        boolean past;

        void apply(List<Event> events) {
            for (Event each : events) {
                switch (each) {
                    case READY -> ready = true;
                    case EVICT -> closing = true;
                    case PAST -> past = true;
                    case FUTURE -> past = false;
                    case INTERRUPT -> throw new AssertionError();
                }
            }
        }

        int state() {
            return closing ? Side.CLOSING : past ? Side.TIMED_OUT : Side.OK;
        }
    }

    private static void apply(PollDesc pd, List<Event> events) {
        for (Event each : events) {
            switch (each) {
                case READY -> pd.poll.addWaiters(-pd.read.ready());
                case EVICT -> pd.evict();
                case PAST -> pd.read.deadline(pd.poll.now() - 1);
                case FUTURE -> pd.read.deadline(pd.poll.now() + 3_600_000_000_000L);
                case INTERRUPT -> throw new AssertionError();
            }
        }
    }

    @Test
    void everyOrder() throws Exception {
        GoRuntime.builder().maxProcs(2).<Exception>run(() -> {
            FakePoll poll = new FakePoll(G.current().sched);
            int waits = 0;
            for (List<Event> before : UP_TO_ONE) {
                for (List<Event> between : UP_TO_ONE) {
                    for (List<Event> announced : UP_TO_TWO) {
                        for (Event last : new Event[]{Event.READY, Event.EVICT, Event.PAST, Event.INTERRUPT}) {
                            String what = before + " " + between + " " + announced + " " + last;
                            waits += check(poll, before, between, announced, last, what) ? 1 : 0;
                        }
                    }
                }
            }
            assertTrue(waits >= 48, "too few of the cases came to a wait: " + waits);
        });
    }

    /** Returns whether the last event was needed. */
    private static boolean check(FakePoll poll, List<Event> before, List<Event> between, List<Event> announced,
            Event last, String what) throws Exception {
        PollDesc pd = new PollDesc(poll, 0);
        pd.open();
        Side side = pd.read;
        Model model = new Model();
        apply(pd, before);
        model.apply(before);
        assertEquals(model.state(), side.prepare(), what);
        if (model.state() != Side.OK) {
            return false;
        }
        model.ready = false;
        apply(pd, between);
        model.apply(between);
        boolean decided = model.ready || model.state() != Side.OK;
        int expected = model.state();
        if (!decided) {
            poll.onArm = () -> apply(pd, announced);
            model.apply(announced);
            decided = model.ready || model.state() != Side.OK;
            expected = model.ready && !model.closing ? Side.OK : model.state();
        }
        Later<Void> other = null;
        if (!decided) {
            Thread me = Thread.currentThread();
            other = new Later<>(() -> {
                while (!side.awaited()) {
                    GoRuntime.gosched();
                }
                if (last == Event.INTERRUPT) {
                    me.interrupt();
                } else {
                    apply(pd, List.of(last));
                }
                return null;
            });
            expected = switch (last) {
                case EVICT -> Side.CLOSING;
                case PAST -> Side.TIMED_OUT;
                case INTERRUPT -> Side.INTERRUPTED;
                default -> Side.OK;
            };
        }
        assertEquals(expected, side.await(), what);
        if (other != null) {
            // The other must not be waited for with the flag set.
            assertEquals(last == Event.INTERRUPT, Thread.interrupted(), what);
            other.get();
        }
        poll.onArm = null;
        assertFalse(side.awaited(), what);
        assertEquals(0, poll.waiterCount(), what);
        return !decided;
    }

    @Test
    void deadlinePassesWhileWaiting() throws Exception {
        GoRuntime.builder().maxProcs(1).<Exception>run(() -> {
            FakePoll poll = new FakePoll(G.current().sched);
            PollDesc pd = new PollDesc(poll, 0);
            pd.open();
            long when = poll.now() + 5_000_000;
            pd.write.deadline(when);
            assertEquals(Side.TIMED_OUT, pd.write.await());
            assertTrue(poll.now() - when >= 0);
            assertEquals(Side.OK, pd.read.prepare(), "the other direction has no deadline");
            assertEquals(0, poll.waiterCount());
        });
    }

    @Test
    void anEventIsForOneWaitOnly() throws Exception {
        GoRuntime.builder().maxProcs(1).<Exception>run(() -> {
            FakePoll poll = new FakePoll(G.current().sched);
            PollDesc pd = new PollDesc(poll, 0);
            pd.open();
            assertEquals(0, pd.ready(true, false));
            assertEquals(0, pd.ready(true, false));
            assertEquals(Side.OK, pd.read.await());
            pd.read.deadline(poll.now() + 3_000_000);
            assertEquals(Side.TIMED_OUT, pd.read.await());
        });
    }
}
