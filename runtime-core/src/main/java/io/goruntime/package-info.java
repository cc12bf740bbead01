/** Placeholder of the package that will hold goroutines, channels and select. */
@NullMarked
package io.goruntime;

import org.jspecify.annotations.NullMarked;
