package io.goruntime.net;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolver.LookupPolicy;
import java.net.spi.InetAddressResolverProvider;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/** Answers for names that end in .test, in the place of the system. The JDK finds it as a service. */
public final class TestResolver extends InetAddressResolverProvider {
    private static final Map<String, List<InetAddress>> ANSWERS = new ConcurrentHashMap<>();
    private static final Map<String, CountDownLatch> SLOW = new ConcurrentHashMap<>();

    /** What the name stands for from now on. */
    static void names(String host, String... addresses) {
        ANSWERS.put(host, Stream.of(addresses).map(InetAddress::ofLiteral).toList());
    }

    /** Lookups of this name, which cannot be interrupted, end when the latch is counted down. */
    static CountDownLatch slow(String host) {
        CountDownLatch latch = new CountDownLatch(1);
        SLOW.put(host, latch);
        return latch;
    }

    @Override
    public InetAddressResolver get(Configuration configuration) {
        InetAddressResolver system = configuration.builtinResolver();
        return new InetAddressResolver() {
            @Override
            public Stream<InetAddress> lookupByName(String host, LookupPolicy policy) throws UnknownHostException {
                if (!host.endsWith(".test")) {
                    return system.lookupByName(host, policy);
                }
                CountDownLatch latch = SLOW.get(host);
                while (latch != null && latch.getCount() > 0) {
                    try {
                        latch.await();
                    } catch (InterruptedException e) {
                        continue;
                    }
                }
                List<InetAddress> answer = ANSWERS.get(host);
                if (answer == null) {
                    throw new UnknownHostException(host + ": Name or service not known");
                }
                return answer.stream();
            }

            @Override
            public String lookupByAddress(byte[] address) throws UnknownHostException {
                return system.lookupByAddress(address);
            }
        };
    }

    @Override
    public String name() {
        return "names of tests";
    }
}
