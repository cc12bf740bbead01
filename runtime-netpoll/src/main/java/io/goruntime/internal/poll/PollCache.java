package io.goruntime.internal.poll;

import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All PollDescs of one poller, found by number; those without a user in a list. Counterpart of netpoll.go: pollCache.
 */
/*
 * A tag is odd while there is a user. What Ms and sysmon call, get, takes no lock.
 */
final class PollCache {
    private final NetPoll poll;

    /** By number; replaced by a longer copy. */
    private volatile PollDesc[] all = new PollDesc[0];

    // -- under the lock of this object --

    private int size;
    private @Nullable PollDesc free;
    private boolean closed;

    PollCache(NetPoll poll) {
        this.poll = poll;
    }

    /**
     * One for a new user.
     *
     * @throws ClosedChannelException if the poller is closed
     */
    synchronized PollDesc alloc() throws ClosedChannelException {
        if (closed) {
            throw new ClosedChannelException();
        }
        PollDesc pd = free;
        if (pd == null) {
            PollDesc[] table = all;
            if (size == table.length) {
                table = Arrays.copyOf(table, Math.max(16, 2 * size));
            }
            pd = new PollDesc(poll, size);
            table[size] = pd;
            all = table;
            size++;
        } else {
            free = pd.link;
            pd.link = null;
        }
        pd.open();
        pd.tag++;
        return pd;
    }

    /**
     * The user is complete, so that close may name it.
     *
     * @throws ClosedChannelException if the poller was closed meanwhile: the user closes itself
     */
    synchronized void own(PollDesc pd, NetFD owner) throws ClosedChannelException {
        if (closed) {
            throw new ClosedChannelException();
        }
        pd.owner = owner;
    }

    /** The user has no call in flight any more; its events are void. */
    synchronized void free(PollDesc pd) {
        pd.tag++;
        pd.owner = null;
        pd.link = free;
        free = pd;
    }

    /** That of an event; null if its user is gone. */
    @Nullable
    PollDesc get(int index, int tag) {
        PollDesc[] table = all;
        PollDesc pd = index >= 0 && index < table.length ? table[index] : null;
        return pd != null && pd.tag == tag ? pd : null;
    }

    /** There are no new users from now on; returns those there are. */
    synchronized List<NetFD> close() {
        closed = true;
        List<NetFD> users = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            NetFD owner = all[i].owner;
            if (owner != null) {
                users.add(owner);
            }
        }
        return users;
    }

    /** How many there are, used or not. */
    synchronized int size() {
        return size;
    }

    /** How many have a user. */
    synchronized int used() {
        int n = 0;
        for (int i = 0; i < size; i++) {
            if ((all[i].tag & 1) != 0) {
                n++;
            }
        }
        return n;
    }
}
