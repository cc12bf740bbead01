package benchmarks

import (
	"sync"
	"testing"
)

// What is sent are the numbers i mod values, as in Java, where they stand for objects that exist already.
const values = 64

// BenchmarkChan has the scenarios of the group chan, with the same names.
func BenchmarkChan(b *testing.B) {
	b.Run("pingpong", pingPong)
	b.Run("prodcons0", func(b *testing.B) { prodCons(b, 0) })
	b.Run("prodcons100", func(b *testing.B) { prodCons(b, 100) })
	b.Run("uncontended", func(b *testing.B) { uncontended(b, 100) })
	b.Run("contended", func(b *testing.B) { contended(b, 100, 100) })
	// Go's channels hold numbers as they are, so these are the same again: the counterpart of LongChan.
	b.Run("long_prodcons100", func(b *testing.B) { prodCons(b, 100) })
	b.Run("long_uncontended", func(b *testing.B) { uncontended(b, 100) })
}

func pingPong(b *testing.B) {
	pings := make(chan int)
	pongs := make(chan int)
	go func() {
		for i := 0; i < b.N; i++ {
			pongs <- <-pings
		}
	}()
	done := make(chan int)
	go func() {
		sum := 0
		for i := 0; i < b.N; i++ {
			pings <- i % values
			sum += <-pongs
		}
		done <- sum
	}()
	check(b, <-done, b.N)
}

func prodCons(b *testing.B, capacity int) {
	ch := make(chan int, capacity)
	done := make(chan int)
	go send(ch, b.N)
	go func() { done <- receive(ch, b.N) }()
	check(b, <-done, b.N)
}

func uncontended(b *testing.B, capacity int) {
	ch := make(chan int, capacity)
	done := make(chan int)
	go func() {
		sum := 0
		for i := 0; i < b.N; i++ {
			ch <- i % values
			sum += <-ch
		}
		done <- sum
	}()
	check(b, <-done, b.N)
}

func contended(b *testing.B, pairs, capacity int) {
	ch := make(chan int, capacity)
	var ended sync.WaitGroup
	ended.Add(2 * pairs)
	// So that the shares are equal, up to pairs - 1 elements more are sent than are counted.
	share := (b.N + pairs - 1) / pairs
	for i := 0; i < pairs; i++ {
		go func() {
			send(ch, share)
			ended.Done()
		}()
		go func() {
			receive(ch, share)
			ended.Done()
		}()
	}
	ended.Wait()
	if len(ch) != 0 {
		b.Fatalf("%d elements left", len(ch))
	}
}

func send(ch chan<- int, n int) {
	for i := 0; i < n; i++ {
		ch <- i % values
	}
}

func receive(ch <-chan int, n int) int {
	sum := 0
	for i := 0; i < n; i++ {
		sum += <-ch
	}
	return sum
}

// check fails unless sum is that of the values of n indices.
func check(b *testing.B, sum, n int) {
	rounds, rest := n/values, n%values
	want := rounds*(values*(values-1)/2) + rest*(rest-1)/2
	if sum != want {
		b.Fatalf("sum is %d, should be %d", sum, want)
	}
}
