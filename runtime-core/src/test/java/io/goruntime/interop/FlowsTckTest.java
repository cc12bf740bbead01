package io.goruntime.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Comparator;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.reactivestreams.tck.flow.FlowSubscriberBlackboxVerification;
import org.testng.SkipException;

/**
 * The Reactive Streams project's own tests of its rules. They are written for TestNG; here each is called by hand.
 * Which of them skip themselves is part of the expectation.
 */
class FlowsTckTest {
    /**
     * Gives the subscription 300 ms to end and the collector 100 ms to tell, which a machine that pauses may need more than
     * once. A subscriber that is kept is kept each time.
     */
    private static final String WAITS_FOR_THE_COLLECTOR = "required_spec313_cancelMustMakeThePublisherEventually"
            + "DropAllReferencesToTheSubscriber";
    private static final int TRIES = 5;

    /** Long enough for a busy machine to do what it must; short for looks that nothing happens. */
    private static TestEnvironment environment() {
        return new TestEnvironment(5000, 30, 20);
    }

    /** Of a channel with so many elements that is closed then; an endless one for a test that wants that. */
    static final class Publishers extends FlowPublisherVerification<Long> {
        Publishers() {
            super(environment());
        }

        @Override
        public Flow.Publisher<Long> createFlowPublisher(long elements) {
            Chan<Long> c = Chan.make(4);
            GoRuntime.go(() -> {
                try (var _ = c.closer()) {
                    for (long i = 0; i < elements; i++) {
                        c.send(i);
                    }
                }
            });
            return Flows.publisher(c);
        }

        /** Every publisher of a channel accepts a subscriber. */
        @Override
        public Flow.Publisher<Long> createFailedFlowPublisher() {
            return null;
        }
    }

    /** What subscribes when a channel is made of a publisher, with somebody who receives. */
    static final class Subscribers extends FlowSubscriberBlackboxVerification<Integer> {
        Subscribers() {
            super(environment());
        }

        @Override
        @SuppressWarnings("unchecked")
        public Flow.Subscriber<Integer> createFlowSubscriber() {
            AtomicReference<Flow.Subscriber<? super Integer>> subscriber = new AtomicReference<>();
            Feed<Integer> feed = Flows.<Integer>feed(subscriber::set, 4);
            GoRuntime.go(() -> feed.chan().range(_ -> {}));
            return (Flow.Subscriber<Integer>) subscriber.get();
        }

        @Override
        public Integer createElement(int element) {
            return element;
        }
    }

    /** Not for us: publishers that refuse subscribers, and those that give each element to all of them. */
    @Test
    void publishers() throws Exception {
        String multicast = "optional_spec111_multicast_mustProduceTheSameElementsInTheSameSequenceTo"
                + "AllOfItsSubscribersWhenRequesting";
        assertEquals(Set.of("optional_spec104_mustSignalOnErrorWhenFails",
                "required_spec109_mayRejectCallsToSubscribeIfPublisherIsUnableOrUnwillingToServeThem"
                        + "RejectionMustTriggerOnErrorAfterOnSubscribe",
                multicast + "OneByOne", multicast + "ManyUpfront", multicast + "ManyUpfrontAndCompleteAsExpected"),
                skipped(new Publishers()));
    }

    @Test
    void subscribers() throws Exception {
        Subscribers subscribers = new Subscribers();
        subscribers.startPublisherExecutorService();
        try {
            assertEquals(Set.of(), skipped(subscribers));
        } finally {
            subscribers.shutdownPublisherExecutorService();
        }
    }

    /**
     * Runs all tests of the object; returns the names of those that find themselves not applicable. The TCK has also tests
     * that always do so, for rules that cannot be tested.
     */
    private static Set<String> skipped(Object verification) throws Exception {
        Set<String> skipped = new TreeSet<>();
        AssertionError failures = new AssertionError("rules are broken");
        int passed = 0;
        Class<?> type = verification.getClass();
        for (Method method : Stream.of(type.getMethods())
                .filter(m -> m.isAnnotationPresent(org.testng.annotations.Test.class))
                .filter(m -> !m.getName().startsWith("untested_"))
                .sorted(Comparator.comparing(Method::getName)).toList()) {
            Throwable thrown = null;
            for (int left = method.getName().equals(WAITS_FOR_THE_COLLECTOR) ? TRIES : 1; left > 0; left--) {
                thrown = thrownBy(method, verification);
                if (thrown == null) {
                    break;
                }
            }
            if (thrown == null) {
                passed++;
            } else if (thrown instanceof SkipException) {
                skipped.add(method.getName());
            } else {
                failures.addSuppressed(new AssertionError(method.getName(), thrown));
            }
        }
        if (failures.getSuppressed().length > 0) {
            throw failures;
        }
        assertTrue(passed > 10, passed + " passed");
        return skipped;
    }

    private static Throwable thrownBy(Method method, Object verification) throws Exception {
        verification.getClass().getMethod("setUp").invoke(verification);
        try {
            method.invoke(verification);
            return null;
        } catch (InvocationTargetException e) {
            return e.getCause();
        }
    }
}
