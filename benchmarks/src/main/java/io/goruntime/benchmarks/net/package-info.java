/** Servers over loopback, and the load for them: what the group net runs, each in a process of its own. */
package io.goruntime.benchmarks.net;
