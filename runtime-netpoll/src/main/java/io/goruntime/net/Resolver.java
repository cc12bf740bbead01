package io.goruntime.net;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.Syscall;
import io.goruntime.sync.Semaphore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Names of hosts. Counterpart of lookup.go: lookupIPAddr, and of cgo_unix.go: doBlockingWithCtx.
 */
/*
 * The JDK asks the system's resolver, in a native call that may take many seconds and that nothing can interrupt. So it
 * is made by a goroutine of its own, without a P; whoever gives up waiting leaves it behind. That is why it counts among
 * the permits until it is really done: else a resolver that is down would collect threads without limit.
 */
final class Resolver {
    /** As many as Go's: each occupies a thread. */
    private static final int MAX_LOOKUPS = 500;

    private static final Semaphore PERMITS = new Semaphore(MAX_LOOKUPS);

    private record Answer(@Nullable List<InetAddress> addresses, @Nullable IOException failure) {
    }

    private Resolver() {}

    static List<InetAddress> lookup(String host, Limits limits) throws IOException {
        limits.check();
        if (host.isEmpty()) {
            throw new UnknownHostException("lookup : no such host"); // the JDK would answer with this host
        }
        Chan<Answer> answers = Chan.make(1);
        try {
            GoRuntime.current().spawn("lookup " + host, () -> answer(answers, host));
        } catch (RejectedExecutionException e) {
            throw new IOException(e.getMessage(), e);
        }
        Answer answer = Objects.requireNonNull(limits.receive(answers, null));
        if (answer.addresses == null) {
            throw Objects.requireNonNull(answer.failure);
        }
        return answer.addresses;
    }

    private static void answer(Chan<Answer> answers, String host) throws InterruptedException {
        Answer answer = new Answer(null, new IOException("lookup " + host + ": cut off")); // by an interrupt, or an Error
        try {
            answer = ask(host);
        } finally {
            answers.trySend(answer);
        }
    }

    private static Answer ask(String host) throws InterruptedException {
        PERMITS.acquire(1);
        try {
            return new Answer(List.of(Syscall.blocking(() -> InetAddress.getAllByName(host))), null);
        } catch (UnknownHostException e) {
            return new Answer(null, new UnknownHostException("lookup " + host + ": " + reason(host, e)));
        } finally {
            PERMITS.release(1);
        }
    }

    /** The JDK's message is the name, mostly followed by the text of the system. */
    private static String reason(String host, UnknownHostException e) {
        String message = e.getMessage();
        String prefix = host + ": ";
        String text = message != null && message.startsWith(prefix) ? message.substring(prefix.length()) : "";
        return text.isEmpty() || text.equals("Name or service not known") ? "no such host" : text;
    }
}
