package io.goruntime.benchmarks.compare;

import java.util.Arrays;

/**
 * The median of some measurements, one a fork, and an interval for it.
 *
 * @param coverage how likely an interval made like this one holds the true median; below {@value #WANTED} when there are
 *     too few measurements for more
 */
/*
 * Measurements of one benchmark in different JVMs are not normally distributed: what the JIT made of the code, and where
 * things landed in memory, is decided once a JVM, and gives clusters. So the interval assumes nothing but that forks are
 * independent. Each measurement is below the true median with probability 1/2, so the k-th smallest is above it when
 * fewer than k of n are below: the interval from the k-th smallest to the k-th largest misses with probability
 * 2 * P(Binomial(n, 1/2) < k). The narrowest that misses in at most 5 % is taken. That needs 6 forks: with 5, smallest to
 * largest is right in 93.75 %.
 */
record Estimate(double median, double low, double high, double coverage) {
    static final double WANTED = 0.95;

    static Estimate of(double... measurements) {
        if (measurements.length == 0) {
            throw new IllegalArgumentException("no measurements");
        }
        double[] sorted = measurements.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        double median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
        int rank = 1;
        double coverage = coverage(n, 1);
        while (2 * (rank + 1) <= n && coverage(n, rank + 1) >= WANTED) {
            rank++;
            coverage = coverage(n, rank);
        }
        return new Estimate(median, sorted[rank - 1], sorted[n - rank], coverage);
    }

    /** How likely the median is between the k-th smallest and the k-th largest of n. */
    private static double coverage(int n, int k) {
        double term = Math.pow(0.5, n);
        double below = 0;
        for (int i = 0; i < k; i++) {
            below += term;
            term = term * (n - i) / (i + 1);
        }
        return 1 - 2 * below;
    }

    /** The greater distance from the median to an end of the interval. */
    double error() {
        return Math.max(high - median, median - low);
    }
}
