package benchmarks

import (
	"testing"
)

// What is stored here is not on a stack.
var (
	sink8  *int64
	sink16 *[2]int64
	sink64 *[8]int64
	sink   []byte
)

// BenchmarkAlloc has the scenarios of the group alloc, with the same names. What is freed there is left to the collector.
func BenchmarkAlloc(b *testing.B) {
	b.Run("malloc8", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			sink8 = new(int64)
		}
	})
	b.Run("malloc16", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			sink16 = new([2]int64)
		}
	})
	b.Run("malloc64", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			sink64 = new([8]int64)
		}
	})
	b.Run("malloc1k", func(b *testing.B) { slice(b, 1024) })
	b.Run("malloc32k", func(b *testing.B) { slice(b, 32768) })
	b.Run("malloc1m", func(b *testing.B) { slice(b, 1<<20) })
	b.Run("mixed", mixed)
	b.Run("handoff64", handoff)
}

func slice(b *testing.B, size int) {
	for i := 0; i < b.N; i++ {
		sink = make([]byte, size)
	}
}

func mixed(b *testing.B) {
	var live [1024][]byte
	random := uint64(88172645463325252)
	for i := 0; i < b.N; i++ {
		random ^= random << 13
		random ^= random >> 7
		random ^= random << 17
		size := 8 + (random>>40)&((8<<(random>>60&7))-1)
		object := make([]byte, size)
		object[0] = byte(i)
		live[random&1023] = object
	}
	sink = live[0]
}

func handoff(b *testing.B) {
	objects := make(chan *[8]int64, 128)
	done := make(chan int64)
	go func() {
		for i := 0; i < b.N; i++ {
			object := new([8]int64)
			object[0] = int64(i)
			objects <- object
		}
	}()
	go func() {
		sum := int64(0)
		for i := 0; i < b.N; i++ {
			sum += (<-objects)[0]
		}
		done <- sum
	}()
	n := int64(b.N)
	if sum := <-done; sum != n*(n-1)/2 {
		b.Fatalf("sum is %d, should be %d", sum, n*(n-1)/2)
	}
}
