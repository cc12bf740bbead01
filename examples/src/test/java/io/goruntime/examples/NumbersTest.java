package io.goruntime.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples that compute: what they print, and where. */
class NumbersTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 500})
    void sievePrintsTheFirstPrimes(int n) throws Exception {
        Program sieve = Program.java(Sieve.class, List.of(), Integer.toString(n)).expectExit(0);
        String primes = IntStream.iterate(2, i -> i + 1)
                .filter(i -> IntStream.range(2, i).noneMatch(d -> i % d == 0)).limit(n)
                .mapToObj(i -> i + System.lineSeparator()).collect(Collectors.joining());
        assertEquals(primes, sieve.out(), sieve::toString);
        assertEquals("", sieve.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "ten", "99999999999"})
    void sieveRefusesWhatIsNoCount(String n) throws Exception {
        Program sieve = Program.java(Sieve.class, List.of(), n).expectExit(2);
        assertEquals("", sieve.out());
        assertTrue(sieve.err().startsWith("usage: sieve N"), sieve::toString);
    }

    @Test
    void skynetRunsAMillionGoroutinesInOneGigabyte() throws Exception {
        Program skynet = Program.java(Skynet.class, List.of("-Xmx1g")).expectExit(0);
        assertEquals("499999500000" + System.lineSeparator(), skynet.out());
        assertTrue(skynet.err().matches("\\d+ ms\\R"), skynet::toString);
    }

    @Test
    void skynetTakesNoArguments() throws Exception {
        Program skynet = Program.java(Skynet.class, List.of(), "1").expectExit(2);
        assertEquals("", skynet.out());
        assertTrue(skynet.err().startsWith("usage: skynet"), skynet::toString);
    }
}
