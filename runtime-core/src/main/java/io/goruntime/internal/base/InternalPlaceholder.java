package io.goruntime.internal.base;

public final class InternalPlaceholder {
    private InternalPlaceholder() {}

    public static String hello() {
        return "hello, ";
    }
}
