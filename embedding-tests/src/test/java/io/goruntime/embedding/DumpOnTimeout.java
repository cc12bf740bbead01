package io.goruntime.embedding;

import io.goruntime.internal.jdk.Jdk;
import io.goruntime.internal.jdk.Mode;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.PreInterruptCallback;
import org.junit.jupiter.api.extension.PreInterruptContext;

/** Prints every thread, goroutines included, when a test's time is over. JUnit finds it as a service. */
public final class DumpOnTimeout implements PreInterruptCallback {
    @Override
    public void beforeThreadInterrupt(PreInterruptContext timeout, ExtensionContext test) {
        StringBuilder text = new StringBuilder("time-out of ").append(test.getDisplayName()).append('\n');
        Mode.ensure();
        for (Thread thread : Jdk.liveThreads()) {
            text.append(thread).append(' ').append(thread.getState()).append('\n');
            for (StackTraceElement frame : thread.getStackTrace()) {
                text.append("    at ").append(frame).append('\n');
            }
        }
        System.err.println(text);
    }
}
