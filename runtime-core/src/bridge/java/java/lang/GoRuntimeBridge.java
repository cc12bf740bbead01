package java.lang;

import jdk.internal.vm.annotation.ForceInline;

/** Placeholder of the bridge: shows that a class of {@code java.lang} with JDK internals compiles and links. */
public final class GoRuntimeBridge {
    private GoRuntimeBridge() {}

    /** The version of the bridge; a copy defined earlier is only reused when it is the same. */
    public static int version() {
        return 1;
    }

    /** The platform thread under the current thread. */
    @ForceInline
    public static Thread carrier() {
        return Thread.currentCarrierThread();
    }

    /** The container of a thread. */
    public static boolean isContained(Thread thread) {
        jdk.internal.vm.ThreadContainer container = thread.threadContainer();
        return container != null;
    }
}
