package io.goruntime.internal.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.management.ThreadMXBean;
import io.goruntime.internal.jdk.Mode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** What is kept of the exceptions of callbacks. */
class CgoCallsTest {
    private final ThreadMXBean bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Where the heap is exhausted too, what a callback throws must not reach native code, and so is kept without memory. */
    @Test
    void theFirstExceptionOfEachDowncallIsKeptWithoutAllocation() {
        Mode.ensure();
        for (int i = 0; i < 3; i++) {
            boolean outer = CgoCalls.begin();
            boolean inner = CgoCalls.begin();
            IOException ofInner = new IOException("inner");
            IOException ofOuter = new IOException("outer");
            assertEquals(0, allocatedByThrown(ofInner), "round " + i);
            assertSame(ofInner, assertThrows(IOException.class, () -> CgoCalls.end(null, inner)));
            assertEquals(0, allocatedByThrown(ofOuter), "round " + i);
            boolean second = CgoCalls.begin();
            IOException ofSecond = new IOException("second");
            assertEquals(0, allocatedByThrown(ofSecond), "round " + i);
            assertSame(ofSecond, assertThrows(IOException.class, () -> CgoCalls.end(null, second)));
            CgoCalls.thrown(ofSecond);
            assertSame(ofOuter, assertThrows(IOException.class, () -> CgoCalls.end(null, outer)));
            assertSame(ofSecond, ofOuter.getSuppressed()[0]);
        }
    }

    private long allocatedByThrown(Throwable failure) {
        bean.getCurrentThreadAllocatedBytes();
        long before = bean.getCurrentThreadAllocatedBytes();
        CgoCalls.thrown(failure);
        return bean.getCurrentThreadAllocatedBytes() - before;
    }
}
