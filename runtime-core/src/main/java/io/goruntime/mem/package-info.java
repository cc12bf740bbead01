/**
 * Memory outside the Java heap.
 *
 * <p>So far it has the exception of who asks for too much; objects, references and scopes are to come.
 */
@NullMarked
package io.goruntime.mem;

import org.jspecify.annotations.NullMarked;
