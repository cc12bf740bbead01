package io.goruntime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.testing.ChildJvm;
import io.goruntime.testing.DumpOnTimeout;
import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import io.goruntime.testing.StderrLog;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Defer, panic, recover, goexit and fatal errors; names in camel case with "test" in front are those of Go's tests. */
class DeferTest {
    private final List<Object> steps = new ArrayList<>();

    /** Runs the body in a goroutine, waits for its end, and returns what it panicked with. */
    private static Throwable panicOf(GoFn body) throws InterruptedException {
        AtomicReference<Throwable> panic = new AtomicReference<>();
        try (GoRuntime rt = GoRuntime.builder().maxProcs(2).onPanic((_, e) -> panic.set(e)).build()) {
            rt.spawn(body).join();
        }
        return panic.get();
    }

    private static <X extends Throwable> X thrown(Class<X> type, Runnable body) {
        return assertThrows(type, body::run);
    }

    // -- the three puzzles --

    /** func f() (result int) { defer func() { result++ }(); return 0 } */
    @Test
    void aDeferredFunctionChangesTheNamedResult() {
        int got = Defer.call(0, d -> {
            d.defer(() -> d.result(d.result() + 1));
            return 0;
        });
        assertEquals(1, got);
    }

    /** func f() (r int) { t := 5; defer func() { t = t + 5 }(); return t } */
    @Test
    void aCopyThatADeferredFunctionChangesIsNotTheResult() {
        int got = Defer.call(0, d -> {
            int[] t = {5};
            d.defer(() -> t[0] = t[0] + 5);
            d.defer(() -> assertEquals(5, t[0]));
            return t[0];
        });
        assertEquals(5, got);
    }

    /** func f() (r int) { defer func(r int) { r = r + 5 }(r); return 1 } */
    @Test
    void anArgumentIsCopiedAtTheDefer() {
        int got = Defer.call(0, d -> {
            d.defer(r -> {
                assertEquals(0, r, "the result at the defer statement");
                r = r + 5;
                assertEquals(5, r);
            }, d.result());
            return 1;
        });
        assertEquals(1, got);
    }

    // -- order and results --

    @Test
    void lastInFirstOut() {
        Defer.run(d -> {
            for (int i = 0; i < 4; i++) {
                d.defer(steps::add, i);
            }
            steps.add("body");
        });
        assertEquals(List.of("body", 3, 2, 1, 0), steps);
    }

    @Test
    void theReceiverOfAMethodReferenceIsEvaluatedAtTheDefer() {
        AtomicReference<List<Object>> list = new AtomicReference<>(steps);
        Defer.run(d -> {
            d.defer(list.get()::clear);
            steps.add(1);
            list.set(null);
        });
        assertEquals(List.of(), steps);
    }

    @Test
    void aFunctionDeferredByADeferredOneRunsNext() {
        Defer.run(d -> {
            d.defer(() -> steps.add("last"));
            d.defer(() -> {
                steps.add("first");
                d.defer(() -> steps.add("second"));
            });
        });
        assertEquals(List.of("first", "second", "last"), steps);
    }

    @Test
    void theResultOfARecoveredPanicIsWhatItWasThen() {
        assertEquals(0, Defer.<Integer, RuntimeException>call(0, d -> {
            d.defer(d::recover);
            throw Panic.of("x");
        }));
        assertEquals(7, Defer.<Integer, RuntimeException>call(0, d -> {
            d.defer(d::recover);
            d.result(7);
            throw Panic.of("x");
        }));
        assertEquals("from recover", Defer.<String, RuntimeException>call(d -> {
            d.defer(() -> d.result("from " + d.recover()));
            throw Panic.of("recover");
        }));
        assertNull(Defer.<String, RuntimeException>call(d -> {
            d.defer(d::recover);
            throw Panic.of("x");
        }));
    }

    @Test
    void checkedExceptionsOfTheBodyAreThoseOfTheFrame() {
        IOException failure = new IOException("a");
        assertSame(failure, assertThrows(IOException.class, () -> Defer.run(d -> {
            d.defer(() -> steps.add("deferred"));
            throw failure;
        })));
        assertEquals(List.of("deferred"), steps);
    }

    @Test
    void aCheckedExceptionOfADeferredFunctionIsTheValueOfAPanic() {
        IOException failure = new IOException("disk full");
        Panic panic = assertThrows(Panic.class, () -> Defer.run(d -> d.defer(() -> {
            throw failure;
        })));
        assertSame(failure, panic.value());
        assertSame(failure, panic.getCause());
        Defer.run(d -> {
            d.defer(() -> steps.add(d.recover()));
            d.defer(() -> {
                throw failure;
            });
        });
        assertEquals(List.of(failure), steps);
    }

    @Test
    void aFrameIsForItsThreadAndItsTime() throws Exception {
        AtomicReference<Defer> escaped = new AtomicReference<>();
        AtomicReference<Throwable> onOther = new AtomicReference<>();
        AtomicReference<Object> recoveredOnOther = new AtomicReference<>();
        assertThrows(Panic.class, () -> Defer.run(d -> {
            escaped.set(d);
            d.defer(() -> Thread.ofPlatform().start(() -> {
                recoveredOnOther.set(d.recover());
                onOther.set(assertThrows(IllegalStateException.class, () -> d.defer(() -> {})));
            }).join());
            throw Panic.of("still there");
        }));
        assertNull(recoveredOnOther.get());
        assertInstanceOf(IllegalStateException.class, onOther.get());
        assertThrows(IllegalStateException.class, () -> escaped.get().defer(() -> {}));
        assertNull(escaped.get().recover());
        assertThrows(NullPointerException.class, () -> Defer.run(d -> d.defer(null)));
    }

    // -- panic and recover --

    @Test
    void recoverReturnsTheValue() {
        Panic own = new Panic("send on closed channel");
        IOException wrapped = new IOException("x");
        IllegalStateException plain = new IllegalStateException("y");
        AssertionError error = new AssertionError("z");
        Object[][] cases = {{Panic.of("text"), "text"}, {Panic.of(42), 42}, {own, own}, {Panic.of(wrapped), wrapped},
                {plain, plain}, {error, error}, {Panic.of(own), own}};
        for (Object[] each : cases) {
            Object got = Defer.call(null, d -> {
                d.defer(() -> d.result(d.recover()));
                if (each[0] instanceof Error e) {
                    throw e;
                }
                throw (RuntimeException) each[0];
            });
            assertSame(each[1], got);
        }
    }

    @Test
    void panicOfNullIsNotNull() {
        Panic panic = Panic.of(null);
        assertEquals("panic called with nil argument", panic.getMessage());
        assertSame(panic, panic.value());
    }

    @Test
    void aValueWhoseTextFailsIsStillAPanic() {
        Object value = new Object() {
            @Override
            public String toString() {
                throw new IllegalStateException("no text");
            }
        };
        Panic panic = Panic.of(value);
        assertSame(value, panic.value());
        assertTrue(panic.getMessage().endsWith("(its toString failed: java.lang.IllegalStateException)"),
                panic.getMessage());
    }

    @Test
    void recoverAnswersOnlyInADeferredFunctionOfAPanickingFrame() {
        Defer.run(outer -> {
            outer.defer(() -> steps.add("outer " + outer.recover()));
            outer.defer(() -> {
                // A frame inside a deferred function does not panic: the panic is not its own.
                Defer.run(inner -> {
                    inner.defer(() -> steps.add("inner " + inner.recover()));
                    steps.add("inner body " + inner.recover());
                });
            });
            steps.add("body " + outer.recover());
            Defer.run(inner -> {
                inner.defer(() -> steps.add("unaffected " + inner.recover()));
            });
            throw Panic.of("p");
        });
        assertEquals(List.of("body null", "unaffected null", "inner body null", "inner null", "outer p"), steps);
    }

    @Test
    void recoverOfAnOuterFrameDoesNotStopAnInnerPanic() {
        Defer.run(outer -> {
            outer.defer(() -> steps.add("outer " + outer.recover()));
            Defer.run(inner -> {
                inner.defer(() -> steps.add("early " + outer.recover()));
                throw Panic.of("p");
            });
        });
        assertEquals(List.of("early null", "outer p"), steps);
    }

    @Test
    void recoverAnswersOnce() {
        Defer.run(d -> {
            d.defer(() -> steps.add("later " + d.recover()));
            d.defer(() -> {
                steps.add(d.recover());
                steps.add("again " + d.recover());
            });
            throw Panic.of("p");
        });
        assertEquals(List.of("p", "again null", "later null"), steps);
    }

    @Test
    void deferredFunctionsRunDuringAPanicAndItGoesOn() {
        Panic panic = Panic.of("p");
        assertSame(panic, thrown(Panic.class, () -> Defer.run(outer -> {
            outer.defer(() -> steps.add("outer"));
            Defer.run(inner -> {
                inner.defer(() -> steps.add("inner"));
                throw panic;
            });
        })));
        assertEquals(List.of("inner", "outer"), steps);
        assertEquals("panic: p", Panic.chain(panic));
        assertEquals(0, panic.getSuppressed().length);
    }

    @Test
    void aPanicInADeferredFunctionTakesThePlaceOfTheFirst() {
        Panic second = thrown(Panic.class, () -> Defer.run(d -> {
            d.defer(() -> steps.add("runs"));
            d.defer(() -> {
                throw Panic.of("second");
            });
            throw Panic.of("first");
        }));
        assertEquals(List.of("runs"), steps);
        assertEquals("panic: first\n\tpanic: second", Panic.chain(second));
    }

    @Test
    void aPanicOfADeferredFunctionAfterANormalEnd() {
        Panic panic = thrown(Panic.class, () -> Defer.call(1, d -> {
            d.defer(() -> {
                throw Panic.of("only");
            });
            return 2;
        }));
        assertEquals("panic: only", Panic.chain(panic));
    }

    // -- Go's tests --

    /** The first panic is aborted by the second, which is recovered in the same frame: nothing is left. */
    @Test
    void testAbortedPanic() {
        Defer.run(d -> {
            d.defer(() -> steps.add("later " + d.recover()));
            d.defer(() -> steps.add(d.recover()));
            d.defer(() -> {
                throw Panic.of("second");
            });
            throw Panic.of("first");
        });
        assertEquals(List.of("second", "later null"), steps);
    }

    @Test
    void testRecoverMatching() {
        Defer.run(d -> {
            d.defer(() -> assertEquals("hi", d.recover()));
            d.defer(() -> Defer.run(inner -> inner.defer(() -> assertNull(inner.recover()))));
            throw Panic.of("hi");
        });
    }

    @Test
    void testRecursivePanic() {
        Panic again = thrown(Panic.class, () -> {
            Defer.run(d -> {
                d.defer(() -> steps.add(d.recover()));
                Defer.run(inner -> {
                    inner.defer(() -> {
                        Object bad = inner.recover();
                        if (bad != null) {
                            throw Panic.of("wrap: " + bad);
                        }
                    });
                    throw Panic.of("bad");
                });
            });
            throw Panic.of("again");
        });
        assertEquals(List.of("wrap: bad"), steps);
        assertEquals("panic: again", Panic.chain(again));
    }

    @Test
    void testRecursivePanic2() {
        Panic third = thrown(Panic.class, () -> {
            Defer.run(outer -> {
                outer.defer(() -> steps.add(outer.recover()));
                Defer.run(d -> {
                    d.defer(() -> {
                        throw Panic.of("second panic");
                    });
                    throw Panic.of("first panic");
                });
            });
            throw Panic.of("third panic");
        });
        assertEquals(List.of("second panic"), steps);
        assertEquals("panic: third panic", Panic.chain(third));
    }

    /** A panic that runs a deferred function in which another frame panics and recovers goes on unchanged. */
    @Test
    void testRecursivePanic3() {
        Panic first = thrown(Panic.class, () -> Defer.run(d -> {
            d.defer(() -> Defer.run(inner -> {
                inner.defer(() -> steps.add(inner.recover()));
                throw Panic.of("second panic");
            }));
            throw Panic.of("first panic");
        }));
        assertEquals(List.of("second panic"), steps);
        assertEquals("panic: first panic", Panic.chain(first));
    }

    @Test
    void testRecursivePanic4() {
        Panic second = thrown(Panic.class, () -> Defer.run(d -> {
            d.defer(() -> {
                d.recover();
                throw Panic.of("second panic");
            });
            throw Panic.of("first panic");
        }));
        assertEquals("panic: first panic [recovered]\n\tpanic: second panic", Panic.chain(second));
    }

    @Test
    void testRecursivePanic5() {
        Panic third = thrown(Panic.class, () -> {
            Defer.run(d -> {
                d.defer(() -> steps.add(d.recover()));
                d.defer(() -> {
                    steps.add(d.recover());
                    throw Panic.of("second panic");
                });
                throw Panic.of("first panic");
            });
            throw Panic.of("third panic");
        });
        assertEquals(List.of("first panic", "second panic"), steps);
        assertEquals("panic: third panic", Panic.chain(third));
    }

    @Test
    void testReraisedPanic() {
        assertEquals("panic: message [recovered, repanicked]", Panic.chain(thrown(Panic.class, () -> Defer.run(d -> {
            d.defer(() -> {
                throw Panic.of(d.recover());
            });
            throw Panic.of("message");
        }))));
        IllegalStateException same = new IllegalStateException("same");
        assertSame(same, thrown(IllegalStateException.class, () -> Defer.run(d -> {
            d.defer(() -> {
                throw (RuntimeException) d.recover();
            });
            throw same;
        })));
        assertEquals("panic: java.lang.IllegalStateException: same [recovered, repanicked]", Panic.chain(same));
    }

    @Test
    void testReraisedMiddlePanic() {
        assertEquals("panic: inner [recovered]\n\tpanic: middle [recovered, repanicked]\n\tpanic: outer",
                Panic.chain(thrown(Panic.class, () -> Defer.run(d -> {
                    d.defer(() -> {
                        throw Panic.of("outer");
                    });
                    d.defer(() -> {
                        throw Panic.of(d.recover());
                    });
                    d.defer(() -> {
                        d.recover();
                        throw Panic.of("middle");
                    });
                    throw Panic.of("inner");
                }))));
    }

    @Test
    void linesOfAPanicAreIndented() {
        assertEquals("panic: a\n\tb", Panic.chain(Panic.of("a\nb")));
    }

    @Test
    void aPanicThrownInCirclesHasAChain() {
        IllegalStateException a = new IllegalStateException("a");
        IllegalStateException b = new IllegalStateException("b");
        thrown(IllegalStateException.class, () -> Defer.run(d -> {
            for (int i = 0; i < 2; i++) {
                d.defer(() -> {
                    throw b;
                });
                d.defer(() -> {
                    throw a;
                });
            }
            d.defer(d::recover);
            throw b;
        }));
        assertTrue(Panic.chain(b).endsWith("panic: java.lang.IllegalStateException: b"), Panic.chain(b));
    }

    // -- goexit --

    @Test
    void goexitRunsDeferredFunctionsAndIsNotRecovered() throws Exception {
        assertNull(panicOf(() -> {
            Defer.run(outer -> {
                outer.defer(() -> steps.add("outer " + outer.recover()));
                Defer.run(inner -> {
                    inner.defer(() -> steps.add("inner " + inner.recover()));
                    GoRuntime.goexit();
                });
            });
            steps.add("after");
        }));
        assertEquals(List.of("inner null", "outer null"), steps);
    }

    /** A panic during goexit, recovered in the same frame or an outer one: the goexit goes on. */
    @Test
    void testRecoveredPanicAfterGoexit() throws Exception {
        for (boolean inSameFrame : new boolean[]{true, false}) {
            steps.clear();
            assertNull(panicOf(() -> {
                Defer.run(outermost -> {
                    outermost.defer(() -> steps.add("outermost " + outermost.recover()));
                    Defer.run(outer -> {
                        outer.defer(() -> steps.add("outer " + outer.recover()));
                        Defer.run(d -> {
                            if (inSameFrame) {
                                d.defer(() -> steps.add("same " + d.recover()));
                            }
                            d.defer(() -> {
                                throw Panic.of("bad");
                            });
                            GoRuntime.goexit();
                        });
                        steps.add("between");
                    });
                    steps.add("after");
                });
            }));
            assertEquals(inSameFrame
                    ? List.of("same bad", "outer null", "outermost null")
                    : List.of("outer bad", "outermost null"), steps);
        }
    }

    /** The same with an exception that cannot carry anything along. */
    @Test
    void aRecoveredPanicThatTakesNoSuppressedExceptionsDoesNotEndAGoexit() throws Exception {
        final class Bare extends RuntimeException {
            private static final long serialVersionUID = 1;

            Bare() {
                super("bare", null, false, false);
            }
        }
        Bare bare = new Bare();
        assertNull(panicOf(() -> {
            Defer.run(outer -> {
                outer.defer(() -> steps.add(outer.recover()));
                Defer.run(d -> {
                    d.defer(() -> {
                        throw bare;
                    });
                    GoRuntime.goexit();
                });
            });
            steps.add("after");
        }));
        assertEquals(List.of(bare), steps);
    }

    @Test
    void testRecoverBeforePanicAfterGoexit() throws Exception {
        assertNull(panicOf(() -> {
            Defer.run(d -> {
                d.defer(() -> steps.add(d.recover()));
                d.defer(() -> {
                    throw Panic.of(2);
                });
                d.defer(() -> Defer.run(inner -> {
                    inner.defer(() -> steps.add(inner.recover()));
                    throw Panic.of(1);
                }));
                GoRuntime.goexit();
            });
            steps.add("after");
        }));
        assertEquals(List.of(1, 2), steps);
    }

    @Test
    void testPanicAfterGoexit() throws Exception {
        Throwable panic = panicOf(() -> Defer.run(d -> {
            d.defer(() -> {
                throw Panic.of("hello");
            });
            GoRuntime.goexit();
        }));
        assertEquals("panic: hello", Panic.chain(panic));
    }

    @Test
    void testGoexitInPanic() throws Exception {
        assertNull(panicOf(() -> Defer.run(d -> {
            d.defer(() -> steps.add("later " + d.recover()));
            d.defer(GoRuntime::goexit);
            throw Panic.of("hello");
        })));
        assertEquals(List.of("later null"), steps);
    }

    /** An exception object that went along with a goexit once is thrown again elsewhere, where there is none. */
    @Test
    void aGoexitStaysInItsGoroutine() throws Exception {
        Panic reused = Panic.of("reused");
        GoFn withGoexit = () -> Defer.run(d -> {
            d.defer(() -> {
                throw reused;
            });
            GoRuntime.goexit();
        });
        assertSame(reused, panicOf(withGoexit));
        AtomicInteger after = new AtomicInteger();
        assertNull(panicOf(() -> {
            Defer.run(d -> {
                d.defer(d::recover);
                throw reused;
            });
            after.incrementAndGet();
        }));
        assertEquals(1, after.get());
    }

    // -- fatal errors --

    @Test
    void fatalErrorsAreNotRecovered() {
        for (Error error : new Error[]{new Fatal("concurrent map writes"), new OutOfMemoryError("made up"),
                new StackOverflowError("made up")}) {
            steps.clear();
            assertSame(error, thrown(Error.class, () -> Defer.run(outer -> {
                outer.defer(() -> steps.add("outer " + outer.recover()));
                Defer.run(d -> {
                    d.defer(() -> steps.add(d.recover() == null ? "not recovered" : "recovered"));
                    d.defer(() -> {
                        throw Panic.of("a later panic");
                    });
                    throw error;
                });
            })));
            assertEquals(List.of("not recovered", "outer null"), steps);
            assertEquals("a later panic", error.getSuppressed()[0].getMessage());
        }
    }

    @Test
    void aFatalErrorTakesThePlaceOfAPanicAndOfGoexit() throws Exception {
        Fatal fatal = new Fatal("sync: unlock of unlocked mutex");
        assertSame(fatal, thrown(Fatal.class, () -> Defer.run(d -> {
            d.defer(() -> assertNull(d.recover()));
            d.defer(() -> {
                d.recover();
                throw fatal;
            });
            throw Panic.of("before");
        })));
        assertEquals("before", fatal.getSuppressed()[0].getMessage());
        assertSame(fatal, panicOf(() -> Defer.run(d -> {
            d.defer(d::recover);
            d.defer(() -> {
                throw fatal;
            });
            GoRuntime.goexit();
        })));
    }

    @Test
    void aDeadlockIsFatal() {
        DeadlockError deadlock = assertThrows(DeadlockError.class, () -> Defer.run(outer -> {
            outer.defer(() -> steps.add("outer " + outer.recover()));
            GoRuntime.run(() -> Defer.run(d -> {
                d.defer(d::recover);
                GoRuntime.goexit();
            }));
        }));
        assertInstanceOf(Fatal.class, deadlock);
        assertEquals("no goroutines (main called runtime.Goexit) - deadlock!", deadlock.getMessage());
        assertEquals(List.of("outer null"), steps);
    }

    @Test
    void aStackOverflowRunsTheDeferredFunctionsOfEveryFrame() {
        AtomicInteger depth = new AtomicInteger();
        AtomicInteger ran = new AtomicInteger();
        assertThrows(StackOverflowError.class, () -> deeper(depth, ran));
        // The frames at the very end may have no room left for their deferred function.
        assertTrue(ran.get() > 0 && ran.get() <= depth.get(), ran + " of " + depth);
        assertTrue(ran.get() >= depth.get() * 9 / 10, ran + " of " + depth);
    }

    private static void deeper(AtomicInteger depth, AtomicInteger ran) {
        Defer.run(d -> {
            d.defer(ran::incrementAndGet);
            depth.incrementAndGet();
            deeper(depth, ran);
        });
    }

    // -- interruption --

    @Test
    void anInterruptionIsNoPanic() {
        assertThrows(InterruptedException.class, () -> Defer.run(d -> {
            d.defer(() -> steps.add("deferred " + d.recover()));
            Thread.currentThread().interrupt();
            Thread.sleep(10_000);
        }));
        assertEquals(List.of("deferred null"), steps);
        assertFalse(Thread.interrupted());
    }

    @Test
    void anInterruptionGoesOnAfterARecoveredPanic() {
        assertThrows(InterruptedException.class, () -> Defer.run(d -> {
            d.defer(() -> steps.add(d.recover()));
            d.defer(() -> {
                throw Panic.of("p");
            });
            throw new InterruptedException();
        }));
        assertFalse(Thread.interrupted());
        assertThrows(UncheckedInterruptedException.class, () -> Defer.run(outer -> {
            outer.defer(() -> steps.add("outer " + outer.recover()));
            try {
                Defer.run(d -> {
                    d.defer(() -> {
                        throw Panic.of("p");
                    });
                    throw new InterruptedException();
                });
            } catch (InterruptedException e) {
                throw new AssertionError("the panic hides it", e);
            }
        }));
        assertTrue(Thread.interrupted(), "the flag goes with the unchecked exception");
        assertEquals(List.of("p", "outer p"), steps);
    }

    /** What takes the place of an interruption does not end it: the flag is set again. */
    @Test
    void anInterruptionThatIsHiddenStaysInTheFlag() {
        Fatal fatal = new Fatal("damage");
        assertSame(fatal, assertThrows(Fatal.class, () -> Defer.run(d -> {
            d.defer(() -> {
                throw fatal;
            });
            throw new InterruptedException();
        })));
        assertTrue(Thread.interrupted(), "under a fatal error");
        assertSame(fatal, assertThrows(Fatal.class, () -> Defer.run(d -> {
            d.defer(() -> {
                throw new InterruptedException();
            });
            throw fatal;
        })));
        assertTrue(Thread.interrupted(), "after a fatal error");
    }

    @Test
    void anInterruptionThatAGoexitHidesStaysInTheFlag() throws Exception {
        AtomicInteger seen = new AtomicInteger();
        panicOf(() -> {
            try {
                Defer.run(d -> {
                    d.defer(GoRuntime::goexit);
                    throw new InterruptedException();
                });
            } finally {
                seen.set(Thread.interrupted() ? 1 : 2);
            }
        });
        assertEquals(1, seen.get());
    }

    @Test
    void anInterruptionOfADeferredFunction() {
        Defer.Block<RuntimeException> interrupted = d -> d.defer(() -> {
            throw new InterruptedException();
        });
        assertThrows(UncheckedInterruptedException.class, () -> Defer.run(interrupted));
        assertTrue(Thread.interrupted());
        Panic panic = Panic.of("p");
        assertSame(panic, thrown(Panic.class, () -> Defer.run(d -> {
            interrupted.run(d);
            throw panic;
        })));
        assertTrue(Thread.interrupted());
        assertInstanceOf(InterruptedException.class, panic.getSuppressed()[0]);
    }

    // -- in goroutines --

    @OnProcs
    void deferredFunctionsMayBlock(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Integer> numbers = Chan.make();
            int workers = 50;
            for (int i = 0; i < workers; i++) {
                int me = i;
                GoRuntime.go(() -> Defer.run(d -> {
                    d.defer(() -> {
                        Object value = d.recover();
                        GoRuntime.gosched();
                        numbers.send(value == null ? 0 : (Integer) value);
                    });
                    GoRuntime.gosched();
                    if (me % 2 == 1) {
                        throw Panic.of(me);
                    }
                }));
            }
            int sum = 0;
            for (int i = 0; i < workers; i++) {
                sum += numbers.receive();
            }
            assertEquals(25 * 25, sum);
        });
    }

    @Test
    void theLogHasTheChain() {
        var result = ChildJvm.of(Program.class).flags(StderrLog.FLAG).run().expectExit(0);
        assertTrue(result.err().contains("panic in goroutine 1\npanic: first [recovered]\n\tpanic: second"),
                result.toString());
        assertTrue(result.err().contains("panic: third\n\tpanic: fourth"), result.toString());
        result.expect("panic: third\n\tpanic: fourth");
    }

    @Test
    void stackTracesShowThePanicBefore() {
        StringWriter text = new StringWriter();
        thrown(Panic.class, () -> Defer.run(d -> {
            d.defer(() -> {
                d.recover();
                throw Panic.of("second");
            });
            throw Panic.of("first");
        })).printStackTrace(new PrintWriter(text));
        assertTrue(text.toString().contains("Suppressed: panic: first [recovered]"), text.toString());
        assertTrue(text.toString().contains("Caused by: io.goruntime.Panic: first"), text.toString());
    }

    static final class Program {
        private Program() {}

        public static void main(String[] args) throws Exception {
            DumpOnTimeout.guard(Duration.ofSeconds(20));
            try (GoRuntime rt = GoRuntime.builder().build()) {
                rt.spawn(() -> Defer.run(d -> {
                    d.defer(() -> {
                        d.recover();
                        throw Panic.of("second");
                    });
                    throw Panic.of("first");
                })).join();
            }
            try {
                GoRuntime.run(() -> {
                    GoRuntime.go(() -> Defer.run(d -> {
                        d.defer(() -> {
                            throw Panic.of("fourth");
                        });
                        throw Panic.of("third");
                    }));
                    Chan.nil().receive();
                });
            } catch (Panic e) {
                System.out.println(Panic.chain(e));
            }
        }
    }
}
