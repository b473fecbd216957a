package main

import "sync"

// Computes once to warm up, then as often as asked; the median counts.
func measureTree(asked row, expected uint64, compute func(n int) uint64) measurement {
	var tookMs []float64
	failure := ""
	for i := 0; i <= asked.number("repetitions"); i++ {
		begun := now()
		result := compute(asked.number("n"))
		tookMs = append(tookMs, float64(now()-begun)/1e6)
		if failure == "" {
			failure = mismatch(result, expected)
		}
	}
	return measurement{[]metric{{"ms", median(tookMs[1:])}}, nil, failure}
}

// One branch in a goroutine of its own, the other in the caller's.
func fib(n int) uint64 {
	if n < 2 {
		return uint64(n)
	}
	other := make(chan uint64, 1)
	go func() { other <- fib(n - 1) }()
	mine := fib(n - 2)
	return mine + <-other
}

func fibonacci(n int) uint64 {
	a, b := uint64(0), uint64(1)
	for ; n > 0; n-- {
		a, b = b, a+b
	}
	return a
}

func measureFib(asked row) measurement {
	return measureTree(asked, fibonacci(asked.number("n")), fib)
}

func skynet(parts chan<- uint64, first, leaves uint64) {
	if leaves == 1 {
		parts <- first
		return
	}
	own := make(chan uint64, 10)
	for i := uint64(0); i < 10; i++ {
		go skynet(own, first+i*leaves/10, leaves/10)
	}
	sum := uint64(0)
	for i := 0; i < 10; i++ {
		sum += <-own
	}
	parts <- sum
}

func measureSkynet(asked row) measurement {
	n := uint64(asked.number("n"))
	return measureTree(asked, n*(n-1)/2, func(int) uint64 {
		whole := make(chan uint64, 1)
		go skynet(whole, 0, n)
		return <-whole
	})
}

type queens struct {
	rows    int
	columns [16]uint8
}

func (q queens) leavesFree(column int) bool {
	for row := 0; row < q.rows; row++ {
		taken, distance := int(q.columns[row]), q.rows-row
		if taken == column || taken+distance == column || taken == column+distance {
			return false
		}
	}
	return true
}

func (q queens) with(column int) queens {
	q.columns[q.rows] = uint8(column)
	q.rows++
	return q
}

func solutions(placed queens, n int) uint64 {
	if placed.rows == n {
		return 1
	}
	var parts [16]uint64
	var all sync.WaitGroup
	for column := 0; column < n; column++ {
		if placed.leavesFree(column) {
			all.Add(1)
			go func(column int) {
				defer all.Done()
				parts[column] = solutions(placed.with(column), n)
			}(column)
		}
	}
	all.Wait()
	sum := uint64(0)
	for _, part := range parts {
		sum += part
	}
	return sum
}

func measureQueens(asked row) measurement {
	known := map[int]uint64{6: 4, 8: 92, 10: 724, 11: 2680, 12: 14200, 13: 73712}
	return measureTree(asked, known[asked.number("n")], func(n int) uint64 {
		return solutions(queens{}, n)
	})
}
