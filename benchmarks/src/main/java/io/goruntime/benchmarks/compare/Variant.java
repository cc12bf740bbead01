package io.goruntime.benchmarks.compare;

import java.util.List;

/** Circumstances of a JVM. All libraries are measured in the first; the others are printed beside, for ours. */
enum Variant {
    G1("gc=G1", "-XX:+UseG1GC"),
    ZGC("gc=ZGC", "-XX:+UseZGC"),
    /** Records as a service would, and keeps no file. */
    JFR("gc=G1;jfr=on", "-XX:+UseG1GC", "-XX:StartFlightRecording:dumponexit=false");

    private final String description;
    private final List<String> flags;

    Variant(String description, String... flags) {
        this.description = description;
        this.flags = List.of(flags);
    }

    String description() {
        return description;
    }

    List<String> flags() {
        return flags;
    }
}
