package io.goruntime.benchmarks.impl

import io.goruntime.benchmarks.impl.Implementation.FAN_OUT
import io.goruntime.benchmarks.impl.Implementation.VALUES
import java.util.concurrent.CountDownLatch
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.ReceiveChannel
import kotlinx.coroutines.channels.SendChannel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.selects.select
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.yield

/** Kotlin's coroutines, channels and mutex, on Dispatchers.Default; a system property gives it the number of threads. */
internal class KotlinImplementation : Implementation {
    private val scope = CoroutineScope(Dispatchers.Default)

    /** Inlined, so that the task may suspend. */
    private inline fun Outcome.runHere(task: () -> Long) {
        val received = try {
            task()
        } catch (t: Throwable) {
            failed(t)
            return
        }
        finished(received)
    }

    override fun pingPong(rounds: Int): Long {
        val pings = Channel<Int>()
        val pongs = Channel<Int>()
        val outcome = Outcome(2)
        scope.launch {
            outcome.runHere {
                for (i in 0 until rounds) {
                    pongs.send(pings.receive())
                }
                0
            }
        }
        scope.launch {
            outcome.runHere {
                var sum = 0L
                for (i in 0 until rounds) {
                    pings.send(i % VALUES)
                    sum += pongs.receive()
                }
                sum
            }
        }
        return outcome.await()
    }

    override fun prodCons(capacity: Int, elements: Int): Long {
        val channel = Channel<Int>(capacity)
        val outcome = Outcome(2)
        scope.launch { outcome.runHere { send(channel, elements) } }
        scope.launch { outcome.runHere { receive(channel, elements) } }
        return outcome.await()
    }

    override fun uncontended(capacity: Int, elements: Int): Long {
        val channel = Channel<Int>(capacity)
        val outcome = Outcome(1)
        scope.launch {
            outcome.runHere {
                var sum = 0L
                for (i in 0 until elements) {
                    channel.send(i % VALUES)
                    sum += channel.receive()
                }
                sum
            }
        }
        return outcome.await()
    }

    override fun contended(pairs: Int, capacity: Int, elements: Int): Long {
        val channel = Channel<Int>(capacity)
        val outcome = Outcome(2 * pairs)
        for (i in 0 until pairs) {
            scope.launch { outcome.runHere { send(channel, elements / pairs) } }
            scope.launch { outcome.runHere { receive(channel, elements / pairs) } }
        }
        return outcome.await()
    }

    private suspend fun send(channel: SendChannel<Int>, elements: Int): Long {
        for (i in 0 until elements) {
            channel.send(i % VALUES)
        }
        return 0
    }

    private suspend fun receive(channel: ReceiveChannel<Int>, elements: Int): Long {
        var sum = 0L
        for (i in 0 until elements) {
            sum += channel.receive()
        }
        return sum
    }

    override fun select2(elements: Int): Long {
        val first = Channel<Int>()
        val second = Channel<Int>()
        val outcome = Outcome(3)
        scope.launch { outcome.runHere { send(first, elements / 2) } }
        scope.launch { outcome.runHere { send(second, elements / 2) } }
        scope.launch {
            outcome.runHere {
                var sum = 0L
                for (i in 0 until elements) {
                    sum += select<Int> {
                        first.onReceive { it }
                        second.onReceive { it }
                    }
                }
                sum
            }
        }
        return outcome.await()
    }

    override fun spawn(tasks: Int): Long {
        val ended = CountDownLatch(tasks)
        val outcome = Outcome(1)
        scope.launch {
            outcome.runHere {
                for (i in 0 until tasks) {
                    scope.launch { ended.countDown() }
                }
                tasks.toLong()
            }
        }
        ended.await()
        return outcome.await()
    }

    override fun yieldTwo(yields: Int): Long {
        val outcome = Outcome(2)
        for (i in 0 until 2) {
            scope.launch {
                outcome.runHere {
                    for (k in 0 until yields / 2) {
                        yield()
                    }
                    (yields / 2).toLong()
                }
            }
        }
        return outcome.await()
    }

    override fun skynet(leaves: Int): Long {
        val outcome = Outcome(1)
        scope.launch {
            outcome.runHere {
                val sum = Channel<Long>()
                scope.launch { node(sum, 0, leaves) }
                sum.receive()
            }
        }
        return outcome.await()
    }

    private suspend fun node(parent: SendChannel<Long>, first: Long, leaves: Int) {
        if (leaves == 1) {
            parent.send(first)
            return
        }
        val sums = Channel<Long>(FAN_OUT)
        val each = leaves / FAN_OUT
        for (i in 0 until FAN_OUT) {
            scope.launch { node(sums, first + i.toLong() * each, each) }
        }
        var sum = 0L
        for (i in 0 until FAN_OUT) {
            sum += sums.receive()
        }
        parent.send(sum)
    }

    override fun mutex(tasks: Int, operations: Int): Long {
        val mutex = Mutex()
        val count = LongArray(1)
        val outcome = Outcome(tasks)
        for (i in 0 until tasks) {
            scope.launch {
                outcome.runHere {
                    for (k in 0 until operations / tasks) {
                        mutex.lock()
                        count[0]++
                        mutex.unlock()
                    }
                    0
                }
            }
        }
        return outcome.await() + count[0]
    }

    override fun fanOut(tasks: Int, rounds: Int): Long {
        val outcome = Outcome(1)
        scope.launch {
            outcome.runHere {
                for (i in 0 until rounds) {
                    // Waits for those that it launches.
                    coroutineScope {
                        for (k in 0 until tasks) {
                            launch {}
                        }
                    }
                }
                tasks.toLong() * rounds
            }
        }
        return outcome.await()
    }

    override fun sleep(tasks: Int): Long {
        val outcome = Outcome(1)
        scope.launch {
            outcome.runHere {
                coroutineScope {
                    for (i in 0 until tasks) {
                        launch { delay(1) }
                    }
                }
                tasks.toLong()
            }
        }
        return outcome.await()
    }

    override fun park(tasks: Int): Implementation.Release {
        val channel = Channel<Int>()
        val started = CountDownLatch(tasks)
        val ended = CountDownLatch(tasks)
        for (i in 0 until tasks) {
            scope.launch {
                started.countDown()
                channel.receiveCatching()
                ended.countDown()
            }
        }
        started.await()
        return Implementation.Release {
            channel.close()
            ended.await()
        }
    }
}
