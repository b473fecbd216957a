// The suite's problems on Go: goroutines, channels, contexts and the standard library's timers.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

const unknownWorkload = 3

var workloads = map[string]func(row) measurement{
	"llm_waits":    measureWaits,
	"trace":        measureWaits,
	"gather":       measureGather,
	"skynet":       measureSkynet,
	"fib":          measureFib,
	"nqueens":      measureQueens,
	"ping_pong":    measurePingPong,
	"mpmc":         measureMpmc,
	"spawn_join":   measureSpawnJoin,
	"cancel":       measureCancel,
	"post_latency": measurePostLatency,
	"fairness":     measureFairness,
	"timers":       measureTimers,
	"http_fanout":  measureFanout,
	"sse":          measureStreams,
}

func main() {
	words := os.Args[1:]
	if len(words) == 1 && words[0] == "--version" {
		fmt.Println(strings.Replace(runtime.Version(), "go", "Go ", 1))
		return
	}
	if len(words) >= 2 && words[0] == "--serve" {
		startServer(parseRow(words[1:]))
		return
	}
	if len(words) < 3 {
		fmt.Fprintln(os.Stderr, "usage: go --row RUNTIME WORKLOAD name=value…")
		os.Exit(2)
	}
	asked := parseRow(words[2:])
	runtime.GOMAXPROCS(asked.number("threads"))
	if words[0] == "--baseline-row" {
		fmt.Printf("metric peak_bytes %d\nverified\n", baselineOfWaits(asked))
		return
	}
	measure, known := workloads[asked.workload]
	if !known {
		os.Exit(unknownWorkload)
	}
	measure(asked).print()
}

func startServer(asked row) {
	runtime.GOMAXPROCS(asked.number("threads"))
	listen, known := services[asked.workload]
	if !known {
		os.Exit(unknownWorkload)
	}
	listener, err := listen(asked)
	if err != nil {
		fmt.Fprintln(os.Stderr, "go: listen:", err)
		os.Exit(1)
	}
	serve(listener)
}
