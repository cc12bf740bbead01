package io.goruntime.examples;

import java.nio.file.Files;

/** The program md5all on a disk where files named {@code vanishing} are deleted just before they are opened. */
final class Vanishing {
    private Vanishing() {}

    public static void main(String[] args) {
        System.exit(Md5All.main(args, file -> {
            if (file.endsWith("vanishing")) {
                Files.delete(file);
            }
            return Files.newInputStream(file);
        }, false));
    }
}
