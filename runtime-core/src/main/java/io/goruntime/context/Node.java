package io.goruntime.context;

import org.jspecify.annotations.Nullable;

/**
 * What a {@link CancelCtx} ends when it ends: a member of the list of its children.
 */
/*
 * A node is in one list in its life. Its fields belong to the lock of that list's owner, until the owner has ended: then
 * they belong to the thread that ends it, which took the whole list. So removal costs the same however many there are,
 * and moving the list to the canceller's queue is a matter of two pointers.
 */
abstract class Node {
    /** In whose list it is or was; null if it never was in one. Written before it is linked. */
    @Nullable
    CancelCtx owner;
    @Nullable
    Node prev;
    @Nullable
    Node next;
    boolean linked;
}
