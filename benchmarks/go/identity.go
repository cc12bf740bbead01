// Package benchmarks has the scenarios of the Java module benchmarks in Go, with the same names.
package benchmarks

// identity calls a C function that returns its argument; nil without a C compiler.
var identity func(n int) int
