package io.goruntime.internal.sched;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** A P beside a syscall section (see Syscalls): its M wants it back while sysmon takes it. */
public final class SyscallStress {
    private SyscallStress() {}

    /** In the result: whether its M has it, and whether sysmon has it. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The M was first.")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "Sysmon was first.")
    @Outcome(id = "1, 1", expect = FORBIDDEN, desc = "Both have it.")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "Nobody has it.")
    @State
    public static class ExitAgainstRetake {
        private final P pp = new P(0);

        public ExitAgainstRetake() {
            pp.status = P.SYSCALL;
        }

        @Actor
        public void exit(II_Result r) {
            r.r1 = pp.returnFromSyscall() ? 1 : 0;
        }

        @Actor
        public void retake(II_Result r) {
            r.r2 = pp.takeFromSyscall() ? 1 : 0;
        }
    }

    /** The queue goes with the P. In the result: whether the M has it again, whether sysmon has it, and what is in it. */
    @JCStressTest
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "Never taken.")
    @Outcome(id = "0, 1, 12", expect = ACCEPTABLE, desc = "Taken with everything in it.")
    @Outcome(expect = FORBIDDEN, desc = "Something is missing.")
    @State
    public static class RetakeSeesTheQueue {
        private final P pp = new P(0);
        private final GlobalQueue global = new GlobalQueue();

        public RetakeSeesTheQueue() {
            pp.status = P.RUNNING;
        }

        @Actor
        public void goroutine(III_Result r) {
            pp.runq.put(Fixture.A, false, global);
            pp.runq.put(Fixture.B, false, global);
            pp.status = P.SYSCALL;
            r.r1 = pp.returnFromSyscall() ? 1 : 0;
        }

        @Actor
        public void sysmon(III_Result r) {
            if (pp.takeFromSyscall()) {
                r.r2 = 1;
                r.r3 = Fixture.drain(pp.runq);
            }
        }
    }
}
