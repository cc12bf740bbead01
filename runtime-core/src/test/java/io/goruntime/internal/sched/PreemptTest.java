package io.goruntime.internal.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.Select;
import io.goruntime.testing.Bounded;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Channel operations that do not wait yield when sysmon has asked for the end of the time slice. */
class PreemptTest {
    private final Chan<Integer> ch = Chan.make(1);
    private final List<String> deaf = new ArrayList<>();

    /**
     * Asks as sysmon does, and sees whether the operation passes through schedule: by the resumes, because sysmon may ask
     * again at any time.
     */
    private void yieldsIn(String name, Operation operation) throws Exception {
        P pp = M.current().p;
        int resumes = pp.resumeTick;
        pp.preempt = true;
        operation.run();
        if (M.current().p == pp && pp.resumeTick == resumes) {
            deaf.add(name);
        }
    }

    @FunctionalInterface
    private interface Operation {
        void run() throws Exception;
    }

    @Test
    void everyChannelOperationLooksAtTheFlag() throws Exception {
        Sched.addPreemptRequests(1);
        try (GoRuntime runtime = GoRuntime.builder().name("preempt").maxProcs(1).build()) {
            Bounded.run(Duration.ofSeconds(20), runtime, () -> runtime.spawn(() -> {
                yieldsIn("send", () -> ch.send(1));
                yieldsIn("receive", ch::receive);
                yieldsIn("trySend", () -> ch.trySend(1));
                yieldsIn("tryReceive", ch::tryReceive);
                yieldsIn("trySend in vain", () -> Chan.<Integer>make().trySend(1));
                yieldsIn("tryReceive in vain", ch::tryReceive);
                Select select = new Select();
                var send = select.send(ch, 1);
                yieldsIn("select", select::await);
                yieldsIn("poll in vain", select::poll);
                send.to(null, 0);
                yieldsIn("poll without a channel", select::poll);
            }).join());
        } finally {
            Sched.addPreemptRequests(-1);
        }
        assertEquals(List.of(), deaf);
    }

    /** When the time slice is over, the one in runnext goes behind those that wait in the queue. */
    @Test
    void aTimeSliceThatIsOverEndsThePrivilegeOfRunnext() throws Exception {
        List<String> order = new ArrayList<>();
        try (GoRuntime runtime = GoRuntime.builder().name("preempt").maxProcs(1).build()) {
            Bounded.run(Duration.ofSeconds(20), runtime, () -> runtime.spawn(() -> {
                for (int i = 0; i < 20; i++) {
                    Chan<Integer> done = Chan.make();
                    GoRuntime.go(() -> {
                        order.add("queue");
                        done.send(1);
                    });
                    GoRuntime.go(() -> {
                        order.add("runnext");
                        done.send(2);
                    });
                    M.current().p.preempt = true;
                    done.receive();
                    done.receive();
                }
            }).join());
        }
        for (int i = 0; i < order.size(); i += 2) {
            assertEquals(List.of("queue", "runnext"), order.subList(i, i + 2), "round " + i / 2);
        }
        assertEquals(40, order.size());
    }
}
