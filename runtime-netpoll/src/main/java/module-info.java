/** Network connections for goroutines, on epoll, kqueue or NIO. */
module io.goruntime.netpoll {
    requires transitive io.goruntime.core;
    requires org.slf4j;
    requires static transitive org.jspecify; // its annotations are in our signatures

    exports io.goruntime.net;
}
