package io.goruntime.internal.poll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.goruntime.GoRuntime;
import io.goruntime.internal.sched.G;
import java.net.StandardProtocolFamily;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** PollDescs are found by number, come back to life, and events for their earlier users do not find them. */
class PollCacheTest {
    @Test
    void tagsTellUsersApart() throws Exception {
        GoRuntime.builder().maxProcs(1).<Exception>run(() -> {
            NetPoll real = Nets.open("nio");
            try (NetFD owner = real.stream(StandardProtocolFamily.INET)) {
                PollCache cache = new PollCache(new FakePoll(G.current().sched));
                PollDesc first = cache.alloc();
                PollDesc[] more = new PollDesc[100];
                for (int i = 0; i < more.length; i++) {
                    more[i] = cache.alloc();
                    assertEquals(i + 1, more[i].index);
                }
                int tag = first.tag;
                assertSame(first, cache.get(first.index, tag));
                first.evict();
                first.ended = true;
                first.ready(true, true);
                cache.free(first);
                assertNull(cache.get(first.index, tag), "nobody's");
                assertNull(cache.get(first.index, first.tag - 1));
                PollDesc again = cache.alloc();
                assertSame(first, again, "the free one first");
                assertEquals(101, cache.size());
                assertNotEquals(tag, again.tag);
                assertNull(cache.get(again.index, tag), "an event for the user before");
                assertSame(again, cache.get(again.index, again.tag));
                assertEquals(false, again.ended);
                assertEquals(Side.OK, again.read.prepare());
                assertNull(cache.get(-1, 0));
                assertNull(cache.get(1_000, 0));
                assertEquals(101, cache.used());
                cache.own(again, owner);
                assertEquals(List.of(owner), cache.close(), "those that are complete");
                assertThrows(ClosedChannelException.class, () -> cache.own(first, owner), "too late");
                assertThrows(ClosedChannelException.class, () -> cache.alloc());
            }
        });
    }
}
