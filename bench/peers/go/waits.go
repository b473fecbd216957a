package main

import (
	"bufio"
	"fmt"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// One simulated call. The records belong to the benchmark, so the baseline has them too.
type record struct {
	asleepAt, resumedAt int64
	durationUs          int64
	arrivalUs           int64
	resumptions         int32
}

func makeRecords(asked row) []record {
	records := make([]record, asked.number("n"))
	if asked.workload == "trace" {
		readSchedule(asked.params["schedule"], records)
		return records
	}
	for i := range records {
		records[i].durationUs = 500_000 + int64(splitmix64(42, uint64(i))%500_001)
	}
	return records
}

func readSchedule(path string, records []record) {
	file, err := os.Open(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, "go:", err)
		os.Exit(1)
	}
	defer file.Close()
	lines := bufio.NewReader(file)
	for i := range records {
		fmt.Fscan(lines, &records[i].arrivalUs, &records[i].durationUs)
	}
}

func call(mine *record, begun int64) {
	if mine.arrivalUs > 0 {
		time.Sleep(time.Duration(begun + mine.arrivalUs*1000 - now()))
	}
	mine.asleepAt = now()
	time.Sleep(time.Duration(mine.durationUs) * time.Microsecond)
	mine.resumedAt = now()
	atomic.AddInt32(&mine.resumptions, 1)
}

type marks struct {
	begun, created, ended int64
	cpu, peak             int64
}

// Starts every call and waits for the list of their results.
func callAll[T any](records []record, reply func(i int) T) ([]T, marks) {
	var m marks
	cpu := cpuNs()
	m.begun = now()
	results := make([]T, len(records))
	var all sync.WaitGroup
	all.Add(len(records))
	for i := range records {
		go func(i int) {
			defer all.Done()
			call(&records[i], m.begun)
			results[i] = reply(i)
		}(i)
	}
	m.created = now()
	all.Wait()
	m.ended = now()
	m.cpu = cpuNs() - cpu
	m.peak = peakBytes()
	return results, m
}

func countWrong[T comparable](results []T, reply func(i int) T) string {
	for i, result := range results {
		if result != reply(i) {
			return fmt.Sprintf("call %d has another call's result", i)
		}
	}
	return ""
}

func number(i int) uint64 { return splitmix64(7, uint64(i)) }
func text(i int) string   { return fmt.Sprintf("reply %d", i) }

func measureWaits(asked row) measurement {
	records := makeRecords(asked)
	var m marks
	var failure string
	if asked.params["result"] == "string" {
		var results []string
		results, m = callAll(records, text)
		failure = countWrong(results, text)
	} else {
		var results []uint64
		results, m = callAll(records, number)
		failure = countWrong(results, number)
	}
	if failure == "" {
		failure = failureOf(records)
	}
	return figuresOf(records, m, int64(asked.number("baseline_bytes")), failure)
}

func lateness(each *record) int64 { return each.resumedAt - each.asleepAt - each.durationUs*1000 }

func failureOf(records []record) string {
	for i := range records {
		if records[i].resumptions != 1 {
			return fmt.Sprintf("call %d was resumed %d times", i, records[i].resumptions)
		}
		if lateness(&records[i]) < 0 {
			return fmt.Sprintf("call %d woke %d ns early", i, -lateness(&records[i]))
		}
	}
	return ""
}

func figuresOf(records []record, m marks, baseline int64, failure string) measurement {
	late := make([]float64, len(records))
	longest := int64(0)
	for i := range records {
		late[i] = float64(lateness(&records[i])) / 1e3
		if ideal := records[i].arrivalUs + records[i].durationUs; ideal > longest {
			longest = ideal
		}
	}
	sort.Float64s(late)
	n := float64(len(records))
	return measurement{[]metric{
		{"overhead_ms", float64(m.ended-m.begun-longest*1000) / 1e6},
		{"cpu_ns_per_wait", float64(m.cpu) / n},
		{"bytes_per_wait", float64(m.peak-baseline) / n},
		{"late_p50_us", quantile(late, 0.5)},
		{"late_p99_us", quantile(late, 0.99)},
		{"late_p999_us", quantile(late, 0.999)},
		{"create_ms", float64(m.created-m.begun) / 1e6},
	}, late, failure}
}

func baselineOfWaits(asked row) int64 {
	records := makeRecords(asked)
	_, m := callAll(records[:0], number)
	return m.peak
}
