package io.goruntime;

import static io.goruntime.testing.Checks.check;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.context.CancelContext;
import io.goruntime.context.Context;
import io.goruntime.context.SignalException;
import io.goruntime.internal.jdk.Mode;
import io.goruntime.testing.Checks;
import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.StderrLog;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Signals, in children that send them to themselves by kill. WINCH and URG are used where one that is not relayed must do no
 * harm: the system ignores them by default. There is no kill on Windows.
 */
@DisabledOnOs(OS.WINDOWS)
class SignalsTest {
    private static final int BY_TERM = 128 + 15;

    private static ChildJvm.Running checks;
    private static ChildJvm.Running checksInJdkMode;

    @BeforeAll
    static void start() {
        checks = ChildJvm.of(ChecksProgram.class).flags(StderrLog.FLAG).start();
        checksInJdkMode = ChildJvm.of(ChecksProgram.class).flags("-Dgoruntime.scheduler=jdk", StderrLog.FLAG).start();
    }

    // -- TERM --

    @Test
    void aTermThatIsHandledDrainsInOrder() {
        ChildJvm.Result result = ChildJvm.of(Drain.class).run().expectExit(3);
        assertEquals(List.of("TERM", "drained 100 of 100", "hook"), result.out().lines().toList(), result.toString());
    }

    @Test
    void stopRestoresTheEndOfTheJvm() {
        ChildJvm.Result result = ChildJvm.of(Ends.class).args("stop").run().expectExit(BY_TERM);
        assertEquals(List.of("TERM", "hook"), result.out().lines().toList(), result.toString());
    }

    @Test
    void resetRestoresTheEndOfTheJvm() {
        ChildJvm.Result result = ChildJvm.of(Ends.class).args("reset").run().expectExit(BY_TERM);
        assertEquals(List.of("ignored", "TERM", "hook"), result.out().lines().toList(), result.toString());
    }

    /** Go's TestSignalExitsMainThread: main has ended, and with it the thread that it was wired to. */
    @Test
    void aTermEndsTheJvmAfterMainHasGone() {
        ChildJvm.of(Ends.class).args("goexit").run().expectExit(BY_TERM).expect("hook");
    }

    @Test
    void aTermForAClosedChannelEndsTheJvm() {
        ChildJvm.of(Ends.class).args("closed").flags(StderrLog.FLAG).run().expectExit(BY_TERM).expect("hook")
                .expect("WARN io.goruntime.Signals: SIGTERM for a channel that is closed: it is no longer notified");
    }

    @Test
    void aContextHoldsATermOffUntilItIsClosed() {
        ChildJvm.Result result = ChildJvm.of(Ends.class).args("context").run().expectExit(BY_TERM);
        assertEquals(List.of("SIGTERM received", "second: context canceled", "hook"), result.out().lines().toList(),
                result.toString());
    }

    // -- the rest, in one child --

    @Test
    void delivery() {
        both("names").expect("passed: several channels").expect("passed: a full channel")
                .expect("passed: nobody receives").expect("passed: a burst for a slow receiver");
    }

    @Test
    void stop() {
        both("stop").expect("passed: ignore").expect("passed: reset").expect("passed: a closed channel");
    }

    @Test
    void refusals() {
        both("refusals").expect("passed: a refusal changes nothing");
        ChildJvm.of(Refused.class).flags("-Xrs").args("TERM", "-Xrs").run().expectExit(0).expect("refused");
    }

    @Test
    @DisabledOnOs({OS.WINDOWS, OS.MAC}) // for the number
    void theSignalThatSuspendsThreadsCanBeAnother() {
        ChildJvm.of(Refused.class).env("_JAVA_SR_SIGNUM", "23").args("URG", "suspends").run().expectExit(0)
                .expect("refused").expect("USR2 taken");
    }

    @Test
    void contexts() {
        both("contexts");
    }

    @Test
    void whileAChannelIsNotifiedThereIsNoDeadlock() {
        checks.await().expect("passed: deadlocks");
    }

    private static ChildJvm.Result both(String name) {
        checksInJdkMode.await().expectExit(0).expect("passed: " + name);
        return checks.await().expectExit(0).expect("passed: " + name);
    }

    // -- programs --

    static void kill(String name) throws IOException, InterruptedException {
        shell("kill -" + name + " " + ProcessHandle.current().pid()).waitFor();
    }

    private static Process shell(String command) throws IOException {
        return new ProcessBuilder("sh", "-c", command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.INHERIT).start();
    }

    private static void hook() {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
    }

    /** A server in small: TERM ends the intake, and what was taken in is finished. */
    static final class Drain {
        private static final int JOBS = 100;

        private Drain() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(20));
            hook();
            AtomicInteger done = new AtomicInteger();
            GoRuntime.run(() -> {
                Chan<String> signals = Chan.make(1);
                Signals.notify(signals, "TERM");
                Chan<Integer> jobs = Chan.make(JOBS);
                Chan<Boolean> drained = Chan.make();
                GoRuntime.go(() -> {
                    jobs.range(job -> {
                        Thread.sleep(1);
                        done.incrementAndGet();
                    });
                    drained.close();
                });
                for (int i = 0; i < JOBS; i++) {
                    jobs.send(i);
                }
                kill("TERM");
                System.out.println(signals.receive());
                jobs.close();
                drained.receive();
                System.out.println("drained " + done + " of " + JOBS);
            });
            System.exit(3);
        }
    }

    /** Ends by TERM in the end. */
    static final class Ends {
        private Ends() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(20));
            hook();
            Chan<String> signals = Chan.make(1);
            switch (args[0]) {
                case "stop" -> {
                    Signals.notify(signals, "TERM", "USR1");
                    kill("TERM");
                    System.out.println(signals.receive());
                    Signals.stop(signals);
                    kill("TERM");
                    signals.receive();
                    System.out.println("not reached");
                }
                case "reset" -> {
                    Chan<String> after = Chan.make(1);
                    Signals.ignore("TERM");
                    Signals.notify(after, "USR1");
                    kill("TERM");
                    kill("USR1");
                    after.receive();
                    System.out.println("ignored");
                    Signals.notify(signals, "TERM");
                    kill("TERM");
                    System.out.println(signals.receive());
                    Signals.reset();
                    kill("TERM");
                    Thread.sleep(3_600_000);
                }
                case "goexit" -> GoRuntime.builder().init(GoRuntime::lockOSThread).run(() -> {
                    GoRuntime.go(() -> {
                        kill("TERM");
                        Thread.sleep(3_600_000);
                    });
                    GoRuntime.goexit();
                });
                case "closed" -> {
                    Signals.notify(signals, "TERM");
                    signals.close();
                    kill("TERM");
                    Thread.sleep(3_600_000);
                }
                case "context" -> {
                    try (CancelContext ctx = Context.withSignals(Context.background(), "TERM")) {
                        kill("TERM");
                        ctx.done().receive();
                        System.out.println(ctx.cause().getMessage());
                        kill("TERM");
                        Signals.notify(signals, "USR1");
                        kill("USR1");
                        signals.receive();
                        System.out.println("second: " + ctx.err().getMessage());
                    }
                    kill("TERM");
                    Thread.sleep(3_600_000);
                }
                default -> throw new IllegalArgumentException(args[0]);
            }
        }
    }

    static final class Refused {
        private Refused() {}

        public static void main(String[] args) {
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class,
                    () -> Signals.notify(Chan.make(1), args[0]));
            assertTrue(e.getMessage().startsWith("SIG" + args[0]) && e.getMessage().contains(args[1]), e.getMessage());
            System.out.println("refused");
            if (args[0].equals("URG")) {
                Signals.notify(Chan.make(1), "USR2");
                System.out.println("USR2 taken");
            }
        }
    }

    static final class ChecksProgram {
        private static final int BURST = 1000;

        private ChecksProgram() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(25));
            kill("WINCH"); // the JDK's threads for processes are older than the runs below
            check("names", ChecksProgram::names);
            check("several channels", ChecksProgram::severalChannels);
            check("a full channel", ChecksProgram::aFullChannel);
            check("nobody receives", ChecksProgram::nobodyReceives);
            check("a burst for a slow receiver", ChecksProgram::burst);
            check("stop", ChecksProgram::stop);
            check("ignore", ChecksProgram::ignore);
            check("reset", ChecksProgram::reset);
            check("a closed channel", ChecksProgram::aClosedChannel);
            check("refusals", ChecksProgram::refusals);
            check("a refusal changes nothing", ChecksProgram::aRefusalChangesNothing);
            check("contexts", ChecksProgram::contexts);
            if (Mode.Chosen.GMP) {
                check("deadlocks", ChecksProgram::deadlocks);
            }
        }

        private static Chan<String> notified(int cap, String... signals) {
            Chan<String> c = Chan.make(cap);
            Signals.notify(c, signals);
            return c;
        }

        /** Sends WINCH and returns when it has been delivered to whoever is notified of it. */
        private static void winchDelivered() throws Exception {
            Chan<String> witness = notified(1, "WINCH");
            kill("WINCH");
            assertEquals("WINCH", witness.receive());
            Signals.stop(witness);
        }

        private static void names() throws Exception {
            Chan<String> c = notified(1, "USR1", "SIGWINCH");
            kill("USR1");
            assertEquals("USR1", c.receive());
            kill("WINCH");
            assertEquals("WINCH", c.receive());
            Signals.notify(c, "SIGUSR1", "HUP"); // adds HUP; USR1 still comes once
            kill("USR1");
            assertEquals("USR1", c.receive());
            winchDelivered();
            assertEquals("WINCH", c.receive());
            assertNull(c.tryReceive());
            Signals.stop(c);
        }

        private static void severalChannels() throws Exception {
            Chan<String> a = notified(1, "USR1");
            Chan<String> b = notified(1, "USR1", "URG");
            kill("USR1");
            assertEquals("USR1", a.receive());
            assertEquals("USR1", b.receive());
            Signals.stop(a);
            kill("USR1");
            assertEquals("USR1", b.receive());
            assertNull(a.tryReceive());
            Signals.stop(b);
        }

        private static void aFullChannel() throws Exception {
            Chan<String> full = notified(1, "WINCH");
            for (int i = 0; i < 3; i++) {
                winchDelivered();
            }
            assertEquals("WINCH", full.receive());
            winchDelivered();
            assertEquals("WINCH", full.receive());
            assertNull(full.tryReceive());
            Signals.stop(full);
        }

        private static void nobodyReceives() throws Exception {
            Chan<String> unbuffered = notified(0, "WINCH");
            winchDelivered();
            assertNull(unbuffered.tryReceive());
            Chan<String> nil = Chan.nil();
            Signals.notify(nil, "WINCH");
            winchDelivered();
            Signals.stop(nil);
            Signals.stop(unbuffered);
        }

        /** What the system and the JVM leave of the signals, both channels are offered; the slow one misses most. */
        private static void burst() throws Exception {
            Chan<String> all = notified(BURST, "URG");
            Chan<String> slow = notified(1, "URG");
            AtomicInteger received = new AtomicInteger();
            Chan<Boolean> end = Chan.make();
            try (GoRuntime runtime = GoRuntime.builder().build()) {
                Goroutine receiver = runtime.spawn(() -> {
                    Select sel = new Select();
                    var signal = sel.recv(slow);
                    var ended = sel.recv(end);
                    while (sel.await() != ended) {
                        assertEquals("URG", signal.value());
                        received.incrementAndGet();
                        Thread.sleep(1);
                    }
                });
                shell("i=0; while [ $i -lt " + BURST + " ]; do kill -URG " + ProcessHandle.current().pid()
                        + "; i=$((i+1)); done").waitFor();
                assertEquals("URG", all.receive());
                Checks.await(() -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(t -> t.getName().equals("SIGURG handler")));
                end.close();
                receiver.join();
            }
            Signals.stop(slow);
            Signals.stop(all);
            int offered = 1 + all.len();
            System.out.println(offered + " of " + BURST + " arrived, " + received + " were received");
            assertTrue(received.get() >= 1 && received.get() + slow.len() <= offered, received + " of " + offered);
            assertTrue(offered <= BURST, offered + " signals");
            winchDelivered();
        }

        private static void stop() throws Exception {
            Chan<String> c = notified(1, "WINCH", "URG");
            Signals.stop(c);
            Signals.stop(c);
            Signals.stop(Chan.make());
            winchDelivered();
            assertNull(c.tryReceive());
            Signals.notify(c, "WINCH");
            winchDelivered();
            assertEquals("WINCH", c.receive());
            Signals.stop(c);
        }

        private static void ignore() throws Exception {
            Chan<String> c = notified(1, "USR1");
            assertFalse(Signals.ignored("USR1"));
            Signals.ignore("USR1", "SIGUSR1");
            assertTrue(Signals.ignored("USR1"));
            assertTrue(Signals.ignored("SIGUSR1"));
            kill("USR1"); // would end the process by default
            winchDelivered();
            assertNull(c.tryReceive());
            Signals.stop(c);
            assertTrue(Signals.ignored("USR1")); // and stays so, in case that one is late
            Signals.ignore("URG");
            Signals.notify(c, "URG");
            assertFalse(Signals.ignored("URG"));
            kill("URG");
            assertEquals("URG", c.receive());
            Signals.ignore("URG");
            Signals.notify(c, "URG");
            Signals.stop(c);
            assertFalse(Signals.ignored("URG"));
        }

        private static void reset() throws Exception {
            Chan<String> c = notified(1, "WINCH", "URG");
            Signals.reset("WINCH");
            winchDelivered();
            assertNull(c.tryReceive());
            kill("URG");
            assertEquals("URG", c.receive());
            Signals.ignore("URG");
            Signals.reset("URG");
            assertFalse(Signals.ignored("URG"));
            Signals.reset("URG");
        }

        private static void aClosedChannel() throws Exception {
            Chan<String> closed = notified(1, "WINCH");
            Chan<String> other = notified(1, "WINCH");
            closed.close();
            for (int i = 0; i < 2; i++) {
                kill("WINCH");
                assertEquals("WINCH", other.receive());
            }
            Signals.stop(other);
        }

        private static void refused(String name, String reason) {
            for (String each : List.of(name, "SIG" + name)) {
                IllegalArgumentException e = assertThrows(IllegalArgumentException.class,
                        () -> Signals.notify(Chan.make(1), each));
                assertTrue(e.getMessage().startsWith("SIG" + name) && e.getMessage().contains(reason), e.getMessage());
                assertThrows(IllegalArgumentException.class, () -> Signals.ignore(each));
                assertThrows(IllegalArgumentException.class, () -> Signals.reset(each));
                assertThrows(IllegalArgumentException.class, () -> Signals.ignored(each));
            }
        }

        private static void refusals() {
            refused("QUIT", "the JVM prints a thread dump when it comes");
            refused("KILL", "the system lets no process handle it");
            refused("STOP", "the system lets no process handle it");
            refused("SEGV", "depends on it");
            refused("PIPE", "the JVM catches it");
            refused("USR2", "the JVM suspends threads by it");
            assertEquals("unknown signal: SIGFOO", assertThrows(IllegalArgumentException.class,
                    () -> Signals.notify(Chan.make(1), "SIGFOO")).getMessage());
            assertEquals("unknown signal: ", assertThrows(IllegalArgumentException.class,
                    () -> Signals.notify(Chan.make(1), "")).getMessage());
            assertThrows(IllegalArgumentException.class, () -> Signals.notify(Chan.make(1), "term"));
            assertThrows(IllegalArgumentException.class, () -> Signals.notify(Chan.make(1)));
            assertThrows(IllegalArgumentException.class, () -> Signals.ignore());
            assertThrows(NullPointerException.class, () -> Signals.notify(Chan.make(1), (String) null));
            assertEquals("os/signal: Notify using nil channel",
                    assertThrows(Panic.class, () -> Signals.notify(null, "TERM")).getMessage());
        }

        private static void aRefusalChangesNothing() throws Exception {
            Chan<String> c = Chan.make(1);
            assertThrows(IllegalArgumentException.class, () -> Signals.notify(c, "WINCH", "QUIT"));
            winchDelivered();
            assertNull(c.tryReceive());
            Signals.notify(c, "WINCH");
            assertThrows(IllegalArgumentException.class, () -> Signals.ignore("WINCH", "FOO"));
            winchDelivered();
            assertEquals("WINCH", c.receive());
            Signals.stop(c);
        }

        private static void contexts() throws Exception {
            try (CancelContext ctx = Context.withSignals(Context.background(), "WINCH", "SIGURG")) {
                assertTrue(ctx.toString().endsWith(".WithSignals([WINCH, SIGURG])"), ctx.toString());
                CancelContext child = Context.withCancel(ctx);
                assertNull(ctx.err());
                kill("URG");
                child.done().receive();
                assertEquals("context canceled", ctx.err().getMessage());
                assertEquals("URG", assertInstanceOf(SignalException.class, ctx.cause()).signal());
                assertEquals("SIGURG received", child.cause().getMessage());
            }
            CancelContext parent = Context.withCancel(Context.background());
            try (CancelContext ctx = Context.withSignals(parent, "WINCH")) {
                parent.cancel();
                assertNotNull(ctx.err());
                winchDelivered();
                assertEquals("context canceled", ctx.cause().getMessage());
            }
            CancelContext unused = Context.withSignals(Context.background(), "WINCH");
            unused.close();
            winchDelivered();
            assertEquals("context canceled", unused.cause().getMessage());
            assertThrows(IllegalArgumentException.class, () -> Context.withSignals(parent, "QUIT"));
            assertThrows(IllegalArgumentException.class, () -> Context.withSignals(parent));
            assertThrows(NullPointerException.class, () -> Context.withSignals(null, "WINCH"));
        }

        /** The signal comes long after a deadlock would have been reported. */
        private static void deadlocks() throws Exception {
            Chan<String> c = notified(1, "URG"); // first: a signal that nobody wants yet is lost
            Process later = shell("sleep 0.3; kill -URG " + ProcessHandle.current().pid());
            GoRuntime.run(() -> assertEquals("URG", c.receive()));
            later.waitFor();
            Signals.stop(c);
            assertThrows(DeadlockError.class, () -> GoRuntime.run(() -> c.receive()));
        }
    }
}
