package benchmarks

import "testing"

// BenchmarkSelect has the scenarios of the group select, with the same names.
func BenchmarkSelect(b *testing.B) {
	b.Run("sync2", sync2)
}

func sync2(b *testing.B) {
	first := make(chan int)
	second := make(chan int)
	half := b.N / 2
	go send(first, half)
	go send(second, b.N-half)
	done := make(chan int)
	go func() {
		sum := 0
		for i := 0; i < b.N; i++ {
			select {
			case v := <-first:
				sum += v
			case v := <-second:
				sum += v
			}
		}
		done <- sum
	}()
	<-done
}
