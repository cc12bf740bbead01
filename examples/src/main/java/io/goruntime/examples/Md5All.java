package io.goruntime.examples;

import java.nio.file.Path;

/** Placeholder of the example that prints the MD5 sum of each file under a directory. */
public final class Md5All {
    private Md5All() {}

    public static void main(String[] args) {
        if (args.length != 1) {
            System.err.println("usage: md5all DIR");
            System.exit(2);
        }
        System.out.println(Path.of(args[0]));
    }
}
