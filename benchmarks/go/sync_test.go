package benchmarks

import (
	"sync"
	"testing"
)

// BenchmarkSync has the scenarios of the group sync, with the same names.
func BenchmarkSync(b *testing.B) {
	b.Run("mutex", func(b *testing.B) { mutex(b, 1) })
	b.Run("mutex8", func(b *testing.B) { mutex(b, 8) })
	b.Run("rwmutex", func(b *testing.B) { rwMutex(b, 8) })
	b.Run("waitgroup", func(b *testing.B) {
		done := make(chan bool)
		go func() {
			for i := 0; i < b.N; i++ {
				startAndWait(1000)
			}
			done <- true
		}()
		<-done
	})
}

func mutex(b *testing.B, tasks int) {
	var lock sync.Mutex
	count := 0
	var ended sync.WaitGroup
	ended.Add(tasks)
	// So that the shares are equal, up to tasks - 1 operations more are done than are counted.
	share := (b.N + tasks - 1) / tasks
	for i := 0; i < tasks; i++ {
		go func() {
			for k := 0; k < share; k++ {
				lock.Lock()
				count++
				lock.Unlock()
			}
			ended.Done()
		}()
	}
	ended.Wait()
	if count != share*tasks {
		b.Fatalf("count is %d, should be %d", count, share*tasks)
	}
}

const readsPerWrite = 100

func rwMutex(b *testing.B, tasks int) {
	var lock sync.RWMutex
	count := 0
	done := make(chan int)
	share := (b.N + tasks - 1) / tasks
	for i := 0; i < tasks; i++ {
		go func() {
			written, reads := 0, 0
			for k := 0; k < share; k++ {
				if k%(readsPerWrite+1) == 0 {
					lock.Lock()
					count++
					lock.Unlock()
					written++
				} else {
					lock.RLock()
					seen := count
					lock.RUnlock()
					if seen >= written {
						reads++
					}
				}
			}
			done <- reads
		}()
	}
	sum := 0
	for i := 0; i < tasks; i++ {
		sum += <-done
	}
	if sum += count; sum != share*tasks {
		b.Fatalf("%d operations went well, should be %d", sum, share*tasks)
	}
}

func startAndWait(tasks int) {
	var ended sync.WaitGroup
	ended.Add(tasks)
	for i := 0; i < tasks; i++ {
		go ended.Done()
	}
	ended.Wait()
}
