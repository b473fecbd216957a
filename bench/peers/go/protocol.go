package main

import (
	"fmt"
	"math"
	"os"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A row as the harness names it: a workload and its parameters.
type row struct {
	workload string
	params   map[string]string
}

func parseRow(words []string) row {
	asked := row{words[0], map[string]string{}}
	for _, word := range words[1:] {
		name, value, _ := strings.Cut(word, "=")
		asked.params[name] = value
	}
	return asked
}

func (r row) number(name string) int {
	value, err := strconv.Atoi(r.params[name])
	if err != nil {
		fmt.Fprintf(os.Stderr, "go: parameter %s: %v\n", name, err)
		os.Exit(2)
	}
	return value
}

type metric struct {
	name  string
	value float64
}

// What one run of a row found. An empty failure means that its result was verified.
type measurement struct {
	metrics []metric
	curve   []float64 // sorted samples
	failure string
}

func (m measurement) print() {
	for _, each := range m.metrics {
		fmt.Printf("metric %s %g\n", each.name, each.value)
	}
	for _, tail := range tails {
		if len(m.curve) > 0 && tail >= 1/float64(len(m.curve)) {
			fmt.Printf("curve %g %g\n", 1-tail, quantile(m.curve, 1-tail))
		}
	}
	if m.failure == "" {
		fmt.Println("verified")
	} else {
		fmt.Println("failed", m.failure)
	}
}

// The points of a distribution that its plot needs.
var tails = []float64{1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02,
	0.01, 0.005, 0.003, 0.002, 0.001, 0.0005, 0.0002, 0.0001}

func quantile(sorted []float64, q float64) float64 {
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

func median(values []float64) float64 {
	sort.Float64s(values)
	return quantile(values, 0.5)
}

// Go 1.19 has none.
func max(a, b int) int {
	if a > b {
		return a
	}
	return b
}

func mismatch(got, wanted uint64) string {
	if got == wanted {
		return ""
	}
	return fmt.Sprintf("got %d, expected %d", got, wanted)
}

var start = time.Now()

// Nanoseconds of the monotonic clock.
func now() int64 { return int64(time.Since(start)) }

func cpuNs() int64 {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return used.Utime.Nano() + used.Stime.Nano()
}

// The peak of this program; getrusage's would count that of the program that started it.
func peakBytes() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.ParseInt(strings.Fields(peak)[0], 10, 64)
	if err != nil {
		panic(err)
	}
	return kib * 1024
}

// Output index of the generator splitmix64 with that seed.
func splitmix64(seed, index uint64) uint64 {
	z := seed + (index+1)*0x9E3779B97F4A7C15
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB
	return z ^ (z >> 31)
}
