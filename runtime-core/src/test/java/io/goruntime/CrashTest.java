package io.goruntime;

import static io.goruntime.GoRuntime.go;
import static io.goruntime.GoRuntime.goexit;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.sync.WaitGroup;
import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.StderrLog;
import io.goruntime.time.Timers;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The programs of Go's crash_test.go that apply here, under their names, with what they print. All run one after the other
 * in one child, each in a run of its own; those that must end a JVM have one to themselves.
 *
 * <p>A crash is what run throws: a Fatal is printed as Go prints a fatal error, everything else as a panic. What differs
 * from Go, as our API says:
 * <ul>
 * <li>StackOverflow is an Error of the JVM, which unwinds and leaves run; Go ends the process.
 * <li>ThreadExhaustion is logged, with a dump; Go ends the process. Goroutines with a thread of their own go on.
 * <li>GoNil panics at the caller and may be recovered from; in Go it is fatal.
 * <li>PanicRace: a panic in another goroutine interrupts main and is thrown by run, when all goroutines have ended; it can
 * not be outrun. Go's test has to try ten times.
 * <li>ErrorPanic and those like it, whose value cannot say what it is: the text names the class and what went wrong.
 * <li>RecoverBeforePanicAfterGoexit2, which differs from the first one only in how Go compiles it, is left out, and so is what
 * needs signals of the hardware, cgo, profiles or maps.
 * </ul>
 */
class CrashTest {
    private static ChildJvm.Running child;
    private static ChildJvm.Running uncaught;
    private static ChildJvm.Running exhausted;

    @BeforeAll
    static void start() {
        child = ChildJvm.of(Program.class).flags("-Dgoruntime.mstack=1048576").start();
        uncaught = ChildJvm.of(Uncaught.class).start();
        exhausted = ChildJvm.of(Exhausted.class).flags("-Dgoruntime.maxthreads=10", StderrLog.FLAG).start();
    }

    @ParameterizedTest
    @EnumSource(Scenario.class)
    void printsWhatGoPrints(Scenario scenario) {
        Map<String, String> outputs = outputs();
        String output = outputs.get(scenario.name());
        assertTrue(output != null, () -> "not run: " + child.await());
        assertTrue(output.startsWith(scenario.want), () -> "want: " + scenario.want + "\ngot: " + output);
    }

    private static Map<String, String> outputs() {
        Map<String, String> outputs = new TreeMap<>();
        for (String part : child.await().expectExit(0).out().split("(?m)^=== ")) {
            String[] nameAndOutput = part.split("\n", 2);
            outputs.put(nameAndOutput[0], nameAndOutput.length == 1 ? "" : nameAndOutput[1]);
        }
        return outputs;
    }

    @Test
    void theNameOfEachFunctionIsInTheTrace() {
        assertTrue(Pattern.compile("panic pt1.*CrashTest\\S*\\.lambda\\$pt1.*CrashTest\\S*\\.pt1", Pattern.DOTALL)
                .matcher(outputs().get("PanicTraceback")).find(), () -> outputs().get("PanicTraceback"));
    }

    @Test
    void noHelperGoroutinesAreListed() {
        String dump = outputs().get("NoHelperGoroutines");
        assertEquals(2, dump.split("goroutine [0-9]+ \\[", -1).length, dump);
    }

    @Test
    void whatNobodyCatchesEndsTheJvm() {
        ChildJvm.Result result = uncaught.await().expectExit(1);
        assertTrue(Pattern.compile("^Exception in thread \"main\" io.goruntime.DeadlockError: "
                + "all goroutines are asleep - deadlock!\\R\\Rgoroutine 1 \\[select \\(no cases\\)]:\\R.*CrashTest\\$Uncaught",
                Pattern.MULTILINE | Pattern.DOTALL).matcher(result.err()).find(), result.toString());
        assertEquals("hook\n", result.out());
    }

    @Test
    void threadExhaustion() {
        exhausted.await().expectExit(2).expect("ERROR io.goruntime.sched: runtime exhausted: too many blocked threads")
                .expect("[select (no cases), locked to thread]:");
    }

    private static final String DEADLOCK = "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 ";
    private static final String NO_GOROUTINES = "fatal error: no goroutines (main called runtime.Goexit) - deadlock!\n";

    enum Scenario {
        // -- deadlock.go --

        SimpleDeadlock(DEADLOCK + "[select (no cases)]:\n", Program::selectNothing),

        InitDeadlock(DEADLOCK + "[select (no cases), locked to thread]:\n", () -> {}) {
            @Override
            void run() throws Exception {
                GoRuntime.builder().init(Program::selectNothing).run(program);
            }
        },

        LockedDeadlock(DEADLOCK + "[select (no cases), locked to thread]:\n", () -> {
            GoRuntime.lockOSThread();
            Program.selectNothing();
        }),

        LockedDeadlock2(DEADLOCK + "[select (no cases)]:\n", () -> {
            go(() -> {
                GoRuntime.lockOSThread();
                Program.selectNothing();
            });
            Thread.sleep(1);
            Program.selectNothing();
        }),

        GoexitDeadlock(NO_GOROUTINES, () -> {
            go(() -> Program.count(10));
            go(() -> Program.count(10));
            goexit();
        }),

        StackOverflow("panic: java.lang.StackOverflowError\n", () -> Program.deeper(1)),

        RecursivePanic("wrap: bad\npanic: again\n", () -> {
            Defer.run(outer -> {
                outer.defer(() -> Program.print(outer.recover()));
                Defer.run(d -> {
                    d.defer(() -> {
                        Object e = d.recover();
                        if (e != null) {
                            throw Panic.of("wrap: " + e);
                        }
                    });
                    throw Panic.of("bad");
                });
            });
            throw Panic.of("again");
        }),

        RecursivePanic2("first panic\nsecond panic\npanic: third panic\n", () -> {
            Defer.run(outer -> {
                outer.defer(() -> Program.print(outer.recover()));
                Defer.run(d -> {
                    d.defer(() -> {
                        throw Panic.of("second panic");
                    });
                    d.defer(() -> Program.print(d.recover()));
                    throw Panic.of("first panic");
                });
            });
            throw Panic.of("third panic");
        }),

        RecursivePanic3("panic: first panic\n", () -> Defer.run(d -> {
            d.defer(() -> Defer.run(inner -> {
                inner.defer(inner::recover);
                throw Panic.of("second panic");
            }));
            throw Panic.of("first panic");
        })),

        RecursivePanic4("panic: first panic [recovered]\n\tpanic: second panic\n", () -> Defer.run(d -> {
            d.defer(() -> {
                d.recover();
                throw Panic.of("second panic");
            });
            throw Panic.of("first panic");
        })),

        RecursivePanic5("first panic\nsecond panic\npanic: third panic\n", () -> {
            Defer.run(two -> {
                two.defer(() -> {});
                Defer.run(three -> {
                    three.defer(() -> {});
                    three.defer(() -> Program.print(three.recover()));
                    three.defer(() -> {
                        Program.print(three.recover());
                        throw Panic.of("second panic");
                    });
                    throw Panic.of("first panic");
                });
            });
            throw Panic.of("third panic");
        }),

        GoexitExit(NO_GOROUTINES, () -> {
            go(() -> Thread.sleep(1));
            System.gc();
            goexit();
        }),

        GoNil("recovered: go of nil func value\n" + DEADLOCK + "[select (no cases)]:\n", () -> {
            Defer.run(d -> {
                d.defer(() -> Program.print("recovered: " + ((Panic) d.recover()).getMessage()));
                go(null);
            });
            Program.selectNothing();
        }),

        MainGoroutineID("goroutine 1\npanic: test\n", () -> {
            Program.print("goroutine " + GoRuntime.goid());
            throw Panic.of("test");
        }),

        NoHelperGoroutines("goroutine 1 [running]:\n", () -> {
            Timers.afterFunc(Duration.ofHours(1), () -> {});
            StringBuilder dump = new StringBuilder();
            GoRuntime.current().dump(dump);
            Program.print(dump);
            throw Panic.of("oops");
        }),

        GoexitInPanic(NO_GOROUTINES, () -> {
            go(() -> Defer.run(d -> {
                d.defer(GoRuntime::goexit);
                throw Panic.of("hello");
            }));
            goexit();
        }),

        PanicAfterGoexit("panic: hello\n", () -> Defer.run(d -> {
            d.defer(() -> {
                throw Panic.of("hello");
            });
            goexit();
        })),

        RecoveredPanicAfterGoexit(NO_GOROUTINES, () -> Defer.run(d -> {
            d.defer(() -> Defer.run(inner -> {
                inner.defer(() -> Program.mustRecover(inner));
                throw Panic.of("hello");
            }));
            goexit();
        })),

        RecoverBeforePanicAfterGoexit(NO_GOROUTINES, () -> Defer.run(d -> {
            d.defer(() -> Program.mustRecover(d));
            d.defer(() -> {
                throw Panic.of("hello");
            });
            goexit();
        })),

        PanicTraceback("panic: hello\n\tpanic: panic pt2\n\tpanic: panic pt1\n", Program::pt1),

        // -- crash.go and others --

        Crash("main: recovered done\nnew-thread: recovered done\nsecond-new-thread: recovered done\n"
                + "main-again: recovered done\nreturned\n", () -> {
                    GoRuntime.lockOSThread();
                    Program.test("main");
                    Program.testInNewThread("new-thread");
                    Program.testInNewThread("second-new-thread");
                    Program.test("main-again");
                }),

        DoublePanic("panic: XXX\n\tpanic: YYY\n", () -> Defer.run(d -> {
            d.defer(() -> {
                throw Panic.of("YYY");
            });
            throw Panic.of("XXX");
        })),

        ErrorPanic("panic: io.goruntime.CrashTest$BadError (its toString failed: io.goruntime.Panic)\n", () -> {
            throw Panic.of(new BadError());
        }),

        StringPanic("panic: important multi-line\n\tstring message\n", () -> {
            throw Panic.of("important multi-line\nstring message");
        }),

        NilPanic("panic: panic called with nil argument\n", () -> {
            throw Panic.of(null);
        }),

        ReraisedPanic("panic: message [recovered, repanicked]\n", () -> Defer.run(d -> {
            d.defer(() -> {
                throw Panic.of(d.recover());
            });
            throw Panic.of("message");
        })),

        ReraisedMiddlePanic("panic: inner [recovered]\n\tpanic: middle [recovered, repanicked]\n\tpanic: outer\n",
                () -> Defer.run(outer -> {
                    outer.defer(() -> {
                        outer.recover();
                        throw Panic.of("outer");
                    });
                    Defer.run(again -> {
                        again.defer(() -> {
                            throw Panic.of(again.recover());
                        });
                        Defer.run(d -> {
                            d.defer(() -> {
                                d.recover();
                                throw Panic.of("middle");
                            });
                            throw Panic.of("inner");
                        });
                    });
                })),

        ReraisedPanicSandwich("panic: outer [recovered]\n\tpanic: inner [recovered]\n\tpanic: outer\n",
                () -> Defer.call((Object) null, d -> {
                    d.defer(() -> {
                        d.recover();
                        throw Panic.of(d.result());
                    });
                    Defer.run(inner -> {
                        inner.defer(() -> {
                            d.result(inner.recover());
                            throw Panic.of("inner");
                        });
                        throw Panic.of("outer");
                    });
                    return null;
                })),

        GoschedInPanic("panic: errorThatGosched\n", () -> {
            throw Panic.of(new Object() {
                @Override
                public String toString() {
                    GoRuntime.gosched();
                    return "errorThatGosched";
                }
            });
        }),

        SyscallInPanic("1\n2\npanic: 3\n", () -> {
            throw Panic.of(new Object() {
                @Override
                public String toString() {
                    Program.print("1");
                    Program.print("2");
                    return "3";
                }
            });
        }),

        PanicInit("panic: in init\n", () -> Program.print("SHOULD NOT BE HERE")) {
            @Override
            void run() throws Exception {
                GoRuntime.builder().init(() -> {
                    throw Panic.of("in init");
                }).run(program);
            }
        },

        PanicRace("panic: crash\n", () -> {
            WaitGroup wg = new WaitGroup();
            wg.add(1);
            go(() -> Defer.run(d -> {
                d.defer(() -> {
                    wg.done();
                    GoRuntime.gosched();
                });
                throw Panic.of("crash");
            }));
            wg.await();
        }),

        NetpollDeadlock("done\nreturned\n", () -> {
            try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                Goroutine client = GoRuntime.current().spawn(() -> {
                    Thread.sleep(100);
                    new Socket(server.getInetAddress(), server.getLocalPort()).close();
                });
                server.accept().close();
                client.join();
            }
            Program.print("done");
        });

        final String want;
        final MainFn<Exception> program;

        Scenario(String want, MainFn<Exception> program) {
            this.want = want;
            this.program = program;
        }

        void run() throws Exception {
            GoRuntime.run(program);
        }
    }

    /** A value whose text is a panic. */
    private static final class BadError {
        @Override
        public String toString() {
            throw Panic.of("important multi-line\nerror message");
        }
    }

    static final class Program {
        private static final PrintStream OUT = new PrintStream(new FileOutputStream(FileDescriptor.out), true);

        private Program() {}

        public static void main(String[] args) {
            DumpOnTimeout.guard(Duration.ofSeconds(25));
            for (Scenario scenario : Scenario.values()) {
                print("=== " + scenario);
                try {
                    scenario.run();
                    print("returned");
                } catch (Fatal e) {
                    print("fatal error: " + e.getMessage());
                } catch (Throwable e) {
                    print(Panic.chain(e));
                    e.printStackTrace(OUT);
                }
            }
        }

        static void print(Object text) {
            OUT.print(text + "\n");
        }

        static void selectNothing() throws InterruptedException {
            new Select().await();
        }

        static void count(int n) {
            for (int i = 0; i < n; i++) {
                Thread.onSpinWait();
            }
        }

        static int deeper(int n) {
            return 1 + deeper(n + 1);
        }

        static void mustRecover(Defer d) {
            if (d.recover() == null) {
                throw Panic.of("bad recover");
            }
        }

        static void pt1() {
            Defer.run(d -> {
                d.defer(() -> {
                    throw Panic.of("panic pt1");
                });
                pt2();
            });
        }

        private static void pt2() {
            Defer.run(d -> {
                d.defer(() -> {
                    throw Panic.of("panic pt2");
                });
                throw Panic.of("hello");
            });
        }

        static void test(String name) {
            Defer.run(d -> {
                d.defer(() -> OUT.print((d.recover() == null ? "" : " recovered") + " done\n"));
                OUT.print(name + ":");
                String s = name.isEmpty() ? "" : null;
                s.length();
                OUT.print("SHOULD NOT BE HERE");
            });
        }

        static void testInNewThread(String name) throws InterruptedException {
            Chan<Boolean> c = Chan.make();
            go(() -> {
                GoRuntime.lockOSThread();
                test(name);
                c.send(true);
            });
            c.receive();
        }
    }

    static final class Uncaught {
        private Uncaught() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(20));
            Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.print("hook\n")));
            GoRuntime.run(() -> Program.selectNothing());
        }
    }

    /** Wires goroutines to more threads than there may be. When that has been logged, the JVM ends: nothing else does. */
    static final class Exhausted {
        private static final int LOGGED = 2;

        private Exhausted() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(20));
            PrintStream err = System.err;
            System.setErr(new PrintStream(err, true) {
                @Override
                public void println(String line) {
                    err.println(line);
                    if (line.contains("too many blocked threads")) {
                        Runtime.getRuntime().halt(LOGGED);
                    }
                }
            });
            GoRuntime.builder().name("exhausted").run(() -> {
                Chan<Integer> c = Chan.make();
                for (int i = 0; i < 100; i++) {
                    go(() -> {
                        GoRuntime.lockOSThread();
                        c.send(0);
                        Program.selectNothing();
                    });
                    c.receive();
                }
            });
        }
    }
}
