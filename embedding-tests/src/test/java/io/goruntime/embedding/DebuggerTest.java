package io.goruntime.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.ClassType;
import com.sun.jdi.IncompatibleThreadStateException;
import com.sun.jdi.IntegerValue;
import com.sun.jdi.LongValue;
import com.sun.jdi.ObjectCollectedException;
import com.sun.jdi.ObjectReference;
import com.sun.jdi.StackFrame;
import com.sun.jdi.ThreadReference;
import com.sun.jdi.VMDisconnectedException;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.AttachingConnector;
import com.sun.jdi.event.BreakpointEvent;
import com.sun.jdi.event.ClassPrepareEvent;
import com.sun.jdi.event.Event;
import com.sun.jdi.event.EventSet;
import com.sun.jdi.event.LocatableEvent;
import com.sun.jdi.event.StepEvent;
import com.sun.jdi.request.BreakpointRequest;
import com.sun.jdi.request.ClassPrepareRequest;
import com.sun.jdi.request.StepRequest;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A debugger is attached: it stops a goroutine, looks around, takes a few steps and lets it go. */
class DebuggerTest {
    private static final long EVENT_MILLIS = 60_000;

    @Test
    void aGoroutineIsDebuggedAsAnyThread() throws Exception {
        try (Child child = Child.program(Debuggee.class, "-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,"
                + "includevirtualthreads=y,address=127.0.0.1:0")) {
            String port = child.await("Listening for transport dt_socket at address: (\\d+)").group(1);
            VirtualMachine vm = attach(port);
            debug(vm, child);
            lookAround(vm, child);
            child.await("smoke: passed");
            child.awaitExit(0);
        }
    }

    private static VirtualMachine attach(String port) throws Exception {
        AttachingConnector connector = Bootstrap.virtualMachineManager().attachingConnectors().stream()
                .filter(c -> c.name().equals("com.sun.jdi.SocketAttach")).findFirst().orElseThrow();
        var arguments = connector.defaultArguments();
        arguments.get("hostname").setValue("127.0.0.1");
        arguments.get("port").setValue(port);
        return connector.attach(arguments);
    }

    private static void debug(VirtualMachine vm, Child child) throws Exception {
        ClassPrepareRequest prepare = vm.eventRequestManager().createClassPrepareRequest();
        prepare.addClassFilter(Debuggee.class.getName());
        prepare.enable();
        vm.resume();
        var work = await(vm, ClassPrepareEvent.class).referenceType().methodsByName("work").getFirst();
        BreakpointRequest breakpoint = vm.eventRequestManager().createBreakpointRequest(work.location());
        breakpoint.enable();
        vm.resume();

        BreakpointEvent stopped = await(vm, BreakpointEvent.class);
        breakpoint.disable();
        ThreadReference goroutine = stopped.thread();
        assertEquals("debugged", goroutine.name());
        assertTrue(goroutine.isVirtual());
        assertEquals("work", goroutine.frame(0).location().method().name());
        ObjectReference numbers = (ObjectReference) valueOf(goroutine, "numbers");
        assertEquals("io.goruntime.Chan", numbers.referenceType().name());
        assertTrue(goid(vm, goroutine) > 0);

        int line = work.location().lineNumber();
        StepRequest step = vm.eventRequestManager().createStepRequest(goroutine, StepRequest.STEP_LINE,
                StepRequest.STEP_OVER);
        step.enable();
        for (int next = line + 1; next <= line + 3; next++) { // the second step waits in the channel
            vm.resume();
            LocatableEvent stepped = await(vm, StepEvent.class);
            assertEquals(goroutine, stepped.thread());
            assertEquals(next, stepped.location().lineNumber());
        }
        assertEquals(42, ((IntegerValue) valueOf(goroutine, "received")).value());
        assertEquals(43, ((IntegerValue) valueOf(goroutine, "sum")).value());
        step.disable();

        ThreadReference waiter = vm.allThreads().stream().filter(t -> t.name().equals("waiter")).findFirst()
                .orElseThrow();
        List<String> frames = waiter.frames().stream().map(DebuggerTest::methodOf).toList();
        assertTrue(frames.contains("io.goruntime.Chan.receive"), frames::toString);
        waiter.suspend(); // it alone stays
        vm.resume();
        child.await("result 43");
        waiter.resume();
    }

    /** Stops everything again and again, at any moment, until the program ends. */
    private static void lookAround(VirtualMachine vm, Child child) {
        try {
            while (child.linesWith("smoke: passed").isEmpty()) {
                vm.suspend();
                vm.allThreads().stream().limit(100).forEach(DebuggerTest::readStack);
                vm.resume();
            }
        } catch (VMDisconnectedException e) {
            return; // it has ended
        }
    }

    private static void readStack(ThreadReference thread) {
        try {
            for (StackFrame frame : thread.frames()) {
                assertNotNull(frame.location());
            }
        } catch (IncompatibleThreadStateException | ObjectCollectedException e) {
            return; // not started, or ended
        }
    }

    /** The next event of this kind; until it is resumed, the whole VM is suspended. */
    private static <E extends Event> E await(VirtualMachine vm, Class<E> kind) throws InterruptedException {
        for (;;) {
            EventSet events = vm.eventQueue().remove(EVENT_MILLIS);
            assertNotNull(events, () -> "no " + kind.getSimpleName());
            for (Event event : events) {
                if (kind.isInstance(event)) {
                    return kind.cast(event);
                }
            }
            events.resume();
        }
    }

    private static Object valueOf(ThreadReference thread, String variable) throws Exception {
        StackFrame frame = thread.frame(0);
        return frame.getValue(frame.visibleVariableByName(variable));
    }

    /** Runs code in the goroutine, as a debugger does for the expressions it shows. */
    private static long goid(VirtualMachine vm, ThreadReference goroutine) throws Exception {
        ClassType runtime = (ClassType) vm.classesByName("io.goruntime.GoRuntime").getFirst();
        return ((LongValue) runtime.invokeMethod(goroutine, runtime.methodsByName("goid").getFirst(), List.of(),
                ClassType.INVOKE_SINGLE_THREADED)).value();
    }

    private static String methodOf(StackFrame frame) {
        return frame.location().declaringType().name() + "." + frame.location().method().name();
    }
}
