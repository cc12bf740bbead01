package io.goruntime.internal.jdk;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.invoke.MethodHandles;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The program of {@link BridgeOpenerTest}'s children. Its argument says what to do; it prints what came of it. */
final class OpenProgram {
    private OpenProgram() {}

    public static void main(String[] args) throws Throwable {
        switch (args[0]) {
            case "open" -> open();
            case "virtual" -> inVirtualThread();
            case "race" -> race();
            case "interrupted" -> interrupted();
            case "linked" -> linked();
            case "copies" -> copies();
            case "other-version" -> otherVersion();
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    /** Decides the mode and, with a bridge, runs threads on a scheduler of ours. */
    private static void open() throws Exception {
        Mode.ensure();
        Mode.ensure();
        System.out.println(Mode.Chosen.GMP ? "mode gmp" : "mode jdk");
        System.out.println("bridge " + (bridge() == null ? "absent" : "present"));
        System.out.println("reason: " + Mode.reason());
        if (Mode.Chosen.GMP) {
            exercise();
        }
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("goruntime") && !thread.join(Duration.ofSeconds(1))) {
                System.out.println("left behind: " + thread);
            }
        }
    }

    /** A thread parks, sleeps, yields, waits in a monitor, and ends. */
    private static void exercise() throws InterruptedException {
        Object monitor = new Object();
        RunQueue g = RunQueue.start("exercise", () -> {
            Jdk.park(0);
            Jdk.park(1_000_000);
            try {
                Thread.sleep(1);
                synchronized (monitor) {
                    monitor.wait(1);
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            for (int i = 0; i < 1_000; i++) {
                Thread.yield();
            }
        });
        g.drain();
        Jdk.unpark(g.thread);
        System.out.println("exercise " + (g.drainToEnd(5_000) ? "ended" : "hangs in " + Jdk.stateOf(g.thread)));
    }

    private static void inVirtualThread() throws InterruptedException {
        Thread.ofVirtual().start(() -> {
            Mode.ensure();
            System.out.println("gmp " + Mode.Chosen.GMP + " carrier virtual " + Jdk.carrier().isVirtual());
        }).join();
    }

    /** Threads of both kinds, more virtual ones than there are carriers, ask at the same moment. */
    private static void race() throws InterruptedException {
        int each = 16;
        CountDownLatch ready = new CountDownLatch(2 * each);
        CountDownLatch done = new CountDownLatch(2 * each);
        Runnable ask = () -> {
            ready.countDown();
            try {
                ready.await();
            } catch (InterruptedException e) {
                return;
            }
            Mode.ensure();
            if (Mode.Chosen.GMP) {
                done.countDown();
            }
        };
        for (int i = 0; i < each; i++) {
            Thread.ofPlatform().daemon().start(ask);
            Thread.ofVirtual().start(ask);
        }
        System.out.println(done.await(20, TimeUnit.SECONDS) ? "all agree" : "missing " + done.getCount());
    }

    private static void interrupted() {
        Thread.currentThread().interrupt();
        Mode.ensure();
        System.out.println("gmp " + Mode.Chosen.GMP + " flag kept " + Thread.interrupted());
    }

    /** The classes compiled against the bridge load, verify and initialise without it. */
    private static void linked() throws Exception {
        Mode.ensure();
        for (Class<?> type : List.of(Jdk.class, Jdk.Container.class, SelfTest.class)) {
            MethodHandles.lookup().ensureInitialized(type);
        }
        try {
            Jdk.carrier();
        } catch (NoClassDefFoundError e) {
            System.out.println("linked, bridge " + (bridge() == null ? "absent" : "present"));
        }
    }

    /** A second copy of the library, in a class loader that shares only the JDK with ours. */
    private static void copies() throws Exception {
        Mode.ensure();
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(System.getProperty("path.separator"))) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        WeakReference<ClassLoader> loader = new WeakReference<>(secondCopy(urls.toArray(new URL[0])));
        for (int i = 0; i < 100 && loader.get() != null; i++) {
            System.gc();
            Thread.sleep(10);
        }
        System.out.println("second loader " + (loader.get() == null ? "collected" : "kept"));
    }

    private static ClassLoader secondCopy(URL[] urls) throws Exception {
        try (URLClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
            Class<?> mode = loader.loadClass(Mode.class.getName());
            if (mode == Mode.class) {
                throw new AssertionError("not a second copy");
            }
            mode.getMethod("ensure").invoke(null);
            System.out.println("second reason: " + mode.getMethod("reason").invoke(null));
            var exercise = loader.loadClass(OpenProgram.class.getName()).getDeclaredMethod("exercise");
            exercise.setAccessible(true);
            exercise.invoke(null);
            return loader;
        }
    }

    /** Plays another release of the library: defines a bridge that answers with another version. */
    private static void otherVersion() throws Throwable {
        byte[] bytes;
        try (var in = OpenProgram.class.getResourceAsStream("/META-INF/goruntime/GoRuntimeBridge-25.bin")) {
            bytes = in.readAllBytes();
        }
        ClassFile tool = ClassFile.of();
        byte[] other = tool.transformClass(
                tool.parse(bytes),
                ClassTransform.transformingMethodBodies(
                        method -> method.methodName().equalsString("version"), (code, element) -> {
                            if (element instanceof ConstantInstruction) {
                                code.loadConstant(7);
                            } else {
                                code.with(element);
                            }
                        }));
        Class<?> bridge = MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup()).defineClass(other);
        bridge.getMethod("origin", String.class).invoke(null, "file:/elsewhere/other.jar");
        bridge.getMethod("origin", String.class).invoke(null, "file:/too/late.jar");
        open();
    }

    private static Class<?> bridge() {
        try {
            return Class.forName("java.lang.GoRuntimeBridge", false, null);
        } catch (ClassNotFoundException e) {
            return null;
        }
    }
}
