package io.goruntime.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoRuntime;
import io.goruntime.sync.ErrGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.ThreadPool;
import org.junit.jupiter.api.Test;

/** A server that runs its handlers, or all it does, in goroutines. */
class JettyTest {
    private static final int REQUESTS = 1000;
    private static final int PROCS = 2;
    private static final Duration CLOSE = Duration.ofSeconds(10);
    private static final Duration SLEEP = Duration.ofMillis(500);

    /** As Jetty's guide has it for virtual threads: handlers in goroutines, acceptor and selector in Jetty's threads. */
    @Test
    void handlersSleepAThousandAtATime() throws Exception {
        try (GoRuntime runtime = runtime(); ExecutorService executor = runtime.executor()) {
            QueuedThreadPool pool = new QueuedThreadPool();
            pool.setVirtualThreadsExecutor(executor);
            serve(runtime, pool);
            assertTrue(runtime.close(CLOSE));
        }
        assertThreadsEnd();
    }

    /** The selector, too, is a goroutine, which waits in the kernel and so holds a thread. */
    @Test
    void aWholeServerOfGoroutines() throws Exception {
        try (GoRuntime runtime = runtime(); ExecutorService executor = runtime.executor()) {
            serve(runtime, new OnExecutor(executor));
            assertTrue(runtime.close(CLOSE));
        }
        assertThreadsEnd();
    }

    /** Threads that have nothing left to do are not waited for longer than a second when the runtime ends. */
    private static void assertThreadsEnd() throws InterruptedException {
        long end = System.nanoTime() + CLOSE.toNanos();
        while (!threadsOf("jetty").isEmpty() && System.nanoTime() - end < 0) {
            Thread.sleep(5);
        }
        assertEquals(List.of(), threadsOf("jetty"));
    }

    private static GoRuntime runtime() {
        return GoRuntime.builder().name("jetty").maxProcs(PROCS).build();
    }

    private static void serve(GoRuntime runtime, ThreadPool pool) throws Exception {
        Sleeping handler = new Sleeping();
        Server server = new Server(pool);
        ServerConnector connector = new ServerConnector(server, 1, 1);
        connector.setHost(InetAddress.getLoopbackAddress().getHostAddress());
        connector.setAcceptQueueSize(REQUESTS);
        connector.setIdleTimeout(Duration.ofMinutes(2).toMillis());
        server.addConnector(connector);
        server.setHandler(handler);
        server.start();
        try {
            requestAll(runtime, new InetSocketAddress(connector.getHost(), connector.getLocalPort()));
        } finally {
            server.stop();
        }
        assertEquals(REQUESTS, handler.most.get());
        assertEquals(REQUESTS, handler.inGoroutines.get());
        // Two for the Ps, some for what waits in the kernel; none for what sleeps.
        assertTrue(handler.threads.get() < 100, () -> handler.threads + " threads");
    }

    /** Each request by a goroutine of the same runtime. */
    private static void requestAll(GoRuntime runtime, InetSocketAddress address) throws Exception {
        CountDownLatch good = new CountDownLatch(REQUESTS);
        try (ExecutorService executor = runtime.executor();
                HttpClient client = HttpClient.newBuilder().executor(executor).version(HttpClient.Version.HTTP_1_1)
                        .build()) {
            ErrGroup group = new ErrGroup();
            runtime.spawn(() -> {
                for (int i = 0; i < REQUESTS; i++) {
                    String path = "/" + i;
                    URI uri = URI.create("http://" + address.getHostString() + ":" + address.getPort() + path);
                    group.go(() -> {
                        HttpResponse<String> response = client.send(HttpRequest.newBuilder(uri).build(),
                                BodyHandlers.ofString());
                        assertEquals(200, response.statusCode(), response::body);
                        assertEquals("slept for " + path, response.body());
                        good.countDown();
                    });
                }
            }).join();
            group.await();
        }
        assertEquals(0, good.getCount());
    }

    /** Sleeps when all requests have come, until all have begun to: they do it at the same time or not at all. */
    private static final class Sleeping extends Handler.Abstract {
        private final CountDownLatch all = new CountDownLatch(REQUESTS);
        private final CountDownLatch asleep = new CountDownLatch(REQUESTS);
        private final AtomicInteger now = new AtomicInteger();
        final AtomicInteger most = new AtomicInteger();
        final AtomicInteger inGoroutines = new AtomicInteger();
        final AtomicInteger threads = new AtomicInteger();

        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            if (GoRuntime.goid() != 0) {
                inGoroutines.incrementAndGet();
            }
            all.countDown();
            if (!all.await(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException(all.getCount() + " requests do not come while others wait");
            }
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            asleep.countDown();
            Thread.sleep(SLEEP);
            if (!asleep.await(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException(asleep.getCount() + " do not begin to sleep while others do");
            }
            if (now.getAndDecrement() == REQUESTS) {
                threads.set(threadsOf("jetty").size());
            }
            byte[] body = ("slept for " + request.getHttpURI().getPath()).getBytes(StandardCharsets.UTF_8);
            response.write(true, ByteBuffer.wrap(body), callback);
            return true;
        }
    }

    /** The platform threads of the runtime with this name. */
    private static List<String> threadsOf(String runtime) {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName)
                .filter(name -> name.startsWith("goruntime-" + runtime)).toList();
    }

    /** Jetty's thread pool where threads are not pooled. */
    private record OnExecutor(ExecutorService executor) implements ThreadPool {
        @Override
        public void execute(Runnable task) {
            executor.execute(task);
        }

        @Override
        public void join() throws InterruptedException {
            executor.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
        }

        @Override
        public int getThreads() {
            return 0;
        }

        @Override
        public int getIdleThreads() {
            return 0;
        }

        @Override
        public boolean isLowOnThreads() {
            return false;
        }
    }
}
