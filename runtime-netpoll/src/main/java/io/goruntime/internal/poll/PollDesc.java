package io.goruntime.internal.poll;

import org.jspecify.annotations.Nullable;

/**
 * What a poller knows of one descriptor. Counterpart of netpoll.go: pollDesc.
 */
/*
 * Events carry the number of a PollDesc and a tag. A PollDesc never goes away, it goes back to its PollCache and gets the
 * tag of its next user: an event that the system, or a poller on its way, still holds for the user before is recognised
 * by its tag. The tag has 32 bits.
 */
final class PollDesc {
    final NetPoll poll;

    /** Its place in the cache. */
    final int index;

    final Side read = new Side(this, false);
    final Side write = new Side(this, true);

    /** Of the present user; changed by the cache only. */
    volatile int tag;

    /** The user has closed it: nobody waits any more. */
    volatile boolean closing;

    /**
     * The other side has ended, or there was an error, or urgent data: that a read got less than it asked for does not
     * mean any longer that an event announces what follows. Never taken back.
     */
    volatile boolean ended;

    /** The present user, null in the cache; under the cache's lock. */
    @Nullable
    NetFD owner;

    /** The next free one; under the cache's lock. */
    @Nullable
    PollDesc link;

    PollDesc(NetPoll poll, int index) {
        this.poll = poll;
        this.index = index;
    }

    /** For a new user, before it is known to the system. */
    void open() {
        closing = false;
        ended = false;
        read.open();
        write.open();
    }

    /** Wakes those that wait, and nobody waits from now on. Counterpart of netpoll.go: poll_runtime_pollUnblock. */
    void evict() {
        closing = true;
        read.unblock();
        write.unblock();
    }

    /** An event has come; returns how many waiters it woke. */
    int ready(boolean readable, boolean writable) {
        int woken = 0;
        if (readable) {
            woken += read.ready();
        }
        if (writable) {
            woken += write.ready();
        }
        return woken;
    }

    /** As if an event had come that says so, by a thread that has made sure of the stack. */
    void readEnded() {
        ended = true;
        int woken = read.ready();
        if (woken != 0) {
            poll.addWaiters(-woken);
        }
    }
}
