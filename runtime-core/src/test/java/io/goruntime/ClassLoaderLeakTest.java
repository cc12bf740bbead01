package io.goruntime;

import io.goruntime.context.Context;
import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import java.io.File;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.MalformedURLException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The library loaded by a class loader of its own, used, closed and dropped, leaves nothing behind: the loader is
 * collected, 20 times over. In a child, so that it meets a JVM whose sockets and timers nobody has used before.
 */
@ExtendWith(DumpOnTimeout.class)
class ClassLoaderLeakTest {
    @Test
    void theLoaderIsCollected() {
        var gmp = ChildJvm.of(Program.class).flags("-Xmx256m").start();
        var jdk = ChildJvm.of(Program.class).flags("-Xmx256m", "-Dgoruntime.scheduler=jdk").start();
        gmp.await().expectExit(0).expect("collected 20 of 20");
        jdk.await().expectExit(0).expect("collected 20 of 20");
    }

    static final class Program {
        private static final int ROUNDS = 20;

        private Program() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(25));
            List<URL> urls = new ArrayList<>();
            for (Path entry : ChildJvm.ownClassPath()) {
                urls.add(urlOf(entry));
            }
            List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
            for (int round = 0; round < ROUNDS; round++) {
                loaders.add(use(urls.toArray(URL[]::new)));
            }
            long deadline = System.nanoTime() + 15_000_000_000L;
            long left;
            do {
                System.gc();
                Thread.sleep(20);
                left = loaders.stream().filter(l -> !l.refersTo(null)).count();
            } while (left > 0 && System.nanoTime() < deadline);
            System.out.println("collected " + (ROUNDS - left) + " of " + ROUNDS);
            for (int i = 0; i < ROUNDS; i++) {
                if (!loaders.get(i).refersTo(null)) {
                    System.out.println("left: number " + i);
                }
            }
            if (left > 0 && args.length > 0) {
                Thread.sleep(3_600_000); // for a look at the heap
            }
        }

        private static URL urlOf(Path entry) throws MalformedURLException {
            return new File(entry.toString()).toURI().toURL();
        }

        private static WeakReference<ClassLoader> use(URL[] urls) throws Exception {
            try (URLClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
                Thread.currentThread().setContextClassLoader(loader);
                Class<?> user = loader.loadClass(User.class.getName());
                if (user.getClassLoader() != loader) {
                    throw new IllegalStateException("not in the child loader");
                }
                ((Runnable) user.getConstructor().newInstance()).run();
                return new WeakReference<>(loader);
            } finally {
                Thread.currentThread().setContextClassLoader(null);
            }
        }
    }

    /** Loaded in the child loader: goroutines that use what the JDK keeps threads and tables for. */
    public static final class User implements Runnable {
        private static final ThreadLocal<Object> LOCAL = new ThreadLocal<>();

        public User() {}

        @Override
        public void run() {
            try {
                GoRuntime.run(User::work);
                try (GoRuntime rt = GoRuntime.defaultRuntime()) {
                    Goroutine g = rt.spawn(User::work);
                    g.join();
                    if (!g.isDone()) {
                        throw new IllegalStateException();
                    }
                    rt.spawn(() -> Thread.sleep(3_600_000));
                    rt.spawn(() -> Chan.nil().receive());
                }
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        private static void work() throws IOException, InterruptedException {
            LOCAL.set(new Object() {});
            InetAddress loopback = InetAddress.getLoopbackAddress();
            try (ServerSocket server = new ServerSocket(0, 5, loopback)) {
                GoRuntime.go(() -> {
                    try (Socket s = server.accept()) {
                        Thread.sleep(2); // the reader blocks first
                        s.getOutputStream().write(7);
                    }
                });
                try (Socket s = new Socket(loopback, server.getLocalPort())) {
                    if (s.getInputStream().read() != 7) {
                        throw new IllegalStateException("read");
                    }
                }
            }
            Thread child = Thread.startVirtualThread(() -> {
                try {
                    Thread.sleep(5);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            Chan<Integer> c = Chan.make();
            GoRuntime.go(() -> {
                Thread.sleep(1);
                c.send(1);
            });
            c.tryReceive(Duration.ofSeconds(10));
            Object monitor = new Object();
            synchronized (monitor) {
                monitor.wait(1);
            }
            GoRuntime.go(() -> {
                throw new InterruptedException();
            });
            child.join();
            Chan<String> signals = Chan.make(1);
            Signals.notify(signals, "TERM", "INT");
            Signals.stop(signals);
            try (var ctx = Context.withSignals(Context.background(), "TERM")) {
                Signals.ignore("INT");
                ctx.err();
            }
            Signals.reset();
        }
    }
}
