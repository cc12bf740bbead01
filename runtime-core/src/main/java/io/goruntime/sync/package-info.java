/** Go's package sync. */
@NullMarked
package io.goruntime.sync;

import org.jspecify.annotations.NullMarked;
