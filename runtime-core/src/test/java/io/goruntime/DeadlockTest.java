package io.goruntime;

import static io.goruntime.testing.Checks.check;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.sync.Mutex;
import io.goruntime.testing.Checks;
import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.time.Timers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What run takes for a deadlock and what it does not. In a child, whose main thread calls run: in the JVM of the tests there
 * are always threads that might send.
 *
 * <p>A sender that is to be waited for sends after 150 ms, several times what a false alarm takes.
 */
class DeadlockTest {
    private static ChildJvm.Running child;

    @BeforeAll
    static void start() {
        child = ChildJvm.of(Program.class).start();
    }

    @AfterAll
    static void endsWell() {
        child.await().expectExit(0);
    }

    @Test
    void theErrorHasGosTextAndADump() {
        child.await().expect("passed: text and dump");
    }

    @Test
    void whatIsAsleepIsReleasedAsByClose() {
        child.await().expect("passed: released").expect("passed: uninterruptible waits");
    }

    @Test
    void aThreadThatMaySendPreventsIt() {
        child.await().expect("passed: a new thread").expect("passed: an old thread")
                .expect("passed: an old daemon that was handed something")
                .expect("passed: an old daemon that has sent").expect("passed: a virtual thread")
                .expect("passed: the common pool").expect("passed: 100 threads that are gone");
    }

    @Test
    void whatMayEndByItselfPreventsIt() {
        child.await().expect("passed: waits of the JDK").expect("passed: timers");
    }

    @Test
    void itIsFoundOnM0() {
        child.await().expect("passed: an init task").expect("passed: main wired to m0")
                .expect("passed: main wired to m0 that is answered");
    }

    @Test
    void itIsFoundHoweverTheLastPBecameIdle() {
        child.await().expect("passed: wired goroutines").expect("passed: a wired goroutine that ended")
                .expect("passed: main has ended by goexit").expect("passed: after compensation");
    }

    @Test
    void panicsThatLedToItAreSuppressed() {
        child.await().expect("passed: panics");
    }

    @Test
    void itCanBeTurnedOff() {
        child.await().expect("passed: off");
    }

    static final class Program {
        private static final int LATER_MILLIS = 150;
        private static final String ASLEEP = "all goroutines are asleep - deadlock!\n\n";

        private Program() {}

        private static GoRuntime.Builder runtime() {
            return GoRuntime.builder().maxProcs(2);
        }

        private static void selectNothing() throws InterruptedException {
            new Select().await();
        }

        private static DeadlockError deadlock(MainFn<Exception> main) {
            return deadlock(runtime(), main);
        }

        private static DeadlockError deadlock(GoRuntime.Builder runtime, MainFn<Exception> main) {
            DeadlockError e = assertThrows(DeadlockError.class, () -> runtime.run(main));
            assertTrue(e.getMessage().startsWith(ASLEEP), e.getMessage());
            return e;
        }

        private static void sendLater(SendChan<Integer> c) {
            try {
                Thread.sleep(LATER_MILLIS);
                c.send(1);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        private static void receivesFromOutside(Chan<Integer> c) throws Exception {
            runtime().run(() -> assertEquals(1, c.receive()));
        }

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(25));
            CompletableFuture.runAsync(() -> {}).join(); // the pool's thread is older than what follows
            check("text and dump", Program::textAndDump);
            check("released", Program::released);
            threads();
            check("waits of the JDK", Program::waitsOfTheJdk);
            check("timers", Program::timers);
            m0();
            idle();
            check("panics", Program::panics);
            check("off", Program::off);
            check("uninterruptible waits", Program::uninterruptible);
        }

        private static void textAndDump() {
            DeadlockError e = deadlock(() -> {
                Chan<Integer> c = Chan.make();
                GoRuntime.go(() -> c.send(1));
                GoRuntime.go(() -> Chan.nil().receive());
                selectNothing();
            });
            String text = e.getMessage();
            assertTrue(text.startsWith(ASLEEP + "goroutine 1 [select (no cases)]:\n"), text);
            assertTrue(text.contains(" [chan send]:\n"), text);
            assertTrue(text.contains(" [chan receive (nil chan)]:\n"), text);
            assertTrue(text.contains("DeadlockTest.java:"), text);
            assertTrue(text.contains("created by " + Program.class.getName() + " in goroutine 1"), text);
        }

        private static void released() throws InterruptedException {
            AtomicInteger ends = new AtomicInteger();
            AtomicReference<Throwable> inMain = new AtomicReference<>();
            AtomicReference<GoRuntime> inside = new AtomicReference<>();
            deadlock(runtime().name("released"), () -> {
                inside.set(GoRuntime.current());
                for (int i = 0; i < 10; i++) {
                    GoRuntime.go(() -> {
                        try {
                            selectNothing();
                        } finally {
                            Timers.sleep(Duration.ofMillis(1)); // the runtime works until all have ended
                            ends.incrementAndGet();
                        }
                    });
                }
                try {
                    selectNothing();
                } catch (InterruptedException e) {
                    inMain.set(e);
                    throw e;
                }
            });
            assertEquals(10, ends.get());
            assertEquals(InterruptedException.class, inMain.get().getClass());
            assertEquals(0, inside.get().numGoroutine());
            // They have been told to end; run does not wait long for a thread that gets no processor.
            Checks.await(() -> Thread.getAllStackTraces().keySet().stream().map(Thread::getName)
                    .noneMatch(name -> name.startsWith("goruntime-released-")));
            assertFalse(Thread.currentThread().isInterrupted());
        }

        private static void threads() {
            check("a new thread", () -> runtime().run(() -> {
                Chan<Integer> c = Chan.make();
                Thread.ofPlatform().daemon().start(() -> sendLater(c));
                assertEquals(1, c.receive());
            }));
            check("an old thread", () -> {
                Chan<Integer> c = Chan.make();
                Thread.ofPlatform().daemon(false).start(() -> sendLater(c));
                receivesFromOutside(c);
            });
            check("a virtual thread", () -> {
                Chan<Integer> c = Chan.make();
                Thread.ofVirtual().start(() -> sendLater(c));
                receivesFromOutside(c);
            });
            check("an old daemon that was handed something", () -> {
                Chan<Integer> questions = Chan.make();
                Chan<Integer> answers = Chan.make();
                Thread daemon = Thread.ofPlatform().daemon().start(() -> {
                    while (questions.iterator().hasNext()) {
                        sendLater(answers);
                    }
                });
                Checks.await(() -> daemon.getState() == Thread.State.WAITING);
                runtime().run(() -> {
                    questions.send(1);
                    assertEquals(1, answers.receive());
                });
                questions.close();
                daemon.join();
            });
            check("an old daemon that has sent", () -> {
                Chan<Integer> c = Chan.make();
                Chan<Boolean> go = Chan.make(1);
                Thread daemon = Thread.ofPlatform().daemon().start(() -> {
                    go.iterator().next();
                    c.iterator().next();
                    sendLater(c);
                });
                runtime().run(() -> {
                    go.trySend(true);
                    c.send(1);
                    assertEquals(1, c.receive());
                });
                daemon.join();
            });
            check("the common pool", () -> {
                Chan<Integer> c = Chan.make(1);
                runtime().run(() -> {
                    CompletableFuture.runAsync(() -> sendLater(c));
                    assertEquals(1, c.receive());
                    CompletableFuture.runAsync(() -> c.trySend(2),
                            CompletableFuture.delayedExecutor(LATER_MILLIS, TimeUnit.MILLISECONDS));
                    assertEquals(2, c.receive());
                });
            });
            check("100 threads that are gone", () -> deadlock(() -> {
                Chan<Integer> c = Chan.make();
                for (int i = 0; i < 100; i++) {
                    Thread sender = Thread.ofPlatform().daemon().start(() -> {
                        try {
                            c.send(1);
                        } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                    });
                    c.receive();
                    sender.join();
                }
                c.receive();
            }));
        }

        private static void waitsOfTheJdk() throws Exception {
            runtime().run(() -> {
                Chan<Integer> c = Chan.make();
                GoRuntime.go(() -> sendLater(c));
                assertEquals(1, c.receive());
                GoRuntime.go(() -> {
                    synchronized (c) {
                        c.wait(LATER_MILLIS);
                    }
                    c.send(2);
                });
                assertEquals(2, c.receive());
            });
        }

        private static void timers() throws Exception {
            Duration later = Duration.ofMillis(LATER_MILLIS);
            runtime().run(() -> {
                Chan<Integer> c = Chan.make(1);
                Timers.afterFunc(later, () -> c.send(1));
                assertEquals(1, c.receive());
                c.tryReceive(later);
                Timers.after(later).receive();
                Timers.sleep(later);
            });
        }

        private static void m0() {
            check("an init task", () -> deadlock(runtime().init(Program::selectNothing), () -> {}));
            check("main wired to m0", () -> {
                DeadlockError e = deadlock(runtime().init(GoRuntime::lockOSThread), () -> {
                    GoRuntime.gosched();
                    selectNothing();
                });
                assertTrue(e.getMessage().contains("[select (no cases), locked to thread]"), e.getMessage());
            });
            check("main wired to m0 that is answered", () -> runtime().init(GoRuntime::lockOSThread).run(() -> {
                Chan<Integer> c = Chan.make();
                GoRuntime.go(() -> sendLater(c));
                assertEquals(1, c.receive());
                Thread.ofPlatform().daemon().start(() -> sendLater(c));
                assertEquals(1, c.receive());
            }));
        }

        private static void idle() {
            check("wired goroutines", () -> deadlock(() -> {
                GoRuntime.lockOSThread();
                GoRuntime.go(() -> {
                    GoRuntime.lockOSThread();
                    selectNothing();
                });
                selectNothing();
            }));
            check("a wired goroutine that ended", () -> deadlock(() -> {
                GoRuntime.go(() -> {
                    GoRuntime.lockOSThread();
                    Thread.sleep(20);
                });
                selectNothing();
            }));
            check("main has ended by goexit", () -> deadlock(() -> {
                GoRuntime.go(Program::selectNothing);
                GoRuntime.goexit();
            }));
            check("after compensation", () -> deadlock(GoRuntime.builder().maxProcs(1), () -> {
                Chan<Integer> c = Chan.make();
                GoRuntime.go(() -> c.send(1));
                for (long end = System.nanoTime() + 60_000_000; System.nanoTime() < end;) {
                    Thread.onSpinWait(); // another P sends meanwhile
                }
                c.receive();
                c.receive();
            }));
        }

        private static void panics() {
            Panic boom = Panic.of("boom");
            DeadlockError e = deadlock(() -> {
                GoRuntime.go(() -> {
                    throw boom;
                });
                try {
                    selectNothing();
                } catch (InterruptedException ignored) {
                    selectNothing();
                }
            });
            assertArrayEquals(new Throwable[]{boom}, e.getSuppressed());
        }

        private static void off() throws Exception {
            Thread caller = Thread.currentThread();
            Thread daemon = Thread.ofPlatform().daemon().start(() -> {
                try {
                    Thread.sleep(2 * LATER_MILLIS);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                caller.interrupt();
            });
            assertThrows(InterruptedException.class,
                    () -> runtime().detectDeadlock(false).run(Program::selectNothing));
            daemon.join();
        }

        private static void uninterruptible() {
            Duration little = Duration.ofMillis(20);
            Mutex mu = new Mutex();
            DeadlockError e = deadlock(runtime().closeTimeout(little), () -> {
                mu.lock();
                mu.lock();
            });
            assertTrue(e.getMessage().contains("goroutine 1 [sync.Mutex.Lock]:"), e.getMessage());
            mu.unlock(); // a plain virtual thread by now: it ends, and the next run is alone again
            deadlock(runtime().closeTimeout(little).init(() -> {
                mu.lock();
                mu.lock();
            }), () -> {});
        }
    }
}
