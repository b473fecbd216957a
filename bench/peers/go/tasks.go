package main

import (
	"fmt"
	"sort"
	"sync"
)

func gather(n int) []int {
	results := make([]int, n)
	var all sync.WaitGroup
	all.Add(n)
	for i := 0; i < n; i++ {
		go func(i int) {
			results[i] = i
			all.Done()
		}(i)
	}
	all.Wait()
	return results
}

func measureGather(asked row) measurement {
	n, gathers := asked.number("n"), asked.number("gathers")
	warmUp := gathers/10 + 1
	tookUs := make([]float64, 0, gathers)
	failure, totalUs := "", 0.0
	for i := 0; i < gathers+warmUp; i++ {
		begun := now()
		results := gather(n)
		took := float64(now()-begun) / 1e3
		for place, result := range results {
			if place != result {
				failure = fmt.Sprintf("child %d has another child's result", place)
			}
		}
		if i >= warmUp {
			tookUs = append(tookUs, took)
			totalUs += took
		}
	}
	sort.Float64s(tookUs)
	return measurement{[]metric{
		{"ns_per_child", totalUs * 1e3 / float64(n*gathers)},
		{"p50_us", quantile(tookUs, 0.5)},
		{"p99_us", quantile(tookUs, 0.99)},
	}, tookUs, failure}
}

// Does one thing n times after a tenth of that to warm up; nanoseconds for each time.
func measureLoop(asked row, name string, once func(i uint64) uint64, want func(i uint64) uint64) measurement {
	n := uint64(asked.number("n"))
	begun, failure := int64(0), ""
	for i := uint64(0); i < n+n/10; i++ {
		if i == n/10 {
			begun = now()
		}
		if got := once(i); got != want(i) && failure == "" {
			failure = mismatch(got, want(i))
		}
	}
	return measurement{[]metric{{name, float64(now()-begun) / float64(n)}}, nil, failure}
}

func measureSpawnJoin(asked row) measurement {
	return measureLoop(asked, "ns_per_task",
		func(i uint64) uint64 {
			result := make(chan uint64, 1)
			go func() { result <- i }()
			return <-result
		},
		func(i uint64) uint64 { return i })
}

func measurePingPong(asked row) measurement {
	question, answer := make(chan uint64, 1), make(chan uint64, 1)
	go func() {
		for asked := range question {
			answer <- asked + 1
		}
	}()
	defer close(question)
	return measureLoop(asked, "ns_per_round_trip",
		func(i uint64) uint64 {
			question <- i
			return <-answer
		},
		func(i uint64) uint64 { return i + 1 })
}

func measureMpmc(asked row) measurement {
	n, producers := asked.number("n"), asked.number("producers")
	begun := now()
	items := make(chan uint64, asked.number("capacity"))
	sums := make(chan uint64)
	var sending sync.WaitGroup
	sending.Add(producers)
	for p := 1; p <= producers; p++ {
		go func(first int) {
			defer sending.Done()
			for item := first; item <= n; item += producers {
				items <- uint64(item)
			}
		}(p)
	}
	consumers := asked.number("consumers")
	for c := 0; c < consumers; c++ {
		go func() {
			sum := uint64(0)
			for item := range items {
				sum += item
			}
			sums <- sum
		}()
	}
	sending.Wait()
	close(items)
	total := uint64(0)
	for c := 0; c < consumers; c++ {
		total += <-sums
	}
	took := float64(now() - begun)
	return measurement{[]metric{{"ns_per_item", took / float64(n)}}, nil,
		mismatch(total, uint64(n)*uint64(n+1)/2)}
}
