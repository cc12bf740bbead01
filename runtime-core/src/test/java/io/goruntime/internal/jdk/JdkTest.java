package io.goruntime.internal.jdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Modifier;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operations of the bridge, in the test's own JVM: that it opens there, without flags, is part of the test. */
class JdkTest {
    private static final int PARKED = 4;
    private static final int TERMINATED = 99;

    @BeforeAll
    static void open() {
        Mode.ensure();
        assertTrue(Mode.Chosen.GMP, Mode.reason());
        assertNull(Mode.reason());
    }

    // ---- The class itself ----

    @Test
    void bridgeIsOneClassFileOfJavaBaseInTheBootLoader(@TempDir Path dir) throws Exception {
        Class<?> bridge = Class.forName("java.lang.GoRuntimeBridge");
        assertNull(bridge.getClassLoader());
        assertSame(Object.class.getModule(), bridge.getModule());
        assertEquals(BridgeOpener.BRIDGE_VERSION, bridge.getMethod("version").invoke(null));
        assertNotNull(bridge.getMethod("origin").invoke(null));
        assertEquals(0, bridge.getDeclaredClasses().length);
        for (var field : bridge.getDeclaredFields()) {
            boolean bootType = field.getType().getClassLoader() == null;
            assertTrue(!Modifier.isStatic(field.getModifiers()) || bootType, field.toString());
        }
        Path classFile = dir.resolve("GoRuntimeBridge.class");
        try (var in = JdkTest.class.getResourceAsStream("/META-INF/goruntime/GoRuntimeBridge-25.bin")) {
            Files.write(classFile, in.readAllBytes());
        }
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(text);
        ToolProvider.findFirst("javap").orElseThrow().run(out, out, "-p", "-c", classFile.toString());
        assertTrue(text.toString().contains("runContinuation"));
        assertFalse(text.toString().contains("invokedynamic"));
    }

    // ---- Scheduling ----

    @Test
    void runsAThreadOnASchedulerOfItsOwn() {
        AtomicReference<Thread> carrier = new AtomicReference<>();
        RunQueue g = RunQueue.unstarted("g", () -> carrier.set(Jdk.carrier()));
        assertTrue(g.thread.isVirtual());
        assertEquals("g", g.thread.getName());
        new Jdk.Container("c", Stream::empty).start(g.thread);
        assertSame(g.resume, g.queue.peek());
        assertEquals(1, g.drain());
        assertSame(Thread.currentThread(), carrier.get());
        assertEquals(TERMINATED, Jdk.stateOf(g.thread));
    }

    @Test
    void childThreadsInheritTheSchedulerAndAreToldApart() throws InterruptedException {
        AtomicReference<Thread> child = new AtomicReference<>();
        RunQueue g = RunQueue.start("parent", () -> child.set(Thread.startVirtualThread(() -> {})));
        g.queue.poll().run();
        Runnable childsOwn = g.queue.poll();
        assertSame(Jdk.continuationOf(child.get()), childsOwn);
        assertNotSame(g.resume, childsOwn);
        Jdk.defaultScheduler().execute(childsOwn);
        child.get().join();
        assertNull(Jdk.continuationOf(Thread.currentThread()));
        assertNull(Jdk.continuationOf(null));
    }

    @Test
    void noInheritThreadLocalsInheritsNothing() {
        InheritableThreadLocal<String> local = new InheritableThreadLocal<>();
        local.set("x");
        AtomicReference<String> seen = new AtomicReference<>("unset");
        RunQueue g = RunQueue.start("g", () -> seen.set(local.get()));
        g.drain();
        assertNull(seen.get());
    }

    @Test
    void pinKeepsTheThreadOnItsCarrier() throws InterruptedException {
        CountDownLatch pinned = new CountDownLatch(1);
        RunQueue g = RunQueue.start("pinned", () -> {
            Jdk.pin();
            pinned.countDown();
            Jdk.park(0);
            Jdk.unpin();
        });
        Thread waker = Thread.ofPlatform().start(() -> {
            try {
                pinned.await();
                Thread.sleep(20);
            } catch (InterruptedException e) {
                return;
            }
            Jdk.unpark(g.thread);
        });
        assertEquals(1, g.drain()); // one resume from beginning to end
        assertFalse(g.thread.isAlive());
        waker.join();
    }

    // ---- Parking ----

    @Test
    void unparkWakesBothKindsOfThreads() throws InterruptedException {
        Thread platform = Thread.ofPlatform().start(() -> Jdk.park(0));
        Thread virtual = Thread.ofVirtual().start(() -> Jdk.park(0));
        Jdk.unpark(platform);
        Jdk.unpark(virtual);
        platform.join(5_000);
        virtual.join(5_000);
        assertFalse(platform.isAlive() || virtual.isAlive());
        Jdk.unpark(null);
    }

    @Test
    void timedParksEnd() throws InterruptedException {
        RunQueue g = RunQueue.start("timed", () -> {
            Jdk.park(1_000_000);
            Jdk.park(-1);
        });
        assertTrue(g.drainToEnd(5_000));
        Jdk.park(-1);
        Jdk.park(1_000_000);
    }

    @Test
    void parkCarrierBlocksTheCarrierUnderAVirtualThread() {
        RunQueue g = RunQueue.start("g", () -> {
            long start = System.nanoTime();
            while (System.nanoTime() - start < 5_000_000) {
                Jdk.parkCarrier(5_000_000);
            }
        });
        assertEquals(1, g.drain());
        assertFalse(g.thread.isAlive());
        Jdk.parkCarrier(-1);
    }

    // ---- Containers and listing ----

    @Test
    void liveThreadsListsTheApplicationsOfBothKinds() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        Runnable wait = () -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                return;
            }
        };
        RunQueue g = RunQueue.unstarted("listed", LockSupport::park);
        RunQueue unlisted = RunQueue.start("unlisted", LockSupport::park);
        Jdk.Container container = new Jdk.Container("mine", () -> Stream.of(g.thread));
        container.start(g.thread);
        container.start(null);
        AtomicReference<Thread> inExecutor = new AtomicReference<>();
        Thread platform = Thread.ofPlatform().daemon().start(wait);
        Thread virtual = Thread.ofVirtual().start(wait);
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            CountDownLatch set = new CountDownLatch(1);
            executor.execute(() -> {
                inExecutor.set(Thread.currentThread());
                set.countDown();
                wait.run();
            });
            set.await();
            List<Thread> live = Arrays.asList(Jdk.liveThreads());
            assertTrue(Jdk.tracksAllThreads());
            assertTrue(live.containsAll(
                    List.of(platform, virtual, inExecutor.get(), g.thread, Thread.currentThread())), live.toString());
            assertFalse(live.contains(unlisted.thread));
            assertTrue(live.stream().noneMatch(Jdk::isJdkThread), live.toString());
            assertEquals(live.size(), live.stream().distinct().count());
            container.deregister();
            container.deregister();
            assertFalse(Arrays.asList(Jdk.liveThreads()).contains(g.thread));
            release.countDown();
        }
        g.drain();
        assertEquals(PARKED, Jdk.stateOf(g.thread));
        Jdk.unpark(g.thread);
        g.drain();
        assertFalse(g.thread.isAlive());
    }

    @Test
    void tellsTheJdksThreadsFromTheApplications() throws InterruptedException {
        Thread.ofVirtual().start(() -> {}).join(); // makes carriers
        int seen = 0;
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            String name = thread.getName();
            if (List.of("Reference Handler", "Finalizer", "Signal Dispatcher", "Common-Cleaner").contains(name)
                    || name.equals("VirtualThread-unblocker")
                    || thread.getClass().getName().equals("jdk.internal.misc.CarrierThread")) {
                assertTrue(Jdk.isJdkThread(thread), name);
                seen++;
            }
        }
        assertTrue(seen >= 6, "only " + seen);
        assertFalse(Jdk.isJdkThread(Thread.currentThread()));

        ThreadGroup root = Thread.currentThread().getThreadGroup();
        while (root.getParent() != null) {
            root = root.getParent();
        }
        Thread inRoot = new Thread(root, LockSupport::park, "application");
        Thread named = new Thread(LockSupport::park, "DestroyJavaVM");
        for (Thread thread : List.of(inRoot, named)) {
            thread.start();
            assertFalse(Jdk.isJdkThread(thread), thread.toString());
            while (thread.isAlive()) {
                LockSupport.unpark(thread);
                thread.join(1);
            }
        }
    }

    @Test
    void pollersDoNotInheritAGoroutinesScheduler() throws Exception {
        RunQueue refused = RunQueue.start("g", () -> assertThrows(WrongThreadException.class, Jdk::touchPoller));
        refused.drain();
        Jdk.touchPoller();
        Jdk.touchPoller();
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            AtomicReference<Object> got = new AtomicReference<>();
            RunQueue g = RunQueue.start("reader", () -> {
                try (Socket socket = server.accept()) {
                    got.set(socket.getInputStream().read());
                } catch (Exception e) {
                    got.set(e);
                }
            });
            g.drain();
            try (Socket client = new Socket(server.getInetAddress(), server.getLocalPort())) {
                client.getOutputStream().write(7);
                assertTrue(g.drainToEnd(5_000));
            }
            assertEquals(7, got.get());
        }
        assertTrue(Stream.of(Jdk.liveThreads()).noneMatch(t -> t.getName().contains("Poller")));
    }
}
