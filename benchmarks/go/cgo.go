//go:build cgo

package benchmarks

// static long identity(long n) { return n; }
import "C"

func init() {
	identity = func(n int) int { return int(C.identity(C.long(n))) }
}
