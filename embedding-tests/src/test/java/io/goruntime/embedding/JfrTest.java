package io.goruntime.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Flight Recorder records what goroutines do, under their names and with their stacks. */
class JfrTest {
    /**
     * Which goroutine of Recorded must have which event. JavaMonitorEnter is not among them: JDK 25 has none of virtual
     * threads that leave their carrier.
     */
    private static final Map<String, String> EXPECTED = new TreeMap<>(Map.of(
            "jdk.ThreadSleep", "sleeper",
            "jdk.VirtualThreadPinned", "pinned",
            "jdk.ExecutionSample", "hog",
            "jdk.SocketRead", "reader"));

    @Test
    void eventsOfGoroutinesAreRecorded(@TempDir Path dir) throws Exception {
        Path file = dir.resolve("smoke.jfr");
        try (Child child = Child.program(Recorded.class,
                "-XX:StartFlightRecording:settings=profile,filename=" + file)) {
            child.await("smoke: passed");
            child.awaitExit(0);
            Map<String, String> found = new TreeMap<>();
            Set<String> others = new TreeSet<>();
            try (RecordingFile recording = new RecordingFile(file)) {
                while (recording.hasMoreEvents()) {
                    RecordedEvent event = recording.readEvent();
                    String type = event.getEventType().getName();
                    String name = EXPECTED.get(type);
                    if (name != null && name.equals(goroutineOf(event)) && inRecorded(event)) {
                        found.put(type, name);
                    } else if (name != null) {
                        others.add(type + " of " + goroutineOf(event));
                    }
                }
            }
            assertEquals(EXPECTED, found, () -> "also there: " + others + "\n" + child);
        }
    }

    /** The name of the virtual thread that the event is about; null if it is about another kind. */
    private static String goroutineOf(RecordedEvent event) {
        RecordedThread thread = event.hasField("sampledThread") ? event.getThread("sampledThread") : event.getThread();
        return thread != null && thread.isVirtual() ? thread.getJavaName() : null;
    }

    private static boolean inRecorded(RecordedEvent event) {
        return event.getStackTrace() != null && event.getStackTrace().getFrames().stream().anyMatch(frame -> {
            RecordedMethod method = frame.getMethod();
            return method.getType().getName().startsWith(Recorded.class.getName());
        });
    }
}
