package benchmarks

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkSched has the scenarios of the group sched, with the same names.
func BenchmarkSched(b *testing.B) {
	b.Run("spawn", spawn)
	b.Run("submit", submit)
	b.Run("yield", yieldTwo)
	if identity != nil {
		b.Run("syscall", func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				identity(i % values)
			}
		})
	}
	b.Run("skynet", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			if sum := skynet(1000000); sum != 499999500000 {
				b.Fatalf("sum is %d", sum)
			}
		}
	})
	b.Run("parkedmemory", parkedMemory)
}

func spawn(b *testing.B) {
	// In batches, as in Java: else there would be b.N goroutines at the same time.
	const batch = 100000
	for left := b.N; left > 0; left -= batch {
		n := left
		if n > batch {
			n = batch
		}
		var ended sync.WaitGroup
		ended.Add(n)
		go func() {
			for i := 0; i < n; i++ {
				go ended.Done()
			}
		}()
		ended.Wait()
	}
}

// submit has no executor in Go: a goroutine that sends its result is the same thing.
func submit(b *testing.B) {
	sum := make(chan int)
	go func() {
		total := 0
		for i := 0; i < b.N; i++ {
			result := make(chan int, 1)
			value := i % 64
			go func() { result <- value }()
			total += <-result
		}
		sum <- total
	}()
	n := b.N
	if want := n/64*(64*63/2) + n%64*(n%64-1)/2; <-sum != want {
		b.Fatalf("the sum is not %d", want)
	}
}

func yieldTwo(b *testing.B) {
	var ended sync.WaitGroup
	ended.Add(2)
	half := b.N / 2
	for _, n := range []int{half, b.N - half} {
		go func(n int) {
			for i := 0; i < n; i++ {
				runtime.Gosched()
			}
			ended.Done()
		}(n)
	}
	ended.Wait()
}

const fanOut = 10

func skynet(leaves int) int {
	sum := make(chan int)
	go node(sum, 0, leaves)
	return <-sum
}

func node(parent chan<- int, first, leaves int) {
	if leaves == 1 {
		parent <- first
		return
	}
	sums := make(chan int, fanOut)
	each := leaves / fanOut
	for i := 0; i < fanOut; i++ {
		go node(sums, first+i*each, each)
	}
	sum := 0
	for i := 0; i < fanOut; i++ {
		sum += <-sums
	}
	parent <- sum
}

// parkedMemory is to be run once in a process of its own: -test.benchtime=1x. The method is that of ParkedMemory.java.
func parkedMemory(b *testing.B) {
	tasks := 1000000
	if s := os.Getenv("PARKED_TASKS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			b.Fatal(err)
		}
		tasks = n
	}
	park(b, 1000)()
	before := settledRSS(b)
	release := park(b, tasks)
	after := settledRSS(b)
	release()
	b.ReportMetric(float64(after-before)/float64(tasks), "B/parked")
	b.ReportMetric(0, "ns/op")
}

func park(b *testing.B, tasks int) (release func()) {
	ch := make(chan int)
	var started atomic.Int64
	var ended sync.WaitGroup
	ended.Add(tasks)
	for i := 0; i < tasks; i++ {
		go func() {
			started.Add(1)
			<-ch
			ended.Done()
		}()
	}
	for started.Load() < int64(tasks) {
		time.Sleep(time.Millisecond)
	}
	return func() {
		close(ch)
		ended.Wait()
	}
}

// settledRSS collects, gives back what is free, and reads until two readings 200 ms apart differ by less than 1 %.
func settledRSS(b testing.TB) int64 {
	last := int64(0)
	for i := 0; i < 50; i++ {
		debug.FreeOSMemory()
		time.Sleep(200 * time.Millisecond)
		rss := readRSS(b)
		if diff := rss - last; diff < rss/100 && -diff < rss/100 {
			return rss
		}
		last = rss
	}
	b.Fatal("the resident memory does not settle")
	return 0
}

func readRSS(b testing.TB) int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip("no /proc: ", err)
	}
	for _, line := range bytes.Split(status, []byte("\n")) {
		fields := bytes.Fields(line)
		if len(fields) == 3 && string(fields[0]) == "VmRSS:" {
			kb, err := strconv.ParseInt(string(fields[1]), 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return kb * 1024
		}
	}
	b.Fatal("no VmRSS in /proc/self/status")
	return 0
}
