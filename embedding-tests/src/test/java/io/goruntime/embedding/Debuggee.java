package io.goruntime.embedding;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.Goroutine;

/** What DebuggerTest looks at. The lines of the method work are stepped over one by one. */
final class Debuggee {
    private Debuggee() {}

    public static void main(String[] args) throws Exception {
        GoRuntime.builder().name("debuggee").maxProcs(2).run(() -> {
            Chan<Integer> numbers = Chan.make();
            Chan<Integer> results = Chan.make();
            Chan<Integer> never = Chan.make();
            awaitWaiting(GoRuntime.current().spawn("waiter", () -> never.receive()));
            Goroutine debugged = GoRuntime.current().spawn("debugged", () -> results.send(work(numbers)));
            awaitWaiting(debugged); // inside the receive of work
            numbers.send(42);
            System.out.println("result " + results.receive());
        });
        Smoke.run();
        System.out.println("smoke: passed");
    }

    private static void awaitWaiting(Goroutine goroutine) throws InterruptedException {
        while (goroutine.thread().getState() != Thread.State.WAITING) {
            Thread.sleep(1);
        }
    }

    static int work(Chan<Integer> numbers) throws InterruptedException {
        int one = 1;
        int received = numbers.receive();
        int sum = one + received;
        return sum;
    }
}
