package io.goruntime.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A test that is run with 1, 2, 4 and 64 Ps; it takes the number, for {@link Goroutines#run}. Once where the JDK's scheduler is
 * used, which has no Ps.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest(name = "{0} Ps")
@MethodSource("io.goruntime.testing.Procs#counts")
public @interface OnProcs {
}
