package main

import (
	"context"
	"fmt"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

func measureCancel(asked row) measurement {
	n := asked.number("n")
	ctx, cancel := context.WithCancel(context.Background())
	var begun, cancelled, woken int64
	var all sync.WaitGroup
	all.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			defer all.Done()
			timer := time.NewTimer(time.Hour)
			defer timer.Stop()
			atomic.AddInt64(&begun, 1)
			select {
			case <-timer.C:
				atomic.AddInt64(&woken, 1)
			case <-ctx.Done():
				atomic.AddInt64(&cancelled, 1)
			}
		}()
	}
	for atomic.LoadInt64(&begun) < int64(n) {
		time.Sleep(20 * time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond)
	first := now()
	cancel()
	queued := now()
	all.Wait()
	joined := now()
	failure := ""
	if woken != 0 || cancelled != int64(n) {
		failure = fmt.Sprintf("%d of %d were cancelled, %d woke", cancelled, n, woken)
	}
	return measurement{[]metric{
		{"ns_until_joined", float64(joined-first) / float64(n)},
		{"ns_until_queued", float64(queued-first) / float64(n)},
	}, nil, failure}
}

func measureTimers(asked row) measurement {
	tasks := asked.number("tasks")
	each := asked.number("n") / tasks
	var done int64
	var all sync.WaitGroup
	begun := now()
	all.Add(tasks)
	for t := 0; t < tasks; t++ {
		go func() {
			defer all.Done()
			for i := 0; i < each; i++ {
				ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
				runtime.Gosched()
				if ctx.Err() == nil {
					atomic.AddInt64(&done, 1)
				}
				cancel()
			}
		}()
	}
	all.Wait()
	took := float64(now() - begun)
	return measurement{[]metric{{"ns_per_timer", took / float64(each*tasks)}}, nil,
		mismatch(uint64(done), uint64(each*tasks))}
}

// Starts n goroutines from a thread of its own, which sleeps before each; latencies in µs.
func postTasks(n int, pause time.Duration) []float64 {
	tookUs := make([]float64, 0, n)
	done := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		ran := make(chan int64, 1)
		for i := 0; i < n; i++ {
			time.Sleep(pause)
			posted := now()
			go func() { ran <- now() }()
			tookUs = append(tookUs, float64(<-ran-posted)/1e3)
		}
		close(done)
	}()
	<-done
	sort.Float64s(tookUs)
	return tookUs
}

func summaryOfLatencies(tookUs []float64) measurement {
	return measurement{[]metric{
		{"p50_us", quantile(tookUs, 0.5)},
		{"p99_us", quantile(tookUs, 0.99)},
		{"max_us", tookUs[len(tookUs)-1]},
	}, tookUs, ""}
}

func measurePostLatency(asked row) measurement {
	pause := time.Duration(asked.number("idle_us")) * time.Microsecond
	return summaryOfLatencies(postTasks(asked.number("n"), pause))
}

func measureFairness(asked row) measurement {
	pairs := 2 * asked.number("threads")
	var stop int32
	var all sync.WaitGroup
	trips := make([]uint64, pairs)
	for p := 0; p < pairs; p++ {
		question, answer := make(chan uint64, 1), make(chan uint64, 1)
		all.Add(2)
		go func() {
			defer all.Done()
			for asked := range question {
				answer <- asked
			}
		}()
		go func(p int) {
			defer all.Done()
			for ; atomic.LoadInt32(&stop) == 0; trips[p]++ {
				question <- trips[p]
				<-answer
			}
			close(question)
		}(p)
	}
	found := summaryOfLatencies(
		postTasks(asked.number("n"), time.Duration(asked.number("every_us"))*time.Microsecond))
	atomic.StoreInt32(&stop, 1)
	all.Wait()
	for _, count := range trips {
		if count == 0 {
			found.failure = "a pair made no round trip"
		}
	}
	return found
}
