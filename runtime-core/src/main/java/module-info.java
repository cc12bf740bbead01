/**
 * Goroutines, channels, select, sync, time, context and off-heap memory: the core of the Go runtime as a Java library.
 */
@SuppressWarnings("module") // the modules named in qualified exports are built later and are not on this module's path
module io.goruntime.core {
    requires java.management;
    requires jdk.unsupported; // sun.misc.Signal
    requires org.slf4j;
    requires static transitive org.jspecify; // its annotations are in our signatures

    exports io.goruntime;
    exports io.goruntime.context;
    exports io.goruntime.interop;
    exports io.goruntime.mem;
    exports io.goruntime.sync;
    exports io.goruntime.time;

    exports io.goruntime.internal.base to io.goruntime.gc, io.goruntime.netpoll;
    exports io.goruntime.internal.heap to io.goruntime.gc, io.goruntime.netpoll;
    exports io.goruntime.internal.jdk to io.goruntime.gc, io.goruntime.netpoll;
    exports io.goruntime.internal.mem to io.goruntime.gc, io.goruntime.netpoll;
    exports io.goruntime.internal.sched to io.goruntime.gc, io.goruntime.netpoll;
    exports io.goruntime.internal.sema to io.goruntime.netpoll;
    exports io.goruntime.internal.timer to io.goruntime.gc, io.goruntime.netpoll;

    uses io.goruntime.GoRuntime.Decorator;
}
