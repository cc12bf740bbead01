package io.goruntime;

import static io.goruntime.GoRuntime.go;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.goruntime.testing.Goroutines;
import io.goruntime.testing.OnProcs;
import java.util.ArrayList;
import java.util.List;

/**
 * The Go memory model: each of its edges hands over plain data, many times. A missing release or acquire shows as a
 * value of an earlier round, where the processor or the compiler makes use of the freedom.
 */
class ChanMemoryTest {
    private static final int ROUNDS = 20_000;

    /** Plain fields, written by one side before an edge and read by the other side after it. */
    private static final class Plain {
        int a;
        int b;
        int[] array = new int[4];

        void write(int round) {
            a = round;
            array = new int[]{round, round, round, round};
            b = -round;
        }

        void check(int round) {
            int seenB = b;
            int seenA = a;
            int[] seenArray = array;
            if (seenA != round || seenB != -round || seenArray[0] != round || seenArray[3] != round) {
                throw new AssertionError("round " + round + ": " + seenA + " " + seenB + " " + seenArray[0]);
            }
        }
    }

    @OnProcs
    void goHappensBeforeTheGoroutine(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Boolean> done = Chan.make();
            Plain plain = new Plain();
            for (int i = 0; i < ROUNDS / 2; i++) {
                int round = i;
                plain.write(round);
                go(() -> {
                    plain.check(round);
                    done.send(true);
                });
                done.receive();
            }
        });
    }

    @OnProcs
    void goroutineHappensBeforeJoin(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            GoRuntime runtime = GoRuntime.current();
            Plain plain = new Plain();
            for (int i = 0; i < ROUNDS / 2; i++) {
                int round = i;
                runtime.spawn(() -> plain.write(round)).join();
                plain.check(round);
            }
        });
    }

    @OnProcs
    void sendHappensBeforeReceive(int procs) throws Exception {
        for (int cap : new int[]{0, 1, 16}) {
            Goroutines.run(procs, () -> {
                Chan<Plain> c = Chan.make(cap);
                go(() -> {
                    for (int i = 0; i < ROUNDS; i++) {
                        Plain plain = new Plain();
                        plain.write(i);
                        c.send(plain);
                    }
                    c.close();
                });
                int n = 0;
                for (Plain plain : c) {
                    plain.check(n++);
                }
                assertEquals(ROUNDS, n);
            });
        }
    }

    /** The same with one object for all rounds: there and back, in both directions of the hand-over. */
    @OnProcs
    void dataGoesThereAndBack(int procs) throws Exception {
        for (int cap : new int[]{0, 1}) {
            Goroutines.run(procs, () -> {
                Chan<Integer> there = Chan.make(cap);
                Chan<Integer> back = Chan.make(cap);
                Plain plain = new Plain();
                go(() -> {
                    for (int round : there) {
                        plain.check(round);
                        plain.write(round + 1);
                        back.send(round + 1);
                    }
                });
                for (int i = 0; i < ROUNDS; i += 2) {
                    plain.write(i);
                    if (i % 4 == 0) {
                        there.send(i);
                    } else {
                        while (!there.trySend(i)) {
                            Chans.pause();
                        }
                    }
                    Received<Integer> received;
                    while ((received = back.tryReceive()) == null) {
                        Chans.pause();
                    }
                    assertEquals(i + 1, received.value());
                    plain.check(i + 1);
                }
                there.close();
            });
        }
    }

    @OnProcs
    void closeHappensBeforeTheReceiveThatSeesIt(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            for (int i = 0; i < ROUNDS / 2; i++) {
                int round = i;
                Chan<Integer> c = Chan.make(i % 2);
                Plain plain = new Plain();
                go(() -> {
                    plain.write(round);
                    c.close();
                });
                if (i % 3 == 0) {
                    while (c.tryReceive() == null) {
                        Chans.pause();
                    }
                } else {
                    assertNull(c.receive());
                }
                plain.check(round);
            }
        });
    }

    /** What the receiver did before an unbuffered receive is seen by the sender after its send. */
    @OnProcs
    void unbufferedReceiveHappensBeforeTheSendCompletes(int procs) throws Exception {
        Goroutines.run(procs, () -> {
            Chan<Integer> c = Chan.make();
            Plain[] plain = new Plain[ROUNDS];
            for (int i = 0; i < ROUNDS; i++) {
                plain[i] = new Plain();
            }
            go(() -> {
                for (int i = 0; i < ROUNDS; i++) {
                    plain[i].write(i);
                    c.receive();
                }
            });
            for (int i = 0; i < ROUNDS; i++) {
                c.send(i);
                plain[i].check(i);
            }
        });
    }

    /** The k-th receive happens before the (k + C)-th send completes: a channel as a semaphore. */
    @OnProcs
    void kthReceiveHappensBeforeTheSendCPlacesLater(int procs) throws Exception {
        for (int cap : new int[]{1, 2, 7}) {
            Goroutines.run(procs, () -> {
                Chan<Integer> c = Chan.make(cap);
                Plain[] plain = new Plain[ROUNDS];
                for (int i = 0; i < ROUNDS; i++) {
                    plain[i] = new Plain();
                }
                go(() -> {
                    for (int i = 0; i < ROUNDS; i++) {
                        plain[i].write(i);
                        c.receive();
                    }
                });
                for (int i = 0; i < ROUNDS; i++) {
                    c.send(i);
                    if (i >= cap) {
                        plain[i - cap].check(i - cap);
                    }
                }
            });
        }
    }

    /** Mutual exclusion by a channel of capacity 1: plain counters of many goroutines lose nothing. */
    @OnProcs
    void channelAsALock(int procs) throws Exception {
        int parties = 8;
        int each = 2_000;
        Goroutines.run(procs, () -> {
            Chan<Boolean> lock = Chan.make(1);
            Plain plain = new Plain();
            List<Goroutine> all = new ArrayList<>();
            for (int p = 0; p < parties; p++) {
                all.add(GoRuntime.current().spawn(() -> {
                    for (int i = 0; i < each; i++) {
                        lock.send(true);
                        plain.a++;
                        plain.b += 2;
                        lock.receive();
                    }
                }));
            }
            for (Goroutine g : all) {
                g.join();
            }
            assertEquals(parties * each, plain.a);
            assertEquals(2 * parties * each, plain.b);
        });
    }
}
