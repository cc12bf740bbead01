package io.goruntime.context;

import static io.goruntime.GoRuntime.go;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.Defer;
import io.goruntime.GoRuntime;
import io.goruntime.Panic;
import io.goruntime.interop.Flows;
import io.goruntime.interop.Queues;
import io.goruntime.interop.Streams;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;

/** The code of docs/GUIDE.md. */
class GuideTest {
    private final CountDownLatch producerEnded = new CountDownLatch(1);
    private int number;

    private int next() {
        return ++number;
    }

    /** The lines stand in the guide as they stand here, but for the layout. */
    private static void assertInGuide(String... lines) throws Exception {
        String guide = Files.readString(Path.of("..", "docs", "GUIDE.md"));
        for (String line : lines) {
            assertTrue(guide.contains(line), line);
        }
    }

    @Test
    void argumentsAreEvaluatedAtTheStatement() throws Exception {
        assertInGuide("int first = next();", "go(() -> worker(first, results));");
        GoRuntime.run(() -> {
            Chan<Integer> results = Chan.make();
            int first = next();
            go(() -> worker(first, results));
            next();
            assertEquals(1, results.receive());
        });
        assertInGuide("d.defer(r -> { r = r + 5; }, d.result());");
        int one = Defer.call(0, d -> {
            d.defer(r -> {
                r = r + 5;
            }, d.result());
            return 1;
        });
        assertEquals(1, one);
    }

    private static void worker(int value, Chan<Integer> results) throws InterruptedException {
        results.send(value);
    }

    @Test
    void recover() throws Exception {
        assertInGuide("Object problem = d.recover();", "throw Panic.of(\"no answer\");");
        int answer = Defer.call(-1, d -> {
            d.defer(() -> {
                Object problem = d.recover();
                if (problem != null) {
                    d.result(0);
                }
            });
            throw Panic.of("no answer");
        });
        assertEquals(0, answer);
    }

    @Test
    void contexts() throws Exception {
        assertInGuide("try (var ctx = Context.withCancel(parent)) {", "go(() -> produce(ctx, numbers));");
        assertEquals(0, firstNumber(Context.background()));
        assertTrue(producerEnded.await(30, TimeUnit.SECONDS));
    }

    @Test
    void signals() throws Exception {
        assertInGuide("try (var ctx = Context.withSignals(Context.background(), \"TERM\", \"INT\")) {");
        try (var ctx = Context.withSignals(Context.background(), "TERM", "INT")) {
            go(() -> ctx.cancel());
            ctx.done().receive();
        }
    }

    private int firstNumber(Context parent) throws InterruptedException {
        Chan<Integer> numbers = Chan.make();
        try (var ctx = Context.withCancel(parent)) {
            go(() -> produce(ctx, numbers));
            return numbers.receive();
        }
    }

    private void produce(Context ctx, Chan<Integer> numbers) throws Exception {
        try {
            for (int i = 0;; i++) {
                int n = i;
                ctx.call(() -> {
                    numbers.send(n);
                    return n;
                });
            }
        } catch (CancelledException e) {
            producerEnded.countDown();
        }
    }

    @Test
    void theRestOfJava() throws Exception {
        assertInGuide("Streams.of(words).filter(w -> w.length() > 3).limit(2).toList();",
                "try (var lines = Streams.feed(text.lines(), 16)) {", "lines.chan().range(words::send);",
                "try (var feed = Flows.feed(Flows.publisher(numbers), 64)) {", "feed.chan().range(n -> sum.add(n));",
                "BlockingQueue<String> queue = Queues.of(words);");
        String text = "one\nthree\nfour\nfive";
        GoRuntime.run(() -> {
            Chan<String> words = Chan.make(10);
            try (var lines = Streams.feed(text.lines(), 16)) {
                lines.chan().range(words::send);
                lines.check();
            }
            assertEquals(List.of("three", "four"),
                    Streams.of(words).filter(w -> w.length() > 3).limit(2).toList());
            BlockingQueue<String> queue = Queues.of(words);
            assertEquals("five", queue.take());

            Chan<Integer> numbers = Chan.make(10);
            numbers.send(1);
            numbers.send(2);
            numbers.close();
            LongAdder sum = new LongAdder();
            try (var feed = Flows.feed(Flows.publisher(numbers), 64)) {
                feed.chan().range(n -> sum.add(n));
                feed.check();
            }
            assertEquals(3, sum.sum());
        });
    }
}
