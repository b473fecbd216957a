//! The fork trees: one branch is computed by the caller where a runtime's user would do so, the
//! others are spawned.

use crate::protocol::{mismatch, ns_since, quantile, sorted, Measurement, Row};
use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

type Boxed = Pin<Box<dyn Future<Output = u64> + Send>>;

/// Computes once to warm up, then as often as asked; the median counts.
async fn measure(row: &Row, expected: u64, compute: impl Fn() -> Boxed) -> Measurement {
    let mut took_ms = Vec::new();
    let mut failure = String::new();
    for _ in 0..=row.number("repetitions") {
        let begun = Instant::now();
        let result = compute().await;
        took_ms.push(ns_since(begun) / 1e6);
        if failure.is_empty() {
            failure = mismatch(result, expected);
        }
    }
    let ms = quantile(&sorted(took_ms.split_off(1)), 0.5);
    Measurement { metrics: vec![("ms", ms)], failure, ..Measurement::default() }
}

fn fib_of(n: u64) -> Boxed {
    Box::pin(async move {
        if n < 2 {
            return n;
        }
        let other = tokio::spawn(fib_of(n - 1));
        let mine = fib_of(n - 2).await;
        mine + other.await.expect("no panic")
    })
}

pub async fn fib(row: Row) -> Measurement {
    let n = row.number("n");
    let expected = (0..n).fold((0, 1), |(a, b), _| (b, a + b)).0;
    measure(&row, expected, || fib_of(n)).await
}

fn leaves_below(first: u64, leaves: u64) -> Boxed {
    Box::pin(async move {
        if leaves == 1 {
            return first;
        }
        let each = leaves / 10;
        let start = |i| tokio::spawn(leaves_below(first + i * each, each));
        let parts: Vec<_> = (0..10).map(start).collect();
        sum(parts).await
    })
}

async fn sum(parts: Vec<tokio::task::JoinHandle<u64>>) -> u64 {
    let mut total = 0;
    for part in parts {
        total += part.await.expect("no panic");
    }
    total
}

pub async fn skynet(row: Row) -> Measurement {
    let n = row.number("n");
    measure(&row, n * (n - 1) / 2, || leaves_below(0, n)).await
}

#[derive(Clone, Copy, Default)]
struct Queens {
    rows: usize,
    columns: [u8; 16],
}

impl Queens {
    fn leaves_free(&self, column: usize) -> bool {
        self.columns[..self.rows].iter().enumerate().all(|(row, taken)| {
            let (taken, distance) = (*taken as usize, self.rows - row);
            taken != column && taken + distance != column && taken != column + distance
        })
    }

    fn with(mut self, column: usize) -> Queens {
        self.columns[self.rows] = column as u8;
        self.rows += 1;
        self
    }
}

fn solutions(placed: Queens, n: usize) -> Boxed {
    Box::pin(async move {
        if placed.rows == n {
            return 1;
        }
        let free = (0..n).filter(|column| placed.leaves_free(*column));
        let tries = free.map(|column| tokio::spawn(solutions(placed.with(column), n))).collect();
        sum(tries).await
    })
}

pub async fn nqueens(row: Row) -> Measurement {
    let n = row.number("n") as usize;
    let known = [1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2_680, 14_200, 73_712];
    measure(&row, known[n], || solutions(Queens::default(), n)).await
}
