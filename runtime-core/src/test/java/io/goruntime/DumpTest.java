package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Fleet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** GoRuntime.dump: Go's form of a traceback. */
@ExtendWith(DumpOnTimeout.class)
class DumpTest {
    private static final Pattern HEAD = Pattern.compile("goroutine \\d+ \\[[a-z ,()]+(, \\d+ minutes)?]:");

    private static String entryOf(String dump, long goid) {
        return Arrays.stream(dump.split("\n\n")).filter(e -> e.startsWith("goroutine " + goid + " [")).findFirst()
                .orElseThrow(() -> new AssertionError("no goroutine " + goid + " in\n" + dump));
    }

    private static String headOf(String dump, long goid) {
        return entryOf(dump, goid).lines().findFirst().orElseThrow();
    }

    private static String reasonOf(String dump, long goid) {
        return headOf(dump, goid).replaceAll(".*\\[|]:", "");
    }

    private static String dump(GoRuntime rt) {
        StringBuilder text = new StringBuilder();
        try {
            rt.dump(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a StringBuilder throws none
        }
        return text.toString();
    }

    private static void receiveHere(Chan<Integer> c) throws InterruptedException {
        c.receive();
    }

    @Test
    void hasGosFormWithReasonFramesAndCreator() throws Exception {
        try (GoRuntime rt = GoRuntime.builder().maxProcs(2).build()) {
            Chan<Integer> c = Chan.make();
            Chan<Integer> full = Chan.make();
            AtomicReference<Goroutine> child = new AtomicReference<>();
            Goroutine receives = rt.spawn(() -> {
                child.set(GoRuntime.current().spawn(() -> full.send(1)));
                receiveHere(c);
            });
            Goroutine nilSend = rt.spawn(() -> Chan.nil().send(1));
            Goroutine nilReceive = rt.spawn(() -> Chan.nil().receive());
            Goroutine sleeps = rt.spawn(() -> Thread.sleep(3_600_000));
            Fleet all = new Fleet(rt);
            // The state of a thread does not say it: one waits for a lock of the runtime, too, on its carrier.
            all.await("receives waits", () -> reasonOf(dump(rt), receives.id()).equals("chan receive"));
            all.await("its child waits", () -> reasonOf(dump(rt), child.get().id()).equals("chan send"));
            all.await("nilSend waits", () -> reasonOf(dump(rt), nilSend.id()).equals("chan send (nil chan)"));
            all.await("nilReceive waits", () -> reasonOf(dump(rt), nilReceive.id()).equals("chan receive (nil chan)"));
            all.await("sleeps waits", () -> sleeps.thread().getState() == Thread.State.TIMED_WAITING);
            String dump = dump(rt);
            assertEquals("chan receive", reasonOf(dump, receives.id()), dump);
            assertEquals("chan send", reasonOf(dump, child.get().id()), dump);
            assertEquals("chan send (nil chan)", reasonOf(dump, nilSend.id()), dump);
            assertEquals("chan receive (nil chan)", reasonOf(dump, nilReceive.id()), dump);
            List<String> entry = entryOf(dump, receives.id()).lines().toList();
            assertTrue(HEAD.matcher(entry.getFirst()).matches(), entry.getFirst());
            int at = entry.indexOf("io.goruntime.DumpTest.receiveHere(...)");
            assertTrue(at > 0, dump);
            assertTrue(entry.get(at + 1).matches("\tDumpTest\\.java:\\d+"), entry.get(at + 1));
            assertTrue(entry.getLast().startsWith("created by io.goruntime.DumpTest"), entry.getLast());
            List<String> ofChild = entryOf(dump, child.get().id()).lines().toList();
            assertTrue(ofChild.getLast().endsWith(" in goroutine " + receives.id()), ofChild.getLast());
            assertTrue(dump.lines().noneMatch(l -> l.startsWith("io.goruntime.internal.sched.Park")), dump);
            assertTrue(entryOf(dump, sleeps.id()).contains("java.lang.Thread.sleep"), dump);
            assertEquals(5, dump.split("\n\n").length, dump);
            // By id.
            List<Long> ids = dump.lines().filter(l -> HEAD.matcher(l).matches())
                    .map(l -> Long.valueOf(l.split(" ")[1])).toList();
            assertEquals(ids.stream().sorted().toList(), ids);
        }
    }

    @Test
    void theCallingGoroutineComesFirstAsRunning() throws Exception {
        try (GoRuntime rt = GoRuntime.builder().maxProcs(1).build()) {
            Goroutine other = rt.spawn(() -> Chan.nil().receive());
            AtomicReference<String> dump = new AtomicReference<>();
            Goroutine self = rt.spawn(() -> {
                StringBuilder text = new StringBuilder();
                rt.dump(text);
                dump.set(text.toString());
            });
            self.join();
            assertTrue(dump.get().startsWith("goroutine " + self.id() + " [running]:\n"), dump.get());
            assertTrue(dump.get().contains("DumpTest"), dump.get());
            assertTrue(dump.get().contains("\n\ngoroutine " + other.id() + " ["), dump.get());
        }
    }

    @Test
    @Tag("gmp")
    void aWiredGoroutineIsMarked() throws Exception {
        try (GoRuntime rt = GoRuntime.builder().maxProcs(1).build()) {
            Goroutine g = rt.spawn(() -> {
                GoRuntime.lockOSThread();
                Chan.make().receive();
            });
            new Fleet(rt).await("it waits and is marked",
                    () -> reasonOf(dump(rt), g.id()).equals("chan receive, locked to thread"));
        }
    }

    @Test
    void anEmptyRuntimeHasNoneAndFailuresOfTheReaderGetThrough() throws Exception {
        try (GoRuntime rt = GoRuntime.builder().build()) {
            StringBuilder text = new StringBuilder();
            rt.dump(text);
            assertEquals("", text.toString());
            rt.spawn(() -> Chan.nil().receive());
            IOException full = new IOException("full");
            assertEquals(full, assertThrows(IOException.class, () -> rt.dump(new Appendable() {
                @Override
                public Appendable append(CharSequence s) throws IOException {
                    throw full;
                }

                @Override
                public Appendable append(CharSequence s, int start, int end) throws IOException {
                    throw full;
                }

                @Override
                public Appendable append(char c) throws IOException {
                    throw full;
                }
            })));
        }
    }
}
