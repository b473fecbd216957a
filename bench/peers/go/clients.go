package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// What ../../load/http_service.hpp has the server do.
const (
	replyTime  = 50 * time.Millisecond
	replyBytes = 1024
)

func clientOf(connections int) *http.Client {
	return &http.Client{Transport: &http.Transport{
		MaxConnsPerHost:     connections,
		MaxIdleConns:        connections,
		MaxIdleConnsPerHost: connections,
	}}
}

func get(client *http.Client, url string) (*http.Response, error) {
	asked, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return client.Do(asked)
}

func askFor(client *http.Client, base string, index int) bool {
	answer, err := get(client, base+strconv.Itoa(index))
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	wanted := fmt.Sprintf("%-*d", replyBytes, index)
	return err == nil && answer.StatusCode == http.StatusOK && string(text) == wanted
}

func measureFanout(asked row) measurement {
	n, inFlight := asked.number("n"), asked.number("in_flight")
	client := clientOf(inFlight)
	base := fmt.Sprintf("http://127.0.0.1:%d/reply/", asked.number("port"))
	late := make([]float64, n)
	right := make([]bool, n)
	next := make(chan int)
	var workers sync.WaitGroup
	cpuBegun, begun := cpuNs(), now()
	for w := 0; w < inFlight; w++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for i := range next {
				sent := now()
				right[i] = askFor(client, base, i)
				late[i] = float64(now()-sent-int64(replyTime)) / 1e3
			}
		}()
	}
	for i := 0; i < n; i++ {
		next <- i
	}
	close(next)
	workers.Wait()
	wall, cpu := now()-begun, cpuNs()-cpuBegun
	sort.Float64s(late)
	return measurement{[]metric{
		{"cpu_us_per_request", float64(cpu) / 1e3 / float64(n)},
		{"wall_ms", float64(wall) / 1e6},
		{"late_p50_us", quantile(late, 0.5)},
		{"late_p99_us", quantile(late, 0.99)},
	}, late, allRight(right)}
}

func allRight(right []bool) string {
	wrong := 0
	for _, each := range right {
		if !each {
			wrong++
		}
	}
	if wrong == 0 {
		return ""
	}
	return fmt.Sprintf("%d answers are wrong", wrong)
}

// What must be added to now() to have CLOCK_MONOTONIC, which the server's times are of.
func clockOffset() int64 {
	const monotonic = 1
	var at syscall.Timespec
	before := now()
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, monotonic, uintptr(unsafe.Pointer(&at)), 0)
	return at.Nano() - (before+now())/2
}

// The lateness of each token in µs, and what is wrong.
func follow(client *http.Client, url string, tokens int, offset int64) ([]float64, string) {
	answer, err := get(client, url)
	if err != nil {
		return nil, err.Error()
	}
	defer answer.Body.Close()
	late := make([]float64, 0, tokens)
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		const field = "data: "
		if !strings.HasPrefix(lines.Text(), field) {
			continue
		}
		data := lines.Text()[len(field):]
		if data == "[DONE]" {
			return late, mismatch(uint64(len(late)), uint64(tokens))
		}
		number, due, _ := strings.Cut(data, " ")
		if number != strconv.Itoa(len(late)) {
			return late, "a token out of its order"
		}
		dueNs, _ := strconv.ParseInt(due, 10, 64)
		late = append(late, float64(now()+offset-dueNs)/1e3)
	}
	return late, "ended without its mark"
}

func measureStreams(asked row) measurement {
	n, tokens := asked.number("n"), asked.number("tokens")
	client := clientOf(n)
	offset := clockOffset()
	late := make([][]float64, n)
	failures := make([]string, n)
	var streams sync.WaitGroup
	cpuBegun := cpuNs()
	for i := 0; i < n; i++ {
		streams.Add(1)
		go func(i int) {
			defer streams.Done()
			url := fmt.Sprintf("http://127.0.0.1:%d/stream/%d?n=%d", asked.number("port"), i, tokens)
			late[i], failures[i] = follow(client, url, tokens, offset)
		}(i)
	}
	streams.Wait()
	cpu := cpuNs() - cpuBegun
	var all []float64
	failure := ""
	for i := range late {
		all = append(all, late[i]...)
		if failures[i] != "" {
			failure = fmt.Sprintf("stream %d: %s", i, failures[i])
		}
	}
	sort.Float64s(all)
	return measurement{[]metric{
		{"late_p99_us", quantile(all, 0.99)},
		{"late_p50_us", quantile(all, 0.5)},
		{"late_p999_us", quantile(all, 0.999)},
		{"cpu_us_per_token", float64(cpu) / 1e3 / float64(n*tokens)},
	}, all, failure}
}
