package benchmarks

import (
	"sync"
	"testing"
	"time"
)

// BenchmarkTimer has the scenarios of the group timer, with the same names.
func BenchmarkTimer(b *testing.B) {
	b.Run("sleep10k", func(b *testing.B) {
		done := make(chan bool)
		go func() {
			for i := 0; i < b.N; i++ {
				sleep(10000)
			}
			done <- true
		}()
		<-done
	})
	b.Run("startstop", startStop)
}

func sleep(tasks int) {
	var ended sync.WaitGroup
	ended.Add(tasks)
	for i := 0; i < tasks; i++ {
		go func() {
			time.Sleep(time.Millisecond)
			ended.Done()
		}()
	}
	ended.Wait()
}

// startStop sets timers that run a function: one that sends on a channel is only set while somebody waits for it.
func startStop(b *testing.B) {
	done := make(chan int)
	go func() {
		stopped := 0
		for i := 0; i < b.N; i++ {
			if time.AfterFunc(time.Hour, func() {}).Stop() {
				stopped++
			}
		}
		done <- stopped
	}()
	if stopped := <-done; stopped != b.N {
		b.Fatalf("%d of %d stopped", stopped, b.N)
	}
}
