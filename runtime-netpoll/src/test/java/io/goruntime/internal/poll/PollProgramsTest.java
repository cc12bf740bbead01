package io.goruntime.internal.poll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.GoRuntime;
import io.goruntime.internal.poll.Nets.Later;
import io.goruntime.internal.poll.Nets.Pair;
import io.goruntime.internal.sched.G;
import io.goruntime.testing.ChildJvm;
import io.goruntime.time.Timers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.nio.channels.AsynchronousCloseException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.TreeSet;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What needs a JVM of its own. */
class PollProgramsTest {
    private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void acceptWithoutDescriptors(String poller) {
        String out = ChildJvm.of(WithoutDescriptors.class).flags(NATIVE).args(poller).run().expectExit(0).out();
        assertEquals(List.of("accepted", "socket: too many open files", "accept: too many open files", "accepted"),
                out.lines().toList());
    }

    /** Limits the descriptors of this process to those it has and a few more, and uses them up. */
    static final class WithoutDescriptors {
        private WithoutDescriptors() {}

        public static void main(String[] args) throws Exception {
            // Classes come from files: all of them are loaded by a first run, before there are no descriptors for that.
            new NetFD.OutOfDescriptorsException("").toString();
            Nets.run(args[0], poll -> run(poll, 3));
            Nets.run(args[0], poll -> run(poll, Integer.MAX_VALUE));
        }

        private static void run(NetPoll poll, int sockets) throws Exception {
            try (NetFD listener = Nets.listen(poll); NetFD client = poll.stream(StandardProtocolFamily.INET)) {
                if (sockets == Integer.MAX_VALUE) {
                    limit(Nets.descriptors() + 20);
                }
                Deque<NetFD> hoard = new ArrayDeque<>();
                try {
                    while (hoard.size() < sockets) {
                        hoard.add(poll.stream(StandardProtocolFamily.INET));
                    }
                } catch (NetFD.OutOfDescriptorsException e) {
                    System.out.println("socket: " + e.getMessage());
                }
                client.connect(listener.localAddress());
                if (sockets == Integer.MAX_VALUE) {
                    try {
                        listener.accept();
                    } catch (NetFD.OutOfDescriptorsException e) {
                        System.out.println("accept: " + e.getMessage());
                    }
                }
                hoard.pop().close();
                listener.accept().close();
                System.out.println("accepted");
            }
        }

        @SuppressWarnings("restricted")
        private static void limit(long descriptors) throws Exception {
            int noFile = 7;
            Linker linker = Linker.nativeLinker();
            MethodHandle setrlimit = linker.downcallHandle(linker.defaultLookup().findOrThrow("setrlimit"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment limit = arena.allocateFrom(ValueLayout.JAVA_LONG, descriptors, descriptors);
                assertEquals(0, (int) setrlimit.invokeExact(noFile, limit));
            } catch (Throwable e) {
                throw new Exception(e);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "epoll", "nio"})
    void withoutTheScheduler(String poller) {
        String out = ChildJvm.of(JdkMode.class).flags(NATIVE, "-Dgoruntime.scheduler=jdk").args(poller).run()
                .expectExit(0).out();
        assertEquals(List.of(poller.isEmpty() ? "nio" : poller, "5000 bytes", "timeout", "closed", "threads: []"),
                out.lines().toList());
    }

    /** Without native access sockets are the JDK's; the log says so. */
    @Test
    void withoutNativeAccess() {
        ChildJvm.Result result = ChildJvm.of(NameOfPoller.class)
                .flags("--illegal-native-access=deny", "--add-opens=java.base/java.lang=ALL-UNNAMED").run()
                .expectExit(0);
        assertEquals(List.of("nio", "nio"), result.out().lines().toList());
        assertTrue(result.err().contains("-Dgoruntime.netpoll=nio chooses this without a warning"), result.err());
    }

    static final class NameOfPoller {
        private NameOfPoller() {}

        public static void main(String[] args) throws Exception {
            for (int i = 0; i < 2; i++) {
                GoRuntime.run(() -> {
                    NetPoll poll = NetPoll.of(G.current().sched);
                    Nets.pair(poll).close();
                    System.out.println(poll.name());
                });
            }
        }
    }

    static final class JdkMode {
        private JdkMode() {}

        public static void main(String[] args) throws Exception {
            String poller = args.length == 0 ? "" : args[0];
            if (!poller.isEmpty()) {
                System.setProperty(Pollers.PROPERTY, poller);
            }
            GoRuntime.run(() -> {
                NetPoll poll = NetPoll.of(G.current().sched);
                System.out.println(poll.name());
                Pair pair = Nets.pair(poll);
                Later<Long> reader = new Later<>(() -> {
                    long total = 0;
                    byte[] b = new byte[77];
                    for (int n; (n = pair.server().read(b, 0, b.length)) > 0; total += n) {
                        pair.server().write(b, 0, 1);
                    }
                    return total;
                });
                byte[] b = new byte[50];
                for (int i = 0; i < 100; i++) {
                    pair.client().write(b, 0, 50);
                    pair.client().read(b, 0, 50);
                }
                pair.client().shutdownWrite();
                System.out.println(reader.get() + " bytes");
                Pair second = Nets.pair(poll);
                try {
                    second.client().setReadDeadline(poll.now() + 3_000_000);
                    second.client().read(b, 0, 1);
                } catch (SocketTimeoutException e) {
                    System.out.println("timeout");
                }
                Nets.awaitNoWaiters(poll); // the next to be counted is the one that is to wait when its socket closes
                Later<Integer> closed = new Later<>(() -> second.server().read(new byte[1], 0, 1));
                Nets.awaitWaiters(poll, 1);
                second.server().close();
                try {
                    closed.get();
                } catch (AsynchronousCloseException e) {
                    System.out.println("closed");
                }
            });
            System.out.println("threads: " + Thread.getAllStackTraces().keySet().stream().map(Thread::getName)
                    .filter(n -> n.contains("netpoll")).toList());
        }
    }

    /** As ClassLoadingTest of the core: a class that an M loads may need a lock whose holder waits for this M. */
    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio"})
    void runtimeThreadsLoadNoClasses(String poller) {
        String out = ChildJvm.of(ClassLoads.class).flags(NATIVE).args(poller).run().expectExit(0).out();
        assertEquals(List.of("loads seen: true"), out.lines().toList());
    }

    static final class ClassLoads {
        private ClassLoads() {}

        public static void main(String[] args) throws Exception {
            Recording recording = new Recording();
            recording.enable("jdk.ClassLoad").withoutThreshold().withoutStackTrace();
            recording.start();
            Nets.run(args[0], ClassLoads::work);
            recording.stop();
            Path file = Files.createTempFile("classload", ".jfr");
            recording.dump(file);
            TreeSet<String> found = new TreeSet<>();
            boolean seen = false;
            for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
                String thread = event.getThread() == null ? "" : "" + event.getThread().getJavaName();
                String loaded = event.getClass("loadedClass").getName();
                seen |= loaded.equals(NetFD.class.getName());
                if (thread.matches("goruntime-.*-M\\d+")) {
                    found.add(thread + ": " + loaded);
                }
            }
            Files.delete(file);
            found.forEach(System.out::println);
            System.out.println("loads seen: " + seen);
        }

        private static void work(NetPoll poll) throws Exception {
            try (Pair pair = Nets.pair(poll)) {
                Later<Void> echo = new Later<>(() -> {
                    byte[] b = new byte[10];
                    for (int n; (n = pair.server().read(b, 0, b.length)) > 0;) {
                        pair.server().write(b, 0, n);
                    }
                    return null;
                });
                byte[] b = new byte[10];
                for (int i = 0; i < 200; i++) {
                    pair.client().write(b, 0, 10);
                    pair.client().read(b, 0, 10);
                    if (i % 50 == 0) {
                        Timers.sleep(Duration.ofMillis(2));
                    }
                }
                Later<Integer> interrupted = new Later<>(() -> pair.client().read(new byte[1], 0, 1));
                Nets.awaitWaiters(poll, 2);
                interrupted.thread().interrupt();
                try {
                    interrupted.get();
                } catch (IOException e) {
                    // as it should be
                }
                pair.client().close();
                echo.get();
            }
        }
    }
}
