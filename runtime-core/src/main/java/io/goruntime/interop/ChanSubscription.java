package io.goruntime.interop;

import static java.lang.invoke.MethodHandles.lookup;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.RecvChan;
import io.goruntime.Select;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One subscriber of a channel. Numbers in comments are rules of the Reactive Streams specification.
 */
/*
 * Everything that the subscriber is told, it is told by one goroutine: so calls are serial (1.3), onSubscribe comes first
 * (1.9), and a request from within onNext only adds to a number (3.3). request and cancel may come from any thread (2.7
 * asks for serial calls, we do not need it): they write a field and leave a token in the channel of tokens. It has room
 * for one, and one is enough: the goroutine looks at the fields again after it has taken the token.
 *
 * Without demand the goroutine waits for a token; with demand, for a token or an element. So an element is taken only for
 * a subscriber who asked for one, and is delivered whatever happens meanwhile.
 */
final class ChanSubscription<T> implements Flow.Subscription {
    private static final VarHandle DEMAND = ConstantBootstraps.fieldVarHandle(lookup(), "demand", VarHandle.class,
            ChanSubscription.class, long.class);

    private final RecvChan<T> source;
    private final Flow.Subscriber<? super T> subscriber;
    private final Chan<Boolean> tokens = Chan.make(1);

    /** How many elements were requested and not delivered; Long.MAX_VALUE is for ever (3.17). */
    private volatile long demand;
    /** A number that was requested and is not positive. */
    private volatile @Nullable Long illegal;
    private volatile boolean cancelled;

    private ChanSubscription(RecvChan<T> source, Flow.Subscriber<? super T> subscriber) {
        this.source = source;
        this.subscriber = subscriber;
    }

    static <T> void start(RecvChan<T> source, Flow.Subscriber<? super T> subscriber) {
        ChanSubscription<T> subscription = new ChanSubscription<>(source, subscriber);
        try {
            GoRuntime.current().spawn(subscription::run);
        } catch (RejectedExecutionException e) {
            subscriber.onSubscribe(subscription);
            subscription.fail(e);
        }
    }

    // -- the subscriber's side --

    @Override
    public void request(long n) {
        if (n <= 0) {
            illegal = n;
        } else {
            long d;
            do {
                d = demand;
            } while (!DEMAND.compareAndSet(this, d, d + n < 0 ? Long.MAX_VALUE : d + n));
        }
        tokens.trySend(true);
    }

    @Override
    public void cancel() {
        cancelled = true;
        tokens.trySend(true);
    }

    // -- the goroutine --

    private void run() {
        try {
            subscriber.onSubscribe(this);
            publish();
        } catch (InterruptedException e) {
            fail(e);
        } finally {
            cancelled = true; // also if the subscriber threw (2.13)
        }
    }

    private void publish() throws InterruptedException {
        Select select = new Select();
        Select.Recv<T> element = select.recv(source);
        select.recv(tokens);
        while (!cancelled) {
            if (illegal != null) {
                fail(new IllegalArgumentException("3.9: requested " + illegal));
            } else if (demand == 0) {
                tokens.receive();
            } else if (select.await() == element) {
                deliver(element);
            }
        }
    }

    private void deliver(Select.Recv<T> element) {
        boolean ok = element.ok();
        T value = element.value();
        if (!ok) {
            cancelled = true; // 1.6: before the last signal
            subscriber.onComplete();
        } else if (value == null) {
            fail(new NullPointerException("null was received, which a subscriber must not be given (2.13)"));
        } else {
            if (demand != Long.MAX_VALUE) {
                DEMAND.getAndAdd(this, -1L);
            }
            subscriber.onNext(value);
        }
    }

    /** Does nothing if the subscription has been cancelled. */
    private void fail(Throwable e) {
        if (!cancelled) {
            cancelled = true;
            subscriber.onError(e);
        }
    }
}
