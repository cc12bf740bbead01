package io.goruntime;

import io.goruntime.internal.base.InternalPlaceholder;

/** Stands in for the API until there is one. */
public final class Placeholder {
    private Placeholder() {}

    /**
     * Greets somebody.
     *
     * @param name whom to greet
     * @return the greeting
     */
    public static String greet(String name) {
        return InternalPlaceholder.hello() + name;
    }

    /**
     * Links the bridge statically; fails until the bridge has been defined in the boot loader.
     *
     * @return the bridge's version
     */
    public static int bridgeVersion() {
        return GoRuntimeBridge.version();
    }
}
